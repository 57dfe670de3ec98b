/**
 * The part of the store port that trims what is over. Every call is one short transaction over at most `count`
 * rows, so a sweep is many calls with pauses between them; each may be repeated, by several coordinators at once.
 */
import type { Digest, ShardId } from '@trine/protocol';

/** Number and hash of the newest batch that was trimmed; zero and 32 zero bytes before the first. */
export interface HistoryAnchor {
  readonly seq: number;
  readonly hash: Digest;
}

/** Where a sweep that steps over rows it must keep goes on. */
export interface SweepCursor {
  readonly atMs: number;
  readonly id: string;
}

export interface SweepStep {
  readonly count: number;
  readonly after: SweepCursor | undefined;
}

export interface SweepPage {
  readonly removed: number;
  /** Absent at the end. */
  readonly next: SweepCursor | undefined;
}

/** Rows that one call removed. */
export interface TrimmedRows {
  readonly tasks: number;
  readonly results: number;
  readonly inputs: number;
  readonly frames: number;
}

export interface ArtifactPage {
  readonly removed: readonly Digest[];
  readonly next: SweepCursor | undefined;
}

export interface RetentionStore {
  historyAnchor(shard: ShardId): Promise<HistoryAnchor>;
  /** Removes a shard's oldest batches, those from before the time; the newest of them becomes the anchor. */
  trimBatches(shard: ShardId, beforeMs: number, count: number): Promise<number>;
  /**
   * Takes jobs that were over before the time out of sight, with their idempotency keys; what they added up to
   * stays in the totals. Their rows follow by `trimRetired`.
   */
  retireJobs(beforeMs: number, count: number): Promise<number>;
  /** Retires what was submitted before the time and never became a job: its inputs and idempotency key. */
  retireSubmissions(beforeMs: number, slice: SweepStep): Promise<SweepPage>;
  /**
   * Removes rows of one retired job. A task's credit is folded into its nodes' counters in the same transaction,
   * and a report frame goes with the last task that names it. `undefined` when no job is retired.
   */
  trimRetired(count: number): Promise<TrimmedRows | undefined>;
  /** Removes report frames stored longer than `marginMs` before every job that has rows: no task can name them. */
  trimFrames(marginMs: number, count: number): Promise<number>;
  /** Removes cookies and links that expired by then. */
  trimSignIns(atMs: number, count: number): Promise<number>;
  /** Removes nodes not seen since, if nothing valid, invalid or inconclusive was ever counted for them. */
  trimNodes(unseenSinceMs: number, slice: SweepStep): Promise<SweepPage>;
  /**
   * Removes the rows of artifacts that nothing names, and that were neither brought nor asked for in `unusedMs`.
   * Before the commit `setAside` is told which, so that row and file go together; when it throws, nothing goes.
   */
  removeArtifacts(
    unusedMs: number,
    slice: SweepStep,
    setAside: (digests: readonly Digest[]) => Promise<void>,
  ): Promise<ArtifactPage>;
  /** Which of these artifacts have a row. */
  knownArtifacts(digests: readonly Digest[]): Promise<ReadonlySet<Digest>>;
}
