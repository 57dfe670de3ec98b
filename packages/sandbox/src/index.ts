// Runs one prepared guest in a thread and says how it ended. Platform adapters are in ./node and ./browser.
export {
  type GuestThread,
  PREPARED_EXPORTS,
  type PreparedExports,
  type RunLimits,
  type RunOptions,
  type RunRequest,
  type RunResult,
  type ThreadFactory,
} from './guest-thread.ts';
export {
  BROWSER_RELEASE_MS,
  FUEL_MAX,
  LOG_LINE_BYTES_MAX,
  LOG_LINES_MAX,
  PROGRESS_INTERVAL_MS,
  THREAD_YOUNG_HEAP_MB,
  THREAD_STACK_MB,
  THREAD_START_MS,
  WALL_MS_MAX,
} from './limits.ts';
export type { GuestHooks } from './guest-driver.ts';
export { type GuestEnd, runGuest } from './run-guest.ts';
