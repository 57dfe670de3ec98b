// How a guest is driven depends on its ABI: each has a driver, and runs know nothing else of ABIs.
import type { StepRest } from './checkpoint/checkpointer.ts';
import type { Guest } from './guest-instance.ts';
import type { RunRequest } from './guest-thread.ts';

/** What a run needs of its surroundings. */
export interface GuestHooks {
  /** Monotonic milliseconds; throttles progress and is invisible to the guest. */
  readonly now: () => number;
  readonly onProgress: (done: number, total: number) => void;
  readonly onLog: (text: string) => void;
  /** Sees the instance before anything of it runs: for tools that watch a guest, never for a node. */
  readonly onOpened?: (exports: WebAssembly.Exports) => void;
}

/** One run of one guest, as its ABI has it. */
export interface GuestDriver {
  /** Host functions. They may be called only after `opened`. */
  readonly imports: WebAssembly.Imports;
  /**
   * Hands over the instance, its fuel given; nothing of it has run. Where the request resumes a checkpoint it is put in
   * here; what is thrown ends the run as the machine's failure.
   */
  opened(guest: Guest): void;
  /**
   * Goes on to the next place where the guest may be stopped. Answers the output, or `undefined` when there is more
   * to do. A trap is what the engine throws or an `AbiBreach`; anything else thrown is the machine's failure.
   */
  advance(): Uint8Array | undefined;
  /** Where a guest that works in steps is after `advance`; others have none. */
  readonly rest?: () => StepRest | undefined;
}

/** Makes the driver of one run. Never throws. */
export type DriverFactory = (request: RunRequest, hooks: GuestHooks) => GuestDriver;
