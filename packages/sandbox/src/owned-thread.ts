// The owner's side of a guest thread: starts it, races every call with its end, kills it when a run overruns.
//
// idle ──run──▶ starting ──ready──▶ running ──answer──▶ idle (thread kept)
//                  │                   ├─ bound, signal, thread's end, close ─▶ killed ──released──▶ idle (no thread)
//                  │                   └─ signal, and a step guest that rests ─▶ idle (thread kept)
//                  └─ start bound, signal, thread's end, close ─▶ killed
//
// A Comlink call to a terminated thread never settles, so nothing here waits for one alone.
import { type Endpoint, type Remote, wrap } from 'comlink';
import type {
  GuestThread,
  PartResult,
  PauseOptions,
  RunOptions,
  RunRequest,
  RunResult,
} from './guest-thread.ts';
import { LET_GO_MS, THREAD_START_MS, WALL_MS_MAX } from './limits.ts';
import type { PartPlan } from './run-in-parts.ts';
import { asThreadEvent, type GuestService, type ThreadAnswer, type ThreadEvent } from './thread-messages.ts';

/** A platform's thread, freshly started. */
export interface PlatformThread {
  readonly endpoint: Endpoint;
  /** Resolves with the reason when the thread fails or ends without being asked. */
  readonly failed: Promise<string>;
  /** Ends the thread. Resolves when it burns no CPU any more. `busy`: a guest was running in it. */
  terminate(busy: boolean): Promise<void>;
}

/** Makes a {@link GuestThread} from a platform's way to start threads. */
export function createGuestThread(startThread: () => PlatformThread): GuestThread {
  return new OwnedThread(startThread);
}

const OWNER_STOPPED = "stopped by the machine's owner";

interface LiveThread {
  readonly platform: PlatformThread;
  readonly service: Remote<GuestService>;
  readonly ready: Promise<void>;
}

class OwnedThread implements GuestThread {
  readonly #startThread: () => PlatformThread;
  #live: LiveThread | undefined;
  #released: Promise<void> = Promise.resolve();
  #stop: ((reason: string) => void) | undefined;
  #listen: ((event: ThreadEvent) => void) | undefined;
  #closed = false;

  constructor(startThread: () => PlatformThread) {
    this.#startThread = startThread;
  }

  async run(request: RunRequest, options: RunOptions): Promise<RunResult> {
    const part = await this.runPart(request, options);
    return part.type === 'ended' ? part.result : aborted('the guest paused without being asked', part.wallMs);
  }

  async runPart(request: RunRequest, options: PauseOptions): Promise<PartResult> {
    if (this.#stop !== undefined) throw new Error('A guest thread runs one guest at a time.');
    const race = startRace(options.signal);
    this.#stop = race.stop;
    try {
      if (this.#closed) race.stop('the thread is closed');
      return await this.#raced(request, options, race);
    } finally {
      race.end();
      this.#stop = undefined;
      this.#listen = undefined;
    }
  }

  released(): Promise<void> {
    return this.#released;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const busy = this.#stop !== undefined;
    this.#stop?.('the thread was closed');
    this.#kill(busy);
    await this.#released;
  }

  async #raced(request: RunRequest, options: PauseOptions, race: Race): Promise<PartResult> {
    // An ended thread is waited out: its slot is not free before.
    await race.against(this.#released);
    if (race.reason() !== undefined) return this.#abort(race, 0, false);
    race.bound(THREAD_START_MS, `no guest thread started within ${THREAD_START_MS} ms`);
    const live = (this.#live ??= this.#begin());
    await race.against(live.ready);
    if (race.reason() !== undefined) return this.#abort(race, 0, false);
    race.bound(options.wallMs, `the wall-clock bound of ${options.wallMs} ms passed`);
    this.#listen = (event) => tellOwner(event, options);
    const startedMs = performance.now();
    const stopAsking = askToPause(live, options.pause);
    const work = askThread(live, { request, plan: planOf(options) }, race);
    const answer = await race.against(work);
    stopAsking();
    if (answer === undefined || answer.type === 'let-go') {
      const wallMs = performance.now() - startedMs;
      this.#listen = undefined;
      const isFree = race.reason() === OWNER_STOPPED && (await this.#letGo({ live, request, work }));
      return isFree
        ? { type: 'ended', result: aborted(OWNER_STOPPED, wallMs) }
        : this.#abort(race, wallMs, true);
    }
    // The machine failed under the guest: a new thread starts from clean memory.
    if (answer.type === 'ended' && answer.result.outcome === 'aborted') this.#kill(false);
    return answer;
  }

  /** Whether a step guest came to rest soon after it was told that nobody wants it: then its thread is kept. */
  async #letGo({ live, request, work }: Unwanted): Promise<boolean> {
    if (!worksInSteps(request.module)) return false;
    void live.service.letGo().catch(() => undefined);
    const { promise: passed, resolve } = deferred<undefined>();
    const timer = setTimeout(() => resolve(undefined), LET_GO_MS);
    const answer = await Promise.race([work, passed]);
    clearTimeout(timer);
    const isClean = answer?.type === 'let-go' || answer?.type === 'paused' || hasEnded(answer);
    return isClean && this.#live === live;
  }

  #begin(): LiveThread {
    const platform = this.#startThread();
    const { promise: ready, resolve } = deferred<void>();
    platform.endpoint.addEventListener('message', (message) => {
      const event = asThreadEvent((message as MessageEvent<unknown>).data);
      if (event?.type === 'ready') resolve();
      else if (event !== undefined) this.#listen?.(event);
    });
    void platform.failed.then((reason) => this.#threadFailed(platform, reason));
    return { platform, service: wrap<GuestService>(platform.endpoint), ready };
  }

  #threadFailed(platform: PlatformThread, reason: string): void {
    if (this.#live?.platform !== platform) return;
    this.#stop?.(reason);
    this.#kill(false);
  }

  #abort(race: Race, wallMs: number, busy: boolean): PartResult {
    this.#kill(busy);
    const reason = race.reason() ?? 'the guest thread gave no answer';
    return { type: 'ended', result: aborted(reason, wallMs) };
  }

  #kill(busy: boolean): void {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    this.#released = live.platform.terminate(busy);
  }
}

interface Unwanted {
  readonly live: LiveThread;
  readonly request: RunRequest;
  readonly work: Promise<ThreadAnswer | undefined>;
}

/** Whether the guest itself came to an end; a machine that failed under it leaves a thread that is not kept. */
const hasEnded = (answer: ThreadAnswer | undefined): boolean =>
  answer?.type === 'ended' && answer.result.outcome !== 'aborted';

const worksInSteps = (module: WebAssembly.Module): boolean =>
  WebAssembly.Module.exports(module).some(({ name }) => name === 'step');

/** One run's race: whatever stops it first gives the reason, and all it armed is disarmed at its end. */
interface Race {
  readonly stop: (reason: string) => void;
  /** Why the run was stopped; `undefined` while it goes on. */
  readonly reason: () => string | undefined;
  /** The work's value, or `undefined` once stopped. */
  readonly against: <T>(work: Promise<T>) => Promise<T | undefined>;
  /** Replaces the bound set before. */
  readonly bound: (delayMs: number, reason: string) => void;
  readonly end: () => void;
}

function startRace(signal: AbortSignal | undefined): Race {
  const { promise: stopped, resolve } = deferred<undefined>();
  let first: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (reason: string): void => {
    first ??= reason;
    resolve(undefined);
  };
  const onAbort = (): void => stop(OWNER_STOPPED);
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    stop,
    reason: () => first,
    // `stopped` comes first, so that a stop known before the work ended wins.
    against: (work) => Promise.race([stopped, work]),
    bound(delayMs, reason) {
      clearTimeout(timer);
      timer = setTimeout(() => stop(reason), Math.min(delayMs, WALL_MS_MAX));
    },
    end() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

function aborted(reason: string, wallMs: number): RunResult {
  return { outcome: 'aborted', output: new Uint8Array(0), fuel: 0n, reason, wallMs };
}

// A pause that was asked for before the run needs no call: the run pauses as soon as it can.
function planOf({ checkpoints, pauseAfterSteps, pause }: PauseOptions): PartPlan {
  return {
    everyMs: checkpoints?.everyMs,
    everySteps: checkpoints?.everySteps,
    bytesMax: checkpoints?.bytesMax,
    pauseAfterSteps: pause?.aborted === true ? 0 : pauseAfterSteps,
  };
}

/** Passes the wish to pause on; the answer to it is the run's. Returns how to stop. */
function askToPause({ service }: LiveThread, pause: AbortSignal | undefined): () => void {
  // A thread that ends meanwhile never answers, and the run says why.
  const ask = (): void => void service.pause().catch(() => undefined);
  pause?.addEventListener('abort', ask, { once: true });
  return () => pause?.removeEventListener('abort', ask);
}

async function askThread(
  live: LiveThread,
  { request, plan }: { readonly request: RunRequest; readonly plan: PartPlan },
  race: Race,
): Promise<ThreadAnswer | undefined> {
  try {
    return await live.service.run(request, plan);
  } catch (error) {
    race.stop(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function tellOwner(event: ThreadEvent, options: RunOptions): void {
  switch (event.type) {
    case 'progress':
      options.onProgress?.(event.done, event.total);
      return;
    case 'log':
      options.onLog?.(event.text);
      return;
    case 'checkpoint':
      options.checkpoints?.onCheckpoint(event.checkpoint);
      return;
    case 'checkpoint-refused':
      options.checkpoints?.onRefused?.(event.message);
      return;
    case 'ready':
  }
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const slot: { resolve?: (value: T) => void } = {};
  const promise = new Promise<T>((resolve) => {
    slot.resolve = resolve;
  });
  return { promise, resolve: (value) => slot.resolve?.(value) };
}
