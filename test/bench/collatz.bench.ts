/**
 * Verified Collatz numbers a second, from where others published theirs: a real coordinator, three runners of three
 * owners on this machine's cores, three replicas of every task, and each answer compared. First one thread alone,
 * as the guest was built and as nodes run it; then the job, its time from the submission to the last verdict.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { LIMITS } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import { createTrine, type JobResult, type JobView, type Trine } from '@trine/sdk';
import {
  COLLATZ_START,
  collatzInput,
  collatzShared,
  decodeCollatz,
  type LoadedGuest,
  loadGuest,
} from '@trine/wasm';
import { rootDir, startCoordinator, startRunner, until } from '../support/processes.ts';
import { printTable } from './table.ts';

/** Of one task: some seconds of one thread. */
const NUMBERS = 64 << 20;
const ALONE_NUMBERS = 4 << 20;
const ALONE_RUNS = 7;
/** The first job: the module is prepared, fetched and compiled, the coordinator warm. */
const WARM_TASKS = 6;
/** Of the measured job, recomputed here without the rewriter. */
const CHECKED_TASKS = 2;
/** Lavoie et al., "Pando: Personal Volunteer Computing in Browsers", 2019, from the same number on. */
const PUBLISHED_PER_SECOND = 3_824;
const FINISH_MS = 1_800_000;

export async function bench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { tasks: { type: 'string', default: '18' } } });
  const tasks = Number(values.tasks);
  if (!Number.isInteger(tasks) || tasks < 1) throw new Error('--tasks takes a whole number above 0.');
  const guest = await loadGuest('collatz', pathToFileURL(join(rootDir, 'wasm', 'guests', '/')));
  const alone = measureAlone(guest);
  const job = await measureJob(guest, tasks);
  const verified = (tasks * NUMBERS) / job.seconds;
  printTable(
    `collatz: from ${COLLATZ_START} on, ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? '?'}`,
    [
      ['numbers a second, one thread', Math.round(alone.original), 'as built'],
      [
        '',
        Math.round(alone.prepared),
        `prepared: ${(alone.original / alone.prepared).toFixed(3)} times as long`,
      ],
      ['fuel a number', alone.fuelPerNumber, ''],
      [
        'numbers verified',
        tasks * NUMBERS,
        `${tasks} tasks of ${LIMITS.replicas.value} replicas in ${job.seconds.toFixed(1)} s`,
      ],
      ['verified a second', Math.round(verified), 'submission to last verdict'],
      [
        'times what Pando publishes',
        verified / PUBLISHED_PER_SECOND,
        `${PUBLISHED_PER_SECOND} a second, its best fleet, each number once`,
      ],
      [
        'of what the threads could do',
        share(verified, alone.prepared),
        'cores × one thread prepared ÷ replicas',
      ],
      ['most steps', job.mostSteps, `of ${job.record}`],
    ],
  );
  console.log(
    `\n${JSON.stringify({
      bench: 'collatz',
      verifiedPerSecond: Math.round(verified),
      replicas: LIMITS.replicas.value,
      threadPerSecond: Math.round(alone.prepared),
      metering: Math.round((alone.original / alone.prepared) * 1_000) / 1_000,
    })}`,
  );
  return 0;
}

const share = (verified: number, thread: number): string =>
  `${Math.round((100 * verified * LIMITS.replicas.value) / (thread * availableParallelism()))} %`;

// ── one thread ───────────────────────────────────────────────────────────────────────────────────────

interface Alone {
  /** Numbers a second, of the fastest run. */
  readonly original: number;
  readonly prepared: number;
  readonly fuelPerNumber: number;
}

function measureAlone({ module }: LoadedGuest): Alone {
  const prepared = prepare(module);
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const input = collatzInput(COLLATZ_START, ALONE_NUMBERS);
  const [plain, metered] = [compile(module), compile(prepared.bytes)];
  let [original, withFuel, fuel] = [0, 0, 0n];
  for (let run = 0; run < ALONE_RUNS; run += 1) {
    original = Math.max(
      original,
      rate(() => runPlain(plain, input)),
    );
    withFuel = Math.max(
      withFuel,
      rate(() => {
        fuel = runPrepared(metered, input);
      }),
    );
  }
  return { original, prepared: withFuel, fuelPerNumber: Number(fuel) / ALONE_NUMBERS };
}

const compile = (bytes: Uint8Array) => new WebAssembly.Module(Uint8Array.from(bytes));

function rate(run: () => void): number {
  const begun = performance.now();
  run();
  return (ALONE_NUMBERS * 1_000) / (performance.now() - begun);
}

interface GuestExports {
  readonly memory: WebAssembly.Memory;
  readonly alloc: (size: number) => number;
  readonly run: (pointer: number, length: number) => bigint;
}

function runPlain(module: WebAssembly.Module, input: Uint8Array): Uint8Array {
  const imports = { trine: { progress: () => undefined, log: () => undefined } };
  const exports = new WebAssembly.Instance(module, imports).exports as unknown as GuestExports;
  const pointer = exports.alloc(input.length);
  new Uint8Array(exports.memory.buffer).set(input, pointer);
  const answer = BigInt.asUintN(64, exports.run(pointer, input.length));
  return new Uint8Array(exports.memory.buffer, Number(answer >> 32n), Number(answer & 0xffff_ffffn)).slice();
}

function runPrepared(module: WebAssembly.Module, input: Uint8Array): bigint {
  const limits = { fuel: 1n << 60n, memoryBytes: 1 << 20, outputBytes: 64 };
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const result = runGuest({ module, abi: 'trine-1', input, limits }, hooks);
  if (result.outcome !== 'completed') throw new Error(`The guest ended ${result.outcome}.`);
  return result.fuel;
}

// ── the whole ────────────────────────────────────────────────────────────────────────────────────────

interface JobFigures {
  readonly seconds: number;
  readonly mostSteps: number;
  readonly record: bigint;
}

async function measureJob(guest: LoadedGuest, tasks: number): Promise<JobFigures> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trine-collatz-'));
  const coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  const runners = [];
  try {
    for (const name of ['one', 'two', 'three']) {
      const token = await coordinator.token(`owner ${name}`);
      runners.push(startRunner(coordinator.url, name, { token, dataDir, threads: availableParallelism() }));
    }
    const trine = createTrine({ url: coordinator.url, key: coordinator.key });
    await perform(trine, guest, { tasks: WARM_TASKS, numbers: ALONE_NUMBERS });
    const begun = performance.now();
    const results = await perform(trine, guest, { tasks, numbers: NUMBERS });
    return { seconds: (performance.now() - begun) / 1_000, ...judge(guest, results, tasks) };
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
    await coordinator.running.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function perform(
  trine: Trine,
  { module, manifest }: LoadedGuest,
  { tasks, numbers }: { readonly tasks: number; readonly numbers: number },
): Promise<readonly JobResult[]> {
  const { fuel, memoryBytes, outputBytes } = manifest.limits;
  const job = await trine.submit({
    name: `${tasks} ranges`,
    module,
    inputs: { range: { count: tasks, shared: collatzShared(COLLATZ_START, numbers) } },
    limits: { fuel: BigInt(fuel), memoryBytes, outputBytes },
  });
  await until('the job', async () => isOver(await job.status()), FINISH_MS);
  const results: JobResult[] = [];
  for await (const result of job.results()) results.push(result);
  return results;
}

function isOver({ state, tasks, invalidResults }: JobView): boolean {
  if (state === 'preparing' || state === 'running') return false;
  if (state !== 'finished' || invalidResults > 0) throw new Error(`${state}: ${JSON.stringify(tasks)}`);
  return true;
}

/** All tasks are there, none left a number out, and some are computed again without the rewriter. */
function judge({ module }: LoadedGuest, results: readonly JobResult[], tasks: number) {
  if (results.length !== tasks) throw new Error(`${results.length} results of ${tasks} tasks.`);
  const plain = compile(module);
  for (const { index, output } of results.slice(0, CHECKED_TASKS)) {
    const expected = runPlain(plain, collatzInput(COLLATZ_START, NUMBERS, BigInt(index)));
    if (output === undefined || Buffer.compare(output, expected) !== 0)
      throw new Error(`Task ${index} is wrong.`);
  }
  const answers = results.flatMap(({ output }) =>
    output === undefined ? [] : (decodeCollatz(output) ?? []),
  );
  if (answers.some(({ numbers }) => numbers !== NUMBERS)) throw new Error('A task left numbers out.');
  return answers.reduce((best, one) => (one.mostSteps > best.mostSteps ? one : best));
}
