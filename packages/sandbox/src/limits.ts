// The sandbox's own limits: what bounds a thread beside the limits that travel with a task.
import { LIMITS } from '@trine/protocol';

/** Progress leaves a thread at most once in this time, so a chatty guest cannot flood the agent. */
export const PROGRESS_INTERVAL_MS = 100;

/** Longer log lines are cut here: a line is for a person to read. */
export const LOG_LINE_BYTES_MAX = 1_024;

/** Further log lines of the same run are dropped. */
export const LOG_LINES_MAX = 64;

/** A thread that has not said it is ready by then will not (blocked script, machine out of threads). */
export const THREAD_START_MS = 15_000;

/**
 * Young generation of a Node guest thread's own heap: our thread program runs in it, never the guest. The old
 * generation has no limit of its own, because V8 counts guest memory towards it and then collects garbage at
 * every growth: growing page by page to 256 MiB took five times as long.
 */
export const THREAD_YOUNG_HEAP_MB = 16;

/** Stack of a Node guest thread, Node's default; the rewriter's call depth fits a quarter of it. */
export const THREAD_STACK_MB = 4;

/** Chromium burns CPU this long after `terminate()` on a spinning thread: the slot is not free before. */
export const BROWSER_RELEASE_MS = 2_000;

/** `setTimeout` fires at once beyond 2^31 − 1 ms, so longer wall bounds are cut to it. */
export const WALL_MS_MAX = 2_147_483_647;

/** Fuel is an i64 inside the guest; a limit above its maximum would read as negative there. */
export const FUEL_MAX = 9_223_372_036_854_775_807n;

/** Between two steps a thread looks this often whether its owner wants something, so that asking costs a step nothing. */
export const REST_INTERVAL_MS = 50;

/** A step guest whose owner wants no more of it is given so long to come to rest; then its thread is ended as any other. */
export const LET_GO_MS = 200;

/** One checkpoint, like any artifact; the guest whose state is larger goes on without. */
export const CHECKPOINT_BYTES_MAX = LIMITS.artifactBytes.value;

/** Of a checkpoint all but its pages: a million table entries and some. */
export const CHECKPOINT_STATE_BYTES_MAX = 8 * 1024 * 1024;
