// The mersenne guest against the published exponents and an independent BigInt implementation.
import { beforeAll, expect, test } from 'vitest';
import { plainGuest } from './guests.testing.ts';
import { decodeMersenne, EXPONENT_MAX_DEMO, MERSENNE_EXPONENTS, mersenneInputs } from './src/index.ts';

let run: (input: Uint8Array) => Uint8Array;

beforeAll(async () => {
  run = await plainGuest('mersenne');
});

function inputOf(exponent: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(exponent).buffer);
}

function residueByBigInt(exponent: number): bigint {
  const bits = BigInt(exponent);
  const modulus = (1n << bits) - 1n;
  let s = 4n % modulus;
  for (let round = 0; round < exponent - 2; round += 1) {
    const square = s * s;
    s = ((square & modulus) + (square >> bits) - 2n) % modulus;
    if (s < 0n) s += modulus;
  }
  return BigInt.asUintN(64, s);
}

test('there are 342 inputs, one a prime exponent', () => {
  const inputs = mersenneInputs();
  expect(inputs).toHaveLength(342);
  expect(inputs[0]).toEqual(Uint8Array.of(2, 0, 0, 0));
  expect(inputs.at(-1)).toEqual(inputOf(2_297));
});

test('every prime exponent up to 2,300: the published primes, and the residue of all others', () => {
  const answers = mersenneInputs(EXPONENT_MAX_DEMO).map((input) => decodeMersenne(run(input)));
  const primes = answers.filter((answer) => answer?.isPrime).map((answer) => answer?.exponent);
  expect(primes).toEqual(MERSENNE_EXPONENTS);
  for (const answer of answers) {
    const expected = answer?.exponent === 2 ? 0n : residueByBigInt(answer?.exponent ?? 0);
    expect(answer?.residue, `residue of ${answer?.exponent}`).toBe(expected);
    expect(answer?.isPrime).toBe(answer?.exponent === 2 || expected === 0n);
  }
});

test('exponents at the edges of a limb, prime or not, have the residue of the definition', () => {
  for (const exponent of [4, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 1_023, 1_024, 1_025]) {
    expect(decodeMersenne(run(inputOf(exponent)))?.residue, `residue of ${exponent}`).toBe(
      residueByBigInt(exponent),
    );
  }
});

test('an exponent or an input outside the contract traps', () => {
  for (const input of [inputOf(0), inputOf(1), inputOf(65_537), new Uint8Array(3), new Uint8Array(5)]) {
    expect(() => run(input)).toThrow(WebAssembly.RuntimeError);
  }
});

test('an output of another length is no answer', () => {
  expect(decodeMersenne(new Uint8Array(15))).toBeUndefined();
});
