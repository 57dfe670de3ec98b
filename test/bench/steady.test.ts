import { expect, test } from 'vitest';
import { percentile, steadyFigures } from './steady.ts';

const times = (count: number, everyMs: number, fromMs = 0): number[] =>
  Array.from({ length: count }, (_, at) => fromMs + at * everyMs);

test('start and end of a run do not count', () => {
  // Ten verified a second for ten seconds, then a tail at one a second.
  const verifiedAtMs = [...times(100, 100), ...times(5, 1_000, 11_000)];
  const { verifiedPerSecond, seconds } = steadyFigures({ verifiedAtMs, recordedAtMs: [], leases: [] });
  expect(seconds).toBeLessThan(10);
  expect(verifiedPerSecond).toBeCloseTo(10, 5);
});

test('results and leases are counted inside the same window', () => {
  const leases = times(1_000, 10).map((atMs) => ({ atMs, waitedMs: atMs < 1_000 ? 9_999 : 5 }));
  const figures = steadyFigures({ verifiedAtMs: times(100, 100), recordedAtMs: times(300, 33.333), leases });
  expect(figures.resultsPerSecond).toBeCloseTo(30, 0);
  expect(figures.leases).toBe(790);
  expect([figures.leaseP50Ms, figures.leaseP99Ms, figures.leaseMaxMs]).toEqual([5, 5, 5]);
});

test('nothing measured gives zeros, not NaN', () => {
  const figures = steadyFigures({ verifiedAtMs: [], recordedAtMs: [], leases: [] });
  expect(Object.values(figures).every((value) => value === 0)).toBe(true);
});

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])('percentile %f of 1 … 100 is %i', (share, value) => {
  expect(percentile(times(100, 1, 1), share)).toBe(value);
});
