/**
 * The life of a job.
 *
 *   preparing   submitted; its module is being rewritten
 *   running     prepared; tasks begin as slots and owners allow
 *   finished    every task closed
 *   refused     the module or the submission cannot be run
 *   cancelled   its submitter or an operator said so; what had begun and was not verified is cancelled too
 *
 * The last three leave memory at once.
 */
import type { ShardEvent } from './events.ts';
import { refillWindow } from './inputs.ts';
import { endLease } from './leases.ts';
import type { Job, Shard, Task } from './state.ts';
import { abandonLease, freeSlot, touchJob, type Turn } from './turn.ts';
import { announceJob, closeTask, endJob, leaveInconclusive, setTaskState, settleTask } from './verdicts.ts';
import type { JobRow } from './rows.ts';
import { isLive } from './tasks.ts';

type EventOf<T extends ShardEvent['type']> = Extract<ShardEvent, { readonly type: T }>;

/** A job in memory from its row, without its tasks. */
export const createJob = (row: JobRow): Job => ({
  ...row,
  tasks: new Map(),
  fresh: [],
  retries: [],
  cursors: new Map(),
  need: 0,
  wanted: 0,
  live: 0,
  inputs: new Map(),
  inputsAskedTo: row.begun,
});

/** A repeat of a job that is not over changes nothing. */
export function jobSubmitted(turn: Turn, { spec }: EventOf<'job-submitted'>): void {
  const { shard } = turn;
  if (shard.jobs.has(spec.job)) return;
  const job = createJob({
    spec,
    state: 'preparing',
    reason: '',
    code: undefined,
    preparedModule: undefined,
    begun: 0,
    closed: 0,
    verified: 0,
    disputed: 0,
    abandoned: 0,
    results: 0,
    invalidResults: 0,
    fuel: 0n,
    submittedAtMs: shard.timeMs,
    finishedAtMs: undefined,
  });
  const { count } = spec.inputs;
  if (!Number.isSafeInteger(count) || count < 1) {
    return endJob(turn, job, { state: 'refused', reason: 'no-inputs: a job needs at least one input' });
  }
  shard.jobs.set(spec.job, job);
  touchJob(turn, job);
  announceJob(turn, job);
  turn.effects.push(prepareModule(job));
}

export const prepareModule = ({ spec }: Job) =>
  ({
    type: 'prepare-module',
    job: spec.job,
    abi: spec.abi,
    module: spec.module,
    limits: spec.limits,
  }) as const;

export function jobPrepared(turn: Turn, event: EventOf<'job-prepared'>): void {
  const job = turn.shard.jobs.get(event.job);
  if (job === undefined || job.state !== 'preparing') return;
  job.state = 'running';
  job.code = event.code;
  job.preparedModule = event.module;
  enqueueJob(turn.shard, job);
  touchJob(turn, job);
  announceJob(turn, job);
  refillWindow(turn, job);
  turn.widened = true;
}

/** Highest priority first, then in order of submission; ids decide between jobs of one instant. */
export function enqueueJob(shard: Shard, job: Job): void {
  let [low, high] = [0, shard.running.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = shard.running[middle];
    if (other !== undefined && goesBefore(other, job)) low = middle + 1;
    else high = middle;
  }
  shard.running.splice(low, 0, job);
}

function goesBefore(a: Job, b: Job): boolean {
  const priority = b.spec.policy.priority - a.spec.policy.priority;
  const age = a.submittedAtMs - b.submittedAtMs;
  return priority === 0 ? (age === 0 ? a.spec.job < b.spec.job : age < 0) : priority < 0;
}

export function jobRefused(turn: Turn, { job: id, code, message }: EventOf<'job-refused'>): void {
  const job = turn.shard.jobs.get(id);
  if (job === undefined || job.state !== 'preparing') return;
  endJob(turn, job, { state: 'refused', reason: `${code}: ${message}` });
}

/** Tasks that never began have no row and get none. */
export function jobCancelled(turn: Turn, { job: id, reason }: EventOf<'job-cancelled'>): void {
  const job = turn.shard.jobs.get(id);
  if (job === undefined) return;
  job.state = 'cancelled';
  for (const task of job.tasks.values()) cancelTask(turn, task);
  endJob(turn, job, { state: 'cancelled', reason });
}

function cancelTask(turn: Turn, task: Task): void {
  for (const replica of task.replicas.filter(isLive)) {
    endLease(turn, replica, 'abandoned', 'the job was cancelled');
    freeSlot(turn, replica);
    abandonLease(turn, replica.node, replica.lease, 'the job was cancelled');
  }
  if (task.state === 'running') {
    leaveInconclusive(turn, task);
    task.reason = 'the job was cancelled';
    setTaskState(turn, task, 'cancelled');
  }
  closeTask(turn, task);
}

/** Presence; only what is said to people about waiting, and checks that can no longer start, are stored. */
export function fleetChanged(turn: Turn, { groups }: EventOf<'fleet-changed'>): void {
  const { shard } = turn;
  const before = shard.groupsOnline;
  if (before === groups) return;
  shard.groupsOnline = groups;
  turn.widened = true;
  dropUnstarted(turn);
  for (const job of shard.running) turn.jobs.add(job);
}

/** Verified tasks wait for replicas never started only while enough owners are online to start them. */
export function dropUnstarted(turn: Turn): void {
  const tasks = turn.shard.running.flatMap((job) => [...job.fresh, ...job.retries]);
  for (const task of tasks) {
    if (task.state === 'verified') settleTask(turn, task);
  }
}
