/** Fuel per second over the last ten seconds, from the runs that ended and an estimate for those that go on. */
import { FUEL_RUNS_MAX, FUEL_WINDOW_MS } from './limits.ts';

interface EndedRun {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Time the guest itself had: shorter than the run where tasks are tiny. */
  readonly wallMs: number;
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

/** What is left of older runs when one more ends: about the last ten count, long ones for more. */
const DECAY = 0.9;

/** Makes a meter; `speed` is what an earlier session of this machine measured, in fuel per second. */
export function createFuelMeter(speed?: number): FuelMeter {
  let runs: EndedRun[] = [];
  let fuel = speed ?? 0;
  let guestMs = speed === undefined ? 0 : 1_000;
  let runMs = 0;
  let count = 0;
  const perMs = (): number => (guestMs > 0 ? fuel / guestMs : 0);
  return {
    ended(run) {
      runs.push(run);
      if (runs.length > FUEL_RUNS_MAX) runs = runs.slice(FUEL_RUNS_MAX / 2);
      fuel = fuel * DECAY + run.fuel;
      guestMs = guestMs * DECAY + Math.max(run.wallMs, 0);
      runMs = runMs * DECAY + Math.max(run.endedAtMs - run.startedAtMs, 0);
      count = count * DECAY + 1;
    },
    perSecond(nowMs, runningSince) {
      const fromMs = nowMs - FUEL_WINDOW_MS;
      runs = runs.filter((run) => run.endedAtMs > fromMs);
      const ended = runs.reduce((sum, run) => sum + fuelSince(run, fromMs), 0);
      const busyMs = runningSince.reduce(
        (sum, since) => sum + Math.max(0, nowMs - Math.max(since, fromMs)),
        0,
      );
      return Math.round(((ended + busyMs * perMs()) / FUEL_WINDOW_MS) * 1_000);
    },
    threadSpeed: () => (guestMs > 0 ? Math.round(perMs() * 1_000) : undefined),
    meanRunMs: () => (count > 0 ? runMs / count : undefined),
  };
}

/** The part of a run's fuel that falls after `fromMs`, taking its speed as even. */
function fuelSince(run: EndedRun, fromMs: number): number {
  const lengthMs = run.endedAtMs - run.startedAtMs;
  if (run.startedAtMs >= fromMs || lengthMs <= 0) return run.fuel;
  return (run.fuel * (run.endedAtMs - fromMs)) / lengthMs;
}
