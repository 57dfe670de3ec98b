/** A clock that stands still until it is told to move: simulators and tests live through hours in a moment. */
import type { Clock } from './clock.ts';

export interface ManualClock extends Clock {
  /** Lets `durationMs` pass: runs each timer at its time, and lets promises settle in between. */
  advance(durationMs: number): Promise<void>;
}

export function createManualClock(): ManualClock {
  let nowMs = 0;
  let order = 0;
  const timers = new Map<number, { readonly dueMs: number; readonly run: () => void }>();
  const nextDue = (untilMs: number): number | undefined => {
    let found: number | undefined;
    let dueMs = untilMs;
    for (const [id, timer] of timers) {
      // The map keeps insertion order, so of equal times the earlier set runs first.
      if (timer.dueMs < dueMs || (timer.dueMs === dueMs && found === undefined)) {
        found = id;
        dueMs = timer.dueMs;
      }
    }
    return found;
  };
  return {
    nowMs: () => nowMs,
    setTimer(delayMs, run) {
      const id = order;
      order += 1;
      timers.set(id, { dueMs: nowMs + Math.max(0, delayMs), run });
      return () => timers.delete(id);
    },
    defer: (run) => queueMicrotask(run),
    async advance(durationMs) {
      const untilMs = nowMs + durationMs;
      await settle();
      for (let id = nextDue(untilMs); id !== undefined; id = nextDue(untilMs)) {
        const timer = timers.get(id);
        timers.delete(id);
        nowMs = timer?.dueMs ?? nowMs;
        timer?.run();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}

/** A turn of the event loop: every promise that can settle has. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
