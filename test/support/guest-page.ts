/** Guest threads of both kinds side by side: Node's, and those of a page in Chromium under the policies of a real one. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { GuestThread } from '@trine/sandbox';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { createNodeThreads } from '@trine/sandbox/node';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { PageResult, PageRun } from '../e2e/pages/run-guests.ts';
import { startBrowser } from './browser.ts';
import { rootDir } from './processes.ts';

const GUEST_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'; sandbox allow-scripts";
const PAGE_POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

export interface GuestPage {
  readonly page: Page;
  /** The thread in Node, for runs that are not the same on both sides. */
  readonly node: GuestThread;
  /** Runs all in Node and in Chromium, expects the same answers, and gives them. */
  runBoth(runs: readonly PageRun[]): Promise<readonly PageResult[]>;
  close(): Promise<void>;
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** What must be equal; the reason is for people and names traps in the engine's own words. */
const comparable = ({ outcome, output, fuel }: PageResult) => ({ outcome, output, fuel });

/** `modules` are served to the page by path, for those that are too large to be handed over as text. */
export async function startGuestPage(modules: Readonly<Record<string, Uint8Array>> = {}): Promise<GuestPage> {
  const outdir = await mkdtemp(join(tmpdir(), 'trine-guest-page-'));
  const node = createNodeThreads({ entry: await buildGuestThread({ platform: 'node', outdir }) })();
  const server = await servePage(outdir, modules);
  const browser = await startBrowser();
  const page = await browser.page();
  const address = server.address();
  await page.goto(`http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}/`);
  return {
    page,
    node,
    async runBoth(runs) {
      const inNode: PageResult[] = [];
      for (const run of runs) inNode.push(await runInNode(node, modules, run));
      const inChromium = await page.evaluate((list) => window.runGuests(list), runs);
      expect(inChromium.map(comparable)).toEqual(inNode.map(comparable));
      return inChromium;
    },
    async close() {
      await browser.close();
      await node.close();
      server.close();
      await rm(outdir, { recursive: true, force: true });
    },
  };
}

async function runInNode(
  node: GuestThread,
  modules: Readonly<Record<string, Uint8Array>>,
  run: PageRun,
): Promise<PageResult> {
  const bytes = modules[run.module] ?? Buffer.from(run.module, 'base64');
  const result = await node.run(
    {
      module: await WebAssembly.compile(Uint8Array.from(bytes)),
      abi: run.abi ?? 'trine-1',
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

async function servePage(dir: string, modules: Readonly<Record<string, Uint8Array>>): Promise<Server> {
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
  const answer = async (path: string): Promise<[string | Uint8Array, string, string]> => {
    if (path === '/') return [html, 'text/html', PAGE_POLICY];
    const module = modules[path];
    if (module !== undefined) return [module, 'application/wasm', PAGE_POLICY];
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
