// The demonstration's mathematics: one task for every prime exponent, and what its answer means.

/** The demonstration tests every prime exponent up to here. */
export const EXPONENT_MAX_DEMO = 2_300;

/** All exponents up to {@link EXPONENT_MAX_DEMO} that give a Mersenne prime, as published (OEIS A000043). */
export const MERSENNE_EXPONENTS: readonly number[] = [
  2, 3, 5, 7, 13, 17, 19, 31, 61, 89, 107, 127, 521, 607, 1279, 2203, 2281,
];

const OUTPUT_BYTES = 16;

/** What one task found. */
export interface MersenneAnswer {
  readonly exponent: number;
  readonly isPrime: boolean;
  /** The low 64 bits of s(p−2) mod 2^p − 1; 0 for a prime. */
  readonly residue: bigint;
}

/** One input a prime exponent, ascending: the exponent as u32 little-endian. 342 of them by default. */
export function mersenneInputs(exponentMax: number = EXPONENT_MAX_DEMO): Uint8Array[] {
  return primesUpTo(exponentMax).map((exponent) => {
    const input = new Uint8Array(4);
    new DataView(input.buffer).setUint32(0, exponent, true);
    return input;
  });
}

/** Reads an output of the mersenne guest; `undefined` when it has another length. */
export function decodeMersenne(output: Uint8Array): MersenneAnswer | undefined {
  if (output.length !== OUTPUT_BYTES) return undefined;
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  return {
    exponent: view.getUint32(0, true),
    isPrime: view.getUint32(4, true) === 1,
    residue: view.getBigUint64(8, true),
  };
}

function primesUpTo(max: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; candidate <= max; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
