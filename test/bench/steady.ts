/**
 * Figures of the steady middle of a run: start and end, when not every slot is in use, are left out. The middle
 * lies between the moments when a tenth and nine tenths of the tasks were verified.
 */
import type { SteadyFigures } from './swarm-messages.ts';

const FROM_SHARE = 0.1;
const TO_SHARE = 0.9;

export interface Samples {
  /** When each task was verified, when each result was recorded, in milliseconds of one clock, oldest first. */
  readonly verifiedAtMs: readonly number[];
  readonly recordedAtMs: readonly number[];
  /** When each lease came, and how long its slot had been free. */
  readonly leases: readonly { readonly atMs: number; readonly waitedMs: number }[];
}

export function steadyFigures({ verifiedAtMs, recordedAtMs, leases }: Samples): SteadyFigures {
  const fromMs = verifiedAtMs[Math.floor(verifiedAtMs.length * FROM_SHARE)] ?? 0;
  const toMs = verifiedAtMs[Math.ceil(verifiedAtMs.length * TO_SHARE) - 1] ?? 0;
  const seconds = (toMs - fromMs) / 1_000;
  const inside = (atMs: number): boolean => atMs >= fromMs && atMs < toMs;
  const rate = (times: readonly number[]): number =>
    seconds > 0 ? times.filter(inside).length / seconds : 0;
  const waits = leases.filter(({ atMs }) => inside(atMs)).map(({ waitedMs }) => waitedMs);
  waits.sort((a, b) => a - b);
  return {
    seconds,
    verifiedPerSecond: rate(verifiedAtMs),
    resultsPerSecond: rate(recordedAtMs),
    leases: waits.length,
    leaseP50Ms: percentile(waits, 0.5),
    leaseP99Ms: percentile(waits, 0.99),
    leaseMaxMs: waits.at(-1) ?? 0,
  };
}

/** Nearest rank: the smallest value that at least this share of the values does not exceed; 0 of none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
