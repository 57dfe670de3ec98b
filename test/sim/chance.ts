/** Seeded chance for simulations: every run can be had again from its seed. */

export interface Chance {
  /** 0 ≤ x < 1. */
  readonly unit: () => number;
  /** A whole number from 0 to `count` − 1. */
  readonly below: (count: number) => number;
  /** True with this probability. */
  readonly happens: (probability: number) => boolean;
  readonly bytes: (count: number) => Uint8Array;
}

/** Neighbouring seeds lead far apart: the finaliser of MurmurHash3 over the seed. */
export function spreadSeed(seed: number): number {
  let mixed = seed ^ (seed >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Marsaglia's xorshift32, good enough to vary a simulation. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0 || 0x9e3779b9;
  const unit = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(unit() * count);
  return {
    unit,
    below,
    happens: (probability) => unit() < probability,
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
  };
}
