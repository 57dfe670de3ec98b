/** The simulator's command line; see `USAGE`. Bundled and run by `test/sim/run.mjs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { simulateWeek } from './week.ts';
import { describePlan, simulate, SimFailure } from './world.ts';

const USAGE = `npm run sim -- [--seed N] [--steps N]          one world; a seed of its own choice unless told
npm run sim -- --seeds N [--from N]           many worlds, one after the other
npm run sim -- --minutes N [--from N]         as many as fit into the time
    --stop N                                  ends after so many that failed
    --keep 1                                  writes those that fail into test/regression/sim-seeds.json
    --trace 1                                 says all that is decided and heard
npm run sim -- --kept 1                       the seeds that failed once
npm run sim -- week [--seed N] [--days N]     200 nodes, ten-minute tasks, seven days
npm run sim -- mutants [--only a,b] [--json]  looks for planted bugs

The seed is printed first; the same seed prints the same bytes. Speed is printed on stderr.
`;

interface Options {
  readonly from: number;
  readonly seeds: number;
  readonly minutes: number;
  readonly stepsMax: number;
  readonly failuresMax: number;
  readonly traces: boolean;
  readonly keeps: boolean;
  readonly kept: boolean;
}

export async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'week') return runWeek(args.slice(1));
  const options = parseOptions(args);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return 2;
  }
  const real = takeRealTime();
  const endMs = real.nowMs() + options.minutes * 60_000;
  const failed: number[] = [];
  const tally: Tally = { worlds: 0, steps: 0, simulatedMs: 0, beganMs: real.nowMs() };
  for (const seed of seedsOf(options)) {
    if (real.nowMs() >= endMs || failed.length >= options.failuresMax) break;
    tally.worlds += 1;
    if (!(await runSeed(seed, options, { real, tally }))) failed.push(seed);
  }
  process.stderr.write(`${speedOf(tally, real.nowMs())}\n`);
  if (failed.length > 0) process.stdout.write(`failing seeds: ${failed.join(' ')}\n`);
  if (options.keeps) keepSeeds(failed);
  return failed.length === 0 ? 0 : 1;
}

function* seedsOf({ kept, from, seeds }: Options): Generator<number, void> {
  if (kept) yield* readKept().map(({ seed }) => seed);
  else for (let seed = from; seed < from + seeds; seed += 1) yield seed;
}

// ── seeds that failed once ───────────────────────────────────────────────────────────────────────────

interface KeptSeed {
  readonly seed: number;
  /** What it found, in words. */
  readonly why: string;
}

/** Beside the other regressions; the program itself is bundled into `test/dist`. */
const KEPT_FILE = new URL('../regression/sim-seeds.json', import.meta.url);

const readKept = (): readonly KeptSeed[] => JSON.parse(readFileSync(KEPT_FILE, 'utf8')) as KeptSeed[];

function keepSeeds(seeds: readonly number[]): void {
  const kept = readKept();
  const fresh = seeds.filter((seed) => !kept.some((entry) => entry.seed === seed));
  if (fresh.length === 0) return;
  const all = [...kept, ...fresh.map((seed) => ({ seed, why: 'to be said by whoever mends it' }))];
  writeFileSync(KEPT_FILE, `${JSON.stringify(all, undefined, 2)}\n`);
}

// ── the long run ─────────────────────────────────────────────────────────────────────────────────────

const WEEK_DAYS = 7;
const WEEK_NODES = 200;

async function runWeek(args: readonly string[]): Promise<number> {
  const value = (name: string): string | undefined =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const seed = Number(value('--seed') ?? Math.floor(Math.random() * 2 ** 31));
  const days = Number(value('--days') ?? WEEK_DAYS);
  const real = takeRealTime();
  const beganMs = real.nowMs();
  process.stdout.write(`seed ${seed}\n  a week of ${days} days, ${WEEK_NODES} nodes\n`);
  const report = await orBroken(simulateWeek({ seed, days, nodes: WEEK_NODES, drain: real.drain }));
  if (report === undefined) return 1;
  for (const [name, value] of Object.entries(report)) process.stdout.write(`  ${name.padEnd(14)} ${value}\n`);
  const seconds = (real.nowMs() - beganMs) / 1_000;
  const rate = (figure: number): string => Math.round(figure / seconds).toLocaleString('en');
  const cpuSeconds = process.cpuUsage().user / 1e6;
  process.stderr.write(
    `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU): ${rate(report.steps)} steps/s, ` +
      `${rate(report.simulatedMs / 1_000)} × real time\n`,
  );
  return 0;
}

interface Tally {
  worlds: number;
  steps: number;
  simulatedMs: number;
  readonly beganMs: number;
}

interface RunPorts {
  readonly real: RealTime;
  readonly tally: Tally;
}

const trace = (line: string): void => void process.stdout.write(`${line}\n`);

async function runSeed(
  seed: number,
  { stepsMax, traces }: Options,
  { real, tally }: RunPorts,
): Promise<boolean> {
  process.stdout.write(`seed ${seed}\n  ${describePlan(seed)}\n`);
  const traced = traces ? trace : undefined;
  const report = await orBroken(simulate({ seed, stepsMax, drain: real.drain, trace: traced }));
  if (report === undefined) return false;
  tally.steps += report.steps;
  tally.simulatedMs += report.simulatedMs;
  const { digest, ...figures } = report;
  const words = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`  ${words.join(', ')}\n  rows ${digest}\n`);
  return true;
}

/** What the run reports, or `undefined` after saying which promise broke. */
async function orBroken<T>(run: Promise<T>): Promise<T | undefined> {
  try {
    return await run;
  } catch (error) {
    if (!(error instanceof SimFailure)) throw error;
    process.stdout.write(`  BROKEN at ${error.message}\n`);
    return undefined;
  }
}

function speedOf({ worlds, steps, simulatedMs, beganMs }: Tally, nowMs: number): string {
  const seconds = (nowMs - beganMs) / 1_000;
  const rate = (figure: number): string => Math.round(figure / seconds).toLocaleString('en');
  return `${worlds} worlds in ${seconds.toFixed(1)} s: ${rate(steps)} steps/s, ${rate(simulatedMs / 1_000)} × real time`;
}

interface RealTime {
  readonly nowMs: () => number;
  /** Lets every promise that can settle do so. */
  readonly drain: () => Promise<void>;
}

/** From here on nothing but the simulator's own driver may ask the machine for time, turns or chance. */
function takeRealTime(): RealTime {
  const [turn, performanceNow] = [setImmediate, performance.now.bind(performance)];
  const forbidden = (name: string) => (): never => {
    throw new Error(`${name} was called inside the simulation: it needs a port.`);
  };
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch'] as const) {
    Object.defineProperty(globalThis, name, { value: forbidden(name) });
  }
  Object.defineProperty(Date, 'now', { value: forbidden('Date.now') });
  Object.defineProperty(Math, 'random', { value: forbidden('Math.random') });
  Object.defineProperty(performance, 'now', { value: forbidden('performance.now') });
  Object.defineProperty(crypto, 'getRandomValues', { value: forbidden('crypto.getRandomValues') });
  return { nowMs: performanceNow, drain: () => new Promise((resolve) => void turn(resolve)) };
}

function parseOptions(args: readonly string[]): Options | undefined {
  const known = [
    '--seed',
    '--seeds',
    '--from',
    '--minutes',
    '--steps',
    '--stop',
    '--trace',
    '--keep',
    '--kept',
  ];
  const values = new Map<string, number>();
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at] ?? '';
    const value = Number(args[at + 1]);
    if (!known.includes(name) || !Number.isSafeInteger(value) || value < 0) return undefined;
    values.set(name, value);
  }
  const seed = values.get('--seed');
  const from = seed ?? values.get('--from') ?? Math.floor(Math.random() * 2 ** 31);
  const minutes = values.get('--minutes');
  const isSet = (name: string): boolean => (values.get(name) ?? 0) > 0;
  const seeds = values.get('--seeds') ?? (minutes === undefined ? 1 : Number.POSITIVE_INFINITY);
  return {
    from,
    seeds,
    minutes: minutes ?? Number.POSITIVE_INFINITY,
    stepsMax: values.get('--steps') ?? Number.POSITIVE_INFINITY,
    traces: isSet('--trace'),
    keeps: isSet('--keep'),
    kept: isSet('--kept'),
    failuresMax: values.get('--stop') ?? Number.POSITIVE_INFINITY,
  };
}
