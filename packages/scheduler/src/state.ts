/**
 * A shard in memory. Rows hold what must survive; the rest is derived from them (`live`, `need`, the open
 * lists) or is presence, rebuilt by hellos and offers (`groupsOnline`, `sessions`, loaded inputs).
 */
import type {
  CodeIdentity,
  Digest,
  JobId,
  JobState,
  LeaseId,
  NodeId,
  OwnerId,
  QuorumGroup,
  TaskState,
  Verdict,
} from '@trine/protocol';
import type { Chance } from './chance.ts';
import type { DeadlineHeap } from './deadlines.ts';
import type { ArtifactRef, JobSpec, ReportFrame, TaskInput } from './events.ts';
import type { CanonicalResult, LeaseEnd, ReplicaResult, ResultEntry } from './rows.ts';
import type { ShardContext } from './shard.ts';

export interface Replica {
  readonly task: Task;
  readonly lease: LeaseId;
  readonly node: NodeId;
  readonly owner: OwnerId;
  readonly group: QuorumGroup;
  readonly session: number;
  readonly grantedAtMs: number;
  readonly deadlineAtMs: number;
  readonly grant: Digest;
  ended: LeaseEnd | undefined;
  endedAtMs: number | undefined;
  result: ReplicaResult | undefined;
  verdict: Verdict | undefined;
  reason: string;
}

export interface Task {
  readonly job: Job;
  readonly index: number;
  readonly input: TaskInput;
  readonly replicas: Replica[];
  state: TaskState;
  closed: boolean;
  canonical: CanonicalResult | undefined;
  reason: string;
  changedAtMs: number;
  /** Derived: leases that have not ended. */
  live: number;
  /** Derived: replicas that could be leased now. */
  need: number;
  /** Derived: the open list of its job that holds it; `none` when it needs no replica. */
  list: 'fresh' | 'retries' | 'none';
}

export interface Job {
  readonly spec: JobSpec;
  readonly submittedAtMs: number;
  state: JobState;
  reason: string;
  code: CodeIdentity | undefined;
  preparedModule: ArtifactRef | undefined;
  begun: number;
  closed: number;
  verified: number;
  disputed: number;
  abandoned: number;
  results: number;
  invalidResults: number;
  fuel: bigint;
  finishedAtMs: number | undefined;
  /** Begun and not closed, by index. */
  readonly tasks: Map<number, Task>;
  /** Need a replica and have never lost one; by index. A group's eligibility here only ever shrinks. */
  readonly fresh: Task[];
  /** Need a replica after an attempt failed or a disagreement; by index. */
  readonly retries: Task[];
  /** Where in `fresh` a group's next eligible task is at the earliest: a cache, never a rule. */
  readonly cursors: Map<QuorumGroup, number>;
  /** Derived: sum of `need` over its tasks. */
  need: number;
  /** Derived: sum of `live` over its tasks. */
  live: number;
  /** Derived: replicas of it that could be leased now, those of tasks that may begin included. */
  wanted: number;
  /** Presence: inputs of a list job read ahead, all at or past `begun`. */
  readonly inputs: Map<number, TaskInput>;
  /** Presence: inputs below this index were asked for. */
  inputsAskedTo: number;
}

export interface Counters {
  valid: number;
  invalid: number;
  inconclusive: number;
  late: number;
  unanswered: number;
  credit: bigint;
}

/** What changed since the last take. */
export interface Dirty {
  readonly jobs: Set<Job>;
  readonly tasks: Set<Task>;
  readonly counters: Set<NodeId>;
  readonly frames: Map<Digest, ReportFrame & { readonly node: NodeId }>;
  results: ResultEntry[];
}

/** A lease of a closed task that ended without a result. */
export interface LapsedLease {
  readonly job: JobId;
  readonly index: number;
  readonly node: NodeId;
}

export interface Demand {
  readonly leases: number;
  readonly priority: number;
}

/** One shard's whole state. Only `apply` and `takeChanges` change it. */
export interface Shard {
  readonly context: ShardContext;
  timeMs: number;
  /** Time of the last change that is stored: what recovery starts from. */
  storedTimeMs: number;
  leaseCounter: number;
  /** Jobs that are preparing or running. */
  readonly jobs: Map<JobId, Job>;
  /** Running jobs: highest priority first, then in order of submission. */
  readonly running: Job[];
  /** Derived: sum of `wanted` over its jobs, kept because every event needs it. */
  wanted: number;
  /** Every lease of a task that is not closed, live or not. */
  readonly leases: Map<LeaseId, Replica>;
  /** Live leases of each node, in order of their grant. */
  readonly nodeLeases: Map<NodeId, Set<Replica>>;
  readonly counters: Map<NodeId, Counters>;
  readonly deadlines: DeadlineHeap;
  readonly dirty: Dirty;
  chance: Chance;
  /** Presence: distinct groups online; unknown until a gateway says so. */
  groupsOnline: number | undefined;
  /** Presence: the highest session number heard of each node. */
  readonly sessions: Map<NodeId, number>;
  /** Presence: nodes that held leases at recovery and have not been heard since. */
  readonly unheard: Set<NodeId>;
  /** Presence: until then no lease expires. `pending` before the first batch after a recovery. */
  grace: { readonly type: 'pending' } | { readonly type: 'until'; readonly atMs: number };
  /** Presence: bounded memory of what could still arrive late. */
  readonly lapsed: Map<LeaseId, LapsedLease>;
  /** Presence: what gateways were told last, and whether a slot was refused since. */
  demand: Demand;
  slotsRefused: boolean;
}
