/**
 * Real runners in the middle of long tasks: a coordinator that is killed and comes back gets results for the very
 * leases it had given; a runner that is told to leave gives its leases back and ends; one whose coordinator vanished
 * waits for it, and still ends when told.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@trine/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { allTasks, creditFaults, faultsOf } from '../support/audit.ts';
import { LONG_EXPONENT, submitMersenne } from '../support/jobs.ts';
import {
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
  until,
} from '../support/processes.ts';

const NAMES = ['first', 'second', 'third'];
const BEGIN_MS = 60_000;
const JOB_MS = 180_000;
/** Promised are three seconds. */
const LEAVE_MS = 9_000;

let dataDir: string;
let coordinator: RunningCoordinator;
let runners: Running[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-leases-'));
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  runners = [];
  for (const name of NAMES) {
    runners.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
  }
});

afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  await coordinator.close();
  await rm(dataDir, { recursive: true, force: true });
});

interface Held {
  readonly index: number;
  readonly lease: number;
  readonly nodeName: string;
}

/** Leases that are neither answered nor over. */
const held = async (job: Job): Promise<readonly Held[]> =>
  (await allTasks(coordinator.api, job.id)).flatMap(({ index, replicas }) =>
    replicas
      .filter(({ ended }) => ended === undefined)
      .map(({ lease, nodeName }) => ({ index, lease, nodeName })),
  );

const begun = (job: Job): Promise<readonly Held[]> =>
  until(
    'every runner to hold a lease',
    async () => {
      const leases = await held(job);
      return NAMES.every((name) => leases.some(({ nodeName }) => nodeName === name)) && leases;
    },
    BEGIN_MS,
  );

/** Resolves with the exit code, or fails when the process takes longer than it may. */
const left = (runner: Running): Promise<number | null> =>
  Promise.race([
    runner.stop('SIGTERM'),
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`still there after ${LEAVE_MS} ms:\n${runner.output()}`)), LEAVE_MS);
    }),
  ]);

test('leases outlive a coordinator that is killed: the same ones are answered and accepted', async () => {
  const job = await submitMersenne(coordinator, LONG_EXPONENT, 3);
  const before = await begun(job);
  await coordinator.running.stop('SIGKILL');
  coordinator = await coordinator.restart();
  await until(
    'the job to finish',
    async () => (await coordinator.api.jobs.get.query({ job: job.id })).state === 'finished',
    JOB_MS,
  );
  const tasks = await allTasks(coordinator.api, job.id);
  expect(faultsOf(tasks)).toEqual([]);
  expect(await creditFaults(coordinator.api, tasks)).toEqual([]);
  for (const { index, lease } of before) {
    const replica = tasks.find((task) => task.index === index)?.replicas.find((one) => one.lease === lease);
    expect(replica).toMatchObject({ ended: 'reported', verdict: 'valid' });
  }
  expect(tasks.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3]);
  for (const runner of runners) expect(runner.process.exitCode).toBeNull();
});

test('a runner told to leave in the middle of a task gives its leases back and ends with 0', async () => {
  const job = await submitMersenne(coordinator, LONG_EXPONENT, 3);
  const mine = (await begun(job)).filter(({ nodeName }) => nodeName === 'first');
  const [runner] = runners;
  if (runner === undefined) throw new Error('Three runners were started.');
  expect(await left(runner)).toBe(0);
  const after = await held(job);
  for (const { lease } of mine) expect(after.map((one) => one.lease)).not.toContain(lease);
  await until(
    'the node to be offline',
    async () => (await coordinator.api.cluster.overview.query()).nodesOnline === 2,
    BEGIN_MS,
  );
});

test('runners whose coordinator vanished keep trying, and end with 0 when told', async () => {
  const job = await submitMersenne(coordinator, LONG_EXPONENT, 3);
  await begun(job);
  await coordinator.running.stop('SIGKILL');
  for (const runner of runners) {
    await until(
      'the loss to be noticed',
      async () => /suspended|connecting|reconnect/.test(runner.output()),
      BEGIN_MS,
    );
    expect(runner.process.exitCode).toBeNull();
  }
  expect(await Promise.all(runners.map(left))).toEqual([0, 0, 0]);
  coordinator = await coordinator.restart();
});
