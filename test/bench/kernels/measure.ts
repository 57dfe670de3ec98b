// Times one kernel in several forms of one module, in whatever engine this file runs: it needs nothing but
// WebAssembly and a clock.

import { type Kernel, type KernelCall, openKernel, type OpenedKernel } from './programs.ts';

/** Long beside the clock's ticks, but short, so that some runs are not interrupted even on a busy machine. */
const RUN_MS = 2;
/** Runs in which the engine finds its optimised code. */
const WARM_RUNS = 60;
const WARM_ATTEMPTS_MAX = 8;
const WARM_PAUSE_MS = 60;
const SETTLED = 0.03;
const ROUNDS = 50;
/** On a machine with other things to do it goes on until the original has nearly twice the same time, or so long. */
const ROUNDS_MAX = 200;
const QUIET = 0.01;
const CALIBRATIONS = 4;
/** A clock that ticks in tenths of a millisecond may show no time at all. */
const CLOCK_MS = 0.1;
/** Of a fresh instance, to compare answers: what a kernel leaves in memory may show in its next one. */
const TRIAL = 2;
/** Of what takes longer than this even once, a few runs must do. */
const LONG_MS = 60;
const LONG_PART = 10;
/** First runs of each form. */
const FIRST_RUNS = 7;
/** Work of a first run, as a part of a warm one: the optimising compiler hardly gets to it. */
const FIRST_RUN_PART = 0.1;

/**
 * Milliseconds of the fastest run of each form: warmed, the forms in turn, the first form once more at the end,
 * which shows the noise. Throws when the forms differ in their answers.
 */
export async function measureKernel(
  call: KernelCall,
  modules: readonly WebAssembly.Module[],
): Promise<readonly number[]> {
  assertSameAnswers(call, modules);
  const [original] = modules;
  if (original === undefined) throw new Error('Nothing to measure.');
  const { n, isLong } = sizeOf(openKernel(call, original).kernel);
  const opened = [...modules, original].map((module) => openKernel(call, module));
  const part = isLong ? LONG_PART : 1;
  await warm(opened, n, WARM_RUNS / part);
  const best = opened.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < (isNoisy(best) ? ROUNDS_MAX : ROUNDS) / part; round++) {
    runInTurn(opened, n, { best, first: round });
  }
  return best;
}

// Until no form gets faster. In the pauses the optimising compiler, which works beside us, finds time to finish.
async function warm(opened: readonly OpenedKernel[], n: number, runs: number): Promise<void> {
  let before = opened.map(() => Number.POSITIVE_INFINITY);
  for (let attempt = 0; attempt < WARM_ATTEMPTS_MAX; attempt++) {
    const best = opened.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < runs / 2; round++) runInTurn(opened, n, { best, first: round });
    const isSettled = best.every((ms, place) => ms > (before[place] ?? ms) * (1 - SETTLED));
    if (isSettled && attempt > 0) return;
    before = best;
    await new Promise((resolve) => setTimeout(resolve, WARM_PAUSE_MS));
  }
}

// Another one begins each time, so that none always runs behind the same one.
function runInTurn(
  opened: readonly OpenedKernel[],
  n: number,
  { best, first }: { readonly best: number[]; readonly first: number },
): void {
  for (let step = 0; step < opened.length; step++) {
    const place = (step + first) % opened.length;
    best[place] = Math.min(best[place] ?? 0, run(opened[place], n));
  }
}

// The original is the first and the last.
function isNoisy(best: readonly number[]): boolean {
  const [first = 0] = best;
  return Math.abs((best.at(-1) ?? first) / first - 1) > QUIET;
}

function run(opened: OpenedKernel | undefined, n: number): number {
  if (opened === undefined) return Number.POSITIVE_INFINITY;
  opened.refuel();
  const begun = performance.now();
  opened.kernel(n);
  return performance.now() - begun;
}

function assertSameAnswers(call: KernelCall, modules: readonly WebAssembly.Module[]): void {
  const answers = modules.map((module) => openKernel(call, module).kernel(TRIAL));
  for (const answer of answers) {
    if (!Object.is(answer, answers[0]))
      throw new Error(`${call.name} answers ${answer} instead of ${answers[0]}`);
  }
}

// How much work takes RUN_MS once the engine has optimised the kernel: measured again until it has.
function sizeOf(kernel: Kernel): { readonly n: number; readonly isLong: boolean } {
  if (Math.min(timeOf(kernel, 1), timeOf(kernel, 1)) > LONG_MS) return { n: 1, isLong: true };
  let n = 1;
  for (let time = timeOf(kernel, n); time < RUN_MS; time = timeOf(kernel, n)) n *= 2;
  for (let pass = 0; pass < CALIBRATIONS; pass++) {
    const times = Array.from({ length: WARM_RUNS }, () => timeOf(kernel, n));
    n = Math.max(1, Math.round((n * RUN_MS) / Math.min(...times.slice(WARM_RUNS / 2))));
  }
  return { n, isLong: false };
}

function timeOf(kernel: Kernel, n: number): number {
  const begun = performance.now();
  kernel(n);
  return Math.max(performance.now() - begun, CLOCK_MS);
}

/**
 * Milliseconds from bytes to the end of a first call, the fastest of a few: compiling, instantiating and running
 * `calls` on code of the baseline tier. Each time the bytes are new to the engine.
 */
export async function measureFirstRuns(
  calls: readonly KernelCall[],
  forms: readonly Uint8Array[],
): Promise<readonly number[]> {
  const [original = new Uint8Array()] = forms;
  const compiled = await WebAssembly.compile(original as Uint8Array<ArrayBuffer>);
  const sizes = calls.map((call) => firstSize(call, compiled));
  const best = forms.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < FIRST_RUNS; round++) {
    for (let step = 0; step < forms.length; step++) {
      const place = (step + round) % forms.length;
      const bytes = neverSeen(forms[place] ?? original);
      const begun = performance.now();
      const module = await WebAssembly.compile(bytes);
      for (const [at, call] of calls.entries()) openKernel(call, module).kernel(sizes[at] ?? 1);
      best[place] = Math.min(best[place] ?? 0, performance.now() - begun);
    }
  }
  return best;
}

function firstSize(call: KernelCall, original: WebAssembly.Module): number {
  return call.program === 'export'
    ? Math.ceil(sizeOf(openKernel(call, original).kernel).n * FIRST_RUN_PART)
    : 1;
}

let seen = 0;

// Engines keep compiled code by the bytes, so a custom section with a number makes them others.
function neverSeen(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  seen += 1;
  const name = [2, 0x74, 0x74];
  const fresh = new Uint8Array(bytes.length + 9);
  fresh.set(bytes);
  fresh.set([0, 7, ...name], bytes.length);
  new DataView(fresh.buffer).setUint32(bytes.length + 5, seen, true);
  return fresh;
}
