/** Chance for one batch: the small fast counter generator sfc32, seeded with the batch's fresh entropy. */

/** Four 32-bit words, changed by every draw. */
export type Chance = Uint32Array;

/** Rounds that mix the seed before the first draw, as the generator's author advises. */
const WARM_UP_ROUNDS = 12;

/** A generator seeded with `entropy` of any length; 16 bytes fill the state. */
export function createChance(entropy: Uint8Array): Chance {
  const chance = new Uint32Array([0x9e3779b9, 0x243f6a88, 0xb7e15162, 1]);
  entropy.forEach((byte, i) => {
    const word = (i >> 2) % 3;
    const mixed = Math.imul((chance[word] ?? 0) ^ (byte << ((i & 3) * 8)), 0x01000193);
    chance[word] = mixed ^ (mixed >>> 15);
  });
  for (let i = 0; i < WARM_UP_ROUNDS; i += 1) next(chance);
  return chance;
}

/** A whole number from 0 to `count` − 1. */
export const draw = (chance: Chance, count: number): number =>
  Math.floor((next(chance) / 2 ** 32) * Math.max(1, count));

function next(chance: Chance): number {
  const [a = 0, b = 0, c = 0, counter = 0] = chance;
  const sum = (a + b + counter) >>> 0;
  chance[0] = b ^ (b >>> 9);
  chance[1] = c + (c << 3);
  chance[2] = ((c << 21) | (c >>> 11)) + sum;
  chance[3] = counter + 1;
  return sum;
}
