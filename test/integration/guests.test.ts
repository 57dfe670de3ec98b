/** Every guest that comes with Trine, the whole way: its known answers are what three runners of three owners agree on. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrine, type JobResult, type Trine } from '@trine/sdk';
import { GUEST_NAMES, loadCases, loadGuest } from '@trine/wasm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
} from '../support/processes.ts';

const JOB_MS = 120_000;

let dataDir: string;
let coordinator: RunningCoordinator;
let trine: Trine;
const running: Running[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-guests-'));
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  trine = createTrine({ url: coordinator.url, key: coordinator.key });
  for (const name of ['ada', 'bob', 'cleo']) {
    running.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
  }
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await coordinator?.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** An answer as cases.json has it. */
const known = ({ outcome, output, fuel }: JobResult) => ({
  outcome,
  outputDigest: createHash('sha256')
    .update(output ?? new Uint8Array(0))
    .digest('hex'),
  fuel: String(fuel),
});

test.each(GUEST_NAMES)('%s', async (name) => {
  const { manifest, module } = await loadGuest(name);
  const cases = (await loadCases(name)).cases.filter(
    ({ fuelLimit, outcome }) => fuelLimit === undefined && outcome === 'completed',
  );
  const { fuel, memoryBytes, outputBytes } = manifest.limits;
  const job = await trine.submit({
    name,
    module,
    inputs: cases.map(({ inputHex }) => Uint8Array.from(Buffer.from(inputHex, 'hex'))),
    limits: { fuel: BigInt(fuel), memoryBytes, outputBytes },
    manifest: { title: manifest.title, summary: manifest.summary, output: manifest.output },
    abi: manifest.abi,
  });
  const results: JobResult[] = [];
  for await (const result of job.results({ signal: AbortSignal.timeout(JOB_MS) })) results.push(result);
  expect(results.sort((one, other) => one.index - other.index).map(known)).toEqual(
    cases.map(({ outcome, outputDigest, fuel: units }) => ({ outcome, outputDigest, fuel: units })),
  );
});
