/**
 * How fast a coordinator hands out work and agrees on answers: the built coordinator with its own Postgres
 * (fsync on), and in another process a swarm of nodes with keys and owners of their own over real WebSockets.
 * Tasks cost the nodes nothing, so what is left is the coordinator. Each task has three replicas.
 *
 * A short job warms everything up and sizes the measured one; a third one runs under V8's profiler to say where
 * the time goes. Lease latency is the time from the moment a slot of a node is free (its capacity was said, or the
 * result that filled it was sent) to the moment the node has read the next grant for it, commits included. The
 * swarm always wants more than it gets, so by Little's law the mean latency is slots ÷ results a second.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createTrine, type Job, type JobView, type Trine } from '@trine/sdk';
import { LIMITS, rangeInput } from '@trine/protocol';
import { loadGuest } from '@trine/wasm';
import { rootDir, type RunningCoordinator, startCoordinator } from '../support/processes.ts';
import { locator, summarise, type TimeTable } from './cpu-profile.ts';
import { openProfiler } from './inspector.ts';
import { answerTo, sha256 } from './job-ledger.ts';
import { cpuMsOf, isAlive, machineCpuMs, memoryOf, type PerPart, processTree } from './process-usage.ts';
import { verificationMicros } from './signature-cost.ts';
import type { SwarmFigures } from './swarm-messages.ts';
import { startSwarm, type Swarm } from './swarm-process.ts';
import { type Cell, printTable } from './table.ts';

const WARM_UP_TASKS = 2_000;
/** Length of the measured job, and of the profiled one, when `--tasks` does not say. */
const MEASURED_SECONDS = 25;
const PROFILED_SECONDS = 8;
const TASKS_MIN = 1_000;
const MEMORY_SAMPLE_MS = 1_000;
const FINISH_POLL_MS = 20;
/** Tokens made at a time. */
const TOKENS_AT_ONCE = 16;
const SHARED = new TextEncoder().encode('dispatch');

interface Options {
  readonly nodes: number;
  readonly slots: number;
  readonly tasks: number | undefined;
  readonly profile: boolean;
  /** Where the raw profile goes, for the browser's developer tools. */
  readonly profileFile: string | undefined;
}

export async function bench(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (process.platform !== 'linux') {
    console.error('This bench reads CPU time and memory from /proc, which only Linux has.');
    return 1;
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'trine-bench-'));
  const stage = new Stage(dataDir);
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error(`Stopped by ${signal}.`)));
    }
  });
  try {
    return await Promise.race([perform(stage, options), interrupted]);
  } finally {
    await stage.clear();
  }
}

/** What must be gone when the bench is over. */
class Stage {
  readonly dataDir: string;
  #coordinator: RunningCoordinator | undefined;
  #swarm: Swarm | undefined;

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  async coordinator(): Promise<RunningCoordinator> {
    this.#coordinator = await startCoordinator({
      dataDir: this.dataDir,
      env: { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --inspect-port=0`.trim() },
    });
    return this.#coordinator;
  }

  swarm(): Swarm {
    this.#swarm = startSwarm();
    return this.#swarm;
  }

  async clear(): Promise<void> {
    await this.#swarm?.close();
    const processes = processTree(this.#coordinator?.running.process.pid ?? -1);
    await this.#coordinator?.running.stop();
    for (const left of processes.filter(isAlive)) {
      console.error(`Left behind by the coordinator and killed: ${left.name} (${left.pid}).`);
      process.kill(left.pid, 'SIGKILL');
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

async function perform(stage: Stage, options: Options): Promise<number> {
  const say = (text: string) => console.error(text);
  say('Starting the coordinator and its Postgres …');
  const coordinator = await stage.coordinator();
  const swarm = stage.swarm();
  const { module } = await loadGuest('mersenne', pathToFileURL(join(rootDir, 'wasm', 'guests', '/')));
  const run: Run = {
    coordinator,
    swarm,
    module,
    trine: createTrine({ url: coordinator.url, key: coordinator.key }),
    root: coordinator.running.process.pid ?? -1,
    say,
  };
  say(`${options.nodes} nodes join, each with an owner of its own …`);
  await swarm.join(coordinator.url, await makeTokens(run.trine, options.nodes), options.slots);

  const warm = await runJob(run, 'warm-up', WARM_UP_TASKS);
  const tasks = options.tasks ?? sized(warm.figures.steady.verifiedPerSecond, MEASURED_SECONDS);
  const measured = await runJob(run, 'measured', tasks);
  printMeasured(options, measured);
  await verifyResults(run, measured);
  const faults = [warm, measured].flatMap(faultsOf);
  if (options.profile)
    faults.push(
      ...(await profiled(run, options, sized(measured.figures.steady.verifiedPerSecond, PROFILED_SECONDS))),
    );
  for (const fault of faults) console.log(`FAULT  ${fault}`);
  printLine(options, measured);
  return faults.length === 0 ? 0 : 1;
}

const sized = (perSecond: number, seconds: number): number =>
  Math.max(TASKS_MIN, Math.round((perSecond * seconds) / 1_000) * 1_000);

interface Run {
  readonly coordinator: RunningCoordinator;
  readonly swarm: Swarm;
  readonly trine: Trine;
  readonly module: Uint8Array;
  /** Pid of the coordinator. */
  readonly root: number;
  readonly say: (text: string) => void;
}

interface JobRun {
  readonly name: string;
  readonly tasks: number;
  readonly job: Job;
  readonly view: JobView;
  readonly figures: SwarmFigures;
  /** From before the submission to the job's end. */
  readonly seconds: number;
  readonly cpuMs: PerPart;
  /** Of everything on this machine, in the same time. */
  readonly machineMs: number;
  /** Before the submission, and the highest until the end. */
  readonly restBytes: PerPart;
  readonly peakBytes: PerPart;
}

/** Submits a range job and waits until the coordinator calls it finished. */
async function runJob(run: Run, name: string, tasks: number): Promise<JobRun> {
  const { swarm, trine, root, module, say } = run;
  await swarm.expect({
    name,
    tasks,
    sharedHex: Buffer.from(SHARED).toString('hex'),
    module: sha256(module),
    replicas: LIMITS.replicas.value,
  });
  const restBytes = memoryOf(root);
  const memory = watchMemory(root);
  const beganMs = performance.now();
  const [before, machineBefore] = [cpuMsOf(root), machineCpuMs()];
  const done = swarm.untilDone((words) => say(`${name}: ${words} of ${tasks}`));
  const submitted = trine.submit({ name, module, inputs: { range: { count: tasks, shared: SHARED } } });
  const [job] = await Promise.all([submitted, done]);
  const view = await untilFinished(job);
  const [after, machineMs] = [cpuMsOf(root), machineCpuMs() - machineBefore];
  const seconds = (performance.now() - beganMs) / 1_000;
  const cpuMs = {
    coordinator: after.coordinator - before.coordinator,
    postgres: after.postgres - before.postgres,
  };
  const figures = await swarm.figures();
  const peakBytes = memory.stop();
  return { name, tasks, job, view, figures, seconds, cpuMs, machineMs, restBytes, peakBytes };
}

async function untilFinished(job: Job): Promise<JobView> {
  for (;;) {
    const view = await job.status();
    if (view.state !== 'preparing' && view.state !== 'running') return view;
    await new Promise((resolve) => setTimeout(resolve, FINISH_POLL_MS));
  }
}

function watchMemory(root: number): { stop(): PerPart } {
  let peak: PerPart = { coordinator: 0, postgres: 0 };
  const look = (): void => {
    const now = memoryOf(root);
    if (now.coordinator + now.postgres > peak.coordinator + peak.postgres) peak = now;
  };
  // Unreferenced: a run that broke off must not keep the process alive.
  const timer = setInterval(look, MEMORY_SAMPLE_MS).unref();
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

async function makeTokens({ tokens }: Trine, count: number): Promise<readonly string[]> {
  const made: string[] = [];
  while (made.length < count) {
    const size = Math.min(TOKENS_AT_ONCE, count - made.length);
    const names = Array.from({ length: size }, (_, at) => `owner ${made.length + at}`);
    const answers = await Promise.all(names.map((ownerName) => tokens.create({ ownerName })));
    made.push(...answers.map(({ token }) => token));
  }
  return made;
}

/** Reads the whole result log as a submitter would: gapless, each task once, each output right. */
async function verifyResults({ say }: Run, { job, tasks, figures }: JobRun): Promise<void> {
  say('Reading all results back …');
  const seen = new Set<number>();
  let sequence = 0;
  for await (const result of job.results()) {
    sequence += 1;
    const expected = answerTo(rangeInput(SHARED, result.index));
    const isRight = result.output !== undefined && Buffer.compare(result.output, expected) === 0;
    if (result.sequence !== sequence || seen.has(result.index) || !isRight) {
      throw new Error(`Result ${result.sequence} for task ${result.index} is not what was expected.`);
    }
    seen.add(result.index);
  }
  if (seen.size !== tasks || figures.verified !== tasks) {
    throw new Error(`${seen.size} results of ${tasks} tasks; the swarm saw ${figures.verified}.`);
  }
}

function faultsOf({ name, tasks, view, figures }: JobRun): readonly string[] {
  const faults = [...figures.firstFaults];
  if (figures.faults > faults.length) faults.push(`… and ${figures.faults - faults.length} more`);
  if (view.state !== 'finished' || view.tasks.verified !== tasks || view.invalidResults !== 0) {
    faults.push(`${view.state}, ${view.tasks.verified} verified, ${view.invalidResults} invalid`);
  }
  return faults.map((fault) => `${name}: ${fault}`);
}

async function profiled(run: Run, options: Options, tasks: number): Promise<readonly string[]> {
  const profiler = await openProfiler(run.coordinator.running.process);
  const heapBefore = await profiler.liveHeapBytes();
  await profiler.start();
  const result = await runJob(run, 'profiled', tasks);
  const profile = await profiler.stop();
  const heapAfter = await profiler.liveHeapBytes();
  profiler.close();
  if (options.profileFile !== undefined) await writeFile(options.profileFile, JSON.stringify(profile));
  printProfile(summarise(profile, locator(rootDir)), result);
  console.log(
    `\nObjects in use in the main thread: ${megabytes(heapBefore).toFixed(1)} MB before this job, ` +
      `${megabytes(heapAfter).toFixed(1)} MB after it, the profiler’s own included; the rest of its memory is garbage not yet collected, and code.`,
  );
  return faultsOf(result);
}

// ── words and figures ────────────────────────────────────────────────────────────────────────────────

const micros = (ms: number, { tasks }: JobRun): number => (ms * 1_000) / tasks;
const megabytes = (bytes: number): number => bytes / 1_048_576;
const total = (parts: PerPart): number => parts.coordinator + parts.postgres;

function printMeasured({ nodes, slots }: Options, run: JobRun): void {
  const { figures, cpuMs, seconds, tasks } = run;
  const { steady } = figures;
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const littleMs = (nodes * slots * 1_000) / steady.resultsPerSecond;
  printTable(`dispatch: ${nodes} nodes × ${slots} slots, ${availableParallelism()} × ${model}, fsync on`, [
    [
      'tasks verified',
      tasks,
      `of ${LIMITS.replicas.value} replicas each, in ${seconds.toFixed(1)} s with submission`,
    ],
    ['verified a second', steady.verifiedPerSecond, `steady middle, ${steady.seconds.toFixed(1)} s`],
    ['results a second', steady.resultsPerSecond, 'recorded in the store'],
    ['lease latency p50, ms', steady.leaseP50Ms, `slot free → grant read, ${steady.leases} leases`],
    ['lease latency p99, ms', steady.leaseP99Ms, `longest ${steady.leaseMaxMs.toFixed(0)}`],
    ['… mean by Little’s law, ms', littleMs, 'slots ÷ results a second'],
    ...cpuRows(run),
    ...memoryRows(run),
    ['results a report', figures.results / figures.reports, `${figures.reports} signed reports`],
    ['grants a message', figures.results / figures.grantMessages, `${figures.grantMessages} messages`],
    ['checks made', figures.checks, `${figures.faults} failed; ${figures.linksLost} links lost`],
    ['tasks by results', figures.tasksByResults.join(' · '), 'with 0 · 1 · 2 · 3'],
  ]);
  const others = run.machineMs - total(cpuMs) - figures.cpuMs;
  console.log(`
  The nodes do not run the module: they answer by hashing the input, and check what they are given.
  Everything else on this machine took ${share(others, seconds)} of one core meanwhile; rates and latencies suffer from it.`);
}

/** CPU as it is, and against two limits of this machine: one whole core, and bare signature checks. */
function cpuRows(run: JobRun): readonly (readonly Cell[])[] {
  const { cpuMs, figures, seconds } = run;
  const perCore = 1_000_000 / micros(cpuMs.coordinator, run);
  const reached = Math.round((figures.steady.verifiedPerSecond * 100) / perCore);
  const signatures = (verificationMicros() * figures.reports) / run.tasks;
  const times = micros(total(cpuMs), run) / signatures;
  return [
    ['CPU a verified task, µs', micros(total(cpuMs), run), 'coordinator and Postgres, submission included'],
    ['  coordinator', micros(cpuMs.coordinator, run), `${share(cpuMs.coordinator, seconds)} of one core`],
    ['  Postgres', micros(cpuMs.postgres, run), `${share(cpuMs.postgres, seconds)} of one core`],
    ['  bare signature checks', signatures, `of the reports; the whole is ${times.toFixed(1)} times as much`],
    ['verified a second a core', perCore, `of the coordinator’s own; ${reached} % of it was reached`],
    [
      'swarm’s own CPU, µs',
      micros(figures.cpuMs, run),
      `${share(figures.cpuMs, seconds)} of one core, not counted above`,
    ],
  ];
}

function memoryRows({ restBytes, peakBytes }: JobRun): readonly (readonly Cell[])[] {
  const rest = `highest, resident; ${megabytes(total(restBytes)).toFixed(0)} after the warm-up`;
  return [
    ['memory, MB', megabytes(total(peakBytes)), rest],
    ['  coordinator', megabytes(peakBytes.coordinator), 'all its Node processes'],
    ['  Postgres', megabytes(peakBytes.postgres), 'shared buffers counted once'],
  ];
}

const share = (ms: number, seconds: number): string => `${Math.round(ms / seconds / 10)} %`;

const ROWS = 14;

function printProfile(table: TimeTable, run: JobRun): void {
  const rows = (times: TimeTable['selfByPlace']) =>
    times
      .slice(0, ROWS)
      .map(({ name, ms }) => [
        `${((ms * 100) / table.busyMs).toFixed(1)} %`.padStart(6),
        micros(ms, run),
        name,
      ]);
  const busy = Math.round((table.busyMs * 100) / (table.busyMs + table.idleMs));
  console.log(
    `\nWhere the coordinator’s main thread spends its time: busy ${busy} %, ${run.tasks} tasks, profiled.`,
  );
  printTable('Share of busy time, µs a verified task, by what was running', rows(table.selfByPlace));
  printTable('The same, charged to our file that asked for it', rows(table.chargedByFile));
  printTable('The same, by function', rows(table.selfByFunction));
}

function printLine({ nodes }: Options, run: JobRun): void {
  const { steady } = run.figures;
  const rounded = (value: number): number => Math.round(value * 10) / 10;
  console.log(
    `\n${JSON.stringify({
      bench: 'dispatch',
      nodes,
      verifiedPerSecond: rounded(steady.verifiedPerSecond),
      resultsPerSecond: rounded(steady.resultsPerSecond),
      leaseP50Ms: rounded(steady.leaseP50Ms),
      leaseP99Ms: rounded(steady.leaseP99Ms),
      cpuMicrosPerVerified: rounded(micros(total(run.cpuMs), run)),
      rssMb: rounded(megabytes(total(run.peakBytes))),
    })}`,
  );
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      nodes: { type: 'string', default: '300' },
      slots: { type: 'string', default: '4' },
      tasks: { type: 'string' },
      profile: { type: 'boolean', default: true },
      'profile-file': { type: 'string' },
    },
  });
  return {
    nodes: count('nodes', values.nodes),
    slots: count('slots', values.slots),
    tasks: values.tasks === undefined ? undefined : count('tasks', values.tasks),
    profile: values.profile,
    profileFile: values['profile-file'],
  };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} is "${text}": give a whole number above 0.`);
}
