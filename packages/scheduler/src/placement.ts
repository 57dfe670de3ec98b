/** Which task a free slot gets: begun tasks before new ones, higher priority first, then older jobs. */
import { LIMITS } from '@trine/protocol';
import type { LeaseGrant, RefusalReason } from './effects.ts';
import type { SlotOffer } from './events.ts';
import { hasNextInput, refillWindow, takeNextInput } from './inputs.ts';
import { SCHEDULER_LIMITS } from './limits.ts';
import { grantLease, hear, isStale } from './leases.ts';
import { drawOpenTask, hasRoom, listTask } from './open-tasks.ts';
import type { Job, Shard, Task } from './state.ts';
import { touchJob, type Turn } from './turn.ts';
import { setTaskState } from './verdicts.ts';

/** Grants what fits, up to the offered count, and refuses the rest with the reason. */
export function slotsOffered(turn: Turn, offer: SlotOffer): void {
  const { shard } = turn;
  const stale = isStale(shard, offer.node, offer.session);
  if (!stale) hear(shard, offer.node, offer.session);
  const grants = stale ? [] : fillSlots(turn, offer);
  const { node, session } = offer;
  if (grants.length > 0) turn.effects.push({ type: 'grant-leases', node, session, grants });
  const count = offer.count - grants.length;
  if (count <= 0) return;
  turn.effects.push({ type: 'refuse-slots', node, session, count, reason: refusalReason(shard) });
  turn.refused = true;
}

function fillSlots(turn: Turn, offer: SlotOffer): readonly LeaseGrant[] {
  if (turn.shard.wanted === 0) return [];
  const grants: LeaseGrant[] = [];
  const count = Math.min(offer.count, LIMITS.leasesPerNode.value);
  while (grants.length < count) {
    const task = drawFromJobs(turn.shard, offer) ?? beginNext(turn);
    if (task === undefined) break;
    grants.push(grantLease(turn, task, offer));
    listTask(turn, task);
  }
  return grants;
}

function drawFromJobs(shard: Shard, offer: SlotOffer): Task | undefined {
  for (const job of shard.running) {
    const task = job.need > 0 ? drawOpenTask(shard, job, offer) : undefined;
    if (task !== undefined) return task;
  }
  return undefined;
}

/** Nothing that has begun needs this node: the first job that may, begins its next task. */
function beginNext(turn: Turn): Task | undefined {
  for (const job of turn.shard.running) {
    const task = canBegin(turn.shard, job) ? beginTask(turn, job) : undefined;
    if (task !== undefined) return task;
  }
  return undefined;
}

const canBegin = (shard: Shard, job: Job): boolean =>
  job.begun < job.spec.inputs.count && hasOwners(shard, job) && hasRoom(job) && hasNextInput(job);

/** A task begins only while as many distinct groups are online as it needs replicas. */
export const hasOwners = (shard: Shard, job: Job): boolean =>
  shard.groupsOnline !== undefined && shard.groupsOnline >= job.spec.policy.replicas;

function beginTask(turn: Turn, job: Job): Task | undefined {
  const input = takeNextInput(turn.shard, job);
  if (input === undefined) return undefined;
  const task: Task = {
    job,
    index: job.begun,
    input,
    replicas: [],
    state: 'running',
    closed: false,
    canonical: undefined,
    reason: '',
    changedAtMs: turn.shard.timeMs,
    live: 0,
    need: 0,
    list: 'none',
  };
  job.tasks.set(task.index, task);
  job.begun += 1;
  touchJob(turn, job);
  setTaskState(turn, task, 'running');
  refillWindow(turn, job);
  return task;
}

/** A hint for people: read from the jobs whose turn comes first, or thousands that wait would slow every refusal. */
function refusalReason(shard: Shard): RefusalReason {
  const isUnbegun = (job: Job): boolean => job.begun < job.spec.inputs.count;
  const next = shard.running.slice(0, SCHEDULER_LIMITS.explainedJobs.value);
  if (next.some((job) => isUnbegun(job) && !hasOwners(shard, job))) {
    return shard.groupsOnline === undefined ? 'shard-restarting' : 'too-few-owners';
  }
  return next.some((job) => isUnbegun(job) || job.need > 0) ? 'not-eligible' : 'no-work';
}
