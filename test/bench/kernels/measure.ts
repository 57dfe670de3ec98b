// Times kernels against their unmetered form, in whatever engine this file runs: it needs nothing but
// WebAssembly and a clock.

/** The same guest, three times over. */
export interface Variants {
  readonly original: Uint8Array;
  readonly metered: Uint8Array;
  readonly prepared: Uint8Array;
}

export interface KernelTimes {
  readonly name: string;
  /** Milliseconds of the fastest run. */
  readonly original: number;
  readonly metered: number;
  readonly prepared: number;
  readonly fuel: bigint;
}

type Kernel = (n: number) => number;

interface Instance {
  readonly kernel: (name: string) => Kernel;
  readonly refuel: () => void;
  readonly used: () => bigint;
}

/** Long enough for a browser's clock, which ticks in tenths of a millisecond. */
const RUN_MS = 6;
/** Runs in which the engine finds its optimised code. */
const WARM_RUNS = 30;
const ROUNDS = 25;
const CALIBRATIONS = 4;
/** No clock ticks finer in a page. */
const CLOCK_MS = 0.1;
const FUEL = 2n ** 62n;

/** Times one kernel: warmed, the variants in turn, the fastest of each. */
export function measureKernel(name: string, variants: Variants): KernelTimes {
  const all = [variants.original, variants.metered, variants.prepared].map(instantiate);
  const [original, , prepared] = all;
  if (original === undefined || prepared === undefined) throw new Error('no variants');
  const n = sizeOf(original.kernel(name));
  const expected = original.kernel(name)(n);
  const best = all.map(() => Number.POSITIVE_INFINITY);
  for (let round = -WARM_RUNS; round < ROUNDS; round++) {
    for (const [place, instance] of all.entries()) {
      instance.refuel();
      const kernel = instance.kernel(name);
      const begun = performance.now();
      const answer = kernel(n);
      const ms = performance.now() - begun;
      if (round < 0) continue;
      best[place] = Math.min(best[place] ?? ms, ms);
      if (!Object.is(answer, expected) && round === 0 && !isHistoryOf(name)) {
        throw new Error(`${name} answers ${answer} instead of ${expected}`);
      }
    }
  }
  const [first = 0, second = 0, third = 0] = best;
  return { name, original: first, metered: second, prepared: third, fuel: prepared.used() };
}

// What these leave in memory shows in their next answer.
function isHistoryOf(name: string): boolean {
  return name.startsWith('simd') || name === 'interpreter';
}

// How much work takes RUN_MS once the engine has optimised the kernel: measured again until it has.
function sizeOf(kernel: Kernel): number {
  let n = 1;
  for (let time = timeOf(kernel, n); time < RUN_MS; time = timeOf(kernel, n)) n *= 2;
  for (let pass = 0; pass < CALIBRATIONS; pass++) {
    const times = Array.from({ length: WARM_RUNS }, () => timeOf(kernel, n));
    n = Math.max(1, Math.round((n * RUN_MS) / Math.min(...times.slice(WARM_RUNS / 2))));
  }
  return n;
}

function timeOf(kernel: Kernel, n: number): number {
  const begun = performance.now();
  kernel(n);
  return Math.max(performance.now() - begun, CLOCK_MS);
}

function instantiate(bytes: Uint8Array): Instance {
  const nothing = () => undefined;
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { trine: { progress: nothing, log: nothing } });
  const fuel = exports['trine:fuel'];
  return {
    kernel(name) {
      const found = exports[name];
      if (typeof found !== 'function') throw new Error(`no kernel "${name}"`);
      return found as Kernel;
    },
    refuel() {
      if (fuel instanceof WebAssembly.Global) fuel.value = FUEL;
    },
    used: () => (fuel instanceof WebAssembly.Global ? FUEL - (fuel.value as bigint) : 0n),
  };
}
