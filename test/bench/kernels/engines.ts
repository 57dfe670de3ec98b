// The engines that kernels run in: this process, and Chromium.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { startBrowser } from '../../support/browser.ts';
import { rootDir } from '../../support/processes.ts';
import { measureFirstRuns, measureKernel } from './measure.ts';
import type { BenchQuestion } from './page.ts';
import type { KernelCall } from './programs.ts';
import type { BenchModule, EngineTimes, FirstRunTimes, KernelTimes } from './times.ts';

export interface Engine {
  readonly name: 'node' | 'chromium';
  readonly title: string;
  /** Milliseconds: original, metered, prepared, and the original once more. */
  kernel(module: BenchModule, call: KernelCall): Promise<readonly number[]>;
  /** Milliseconds: original, metered, prepared. */
  firstRuns(module: BenchModule): Promise<readonly number[]>;
  close(): Promise<void>;
}

export async function measureEngine(
  engine: Engine,
  { modules, firstRuns }: { readonly modules: readonly BenchModule[]; readonly firstRuns: boolean },
): Promise<EngineTimes> {
  const kernels: KernelTimes[] = [];
  const first: FirstRunTimes[] = [];
  for (const module of modules) {
    const { toolchain, kernels: infos } = module.info;
    for (const call of module.calls) {
      const info = infos[call.name];
      if (info === undefined) continue;
      const [original = 0, metered = 0, prepared = 0, again = 0] = await engine.kernel(module, call);
      kernels.push({ name: call.name, info, toolchain, original, metered, prepared, again });
    }
    if (firstRuns) {
      const [original = 0, metered = 0, prepared = 0] = await engine.firstRuns(module);
      first.push({ module: module.info.name, original, metered, prepared });
    }
  }
  return { engine: engine.name, title: engine.title, kernels, firstRuns: first };
}

function formsOf({ forms }: BenchModule): readonly Uint8Array[] {
  return [forms.original, forms.metered, forms.prepared];
}

export function openNode(): Engine {
  const compiled = new Map<BenchModule, readonly WebAssembly.Module[]>();
  const compile = (module: BenchModule): Promise<readonly WebAssembly.Module[]> =>
    Promise.all(formsOf(module).map((bytes) => WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>)));
  return {
    name: 'node',
    title: `Node ${process.version}`,
    async kernel(module, call) {
      const modules = compiled.get(module) ?? (await compile(module));
      compiled.set(module, modules);
      return measureKernel(call, modules);
    },
    firstRuns: (module) => measureFirstRuns(module.calls, formsOf(module)),
    close: async () => undefined,
  };
}

export async function openChromium(): Promise<Engine> {
  const server = await serveEmptyPage();
  const browser = await startBrowser();
  const page = await browser.page();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.addScriptTag({ content: await bundle('page.ts') });
  await page.evaluate((source) => window.startBenchWorker(source), await bundle('bench-worker.ts'));
  const added = new Set<string>();
  const keysOf = (module: BenchModule) => addModules(page, added, module);
  return {
    name: 'chromium',
    title: `Chromium ${browser.context.browser()?.version() ?? ''}`,
    async kernel(module, call) {
      const keys = await keysOf(module);
      return ask(page, { type: 'kernel', call, keys });
    },
    async firstRuns(module) {
      const keys = await keysOf(module);
      return ask(page, { type: 'first-runs', calls: module.calls, keys });
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

// Isolated from other origins a page's clock ticks in microseconds, otherwise in tenths of a millisecond.
function serveEmptyPage(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.writeHead(200, {
      'content-type': 'text/html',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end('<!doctype html><title>bench</title>');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function ask(page: Page, question: BenchQuestion): Promise<readonly number[]> {
  return page.evaluate((one) => window.askBench(one), question);
}

async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(rootDir, 'test/bench/kernels', name)],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
}

async function addModules(page: Page, added: Set<string>, module: BenchModule): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const [form, bytes] of formsOf(module).entries()) {
    const key = `${module.info.name} ${form}`;
    keys.push(key);
    if (added.has(key)) continue;
    added.add(key);
    await ask(page, { type: 'module', key, base64: Buffer.from(bytes).toString('base64') });
  }
  return keys;
}
