/** Liars among honest owners: what one can do (nothing), and what two who collude can (SECURITY.md says so). */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrine } from '@trine/sdk';
import { loadCases, loadGuest, mersenneInputs } from '@trine/wasm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { allTasks, creditFaults, faultsOf } from '../support/audit.ts';
import {
  LIAR,
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
  until,
} from '../support/processes.ts';

const JOB_MS = 120_000;
const COPIES = 10;

let dataDir: string;
let coordinator: RunningCoordinator;
let running: Running[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-lies-'));
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await coordinator.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function honest(name: string): Promise<void> {
  running.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
}

async function liar(name: string, lies: string): Promise<void> {
  const token = await coordinator.token(name, 'test liar');
  running.push(
    startRunner(coordinator.url, name, {
      token,
      dataDir,
      script: LIAR,
      args: ['--lies', lies, '--share', '0.5'],
    }),
  );
}

async function online(count: number): Promise<void> {
  await until(
    `${count} nodes online`,
    async () => (await coordinator.api.cluster.overview.query()).nodesOnline === count,
    30_000,
  );
}

/** The heaviest exponents, over and over. */
const inputs = () => {
  const heavy = mersenneInputs().slice(-16);
  return Array.from({ length: heavy.length * COPIES }, (_, i) => heavy[i % heavy.length] ?? new Uint8Array());
};

async function runJob(): Promise<string> {
  const { module } = await loadGuest('mersenne');
  const job = await createTrine({ url: coordinator.url, key: coordinator.key }).submit({
    name: 'lies',
    module,
    inputs: inputs(),
    limits: { outputBytes: 16 },
  });
  await until(
    'the job to finish',
    async () => (await coordinator.api.jobs.get.query({ job: job.id })).state === 'finished',
    JOB_MS,
  );
  return job.id;
}

/** Output digests that the guest's cases know to be right. */
async function knownDigests(): Promise<ReadonlyMap<string, string>> {
  const cases = (await loadCases('mersenne')).cases.filter((one) => one.outcome === 'completed');
  return new Map(
    cases.map((one) => [
      createHash('sha256').update(Buffer.from(one.inputHex, 'hex')).digest('hex'),
      one.outputDigest,
    ]),
  );
}

test.each(['random', 'consistent'])(
  'one %s liar among three owners never becomes canonical',
  async (lies) => {
    await honest('first');
    await honest('second');
    await liar('liar', lies);
    await online(3);
    const job = await runJob();
    const tasks = await allTasks(coordinator.api, job);
    expect(faultsOf(tasks)).toEqual([]);
    expect(await creditFaults(coordinator.api, tasks)).toEqual([]);
    const byLiar = tasks.flatMap((task) =>
      task.replicas.filter((replica) => replica.ownerName === 'liar').map((replica) => ({ task, replica })),
    );
    const invalid = byLiar.filter(({ replica }) => replica.verdict === 'invalid');
    expect(invalid.length).toBeGreaterThan(0);
    for (const { task, replica } of invalid)
      expect(replica.outputDigest).not.toBe(task.canonical?.outputDigest);
    // Equal inputs have equal answers, so one digest an exponent is all there may be.
    const canonical = new Map<string, Set<string>>();
    for (const task of tasks)
      canonical.set(
        task.inputDigest,
        (canonical.get(task.inputDigest) ?? new Set()).add(task.canonical?.outputDigest ?? ''),
      );
    for (const digests of canonical.values()) expect(digests.size).toBe(1);
    const known = await knownDigests();
    for (const [input, digests] of canonical)
      if (known.has(input)) expect([...digests]).toEqual([known.get(input)]);
    const honestInvalid = tasks.flatMap((task) =>
      task.replicas.filter((replica) => replica.ownerName !== 'liar' && replica.verdict === 'invalid'),
    );
    expect(honestInvalid).toEqual([]);
  },
);

test('two colluding owners that are leased the same task before others do get their lie through, as SECURITY.md says', async () => {
  await honest('first');
  await liar('colluder a', 'colluding');
  await liar('colluder b', 'colluding');
  await online(3);
  const job = await runJob();
  const tasks = await allTasks(coordinator.api, job);
  const lost = tasks.filter((task) =>
    task.replicas.some((replica) => replica.ownerName === 'first' && replica.verdict === 'invalid'),
  );
  // With three owners and two of them in league, every task they chose to lie about is theirs.
  expect(lost.length).toBeGreaterThan(0);
  for (const task of lost) {
    const colluders = task.replicas.filter((replica) => replica.ownerName.startsWith('colluder'));
    expect(colluders.map((replica) => replica.verdict)).toEqual(['valid', 'valid']);
  }
});
