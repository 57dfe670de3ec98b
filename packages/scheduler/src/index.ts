/** The scheduler and verifier of one shard: a deterministic state machine without clock, chance or I/O. */
export type { LeaseGrant, NodeCounters, RefusalReason, ShardEffect } from './effects.ts';
export type {
  ArtifactRef,
  JobInputs,
  JobPolicy,
  JobSpec,
  NodeResult,
  ReportFrame,
  ShardEvent,
  SlotOffer,
  TaskInput,
} from './events.ts';
export type {
  CanonicalResult,
  JobRow,
  LeaseEnd,
  ReplicaResult,
  ReplicaRow,
  ResultEntry,
  ShardChanges,
  ShardRow,
  StoredShard,
  TaskRow,
} from './rows.ts';
export { apply, nextDeadlineMs } from './apply.ts';
export { shardDigestRows, takeChanges } from './changes.ts';
export { invariantViolations } from './invariants.ts';
export { SCHEDULER_LIMITS } from './limits.ts';
export { recoveryEffects, restoreShard } from './restore.ts';
export type { ShardContext } from './shard.ts';
export type { Shard } from './state.ts';
