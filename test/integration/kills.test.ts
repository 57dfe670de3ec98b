/**
 * SIGKILL at random moments of a job, twenty times the coordinator and twenty times its Postgres: everything goes on
 * by itself, the answers are right, nothing that was called recorded is missing, no credit is granted twice.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrine } from '@trine/sdk';
import { decodeMersenne, loadGuest, mersenneInputs } from '@trine/wasm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { allTasks, creditFaults, faultsOf } from '../support/audit.ts';
import { createApi, type RunningCoordinator, startCoordinator, until } from '../support/processes.ts';
import { startTappedNode, type TappedNode } from '../support/tapped-node.ts';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
const KILLS = 20;
const TASKS = 4_000;
const JOB_MS = 300_000;
const BACK_MS = 60_000;

let dataDir: string;
let coordinator: RunningCoordinator;
let nodes: TappedNode[];

const random = mulberry(SEED);
function mulberry(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-kills-'));
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  nodes = [];
  for (const name of ['first', 'second', 'third']) {
    nodes.push(
      await startTappedNode({ origin: coordinator.url, name, token: await coordinator.token(name), dataDir }),
    );
  }
});

afterEach(async () => {
  for (const node of nodes) await node.close();
  await coordinator.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Exponents of some weight, over and over, so that the job outlives all kills. */
function inputs(): Uint8Array[] {
  const heavy = mersenneInputs().slice(-100);
  return Array.from({ length: TASKS }, (_, i) => heavy[i % heavy.length] ?? new Uint8Array());
}

async function submit(): Promise<string> {
  const { module } = await loadGuest('mersenne');
  const trine = createTrine({ url: coordinator.url, key: coordinator.key });
  const job = await trine.submit({ name: 'kills', module, inputs: inputs(), limits: { outputBytes: 16 } });
  return job.id;
}

/** Verified so far, or undefined while nobody answers. */
const verified = async (job: string): Promise<number | undefined> =>
  createApi(coordinator.url, coordinator.key)
    .jobs.get.query({ job })
    .then(
      (view) => view.tasks.verified,
      () => undefined,
    );

/** `undefined` while nobody answers. */
const stateOf = async (job: string): Promise<string | undefined> =>
  createApi(coordinator.url, coordinator.key)
    .jobs.get.query({ job })
    .then(
      (view) => view.state,
      () => undefined,
    );

async function untilGoingOn(job: string): Promise<void> {
  const before = (await until('the coordinator to answer', () => verified(job), BACK_MS)) ?? 0;
  if (before < TASKS)
    await until('the job to go on', async () => ((await verified(job)) ?? 0) > before, BACK_MS);
}

async function checkEverything(job: string): Promise<void> {
  await until(
    'the job to finish',
    async () => (await verified(job)) === TASKS && (await stateOf(job)) === 'finished',
    JOB_MS,
  );
  const tasks = await allTasks(coordinator.api, job);
  expect(tasks.length).toBe(TASKS);
  expect(faultsOf(tasks)).toEqual([]);
  expect(await creditFaults(coordinator.api, tasks)).toEqual([]);
  const stored = new Set(
    tasks.flatMap((task) => task.replicas.filter((one) => one.outcome !== undefined).map((one) => one.lease)),
  );
  for (const node of nodes) {
    expect(node.recorded.size).toBeGreaterThan(0);
    expect(
      [...node.recorded].filter((lease) => !stored.has(lease)),
      'recorded results that are missing',
    ).toEqual([]);
  }
  await checkAnswers(job);
}

/** The result log is gapless, and equal inputs got equal answers that name their exponent. */
async function checkAnswers(job: string): Promise<void> {
  const results = [];
  for (;;) {
    const page = await coordinator.api.jobs.resultsPage.query({ job, after: results.length, count: 500 });
    results.push(...page);
    if (page.length === 0) break;
  }
  expect(results.map((result) => result.sequence)).toEqual(Array.from({ length: TASKS }, (_, i) => i + 1));
  const wanted = inputs().map((input) => new DataView(input.buffer).getUint32(0, true));
  for (const result of results) {
    expect(decodeMersenne(Uint8Array.from(Buffer.from(result.output ?? '', 'base64')))?.exponent).toBe(
      wanted[result.index],
    );
  }
}

describe(`seed ${SEED}`, () => {
  test(`${KILLS} times SIGKILL to the coordinator`, async () => {
    const job = await submit();
    let kills = 0;
    while (kills < KILLS) {
      await untilGoingOn(job);
      await new Promise((resolve) => setTimeout(resolve, random() * 250));
      await coordinator.running.stop('SIGKILL');
      kills += 1;
      coordinator = await coordinator.restart();
    }
    expect(kills).toBe(KILLS);
    await checkEverything(job);
  });

  test(`${KILLS} times SIGKILL to Postgres`, async () => {
    const job = await submit();
    for (let kills = 0; kills < KILLS; kills += 1) {
      await untilGoingOn(job);
      await new Promise((resolve) => setTimeout(resolve, random() * 250));
      process.kill(await postmasterPid(), 'SIGKILL');
    }
    await checkEverything(job);
    expect(coordinator.running.process.exitCode).toBeNull();
  });
});

async function postmasterPid(): Promise<number> {
  const file = join(coordinator.dataDir, 'postgres', 'data', 'postmaster.pid');
  return until(
    'postmaster.pid',
    async () => Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]) || undefined,
    BACK_MS,
  );
}
