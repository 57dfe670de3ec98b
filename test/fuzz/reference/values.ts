// What the reference interpreter computes with: values are their bits, as unsigned BigInts.

/** The bits of a null reference: no function has this index. */
export const NULL = 2n ** 64n;

/** The guest trapped. */
export class Trap extends Error {}

/** Picks the bits of a NaN that arithmetic makes, for a float of that many bits. */
export type ChooseNan = (width: 32 | 64) => bigint;

/** The standard's deterministic profile: the positive canonical NaN. */
export const chooseCanonical: ChooseNan = (width) => (width === 32 ? 0x7fc0_0000n : 0x7ff8n << 48n);

/** Any sign, any payload, more than any engine does: quiet NaNs drawn from `random`. */
export function chooseAnyNan(random: (below: number) => number): ChooseNan {
  return (width) => {
    const sign = BigInt(random(2)) << BigInt(width - 1);
    const payload = BigInt(random(2 ** 22)) << (random(2) === 0 || width === 32 ? 0n : 29n);
    return sign | chooseCanonical(width) | payload;
  };
}
