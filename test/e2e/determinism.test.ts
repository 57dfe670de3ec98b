/**
 * The promise that everything else stands on: the same prepared bytes give the same outcome, output and fuel in Node
 * and in Chromium. The guests' cases, the hostile modules and 200 seeded random modules, traps and out-of-fuel included.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { prepare } from '@trine/rewriter';
import type { GuestThread } from '@trine/sandbox';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { createNodeThreads } from '@trine/sandbox/node';
import { GUEST_NAMES, loadCases, loadGuest } from '@trine/wasm';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { makeModule, makeVectorModule, MODULE_SEEDS } from '../fuzz/random-modules.ts';
import { runModule } from '../fuzz/run-module.ts';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { rootDir } from '../support/processes.ts';
import type { PageResult, PageRun } from './pages/run-guests.ts';

const GUEST_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'; sandbox allow-scripts";
const PAGE_POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
const WALL_MS = 30_000;
/** Of one random module. */
const FUEL = 1_000_000n;

let server: Server;
let browser: TestBrowser;
let page: Page;
let node: GuestThread;
let outdir: string;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-determinism-'));
  node = createNodeThreads({ entry: await buildGuestThread({ platform: 'node', outdir }) })();
  server = await servePage(outdir);
  browser = await startBrowser();
  page = await browser.page();
  const address = server.address();
  await page.goto(`http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}/`);
});

afterAll(async () => {
  await browser?.close();
  await node?.close();
  server?.close();
  await rm(outdir, { recursive: true, force: true });
});

async function servePage(dir: string): Promise<Server> {
  const guest = await buildGuestThread({ platform: 'browser', outdir: dir });
  await build({
    entryPoints: [join(rootDir, 'test', 'e2e', 'pages', 'run-guests.ts')],
    outfile: join(dir, 'page.js'),
    bundle: true,
    format: 'iife',
    target: 'es2022',
  });
  const html = `<!doctype html><html data-guest="/${basename(guest)}"><title>guests</title><script src="/page.js" defer></script></html>`;
  const http = createServer((req, res) => {
    void answer(req.url ?? '/').then(([body, type, policy]) => {
      res.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
    });
  });
  const answer = async (path: string): Promise<[string | Buffer, string, string]> => {
    if (path === '/') return [html, 'text/html', PAGE_POLICY];
    const isGuest = path === `/${basename(guest)}`;
    return [
      await readFile(isGuest ? guest : join(dir, 'page.js')),
      'text/javascript',
      isGuest ? GUEST_POLICY : PAGE_POLICY,
    ];
  };
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return http;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const pageRun = (prepared: Uint8Array, input: Uint8Array, fuel: bigint): PageRun => ({
  module: base64(prepared),
  input: base64(input),
  fuel: fuel.toString(),
  memoryBytes: 1_048_576,
  outputBytes: 65_536,
  wallMs: WALL_MS,
});

async function runInNode(run: PageRun): Promise<PageResult> {
  const result = await node.run(
    {
      module: await WebAssembly.compile(Uint8Array.from(Buffer.from(run.module, 'base64'))),
      abi: 'trine-1',
      input: Uint8Array.from(Buffer.from(run.input, 'base64')),
      limits: { fuel: BigInt(run.fuel), memoryBytes: run.memoryBytes, outputBytes: run.outputBytes },
    },
    { wallMs: run.wallMs },
  );
  return {
    outcome: result.outcome,
    output: base64(result.output),
    fuel: result.fuel.toString(),
    reason: result.reason,
  };
}

const runInChromium = (runs: readonly PageRun[]) => page.evaluate((list) => window.runGuests(list), runs);
/** What must be equal; the reason is for people and names traps in the engine's own words. */
const comparable = ({ outcome, output, fuel }: PageResult) => ({ outcome, output, fuel });

async function runBoth(runs: readonly PageRun[]): Promise<readonly PageResult[]> {
  const inNode: PageResult[] = [];
  for (const run of runs) inNode.push(await runInNode(run));
  const inChromium = await runInChromium(runs);
  expect(inChromium.map(comparable)).toEqual(inNode.map(comparable));
  return inChromium;
}

describe.each(GUEST_NAMES)('%s', (name) => {
  test('gives its known answers in Node and in Chromium', async () => {
    const { manifest, module } = await loadGuest(name);
    const { memoryBytes, outputBytes } = manifest.limits;
    const prepared = prepare(module, { maxMemoryPages: memoryBytes / 65_536 });
    if (prepared.type === 'refused') throw new Error(prepared.message);
    const { cases } = await loadCases(name);
    expect(cases.length).toBeGreaterThan(3);
    const runs = cases.map((one) => {
      const input = Uint8Array.from(Buffer.from(one.inputHex, 'hex'));
      const fuel = BigInt(one.fuelLimit ?? manifest.limits.fuel);
      return { ...pageRun(prepared.bytes, input, fuel), memoryBytes, outputBytes };
    });
    const results = await runBoth(runs);
    const seen = results.map((result) => ({
      outcome: result.outcome,
      outputDigest: createHash('sha256').update(Buffer.from(result.output, 'base64')).digest('hex'),
      fuel: result.fuel,
    }));
    expect(seen).toEqual(cases.map(({ outcome, outputDigest, fuel }) => ({ outcome, outputDigest, fuel })));
  });
});

test('hostile modules end the same way in Node and in Chromium', async () => {
  const folder = join(rootDir, 'wasm', 'hostile');
  const assembler = await wabt();
  const runs: PageRun[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.wat'))) {
    const text = await readFile(join(folder, file), 'utf8');
    const parsed = assembler.parseWat(file, text, {
      threads: true,
      simd: true,
      tail_call: true,
      bulk_memory: true,
    });
    const prepared = prepare(parsed.toBinary({}).buffer, { maxMemoryPages: 16 });
    parsed.destroy();
    if (prepared.type === 'prepared') runs.push(pageRun(prepared.bytes, new Uint8Array(4), 20_000_000n));
  }
  expect(runs.length).toBeGreaterThan(10);
  const results = await runBoth(runs);
  expect(results.map((result) => result.outcome)).not.toContain('aborted');
});

test.each([
  ['plain', makeModule],
  ['with vectors', makeVectorModule],
])(
  `${MODULE_SEEDS} random modules, %s, leave the same answer, memory and fuel in Node and in Chromium`,
  async (_kind, make) => {
    const modules = Array.from({ length: MODULE_SEEDS }, (_, seed) => {
      const prepared = prepare(make(seed), { maxMemoryPages: 16 });
      if (prepared.type === 'refused') throw new Error(`seed ${seed} was refused: ${prepared.message}`);
      return prepared.bytes;
    });
    const inNode = modules.map((module) => {
      const run = runModule(module, FUEL);
      return `${run.outcome} ${run.fuel} ${run.digestHex}`;
    });
    const inChromium = await page.evaluate(([list, fuel]) => window.runModules(list, fuel), [
      modules.map(base64),
      FUEL.toString(),
    ] as const);
    expect(inChromium).toEqual(inNode);
    // The seeds are fixed, so this says that the set holds every kind and not only the easy one.
    for (const outcome of ['completed', 'trapped', 'out-of-fuel']) {
      expect(inNode.filter((line) => line.startsWith(outcome)).length, outcome).toBeGreaterThan(5);
    }
  },
);
