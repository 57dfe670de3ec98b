import { describe, expect, test } from 'vitest';
import { lieAbout, type LiarOptions } from './lies.ts';

const output = Uint8Array.of(1, 2, 3);
const honest = { outcome: 'completed', output, fuel: 7n, reason: '', wallMs: 1 } as const;
const options = (over: Partial<LiarOptions>): LiarOptions => ({
  kind: 'colluding',
  share: 1,
  name: 'a',
  random: () => Uint8Array.of(9),
  ...over,
});
const about = (input: number, over: Partial<LiarOptions> = {}) => {
  const request = { input: Uint8Array.of(input) } as Parameters<typeof lieAbout>[0];
  return [...lieAbout(request, honest, options(over)).output];
};

describe('a liar', () => {
  test('never gives the honest answer when it lies', () => {
    for (let input = 0; input < 256; input += 1) expect(about(input)).not.toEqual([...output]);
  });

  test('colludes: two of them agree on the lie, whatever they are called', () => {
    expect(about(5, { name: 'a' })).toEqual(about(5, { name: 'b' }));
  });

  test('is consistent with itself and with nobody else', () => {
    const own = about(5, { kind: 'consistent' });
    expect(about(5, { kind: 'consistent' })).toEqual(own);
    expect(about(5, { kind: 'consistent', name: 'b' })).not.toEqual(own);
  });

  test('lies about its share of the tasks', () => {
    const lies = Array.from({ length: 256 }, (_, input) => about(input, { share: 0.25 })).filter(
      (one) => one.join() !== output.join(),
    );
    expect(lies.length).toBeGreaterThan(256 * 0.15);
    expect(lies.length).toBeLessThan(256 * 0.35);
  });
});
