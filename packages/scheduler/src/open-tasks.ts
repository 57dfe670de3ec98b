/** The lists of tasks that need a replica, and the draw from them. Lists are ordered by index alone, so that recovery finds the same order. */
import type { NodeId, QuorumGroup } from '@trine/protocol';
import { draw } from './chance.ts';
import { SCHEDULER_LIMITS } from './limits.ts';
import type { Job, Shard, Task } from './state.ts';
import { isEligible, isRetry, replicasNeeded } from './tasks.ts';
import type { Turn } from './turn.ts';

/** Derives `need` again after a change and moves the task to the list it belongs to. */
export function listTask(turn: Turn, task: Task): void {
  const { job } = task;
  const wasFull = !hasRoom(job);
  const need = replicasNeeded(turn.shard, task);
  const list = need === 0 ? 'none' : isRetry(task) ? 'retries' : 'fresh';
  if (need > task.need || list === 'retries') turn.widened = true;
  turn.jobs.add(job);
  job.need += need - task.need;
  task.need = need;
  moveTask(task, list);
  if (wasFull && hasRoom(job)) turn.widened = true;
}

/** A job begins no further task while too many wait for their other replicas. */
export const hasRoom = (job: Job): boolean =>
  job.fresh.length + job.retries.length < SCHEDULER_LIMITS.openTasks.value;

function moveTask(task: Task, list: Task['list']): void {
  if (task.list === list) return;
  if (task.list !== 'none') {
    const from = task.job[task.list];
    from.splice(positionOf(from, task.index), 1);
  }
  if (list !== 'none') {
    const to = task.job[list];
    to.splice(positionOf(to, task.index), 0, task);
  }
  task.list = list;
}

/** Position of the first task at or past `index`. */
function positionOf(list: readonly Task[], index: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.index ?? index) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Candidate {
  readonly node: NodeId;
  readonly group: QuorumGroup;
}

/** A task of the job that needs this node: drawn among the first few that may have it, retries before fresh ones. */
export function drawOpenTask(shard: Shard, job: Job, candidate: Candidate): Task | undefined {
  const groupsOnline = shard.groupsOnline ?? Number.POSITIVE_INFINITY;
  const fits = (task: Task): boolean => isEligible(task, candidate.node, candidate.group, groupsOnline);
  const found = eligibleFrom(job.retries, 0, fits);
  return drawOne(shard, found.length > 0 ? found : eligibleFresh(job, candidate.group, fits));
}

/**
 * `fresh` is searched from the group's cursor: whatever lies before it has a replica of that group already,
 * and nothing in `fresh` ever becomes eligible again, so a fast group does not read the list over and over.
 */
function eligibleFresh(job: Job, group: QuorumGroup, fits: (task: Task) => boolean): readonly Task[] {
  const cursor = job.cursors.get(group) ?? 0;
  let at = positionOf(job.fresh, cursor);
  while (job.fresh[at]?.replicas.some((replica) => replica.group === group) === true) at += 1;
  const next = job.fresh[at]?.index ?? job.begun;
  if (next !== cursor) remember(job, group, next);
  return eligibleFrom(job.fresh, at, fits);
}

function remember(job: Job, group: QuorumGroup, index: number): void {
  if (job.cursors.size >= SCHEDULER_LIMITS.cursors.value) job.cursors.clear();
  job.cursors.set(group, index);
}

function eligibleFrom(list: readonly Task[], from: number, fits: (task: Task) => boolean): readonly Task[] {
  const found: Task[] = [];
  for (let i = from; i < list.length && found.length < SCHEDULER_LIMITS.placementDraw.value; i += 1) {
    const task = list[i];
    if (task !== undefined && fits(task)) found.push(task);
  }
  return found;
}

const drawOne = (shard: Shard, tasks: readonly Task[]): Task | undefined =>
  tasks[draw(shard.chance, tasks.length)];
