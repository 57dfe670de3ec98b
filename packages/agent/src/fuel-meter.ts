/** Fuel per second over the last ten seconds, from the runs that ended and an estimate for those that go on. */
import { FUEL_RUNS_MAX, FUEL_WINDOW_MS } from './limits.ts';

interface EndedRun {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly fuel: number;
}

/** Keeps what a rate needs and no more. Fuel is a plain number here: a rate for people, never compared. */
export interface FuelMeter {
  ended(run: EndedRun): void;
  /** Instructions a second, all threads; `runningSince` are the start times of the runs that go on. */
  perSecond(nowMs: number, runningSince: readonly number[]): number;
  /** Instructions a second of one thread, or `undefined` before the first run. */
  threadSpeed(): number | undefined;
  /** Mean length of a run in milliseconds, or `undefined` before the first run. */
  meanRunMs(): number | undefined;
}

/** Share of the newest run in the running means: about the last ten runs count. */
const WEIGHT = 0.1;

/** Makes a meter; `speed` is what an earlier session of this machine measured, in fuel per second. */
export function createFuelMeter(speed?: number): FuelMeter {
  let runs: EndedRun[] = [];
  let perMs = speed === undefined ? undefined : speed / 1_000;
  let meanMs: number | undefined;
  return {
    ended(run) {
      runs.push(run);
      if (runs.length > FUEL_RUNS_MAX) runs = runs.slice(FUEL_RUNS_MAX / 2);
      const lengthMs = Math.max(run.endedAtMs - run.startedAtMs, 0.1);
      meanMs = blend(meanMs, lengthMs);
      if (run.fuel > 0) perMs = blend(perMs, run.fuel / lengthMs);
    },
    perSecond(nowMs, runningSince) {
      const fromMs = nowMs - FUEL_WINDOW_MS;
      runs = runs.filter((run) => run.endedAtMs > fromMs);
      const ended = runs.reduce((sum, run) => sum + fuelSince(run, fromMs), 0);
      const busyMs = runningSince.reduce(
        (sum, since) => sum + Math.max(0, nowMs - Math.max(since, fromMs)),
        0,
      );
      return Math.round(((ended + busyMs * (perMs ?? 0)) / FUEL_WINDOW_MS) * 1_000);
    },
    threadSpeed: () => (perMs === undefined ? undefined : Math.round(perMs * 1_000)),
    meanRunMs: () => meanMs,
  };
}

const blend = (mean: number | undefined, value: number): number =>
  mean === undefined ? value : mean + (value - mean) * WEIGHT;

/** The part of a run's fuel that falls after `fromMs`, taking its speed as even. */
function fuelSince(run: EndedRun, fromMs: number): number {
  const lengthMs = run.endedAtMs - run.startedAtMs;
  if (run.startedAtMs >= fromMs || lengthMs <= 0) return run.fuel;
  return (run.fuel * (run.endedAtMs - fromMs)) / lengthMs;
}
