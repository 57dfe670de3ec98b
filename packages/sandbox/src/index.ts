// Runs one prepared guest in a thread and says how it ended. Platform adapters are in ./node and ./browser.
export {
  type Checkpoint,
  type CheckpointState,
  createCheckpoint,
  encodeCheckpoint,
  otherTask,
  type ParsedCheckpoint,
  parseCheckpoint,
  type TableState,
  type TaskIdentity,
} from './checkpoint/checkpoint.ts';
export type { TakenCheckpoint } from './checkpoint/checkpointer.ts';
export { type AppliedDelta, applyDelta, encodeDelta } from './checkpoint/delta.ts';
export { PAGE_BYTES, type Page } from './checkpoint/pages.ts';
export type { CheckpointRefusal, CheckpointRefusalCode } from './checkpoint/refusal.ts';
export {
  type CheckpointProof,
  type CheckpointTree,
  hashCheckpoint,
  isPageOf,
  isStateOf,
  proveLeaf,
} from './checkpoint/tree.ts';
export {
  type CheckpointOptions,
  type GuestThread,
  type PartResult,
  type PauseOptions,
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
  CHECKPOINT_BYTES_MAX,
  CHECKPOINT_STATE_BYTES_MAX,
  FUEL_MAX,
  LET_GO_MS,
  LOG_LINE_BYTES_MAX,
  LOG_LINES_MAX,
  PROGRESS_INTERVAL_MS,
  REST_INTERVAL_MS,
  THREAD_YOUNG_HEAP_MB,
  THREAD_STACK_MB,
  THREAD_START_MS,
  WALL_MS_MAX,
} from './limits.ts';
export type { GuestHooks } from './guest-driver.ts';
export { type GuestEnd, type GuestRun, type OpenedRun, openRun, runGuest } from './run-guest.ts';
export { WASI_CALLS, type WasiSupport } from './wasi/wasi-calls.ts';
