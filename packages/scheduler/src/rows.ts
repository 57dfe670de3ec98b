/**
 * The stored form of a shard: what changed in a batch goes out as rows, and rows are all that recovery
 * gets. One row a task with its replicas inside; closed tasks leave memory and only their row stays.
 */
import type {
  CodeIdentity,
  Digest,
  JobId,
  JobState,
  LeaseId,
  NodeId,
  Outcome,
  OwnerId,
  QuorumGroup,
  ResultKind,
  ShardId,
  TaskState,
  Verdict,
} from '@trine/protocol';
import type { ArtifactRef, JobSpec, ReportFrame, TaskInput } from './events.ts';
import type { NodeCounters } from './effects.ts';

/** Why a lease is over. */
export type LeaseEnd = 'reported' | 'returned' | 'lost' | 'expired' | 'abandoned';

/** One attempt at a task, as kept for ever inside the task's row: who said what. */
export interface ReplicaRow {
  readonly lease: LeaseId;
  readonly node: NodeId;
  readonly owner: OwnerId;
  readonly group: QuorumGroup;
  readonly session: number;
  readonly grantedAtMs: number;
  readonly deadlineAtMs: number;
  readonly grant: Digest;
  readonly ended: LeaseEnd | undefined;
  readonly endedAtMs: number | undefined;
  readonly result: ReplicaResult | undefined;
  readonly verdict: Verdict | undefined;
  /** Why it ended without a comparable result, in words. */
  readonly reason: string;
}

export interface ReplicaResult {
  readonly outcome: Outcome;
  readonly outputDigest: Digest;
  readonly outputBytes: number;
  readonly output: Uint8Array | undefined;
  readonly fuel: bigint;
  readonly wallMs: number;
  readonly frame: Digest;
  readonly leaf: number;
}

export interface TaskRow {
  readonly job: JobId;
  readonly index: number;
  readonly state: TaskState;
  /** True once decided and no lease is live: nothing will change it but retention. */
  readonly closed: boolean;
  readonly input: TaskInput;
  readonly replicas: readonly ReplicaRow[];
  /** Set once verified. Small canonical outputs live here. */
  readonly canonical: CanonicalResult | undefined;
  /** Why it was abandoned or disputed, in words. */
  readonly reason: string;
  readonly changedAtMs: number;
}

export interface CanonicalResult {
  readonly outcome: Outcome;
  readonly outputDigest: Digest;
  readonly outputBytes: number;
  readonly output: Uint8Array | undefined;
  readonly fuel: bigint;
}

export interface JobRow {
  readonly spec: JobSpec;
  readonly state: JobState;
  /** Why, in words: a refusal, a cancellation, or what it waits for. */
  readonly reason: string;
  readonly code: CodeIdentity | undefined;
  readonly preparedModule: ArtifactRef | undefined;
  /** Tasks with an index below this have begun and have a row. */
  readonly begun: number;
  readonly closed: number;
  readonly verified: number;
  readonly disputed: number;
  readonly abandoned: number;
  /** Last sequence of the result log; entries are 1 … results. */
  readonly results: number;
  readonly invalidResults: number;
  /** Fuel of canonical results: what the submitter is billed. */
  readonly fuel: bigint;
  readonly submittedAtMs: number;
  readonly finishedAtMs: number | undefined;
}

export interface ResultEntry {
  readonly job: JobId;
  /** 1, 2, 3 … without a gap, given at the commit. */
  readonly sequence: number;
  readonly index: number;
  readonly kind: ResultKind;
}

export interface ShardRow {
  readonly shard: ShardId;
  /** Stored time: never runs backwards. */
  readonly timeMs: number;
  readonly leaseCounter: number;
}

/** Everything one batch changed, last form of each row only. */
export interface ShardChanges {
  readonly shard: ShardRow;
  readonly jobs: readonly JobRow[];
  readonly tasks: readonly TaskRow[];
  readonly results: readonly ResultEntry[];
  readonly frames: readonly (ReportFrame & { readonly node: NodeId })[];
  readonly counters: readonly NodeCounters[];
}

/** What recovery reads: jobs not yet finished, their open tasks, and the counters. */
export interface StoredShard {
  readonly shard: ShardRow;
  readonly jobs: readonly JobRow[];
  /** Tasks that are not closed. */
  readonly tasks: readonly TaskRow[];
  readonly counters: readonly NodeCounters[];
}
