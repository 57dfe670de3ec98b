/** How responsive this process stayed, and when it stopped burning CPU: by the event loop's own delays and the kernel's accounting. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a promised bound may be exceeded by on a machine that does other things as well. */
export const MARGIN = 3;

const WINDOW_MS = 200;
/** Of one core: what an idle process with a few timers stays below. */
const IDLE_SHARE = 0.2;

/** The longest that the event loop was held up while `work` went on, in milliseconds. */
export async function longestDelayMs<T>(work: () => Promise<T>): Promise<{ delayMs: number; value: T }> {
  const monitor = monitorEventLoopDelay({ resolution: 5 });
  monitor.enable();
  const value = await work();
  monitor.disable();
  return { delayMs: monitor.max / 1e6, value };
}

/** Resolves with the time after which this process burns no CPU any more; rejects after `withinMs`. */
export async function idleAfterMs(withinMs: number): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    const before = process.cpuUsage();
    const windowBeganMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const used = process.cpuUsage(before);
    const usedMs = (used.user + used.system) / 1_000;
    const nowMs = performance.now();
    if (usedMs < IDLE_SHARE * (nowMs - windowBeganMs)) return windowBeganMs - beganMs;
    if (nowMs - beganMs > withinMs) throw new Error(`CPU is still burnt after ${withinMs} ms.`);
  }
}
