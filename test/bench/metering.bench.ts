/**
 * What preparing a guest costs it: kernels run unmetered, metered (fuel, call depth, growth), and prepared (NaNs
 * canonical, too), in turn in one process, warmed, the fastest of 25 runs each; then the same in Chromium.
 * `--no-chromium` leaves that out; `--kernel name,name` measures only those, `--strategy name` with another way of
 * placing charges.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createMemoryStream, main as compile } from 'assemblyscript/asc';
import { editionPasses, type MeterStrategy, prepareThrough } from '@trine/rewriter/testing';
import { build } from 'esbuild';
import wabt from 'wabt';
import { CHROMIUM, startBrowser } from '../support/browser.ts';
import { rootDir } from '../support/processes.ts';
import { repeatFunctions } from './kernels/large-module.ts';
import { type KernelTimes, measureKernel, type Variants } from './kernels/measure.ts';
import { printTable } from './table.ts';

type Times = Pick<KernelTimes, 'name' | 'original' | 'metered' | 'prepared'>;

interface Kernel {
  readonly name: string;
  readonly modules: Variants;
}

const FOLDER = join(rootDir, 'test', 'bench', 'kernels');
/** The kernels that work with floats, for the figure of their own. */
const FLOAT: ReadonlySet<string> = new Set([
  'matmulF64',
  'matmulF32',
  'nbody',
  'mandelbrot',
  'juliaF32',
  'spectral',
  'horner',
  'monteCarlo',
  'simdSaxpy',
  'simdDot',
]);
const ABI = new Set(['memory', 'alloc', 'run']);
/** Of the module that preparation is timed on: the kernels' functions, many times over. */
const LARGE_BYTES = 2_000_000;
const PREPARATIONS = 6;

export async function bench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      chromium: { type: 'boolean', default: true },
      kernel: { type: 'string' },
      strategy: { type: 'string', default: 'cached' },
    },
  });
  const strategy = values.strategy as MeterStrategy;
  const wanted = values.kernel?.split(',');
  const originals = [await compileAssembly(), await assembleText()] as const;
  const variants = originals.map((original) => variantsOf(original, strategy));
  const kernels = variants.flatMap(kernelsOf).filter(({ name }) => wanted?.includes(name) ?? true);
  if (kernels.length === 0) throw new Error(`There is no kernel "${values.kernel}".`);
  const node = kernels.map(({ name, modules }) => measureKernel(name, modules));
  print(`Node ${process.version}`, node);
  const chromium = values.chromium && existsSync(CHROMIUM) ? await measureInChromium(kernels) : undefined;
  const line = {
    bench: 'metering',
    kernels: kernels.length,
    node: summary(node),
    ...(chromium === undefined ? {} : { chromium: summary(chromium) }),
    sizeRatio: round(bytesOf(variants, 'prepared') / bytesOf(variants, 'original')),
    rewriterMbPerSecond: round(megabytesPerSecond(originals[0])),
  };
  console.log(`\n${JSON.stringify(line)}`);
  return 0;
}

async function compileAssembly(): Promise<Uint8Array> {
  const source = await readFile(join(FOLDER, 'kernels.as'), 'utf8');
  const stderr = createMemoryStream();
  const written = new Map<string, Uint8Array>();
  const flags = ['--runtime', 'stub', '--use', 'abort=', '--noAssert', '-O3', '--enable', 'simd'];
  const { error } = await compile(['kernels.ts', '-o', 'kernels.wasm', '--initialMemory', '32', ...flags], {
    stderr,
    readFile: (name) => (name.endsWith('kernels.ts') ? source : null),
    writeFile: (name, contents) => {
      written.set(name, typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
    },
    listFiles: () => [],
  });
  const module = written.get('kernels.wasm');
  if (error !== null || module === undefined)
    throw new Error(`The kernels do not compile.\n${stderr.toString()}`);
  return module;
}

async function assembleText(): Promise<Uint8Array> {
  const parsed = (await wabt()).parseWat('kernels.wat', await readFile(join(FOLDER, 'kernels.wat'), 'utf8'), {
    tail_call: true,
  });
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

function variantsOf(original: Uint8Array, strategy: MeterStrategy): Variants {
  const passes = editionPasses(strategy);
  return {
    original,
    metered: prepareOrThrow(
      original,
      passes.filter(({ name }) => name !== 'canonical-nan'),
    ),
    prepared: prepareOrThrow(original, passes),
  };
}

function prepareOrThrow(module: Uint8Array, passes: Parameters<typeof prepareThrough>[0]): Uint8Array {
  const prepared = prepareThrough(passes, module);
  if (prepared.type === 'refused') throw new Error(`${prepared.code}: ${prepared.message}`);
  return prepared.bytes;
}

function kernelsOf(modules: Variants): readonly Kernel[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(modules.original as Uint8Array<ArrayBuffer>))
    .filter(({ kind, name }) => kind === 'function' && !ABI.has(name))
    .map(({ name }) => ({ name, modules }));
}

async function measureInChromium(kernels: readonly Kernel[]): Promise<readonly Times[]> {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, 'page.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  const browser = await startBrowser();
  try {
    const page = await browser.page();
    await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
    const times: Times[] = [];
    for (const { name, modules } of kernels) {
      const texts = [modules.original, modules.metered, modules.prepared].map((bytes) =>
        Buffer.from(bytes).toString('base64'),
      );
      const [original = 0, metered = 0, prepared = 0] = await page.evaluate(
        ([kernel, list]) => window.measureKernel(kernel, list),
        [name, texts] as const,
      );
      times.push({ name, original, metered, prepared });
    }
    print(`Chromium ${browser.context.browser()?.version() ?? ''}`, times);
    return times;
  } finally {
    await browser.close();
  }
}

function print(engine: string, times: readonly Times[]): void {
  const ratio = (value: number) => value.toFixed(3);
  printTable(`${engine}: fastest run, and how many times that long it takes`, [
    ['kernel', 'ms unmetered', 'metered', 'metered + NaN'],
    ...times.map(({ name, original, metered, prepared }) => [
      FLOAT.has(name) ? `${name} (float)` : name,
      original.toFixed(2),
      ratio(metered / original),
      ratio(prepared / original),
    ]),
  ]);
}

interface Summary {
  readonly metering: number;
  readonly meteringMax: number;
  readonly meteringNan: number;
  readonly floatMeteringNan: number;
}

function summary(times: readonly Times[]): Summary {
  const metering = times.map(({ original, metered }) => metered / original);
  const withNan = (of: readonly Times[]) => of.map(({ original, prepared }) => prepared / original);
  return {
    metering: round(geomean(metering)),
    meteringMax: round(Math.max(...metering)),
    meteringNan: round(geomean(withNan(times))),
    floatMeteringNan: round(geomean(withNan(times.filter(({ name }) => FLOAT.has(name))))),
  };
}

function geomean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function bytesOf(variants: readonly Variants[], which: keyof Variants): number {
  return variants.reduce((sum, one) => sum + one[which].length, 0);
}

function megabytesPerSecond(module: Uint8Array): number {
  const large = repeatFunctions(module, Math.ceil(LARGE_BYTES / module.length));
  const passes = editionPasses('cached');
  const times = Array.from({ length: PREPARATIONS }, () => {
    const begun = performance.now();
    prepareOrThrow(large, passes);
    return performance.now() - begun;
  });
  return large.length / (Math.min(...times) * 1000);
}
