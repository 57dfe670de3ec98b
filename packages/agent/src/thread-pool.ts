/** The threads a volunteer lends: each runs one attempt at a time, and is free only when it burns no CPU. */
import type { GuestThread, RunResult, TakenCheckpoint, ThreadFactory } from '@trine/sandbox';
import type { Attempt } from './attempt.ts';
import { KEPT_CHECKPOINT_BYTES_MAX } from './limits.ts';

export interface Slot {
  readonly number: number;
  readonly thread: GuestThread;
  state: 'free' | 'running' | 'ending';
  attempt: Attempt | undefined;
}

export interface PoolEvents {
  readonly progress: (attempt: Attempt, done: number, total: number) => void;
  readonly finished: (attempt: Attempt, result: RunResult) => void;
  /** A slot became free or went away. */
  readonly changed: () => void;
  readonly log: (attempt: Attempt, text: string) => void;
  readonly checkpoint: (attempt: Attempt, checkpoint: TakenCheckpoint) => void;
}

/** Threads are started by their first run and kept between runs. */
export class ThreadPool {
  readonly #threads: ThreadFactory;
  readonly #events: PoolEvents;
  readonly #checkpointEveryMs: number;
  #slots: Slot[] = [];
  /** Slots that were taken away and still end. */
  readonly #leaving = new Set<Slot>();
  #nextNumber = 0;

  /** Step tasks tell a checkpoint every so many milliseconds. */
  constructor(threads: ThreadFactory, events: PoolEvents, checkpointEveryMs: number) {
    this.#threads = threads;
    this.#events = events;
    this.#checkpointEveryMs = checkpointEveryMs;
  }

  /** Slots in use or free, then those that are ending. */
  slots(): readonly Slot[] {
    return [...this.#slots, ...this.#leaving];
  }

  /** Lends `count` threads. Answers the attempts whose thread is taken away, idle threads going first. */
  resize(count: number): readonly Attempt[] {
    while (this.#slots.length < count) this.#add();
    const surplus = [...this.#slots]
      .sort((one, other) => rank(one) - rank(other))
      .slice(0, Math.max(0, this.#slots.length - count));
    const stopped = surplus.flatMap((slot) => slot.attempt ?? []);
    for (const slot of surplus) this.#remove(slot);
    return stopped;
  }

  /** Starts an attempt on a free thread; false when there is none. */
  start(attempt: Attempt, nowMs: number): boolean {
    const slot = this.#slots.find(({ state }) => state === 'free');
    if (slot === undefined || attempt.request === undefined) return false;
    slot.state = 'running';
    slot.attempt = attempt;
    attempt.stage = 'running';
    attempt.startedAtMs = nowMs;
    void this.#run(slot, attempt, attempt.expiresAtMs - nowMs);
    return true;
  }

  /** Ends every thread; resolves when none burns CPU. */
  async close(): Promise<void> {
    this.resize(0);
    await Promise.all([...this.#leaving].map(({ thread }) => thread.close()));
  }

  async #run(slot: Slot, attempt: Attempt, wallMs: number): Promise<void> {
    if (attempt.request === undefined) return;
    const result = await slot.thread.run(attempt.request, {
      wallMs,
      signal: attempt.stop.signal,
      onProgress: (done, total) => this.#events.progress(attempt, done, total),
      onLog: (text) => this.#events.log(attempt, text),
      checkpoints: {
        everyMs: this.#checkpointEveryMs,
        bytesMax: KEPT_CHECKPOINT_BYTES_MAX,
        onCheckpoint: (checkpoint) => this.#events.checkpoint(attempt, checkpoint),
      },
    });
    slot.attempt = undefined;
    slot.state = 'ending';
    this.#events.finished(attempt, result);
    await slot.thread.released();
    if (this.#slots.includes(slot)) slot.state = 'free';
    this.#events.changed();
  }

  #add(): void {
    const thread = this.#threads();
    this.#slots.push({ number: this.#nextNumber, thread, state: 'free', attempt: undefined });
    this.#nextNumber += 1;
  }

  #remove(slot: Slot): void {
    this.#slots = this.#slots.filter((other) => other !== slot);
    slot.attempt?.stop.abort();
    slot.state = 'ending';
    this.#leaving.add(slot);
    void slot.thread.close().then(() => {
      this.#leaving.delete(slot);
      this.#events.changed();
    });
  }
}

const RANKS = { free: 0, ending: 1, running: 2 } as const;
const rank = (slot: Slot): number => RANKS[slot.state];
