/** One shard in this coordinator's memory: its right, its machine, and its time. */
import type { Digest } from '@trine/protocol';
import {
  apply,
  nextDeadlineMs,
  recoveryEffects,
  restoreShard,
  type Shard,
  type ShardChanges,
  type ShardEffect,
  type ShardEvent,
  type StoredShard,
  takeChanges,
} from '@trine/scheduler';
import type { ShardRight } from '../store/store.ts';
import { encodeEvents } from '../store/stored-forms.ts';
import { SHARD_LOOP_LIMITS } from './limits.ts';

/** What a shard cannot make itself. */
export interface ShardSources {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970, as the system believes them to be. */
  readonly wallMs: () => number;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly sha256: (bytes: Uint8Array) => Digest;
}

/** What one application of events made: to be committed (if anything stored changed), then said. */
export interface Batch {
  readonly atMs: number;
  readonly effects: readonly ShardEffect[];
  readonly changes: ShardChanges | undefined;
  /** The history's bytes: these events and those before them that changed nothing stored. */
  readonly encoded: Uint8Array | undefined;
}

export class HeldShard {
  readonly machine: Shard;
  right: ShardRight;
  readonly #sources: ShardSources;
  readonly #baseMs: number;
  readonly #acquiredAtMs: number;
  #unstored: ShardEvent[] = [];

  constructor(right: ShardRight, stored: StoredShard, sources: ShardSources) {
    this.right = right;
    this.#sources = sources;
    // From here on the wall clock is not asked again: it may jump, and a shard's time must not.
    this.#baseMs = Math.max(stored.shard.timeMs, sources.wallMs());
    this.#acquiredAtMs = sources.nowMs();
    this.machine = restoreShard({ shard: right.shard, sha256: sources.sha256 }, stored);
  }

  /** Stored time plus monotonic elapsed time, whole milliseconds. */
  nowMs(): number {
    return this.#baseMs + Math.floor(this.#sources.nowMs() - this.#acquiredAtMs);
  }

  /** Asked for once, right after recovery. */
  recoveryEffects(): readonly ShardEffect[] {
    return recoveryEffects(this.machine);
  }

  /** How long until a batch must be made even if nothing arrives. */
  msToDeadline(): number | undefined {
    const deadline = nextDeadlineMs(this.machine);
    return deadline === undefined ? undefined : Math.max(0, deadline - this.nowMs());
  }

  /** Applies `events` as one batch. Throws only when the machine has a bug: then it must not be used further. */
  apply(events: readonly ShardEvent[]): Batch {
    const atMs = this.nowMs();
    const entropy = this.#sources.random(SHARD_LOOP_LIMITS.entropyBytes.value);
    const batch: readonly ShardEvent[] = [{ type: 'batch-began', atMs, entropy }, ...events];
    const effects = batch.flatMap((event) => apply(this.machine, event));
    this.#remember(batch);
    const changes = takeChanges(this.machine);
    if (changes === undefined) return { atMs, effects, changes, encoded: undefined };
    const encoded = encodeEvents(this.#unstored);
    this.#unstored = [];
    return { atMs, effects, changes, encoded };
  }

  /** Presence changes what later events lead to, so the next stored batch carries it for replay. */
  #remember(batch: readonly ShardEvent[]): void {
    this.#unstored.push(...batch);
    const over = this.#unstored.length - SHARD_LOOP_LIMITS.unstoredEvents.value;
    if (over > 0) this.#unstored.splice(0, over);
  }
}
