/** From memory to rows: what a batch changed, and the whole. */
import type { NodeId } from '@trine/protocol';
import type { NodeCounters } from './effects.ts';
import type { JobRow, ReplicaRow, ShardChanges, ShardRow, StoredShard, TaskRow } from './rows.ts';
import type { Dirty, Job, Replica, Shard, Task } from './state.ts';

export const createDirty = (): Dirty => ({
  jobs: new Set(),
  tasks: new Set(),
  counters: new Set(),
  frames: new Map(),
  results: [],
});

/** Everything changed since the last take, each row in its last form; `undefined` if nothing stored has changed. */
export function takeChanges(shard: Shard): ShardChanges | undefined {
  const { jobs, tasks, counters, frames, results } = shard.dirty;
  if (jobs.size + tasks.size + counters.size + frames.size + results.length === 0) return undefined;
  const changes: ShardChanges = {
    shard: shardRow(shard),
    jobs: Array.from(jobs, jobRow),
    tasks: Array.from(tasks, taskRow),
    results,
    frames: [...frames.values()],
    counters: Array.from(counters, (node) => countersRow(shard, node)),
  };
  for (const set of [jobs, tasks, counters, frames]) set.clear();
  shard.dirty.results = [];
  return changes;
}

/** What recovery would read if everything were stored now, in a fixed order. Presence is not part of it. */
export const shardDigestRows = (shard: Shard): StoredShard => ({
  shard: shardRow(shard),
  jobs: [...shard.jobs.values()].map(jobRow).sort((a, b) => (a.spec.job < b.spec.job ? -1 : 1)),
  tasks: [...shard.jobs.values()]
    .flatMap((job) => [...job.tasks.values()].map(taskRow))
    .sort((a, b) => (a.job === b.job ? a.index - b.index : a.job < b.job ? -1 : 1)),
  counters: [...shard.counters.keys()].sort().map((node) => countersRow(shard, node)),
});

const shardRow = (shard: Shard): ShardRow => ({
  shard: shard.context.shard,
  timeMs: shard.storedTimeMs,
  leaseCounter: shard.leaseCounter,
});

function jobRow(job: Job): JobRow {
  const { spec, state, reason, code, preparedModule, begun, closed, verified, disputed, abandoned } = job;
  const { results, invalidResults, fuel, submittedAtMs, finishedAtMs } = job;
  return {
    spec,
    state,
    reason,
    code,
    preparedModule,
    begun,
    closed,
    verified,
    disputed,
    abandoned,
    results,
    invalidResults,
    fuel,
    submittedAtMs,
    finishedAtMs,
  };
}

function taskRow(task: Task): TaskRow {
  const { index, state, closed, input, canonical, reason, changedAtMs } = task;
  const replicas = task.replicas.map(replicaRow);
  return { job: task.job.spec.job, index, state, closed, input, replicas, canonical, reason, changedAtMs };
}

function replicaRow(replica: Replica): ReplicaRow {
  const { task: _, ...row } = replica;
  return row;
}

const countersRow = (shard: Shard, node: NodeId): NodeCounters => ({
  valid: 0,
  invalid: 0,
  inconclusive: 0,
  late: 0,
  unanswered: 0,
  credit: 0n,
  ...shard.counters.get(node),
  node,
});
