/** The overview's points as series a plot can draw, and as figures a person can read. */

export interface OverviewPoint {
  readonly atMs: number;
  readonly verified: number;
  readonly results: number;
  readonly fuel: string;
}

/** Seconds before the newest point, results, verified tasks: three columns of one length. */
export function plotSeries(points: readonly OverviewPoint[]): [number[], number[], number[]] {
  const newestMs = points.at(-1)?.atMs ?? 0;
  return [
    points.map(({ atMs }) => Math.round((atMs - newestMs) / 1_000)),
    points.map(({ results }) => results),
    points.map(({ verified }) => verified),
  ];
}

export interface RecentRates {
  readonly verifiedPerSecond: number;
  readonly resultsPerSecond: number;
  readonly fuelPerSecond: number;
}

/** Means over the last whole seconds; the newest point is still filling and is left out. */
export function recentRates(points: readonly OverviewPoint[], seconds = 10): RecentRates {
  const window = points.slice(-seconds - 1, -1);
  const mean = (of: (point: OverviewPoint) => number): number =>
    window.length === 0 ? 0 : window.reduce((sum, point) => sum + of(point), 0) / window.length;
  return {
    verifiedPerSecond: mean(({ verified }) => verified),
    resultsPerSecond: mean(({ results }) => results),
    fuelPerSecond: mean(({ fuel }) => Number(fuel)),
  };
}
