// The sandbox's contract: what is run, under which limits, and what comes back.
import type { Abi, Outcome } from '@trine/protocol';
import type { TaskIdentity } from './checkpoint/checkpoint.ts';
import type { TakenCheckpoint } from './checkpoint/checkpointer.ts';

/** Bounds that are part of a task's identity: the same on every node, so their effects are comparable. */
export interface RunLimits {
  /** Instructions the guest may spend, 0 to 2^63 − 1. */
  readonly fuel: bigint;
  /** Linear memory the guest may have, in bytes. The prepared module's own maximum applies as well. */
  readonly memoryBytes: number;
  /** Longest output, in bytes. */
  readonly outputBytes: number;
}

/** Names under which a prepared module exports what the sandbox drives it by. */
export interface PreparedExports {
  /** Mutable i64 global: fuel left. Negative means out of fuel. */
  readonly fuel: string;
  /** The former start function; called first when the module exports it. */
  readonly start: string;
  /** Mutable i32 global: not 0 when the machine refused memory that the limits allow. */
  readonly aborted: string;
}

/** The names that the rewriter gives. */
export const PREPARED_EXPORTS: PreparedExports = {
  fuel: 'trine:fuel',
  start: 'trine:start',
  aborted: 'trine:aborted',
};

/** One task, ready to run. Everything in it can be posted to a thread. */
export interface RunRequest {
  /** The compiled *prepared* bytes. A module that never met the rewriter ends `aborted`. */
  readonly module: WebAssembly.Module;
  readonly abi: Abi;
  readonly input: Uint8Array;
  readonly limits: RunLimits;
  /** Default: {@link PREPARED_EXPORTS}. */
  readonly exports?: PreparedExports;
  /** Which task it is. Checkpoints name it, so without it none is taken and none resumed. */
  readonly task?: TaskIdentity;
  /** A checkpoint to go on from instead of the input. One that is refused ends the run `aborted`, with the reason. */
  readonly resume?: Uint8Array;
}

/** How one run ended. */
export interface RunResult {
  readonly outcome: Outcome;
  /** A copy of the guest's output; empty unless `completed`. */
  readonly output: Uint8Array;
  /** Fuel spent; exactly the limit when out of fuel, 0 when aborted. */
  readonly fuel: bigint;
  /** Why, for people. Differs between engines; never compared. */
  readonly reason: string;
  /** Time the guest had a thread, in milliseconds of this machine. */
  readonly wallMs: number;
}

/** What the machine's owner adds to a run; none of it can change a comparable outcome. */
export interface RunOptions {
  /** The guest's own progress, at most ten times a second. */
  readonly onProgress?: (done: number, total: number) => void;
  /** A line the guest logged, cut and counted. */
  readonly onLog?: (text: string) => void;
  /** The thread is ended this long after the guest began, in milliseconds. */
  readonly wallMs: number;
  /** Ends the run at once as `aborted`. */
  readonly signal?: AbortSignal;
  /** Checkpoints of a step guest while it runs; others run as ever. */
  readonly checkpoints?: CheckpointOptions;
}

/** When checkpoints are taken, and who gets them. */
export interface CheckpointOptions {
  /** Take one when this much time has passed since the last, in milliseconds. */
  readonly everyMs?: number;
  /** Take one each time this many steps are done. */
  readonly everySteps?: number;
  /** Larger ones are not taken, which costs little; default and maximum: those of artifacts. */
  readonly bytesMax?: number;
  readonly onCheckpoint: (checkpoint: TakenCheckpoint) => void;
  /** One could not be taken, in words; the run goes on. */
  readonly onRefused?: (message: string) => void;
}

/** What may end a run before its guest does, between two steps. A guest that cannot pause runs to its end. */
export interface PauseOptions extends RunOptions {
  /** Pause when so many steps of the whole task are done. */
  readonly pauseAfterSteps?: number;
  /** Pause after the step at hand. */
  readonly pause?: AbortSignal;
}

/** How a run that may pause ended. A pause is no outcome: the task goes on from its checkpoint. */
export type PartResult =
  | { readonly type: 'ended'; readonly result: RunResult }
  | { readonly type: 'paused'; readonly checkpoint: TakenCheckpoint; readonly wallMs: number };

/**
 * One thread that runs one guest at a time. It is started by the first run, kept between runs, and ended and
 * replaced when a run overruns or the machine fails under it.
 */
export interface GuestThread {
  /** Never rejects for anything a guest or a machine does. Calling it during a run is a bug and throws. */
  run(request: RunRequest, options: RunOptions): Promise<RunResult>;
  /** The same for a run that may pause between two steps. */
  runPart(request: RunRequest, options: PauseOptions): Promise<PartResult>;
  /** Resolves when no ended thread burns CPU any more: only then is the slot free for other work. */
  released(): Promise<void>;
  /** Ends the thread; a run in progress ends `aborted`. Resolves when the slot is free. Safe to call twice. */
  close(): Promise<void>;
}

/** Makes the threads of one platform. */
export type ThreadFactory = () => GuestThread;
