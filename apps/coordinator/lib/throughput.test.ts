import { describe, expect, it } from 'vitest';
import { plotSeries, recentRates } from './throughput.ts';

describe('throughput', () => {
  const points = [1, 2, 3, 100].map((verified, index) => ({
    atMs: 1_000 * index,
    verified,
    results: 3 * verified,
    fuel: '10',
  }));

  it('counts seconds back from the newest point', () => {
    expect(plotSeries(points)).toEqual([
      [-3, -2, -1, 0],
      [3, 6, 9, 300],
      [1, 2, 3, 100],
    ]);
    expect(plotSeries([])).toEqual([[], [], []]);
  });

  it('leaves the second that still fills out of the mean', () => {
    expect(recentRates(points)).toEqual({ verifiedPerSecond: 2, resultsPerSecond: 6, fuelPerSecond: 10 });
    expect(recentRates([]).verifiedPerSecond).toBe(0);
  });
});
