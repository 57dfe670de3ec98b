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

/** CPU used so far, in milliseconds. */
export type CpuMs = () => Promise<number>;

const ownCpuMs: CpuMs = () => {
  const { user, system } = process.cpuUsage();
  return Promise.resolve((user + system) / 1_000);
};

/** Resolves with the time after which no CPU is burnt any more, by this process unless told; rejects after `withinMs`. */
export async function idleAfterMs(withinMs: number, cpuMs: CpuMs = ownCpuMs): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    const windowBeganMs = performance.now();
    const before = await cpuMs();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const usedMs = (await cpuMs()) - before;
    const nowMs = performance.now();
    if (usedMs < IDLE_SHARE * (nowMs - windowBeganMs)) return windowBeganMs - beganMs;
    if (nowMs - beganMs > withinMs) throw new Error(`CPU is still burnt after ${withinMs} ms.`);
  }
}
