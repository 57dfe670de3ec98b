/** What must hold of a shard between any two events. Called by every test and, sampled, in production. */
import { LIMITS } from '@trine/protocol';
import { wantedOf } from './demand.ts';
import type { Job, Replica, Shard, Task } from './state.ts';
import { canonicalOf, isCounted, isLive, isRetry, replicasNeeded, sameResult } from './tasks.ts';

/** Every violated invariant as a sentence; empty for a sound shard. Reads all of memory. */
export function invariantViolations(shard: Shard): readonly string[] {
  const found: string[] = [];
  for (const job of shard.jobs.values()) {
    checkJob(shard, job, found);
    for (const task of job.tasks.values()) checkTask(shard, task, found);
  }
  const wanted = sum(shard.running.map((job) => job.wanted));
  expect(found, shard.wanted === wanted, `the shard wants ${shard.wanted}, its jobs ${wanted}`);
  checkLeases(shard, found);
  checkCounters(shard, found);
  return found;
}

type Found = string[];

function expect(found: Found, holds: boolean, sentence: string): void {
  if (!holds) found.push(sentence);
}

function checkJob(shard: Shard, job: Job, found: Found): void {
  const name = `job ${job.spec.job}`;
  const tasks = [...job.tasks.values()];
  expect(found, job.state === 'preparing' || job.state === 'running', `${name} is over and in memory`);
  expect(found, shard.running.includes(job) === (job.state === 'running'), `${name} is in the wrong queue`);
  expect(found, job.begun <= job.spec.inputs.count, `${name} began more tasks than it has`);
  expect(found, tasks.length === job.begun - job.closed, `${name} lost a task`);
  expect(found, job.closed < job.spec.inputs.count, `${name} has closed every task and goes on`);
  expect(
    found,
    job.results === job.verified + job.disputed + job.abandoned,
    `${name}'s log has not one entry a decision`,
  );
  expect(found, job.need === sum(tasks.map((task) => task.need)), `${name} sums its needs wrongly`);
  expect(found, job.live === sum(tasks.map((task) => task.live)), `${name} sums its leases wrongly`);
  expect(found, job.wanted === wantedOf(shard, job), `${name} is wanted wrongly`);
  for (const list of ['fresh', 'retries'] as const) checkList(job, list, found);
}

function checkList(job: Job, list: 'fresh' | 'retries', found: Found): void {
  const indexes = job[list].map((task) => task.index);
  const expected = [...job.tasks.values()]
    .filter((task) => task.need > 0 && isRetry(task) === (list === 'retries'))
    .map((task) => task.index)
    .sort((a, b) => a - b);
  const same = indexes.length === expected.length && indexes.every((index, i) => index === expected[i]);
  expect(found, same, `job ${job.spec.job} lists ${list} [${indexes.join()}], not [${expected.join()}]`);
}

function checkTask(shard: Shard, task: Task, found: Found): void {
  const name = `task ${task.job.spec.job}/${task.index}`;
  const placed = task.replicas.filter((replica) => isLive(replica) || isCounted(replica));
  expect(found, !task.closed && task.index < task.job.begun, `${name} should not be in memory`);
  expect(found, task.live === task.replicas.filter(isLive).length, `${name} counts its leases wrongly`);
  expect(found, task.need === replicasNeeded(shard, task), `${name} counts its needs wrongly`);
  expect(found, task.live > 0 || task.need > 0, `${name} waits for nothing and is open`);
  expect(found, distinct(placed.map(({ group }) => group)), `${name} has one group twice`);
  expect(found, distinct(placed.map(({ node }) => node)), `${name} has one node twice`);
  checkVerdicts(task, name, found);
}

function checkVerdicts(task: Task, name: string, found: Found): void {
  const { canonical, state } = task;
  expect(found, state === 'running' || state === 'verified', `${name} is ${state} and open`);
  expect(
    found,
    (canonical !== undefined) === (state === 'verified'),
    `${name} is ${state}, canonical or not`,
  );
  if (canonical === undefined) {
    expect(found, canonicalOf(task) === undefined, `${name} has a quorum and no verdict`);
  }
  for (const { result, verdict, ended, lease } of task.replicas) {
    const equal = canonical !== undefined && result !== undefined && sameResult(result, canonical);
    expect(found, verdict !== 'valid' || equal, `${name}: lease ${lease} is valid and differs`);
    expect(found, verdict !== 'invalid' || !equal, `${name}: lease ${lease} is invalid and agrees`);
    expect(
      found,
      result === undefined || ended !== undefined,
      `${name}: lease ${lease} is live with a result`,
    );
  }
}

function checkLeases(shard: Shard, found: Found): void {
  const replicas = [...shard.jobs.values()].flatMap((job) =>
    [...job.tasks.values()].flatMap((task) => task.replicas),
  );
  const live = replicas.filter(isLive);
  const held = [...shard.nodeLeases.values()].flatMap((leases) => [...leases]);
  const waiting = new Set(shard.deadlines.entries);
  expect(found, replicas.length === shard.leases.size, 'leases are looked up that no task has');
  expect(
    found,
    replicas.every((r) => shard.leases.get(r.lease) === r),
    'a lease cannot be looked up',
  );
  expect(found, held.length === live.length && held.every(isLive), "nodes' leases are not the live ones");
  expect(
    found,
    live.every((replica) => waiting.has(replica)),
    'a live lease has no deadline',
  );
  expect(found, shard.deadlines.live === live.length, 'deadlines are counted wrongly');
  expect(
    found,
    replicas.every((r) => isIssued(shard, r)),
    'a lease is ahead of the counter',
  );
}

const isIssued = (shard: Shard, { lease }: Replica): boolean =>
  lease < (shard.leaseCounter + 1) * LIMITS.shards.value;

function checkCounters(shard: Shard, found: Found): void {
  for (const [node, counters] of shard.counters) {
    const { valid, invalid, inconclusive, late, unanswered, credit } = counters;
    const least = Math.min(valid, invalid, inconclusive, late, unanswered, Number(credit));
    expect(found, least >= 0, `node ${node} has a counter below zero`);
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const distinct = (values: readonly string[]): boolean => new Set(values).size === values.length;
