/** From rows to memory. What rows do not say is either derived from them here, or presence and comes back by itself. */
import { createChance } from './chance.ts';
import { createDirty } from './changes.ts';
import { createDeadlines } from './deadlines.ts';
import { demandOf, refreshWanted } from './demand.ts';
import type { ShardEffect } from './effects.ts';
import { nextWindow } from './inputs.ts';
import { createJob, enqueueJob, prepareModule } from './jobs.ts';
import { indexReplica } from './leases.ts';
import { listTask } from './open-tasks.ts';
import type { JobRow, StoredShard, TaskRow } from './rows.ts';
import type { Replica, Shard, Task } from './state.ts';
import type { ShardContext } from './shard.ts';
import { createTurn } from './turn.ts';

/** The shard that wrote these rows; with none, an empty one. */
export function restoreShard(context: ShardContext, stored: StoredShard): Shard {
  const shard = emptyShard(context, stored);
  for (const row of stored.jobs) restoreJob(shard, row);
  const tasks = [...stored.tasks].sort((a, b) => a.index - b.index);
  for (const row of tasks) restoreTask(shard, row);
  indexLeases(shard);
  const turn = createTurn(shard);
  for (const job of shard.jobs.values()) {
    for (const task of job.tasks.values()) listTask(turn, task);
    refreshWanted(shard, job);
  }
  for (const node of shard.nodeLeases.keys()) shard.unheard.add(node);
  shard.demand = demandOf(shard);
  return shard;
}

function emptyShard(context: ShardContext, { shard: row, counters }: StoredShard): Shard {
  return {
    context,
    timeMs: row.timeMs,
    storedTimeMs: row.timeMs,
    leaseCounter: row.leaseCounter,
    jobs: new Map(),
    running: [],
    wanted: 0,
    leases: new Map(),
    nodeLeases: new Map(),
    counters: new Map(counters.map(({ node, ...sums }) => [node, sums])),
    deadlines: createDeadlines(),
    dirty: createDirty(),
    chance: createChance(new Uint8Array()),
    groupsOnline: undefined,
    sessions: new Map(),
    unheard: new Set(),
    grace: { type: 'pending' },
    lapsed: new Map(),
    demand: { leases: 0, priority: 0 },
    slotsRefused: false,
  };
}

function restoreJob(shard: Shard, row: JobRow): void {
  if (row.state !== 'preparing' && row.state !== 'running') return;
  const job = createJob(row);
  shard.jobs.set(row.spec.job, job);
  if (row.state === 'running') enqueueJob(shard, job);
}

function restoreTask(shard: Shard, row: TaskRow): void {
  const job = shard.jobs.get(row.job);
  if (job === undefined || row.closed) return;
  const { index, input, state, closed, canonical, reason, changedAtMs } = row;
  const replicas: Replica[] = [];
  const task: Task = {
    job,
    index,
    input,
    replicas,
    state,
    closed,
    canonical,
    reason,
    changedAtMs,
    live: 0,
    need: 0,
    list: 'none',
  };
  for (const replica of row.replicas) replicas.push({ ...replica, task });
  job.tasks.set(index, task);
}

/** In order of their grant, the order in which memory had them. */
function indexLeases(shard: Shard): void {
  const replicas = [...shard.jobs.values()].flatMap((job) =>
    [...job.tasks.values()].flatMap((task) => task.replicas),
  );
  for (const replica of replicas.sort((a, b) => a.lease - b.lease)) indexReplica(shard, replica);
}

/**
 * What was under way and is not stored: preparation of modules, inputs read ahead, demand. Asks for the
 * first window of inputs, so it is called once, right after `restoreShard`.
 */
export function recoveryEffects(shard: Shard): readonly ShardEffect[] {
  const effects: ShardEffect[] = [];
  for (const job of shard.jobs.values()) {
    const effect = job.state === 'preparing' ? prepareModule(job) : nextWindow(job);
    if (effect !== undefined) effects.push(effect);
  }
  effects.push({ type: 'publish-demand', ...shard.demand });
  return effects;
}
