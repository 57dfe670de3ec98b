/**
 * What a task's results amount to, and when it is over.
 *
 *   running    entered when the first replica is leased; left for one of
 *   verified   `quorum` equal results of distinct groups; later results still get their verdict
 *   disputed   every replica the policy allows has answered and no quorum agrees
 *   abandoned  too many attempts failed, or too many leases were given, and none is live
 *   cancelled  its job was cancelled first
 *
 * A task closes, and leaves memory, once it is decided, no lease is live and no replica is wanted. Only
 * `verified` can be decided and still open.
 */
import type { ResultKind, TaskState } from '@trine/protocol';
import { SCHEDULER_LIMITS } from './limits.ts';
import { listTask } from './open-tasks.ts';
import type { Job, Replica, Task } from './state.ts';
import { canonicalOf, isCounted, isFailed, isUnanswered, sameResult } from './tasks.ts';
import { forgetOldest, giveVerdict, touchJob, touchTask, type Turn } from './turn.ts';

/** Draws every conclusion that the task's row allows; called after each change of it. */
export function settleTask(turn: Turn, task: Task): void {
  touchTask(turn, task);
  if (task.state === 'running') verify(turn, task);
  if (task.state === 'verified') judge(turn, task);
  listTask(turn, task);
  if (task.live > 0 || task.need > 0) return;
  if (task.state === 'running') giveUp(turn, task);
  closeTask(turn, task);
}

function verify(turn: Turn, task: Task): void {
  const canonical = canonicalOf(task);
  if (canonical === undefined) return;
  task.canonical = canonical;
  task.job.fuel += canonical.fuel;
  decide(turn, task, 'verified');
}

/** Verdicts of results that have none yet, the third as well as the first two. */
function judge(turn: Turn, task: Task): void {
  const { canonical } = task;
  if (canonical === undefined) return;
  for (const replica of task.replicas) {
    if (!isCounted(replica) || replica.result === undefined || replica.verdict !== undefined) continue;
    giveVerdict(turn, replica, sameResult(replica.result, canonical) ? 'valid' : 'invalid');
  }
}

function giveUp(turn: Turn, task: Task): void {
  const results = task.replicas.filter(isCounted).length;
  leaveInconclusive(turn, task);
  if (results >= task.job.spec.policy.replicasMax) {
    task.reason = `${results} results and no ${task.job.spec.policy.quorum} of them agree`;
    decide(turn, task, 'disputed');
  } else {
    task.reason = abandonReason(task);
    decide(turn, task, 'abandoned');
  }
}

/** Results of a task that was never decided by them. */
export function leaveInconclusive(turn: Turn, task: Task): void {
  for (const replica of task.replicas) {
    if (isCounted(replica) && replica.verdict === undefined) giveVerdict(turn, replica, 'inconclusive');
  }
}

function abandonReason(task: Task): string {
  const failed = task.replicas.filter(isFailed);
  const heading =
    failed.length >= task.job.spec.policy.failedAttemptsMax
      ? `${failed.length} attempts failed`
      : `${task.replicas.length} leases were given, the limit is ${SCHEDULER_LIMITS.attempts.value}`;
  const listed = task.replicas.filter(isUnanswered).map(attemptWords);
  return [heading, ...countEqual(listed)].join('; ');
}

const attemptWords = (replica: Replica): string =>
  replica.result === undefined ? replica.reason : `aborted: ${replica.reason || 'without a reason'}`;

/** Each distinct sentence once, with how often it was said. */
function countEqual(sentences: readonly string[]): readonly string[] {
  const times = new Map<string, number>();
  for (const sentence of sentences) times.set(sentence, (times.get(sentence) ?? 0) + 1);
  return [...times].map(([sentence, count]) => (count === 1 ? sentence : `${count} times ${sentence}`));
}

/** Every decision is one entry of the job's result log, numbered in the order of the decisions. */
function decide(turn: Turn, task: Task, state: ResultKind): void {
  const { job } = task;
  setTaskState(turn, task, state);
  job[state] += 1;
  job.results += 1;
  turn.shard.dirty.results.push({
    job: job.spec.job,
    sequence: job.results,
    index: task.index,
    kind: state,
  });
  touchJob(turn, job);
  turn.effects.push({ type: 'announce-result', job: job.spec.job, sequence: job.results });
}

export function setTaskState(turn: Turn, task: Task, state: TaskState): void {
  task.state = state;
  touchTask(turn, task);
  turn.effects.push({ type: 'announce-task', job: task.job.spec.job, index: task.index, state });
}

/** Its row stays in the store; memory keeps nothing but which of its leases may still answer. */
export function closeTask(turn: Turn, task: Task): void {
  const { job } = task;
  task.closed = true;
  listTask(turn, task);
  touchTask(turn, task);
  job.tasks.delete(task.index);
  for (const replica of task.replicas) forgetLease(turn, replica);
  job.closed += 1;
  touchJob(turn, job);
  if (job.closed === job.spec.inputs.count && job.state === 'running') {
    endJob(turn, job, { state: 'finished', reason: '' });
  }
}

function forgetLease(turn: Turn, replica: Replica): void {
  const { lapsed, leases } = turn.shard;
  leases.delete(replica.lease);
  if (replica.result !== undefined) return;
  const { job, index } = replica.task;
  lapsed.set(replica.lease, { job: job.spec.job, index, node: replica.node });
  if (lapsed.size > SCHEDULER_LIMITS.lapsedLeases.value) forgetOldest(lapsed);
}

/** A job that is over leaves memory; its rows stay. */
export function endJob(turn: Turn, job: Job, end: Pick<Job, 'state' | 'reason'>): void {
  const { shard } = turn;
  job.state = end.state;
  job.reason = end.reason;
  job.finishedAtMs = shard.timeMs;
  shard.jobs.delete(job.spec.job);
  const at = shard.running.indexOf(job);
  if (at >= 0) shard.running.splice(at, 1);
  touchJob(turn, job);
  announceJob(turn, job);
}

export function announceJob(turn: Turn, job: Job): void {
  const { state, reason } = job;
  turn.effects.push({ type: 'announce-job', job: job.spec.job, state, reason });
}

/** What the job waits for, in words; empty when it waits for nothing. Said only when it changes. */
export function setReason(turn: Turn, job: Job, reason: string): void {
  if (job.reason === reason) return;
  job.reason = reason;
  touchJob(turn, job);
  announceJob(turn, job);
}
