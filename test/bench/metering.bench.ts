/**
 * What preparing a guest costs it. Kernels run as they were made, metered (fuel, call depth, growth), and prepared
 * (NaNs canonical, too), in turn in one process, warmed; the fastest of 50 short runs each. The original runs twice, which
 * shows the noise; while its two times differ there are more runs, up to 200. First runs go from bytes to the end of
 * a first call, on code that no optimising compiler has seen. Then the same in Chromium, and what the rewriter itself
 * does with real modules.
 *
 * `--kernel name,name` measures only those, `--strategy name` with another way of placing charges; `--no-chromium`,
 * `--no-node`, `--no-first-runs` and `--no-large` leave parts out; `--write docs/METERING.md` puts the tables there.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { MeterStrategy } from '@trine/rewriter/testing';
import { CHROMIUM } from '../support/browser.ts';
import { buildForms } from './kernels/build-kernels.ts';
import { type Engine, measureEngine, openChromium, openNode } from './kernels/engines.ts';
import { KERNEL_MODULES } from './kernels/kernel-list.ts';
import { figuresOf, geomean, printEngine, round, writeFigures } from './kernels/figures.ts';
import { measureLargeModules, printLargeModules, sizeRatioOf } from './kernels/rewriter-cost.ts';
import type { BenchModule, EngineTimes } from './kernels/times.ts';

export async function bench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      chromium: { type: 'boolean', default: true },
      node: { type: 'boolean', default: true },
      'first-runs': { type: 'boolean' },
      large: { type: 'boolean' },
      kernel: { type: 'string' },
      strategy: { type: 'string', default: 'counted' },
      write: { type: 'string' },
    },
  });
  const strategy = values.strategy as MeterStrategy;
  const modules = await benchModules(strategy, values.kernel?.split(','));
  const isWhole = values.kernel === undefined;
  const plan = { modules, firstRuns: values['first-runs'] ?? isWhole };
  const engines: EngineTimes[] = [];
  if (values.node) engines.push(await measured(openNode(), plan));
  if (values.chromium && existsSync(CHROMIUM)) engines.push(await measured(await openChromium(), plan));
  const large = (values.large ?? isWhole) ? await measureLargeModules(strategy) : [];
  if (large.length > 0) printLargeModules(large);
  if (values.write !== undefined) await writeFigures(values.write, { engines, large });
  const line = {
    bench: 'metering',
    kernels: modules.reduce((sum, { calls }) => sum + calls.length, 0),
    ...Object.fromEntries(engines.map((times) => [times.engine, figuresOf(times)])),
    sizeRatio: round(geomean(large.map(sizeRatioOf))),
    rewriterMbPerSecond: round(geomean(large.map(({ bytes, warmMs }) => bytes / warmMs / 1000))),
    rewriterColdMbPerSecond: round(geomean(large.map(({ bytes, coldMs }) => bytes / coldMs / 1000))),
    memoryRatio: round(Math.max(0, ...large.map(({ bytes, peakBytes }) => peakBytes / bytes))),
  };
  console.log(`\n${JSON.stringify(line)}`);
  return 0;
}

async function benchModules(
  strategy: MeterStrategy,
  wanted: readonly string[] | undefined,
): Promise<readonly BenchModule[]> {
  const chosen = KERNEL_MODULES.map((info) => ({
    info,
    calls: Object.keys(info.kernels)
      .filter((name) => wanted?.includes(name) ?? true)
      .map((name) => ({ name, program: info.program })),
  })).filter(({ calls }) => calls.length > 0);
  if (chosen.length === 0) throw new Error(`There is no kernel "${wanted?.join()}".`);
  return Promise.all(
    chosen.map(async ({ info, calls }) => ({ info, calls, forms: await buildForms(info, strategy) })),
  );
}

async function measured(
  engine: Engine,
  plan: { readonly modules: readonly BenchModule[]; readonly firstRuns: boolean },
): Promise<EngineTimes> {
  try {
    const times = await measureEngine(engine, plan);
    printEngine(times);
    return times;
  } finally {
    await engine.close();
  }
}
