/** What a shard wants done once its batch is committed. No effect is stored: each is derived again on recovery or healed by the next hello. */
import type {
  Abi,
  CodeIdentity,
  Digest,
  JobId,
  JobState,
  LeaseId,
  NodeId,
  TaskLimits,
  TaskState,
  Verdict,
} from '@trine/protocol';
import type { ArtifactRef, TaskInput } from './events.ts';

/** A lease as granted; the gateway adds bearers and sends it. */
export interface LeaseGrant {
  readonly lease: LeaseId;
  readonly job: JobId;
  readonly jobName: string;
  readonly index: number;
  readonly code: CodeIdentity;
  readonly abi: Abi;
  readonly module: ArtifactRef;
  readonly input: TaskInput;
  readonly limits: TaskLimits;
  readonly deadlineMs: number;
  /** Digest of the canonical grant; results must name it. */
  readonly grant: Digest;
}

export type RefusalReason = 'no-work' | 'not-eligible' | 'too-few-owners' | 'shard-restarting';

/** A node's counters on this shard; totals over shards are its standing. */
export interface NodeCounters {
  readonly node: NodeId;
  readonly valid: number;
  readonly invalid: number;
  readonly inconclusive: number;
  readonly late: number;
  /** Leases that ended without a result: expired, lost, aborted or returned. */
  readonly unanswered: number;
  /** Fuel of valid results, each counted once. */
  readonly credit: bigint;
}

export type ShardEffect =
  | {
      readonly type: 'prepare-module';
      readonly job: JobId;
      /** What the module must be meant for. */
      readonly abi: Abi;
      readonly module: ArtifactRef;
      readonly limits: TaskLimits;
    }
  | { readonly type: 'load-inputs'; readonly job: JobId; readonly from: number; readonly count: number }
  /**
   * Replicas that could be leased now, as a hint; the gateway offers free slots to the highest priority first.
   * Said when it appears, doubles, ends or changes priority, and again when slots had been refused and something
   * has become leasable since: then refused slots are worth offering once more.
   */
  | { readonly type: 'publish-demand'; readonly leases: number; readonly priority: number }
  | {
      readonly type: 'grant-leases';
      readonly node: NodeId;
      readonly session: number;
      readonly grants: readonly LeaseGrant[];
    }
  | {
      readonly type: 'refuse-slots';
      readonly node: NodeId;
      readonly session: number;
      readonly count: number;
      readonly reason: RefusalReason;
    }
  | {
      readonly type: 'record-results';
      readonly node: NodeId;
      readonly session: number;
      readonly leases: readonly LeaseId[];
    }
  | {
      readonly type: 'abandon-leases';
      readonly node: NodeId;
      readonly leases: readonly LeaseId[];
      readonly reason: string;
    }
  /**
   * `count` leases that the gateway counts for this session have ended, whatever the cause. It counts those its
   * hello named and those granted since; a lease the hello did not name ends without this effect.
   */
  | { readonly type: 'free-slots'; readonly node: NodeId; readonly session: number; readonly count: number }
  /**
   * A result that cannot be accepted: counted against its node, never fatal. All but `grant-mismatch` come with
   * `abandon-leases`, so that the agent does not repeat them for ever.
   */
  | {
      readonly type: 'reject-result';
      readonly node: NodeId;
      readonly lease: LeaseId;
      readonly code: 'not-your-lease' | 'unknown-lease' | 'grant-mismatch' | 'result-changed';
    }
  | { readonly type: 'announce-counters'; readonly counters: NodeCounters }
  | {
      readonly type: 'announce-verdict';
      readonly job: JobId;
      readonly index: number;
      readonly node: NodeId;
      readonly verdict: Verdict;
    }
  | { readonly type: 'announce-task'; readonly job: JobId; readonly index: number; readonly state: TaskState }
  | { readonly type: 'announce-job'; readonly job: JobId; readonly state: JobState; readonly reason: string }
  /** A new entry of the job's result log is in the store. */
  | { readonly type: 'announce-result'; readonly job: JobId; readonly sequence: number };
