// The collatz guest against an independent walk in BigInt, and against published records.
import { beforeAll, describe, expect, test } from 'vitest';
import { plainGuest } from './guests.testing.ts';
import {
  COLLATZ_START,
  type CollatzAnswer,
  collatzInput,
  collatzShared,
  decodeCollatz,
  loadExample,
} from './src/index.ts';

const BLOCK = 65_536n;

let run: (start: bigint, numbers: number, task?: bigint) => CollatzAnswer | undefined;
let runBytes: (input: Uint8Array) => Uint8Array;

beforeAll(async () => {
  runBytes = await plainGuest('collatz');
  run = (start, numbers, task) => decodeCollatz(runBytes(collatzInput(start, numbers, task)));
});

function stepsByBigInt(n: bigint): number {
  let steps = 0;
  for (let value = n; value !== 1n; steps += 1) {
    value = (value & 1n) === 1n ? 3n * value + 1n : value >> 1n;
  }
  return steps;
}

function rangeByBigInt(first: bigint, numbers: number): CollatzAnswer {
  const steps = Array.from({ length: numbers }, (_, place) => stepsByBigInt(first + BigInt(place)));
  const mostSteps = steps.reduce((most, one) => Math.max(most, one), 0);
  const record = first + BigInt(steps.indexOf(mostSteps));
  return { record, mostSteps, numbers, sumOfSteps: BigInt(steps.reduce((sum, one) => sum + one, 0)) };
}

describe('alone', () => {
  // Numbers that take more steps than any smaller one (OEIS A006877 and A006878), and how many.
  test.each<[bigint, number]>([
    [1n, 0],
    [2n, 1],
    [27n, 111],
    [837_799n, 524],
    [63_728_127n, 949],
    [670_617_279n, 986],
    [9_780_657_630n, 1_132],
    [989_345_275_647n, 1_348],
  ])('%s takes the published %s steps', (number, steps) => {
    expect(run(number, 1)).toEqual({
      record: number,
      mostSteps: steps,
      numbers: 1,
      sumOfSteps: BigInt(steps),
    });
  });

  test('numbers of every size', () => {
    for (let bits = 1n; bits <= 112n; bits += 1n) {
      // Odd multiples of a fraction of the golden ratio: all bits in play, nothing drawn.
      const number =
        ((0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835n * (2n * bits + 1n)) & ((1n << 112n) - 1n)) >>
        (112n - bits);
      const first = number === 0n ? 1n : number;
      expect(run(first, 40), `${first}`).toEqual(rangeByBigInt(first, 40));
    }
  });

  test('numbers that climb far above 128 bits come down, too', () => {
    for (const number of [2n ** 100n - 1n, 2n ** 111n - 1n, 2n ** 112n - 3n, 3n ** 70n]) {
      expect(run(number, 1)?.mostSteps, String(number)).toBe(stepsByBigInt(number));
    }
  });
});

describe('ranges', () => {
  test.each<[string, bigint, number, bigint]>([
    ['from 1 on', 1n, 3_000, 0n],
    ['without a whole block', COLLATZ_START, 2_000, 7n],
    ['over the edge of 64 bits', 2n ** 64n - 700n, 1_400, 0n],
    ['whose task number carries into the high half', 5n, 300, 2n ** 60n],
  ])('%s', (_, start, numbers, task) => {
    expect(run(start, numbers, task)).toEqual(rangeByBigInt(start + task * BigInt(numbers), numbers));
  });

  test('one whole block below a million, and its edges', () => {
    expect(run(3n * BLOCK - 5n, 65_546)).toEqual(rangeByBigInt(3n * BLOCK - 5n, 65_546));
  });

  test('whole blocks of 72-bit numbers: the parts add up, and numbers here and there are their own', () => {
    const start = (COLLATZ_START / BLOCK) * BLOCK;
    const whole = run(start, 131_072);
    // An odd count keeps every part of it away from whole blocks: other code, the same sum and record.
    const parts = Array.from({ length: 32 }, (_, part) => run(start, 4_096, BigInt(part)));
    expect(whole?.sumOfSteps).toBe(parts.reduce((sum, part) => sum + (part?.sumOfSteps ?? 0n), 0n));
    const best = Math.max(...parts.map((part) => part?.mostSteps ?? 0));
    expect(whole?.mostSteps).toBe(best);
    expect(whole?.record).toBe(parts.find((part) => part?.mostSteps === best)?.record);
    expect(stepsByBigInt(whole?.record ?? 1n)).toBe(best);
  });

  test('the first million: the published record, and where equal ones share it, the smallest', () => {
    expect(run(1n, 1_000_000)).toMatchObject({ record: 837_799n, mostSteps: 524 });
    expect(run(12n, 2)).toEqual({ record: 12n, mostSteps: 9, numbers: 2, sumOfSteps: 18n });
  });
});

test('a range or an input outside the contract traps', () => {
  const inputs = [
    collatzInput(0n, 1),
    collatzInput(1n, 0),
    collatzInput(1n, 2 ** 28 + 1),
    collatzInput(2n ** 112n, 1),
    collatzInput(2n ** 111n, 2 ** 28, 2n ** 64n - 1n).fill(255, 0, 16),
    collatzInput(1n, 1).subarray(1),
    new Uint8Array(0),
  ];
  for (const input of inputs) expect(() => runBytes(input)).toThrow(WebAssembly.RuntimeError);
});

test('the example is the shared bytes of tasks of 2^24 numbers', async () => {
  expect(await loadExample('collatz', 'example.bin')).toEqual(collatzShared(COLLATZ_START, 2 ** 24));
});

test('an output of another length is no answer', () => {
  expect(decodeCollatz(new Uint8Array(31))).toBeUndefined();
});
