/** The agent's own limits: what bounds a node's loop beside the limits of the wire. */

/** Results that finish this close together share one signature: signing in portable code takes a millisecond. */
export const REPORT_DELAY_MS = 5;

/** Results of one report, estimated, so that its message fits a frame of 64 KiB. */
export const REPORT_BYTES_MAX = 57_344;

/** What one result takes beside its output and words: digests, numbers and the names of fields. */
export const RESULT_BYTES = 256;

/** Progress of one lease is told at most this often: it is for people to look at. */
export const PROGRESS_INTERVAL_MS = 1_000;

/** Whoever watches the agent gets a new view at most this often. */
export const VIEW_INTERVAL_MS = 250;

/** How often the loop looks at its clock: for expired leases, and for the gap that a frozen page leaves. */
export const TICK_MS = 1_000;

/** A gap this long between two looks at the clock means the machine slept or the page was frozen. */
export const THAW_GAP_MS = 10_000;

/** Results that are recorded sooner are never written to storage: a Pi's SD card wears out. */
export const PERSIST_DELAY_MS = 300;

/** Attempts to fetch or upload one artifact before its lease goes back. */
export const TRANSFER_ATTEMPTS_MAX = 4;

/** Pause after the first failed transfer; it doubles with each further one. */
export const TRANSFER_RETRY_MS = 250;

/** A coordinator that does not answer, or is starting, is waited for this long: its restart costs no lease and no output. */
export const TRANSFER_AWAY_MS = 30_000;

/** Longest pause between two tries meanwhile. */
export const TRANSFER_RETRY_CAP_MS = 2_000;

/** A transfer that takes longer has failed: a slow link carries 256 MiB in this time at 1 MiB/s. */
export const TRANSFER_TIMEOUT_MS = 300_000;

/** A coordinator that says nothing this long to a fetch is starting or stuck: the fetch is made again. */
export const ANSWER_MS = 10_000;

/** Artifacts fetched at the same time: bounds memory, and keeps the session's link free. */
export const FETCHES_MAX = 4;

/** Compiled modules kept in memory; the one used longest ago goes first. */
export const COMPILED_MODULES_MAX = 16;

/** Module bytes kept in storage; the ones used longest ago go first. */
export const MODULE_CACHE_BYTES_MAX = 268_435_456;

/** Work held beyond what is running, in milliseconds of work: never idle, never hoarding. */
export const PREFETCH_MS = 1_500;

/** Leases held beyond what is running, for each thread: bounds the hoard when tasks are tiny. */
export const PREFETCH_PER_THREAD_MAX = 8;

/** No new work for this long after a lease went back for want of its bytes; doubles, so a fault is not a storm. */
export const COOL_DOWN_MS = 1_000;
export const COOL_DOWN_MAX_MS = 60_000;

/** On leaving, how long reported results are given to be recorded before the goodbye. */
export const FAREWELL_MS = 500;

/** Fuel per second is a mean over this time. */
export const FUEL_WINDOW_MS = 10_000;

/** Runs remembered for fuel per second; beyond, the oldest are folded away. */
export const FUEL_RUNS_MAX = 4_096;

/** A changed state is told to the coordinator at most this often, between the regular heartbeats. */
export const HEARTBEAT_INTERVAL_MIN_MS = 5_000;

/** First pause before another try at a data channel; it doubles up to the second. */
export const WEBRTC_RETRY_MS = 60_000;
export const WEBRTC_RETRY_MAX_MS = 3_600_000;

/** More threads than this are not lent by one agent: the coordinator counts 256 leases a node. */
export const THREADS_MAX = 128;

/** Leases taken beyond twice the capacity told: words cross on the way. More go back at once. */
export const LEASES_SPARE = 8;

/** A running step task is kept this often, so that a crash or a reload costs it no more. Storage wears out, and hashing costs. */
export const CHECKPOINT_INTERVAL_MS = 30_000;

/** Larger checkpoints are not kept: writing them would cost a small machine more than it saves. */
export const KEPT_CHECKPOINT_BYTES_MAX = 8_388_608;

/** Leases kept at once; further ones begin anew after a crash. */
export const KEPT_LEASES_MAX = 16;

/** Inputs of all leases at hand, fetched or still to be: what a hostile coordinator may make us hold. */
export const INPUT_BYTES_MAX = 536_870_912;
