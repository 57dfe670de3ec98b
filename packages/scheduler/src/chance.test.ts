import { describe, expect, it } from 'vitest';
import { createChance, draw } from './chance.ts';

const draws = (entropy: Uint8Array, count: number): readonly number[] => {
  const chance = createChance(entropy);
  return Array.from({ length: count }, () => draw(chance, 16));
};
const entropyOf = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, i) => (seed >> (i * 2)) & 255);

describe('chance', () => {
  it('is the same from the same entropy, and another from any other byte of it', () => {
    const entropy = new Uint8Array(16);
    expect(draws(entropy, 50)).toEqual(draws(new Uint8Array(16), 50));
    for (let i = 0; i < 16; i += 1) {
      const other = Uint8Array.from(entropy);
      other[i] = 1;
      expect(draws(other, 50), `byte ${i}`).not.toEqual(draws(entropy, 50));
    }
  });

  it('spreads evenly, over one seed and over the first draws of many', () => {
    const one = draws(entropyOf(7), 16_000);
    const many = Array.from({ length: 16_000 }, (_, seed) => draws(entropyOf(seed), 1)[0]);
    for (const drawn of [one, many]) {
      for (let value = 0; value < 16; value += 1) {
        const share = drawn.filter((number) => number === value).length / 1_000;
        expect(share, `${value}`).toBeGreaterThan(0.85);
        expect(share, `${value}`).toBeLessThan(1.15);
      }
    }
  });

  it('draws the only one of one, and zero of none', () => {
    expect(draw(createChance(new Uint8Array()), 1)).toBe(0);
    expect(draw(createChance(new Uint8Array()), 0)).toBe(0);
  });
});
