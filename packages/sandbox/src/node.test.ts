// Real worker_threads: what reaches a thread, what ends it, and that nothing of it stays behind.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buildGuestThread } from '../build-thread.mjs';
import type { GuestThread, ThreadFactory } from './guest-thread.ts';
import { createNodeThreads } from './node.ts';
import { answer, endless, LIMITS, requestFor, spend } from './wat-guests.testing.ts';

const LONG = { wallMs: 60_000 };
const open: GuestThread[] = [];
let outdir = '';
let threads: ThreadFactory;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-sandbox-'));
  threads = createNodeThreads({ entry: await buildGuestThread({ platform: 'node', outdir }) });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((thread) => thread.close()));
  expect(liveThreads()).toBe(0);
});

afterAll(() => rm(outdir, { recursive: true }));

function openThread(): GuestThread {
  const thread = threads();
  open.push(thread);
  return thread;
}

function liveThreads(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort' || kind === 'Worker')
    .length;
}

test('one thread runs a hundred guests after another', async () => {
  const thread = openThread();
  expect(liveThreads()).toBe(0);
  const request = await requestFor({
    run: `${spend(2)} (i32.store8 (i32.const 0) (i32.add (i32.load8_u (local.get $input)) (i32.const 1)))
      ${answer(0, 1)}`,
  });
  for (let index = 0; index < 100; index += 1) {
    const result = await thread.run({ ...request, input: Uint8Array.of(index) }, LONG);
    expect(result).toMatchObject({ outcome: 'completed', output: Uint8Array.of(index + 1), fuel: 2n });
    expect(liveThreads()).toBe(1);
  }
});

test('one thread answers failure after failure', async () => {
  const thread = openThread();
  const trapping = await requestFor({ run: `${spend(4)} unreachable` });
  for (let index = 0; index < 3; index += 1) {
    expect(await thread.run(trapping, LONG)).toMatchObject({ outcome: 'trapped', fuel: 4n });
  }
});

test('an endless loop ends when its fuel does, and the thread goes on', async () => {
  const thread = openThread();
  const limits = { ...LIMITS, fuel: 1_000_000n };
  const looping = await requestFor({ run: endless(spend(1)) }, { limits });
  expect(await thread.run(looping, LONG)).toMatchObject({ outcome: 'out-of-fuel', fuel: 1_000_000n });
  expect(await thread.run(await requestFor({}), LONG)).toMatchObject({ outcome: 'completed' });
});

test('a loop that spends no fuel is ended by the wall clock, and a new thread takes the next run', async () => {
  const thread = openThread();
  const result = await thread.run(await requestFor({ run: endless() }), { wallMs: 50 });
  expect(result).toMatchObject({ outcome: 'aborted', fuel: 0n, output: new Uint8Array(0) });
  expect(result.reason).toContain('50 ms');
  await thread.released();
  expect(liveThreads()).toBe(0);
  expect(await thread.run(await requestFor({}), LONG)).toMatchObject({ outcome: 'completed' });
});

test('the owner’s signal ends a run that is under way, one that has not begun, and no later one', async () => {
  const thread = openThread();
  const stop = new AbortController();
  const spinning = await requestFor({ run: `(call $progress (i32.const 1) (i32.const 2)) ${endless()}` });
  const result = await thread.run(spinning, { ...LONG, signal: stop.signal, onProgress: () => stop.abort() });
  expect(result).toMatchObject({ outcome: 'aborted', reason: "stopped by the machine's owner" });
  expect(await thread.run(spinning, { ...LONG, signal: stop.signal })).toMatchObject({ outcome: 'aborted' });
  expect(await thread.run(await requestFor({}), LONG)).toMatchObject({ outcome: 'completed' });
});

test('closing ends the run in progress; a closed thread runs nothing more', async () => {
  const thread = openThread();
  const request = await requestFor({ run: `(call $progress (i32.const 1) (i32.const 2)) ${endless()}` });
  const running = new Promise<void>((resolve) => {
    const onProgress = (): void => resolve();
    void thread.run(request, { ...LONG, onProgress }).then((result) => {
      expect(result).toMatchObject({ outcome: 'aborted', reason: 'the thread was closed' });
    });
  });
  await running;
  await Promise.all([thread.close(), thread.close()]);
  expect(await thread.run(request, LONG)).toMatchObject({
    outcome: 'aborted',
    reason: 'the thread is closed',
  });
});

test('progress and log arrive before the result', async () => {
  const seen: string[] = [];
  const request = await requestFor({
    more: '(data (i32.const 0) "hello")',
    run: `(call $progress (i32.const 3) (i32.const 9)) (call $log (i32.const 0) (i32.const 5)) ${answer(0, 5)}`,
  });
  const result = await openThread().run(request, {
    ...LONG,
    onProgress: (done, total) => seen.push(`${done}/${total}`),
    onLog: (text) => seen.push(text),
  });
  expect(seen).toEqual(['3/9', 'hello']);
  expect(result.output).toEqual(new TextEncoder().encode('hello'));
});

test('a host stack overflow aborts and leaves a working thread', async () => {
  const thread = openThread();
  const deep = {
    run: '(call $deep)',
    more: '(func $deep (result i64) (i64.add (call $deep) (i64.const 1)))',
  };
  expect(await thread.run(await requestFor(deep), LONG)).toMatchObject({ outcome: 'aborted' });
  expect(await thread.run(await requestFor({}), LONG)).toMatchObject({ outcome: 'completed' });
});

test('two runs at once on one thread are a bug, and the first goes on', async () => {
  const thread = openThread();
  const request = await requestFor({});
  const first = thread.run(request, LONG);
  await expect(thread.run(request, LONG)).rejects.toThrow('one guest at a time');
  expect(await first).toMatchObject({ outcome: 'completed' });
});

test('an entry that cannot be started aborts the run with its words', async () => {
  const thread = createNodeThreads({ entry: join(outdir, 'absent.mjs') })();
  open.push(thread);
  const result = await thread.run(await requestFor({}), LONG);
  expect(result.outcome).toBe('aborted');
  expect(result.reason).toContain('absent.mjs');
});

test('one bundle can be the program and its guest threads', async () => {
  const outfile = join(outdir, 'program.mjs');
  const contents = `import { isGuestThread, serveNodeGuests } from './node.ts';
    if (isGuestThread()) serveNodeGuests(); else throw new Error('this is the program');`;
  await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  const thread = createNodeThreads({ entry: pathToFileURL(outfile) })();
  open.push(thread);
  expect(await thread.run(await requestFor({}), LONG)).toMatchObject({ outcome: 'completed' });
});

test('a thread has no environment, no arguments and no options of the process', async () => {
  const entry = join(outdir, 'tell.mjs');
  const told = '{ env: process.env, argv: process.argv.slice(2), execArgv: process.execArgv }';
  await writeFile(entry, `throw new Error(JSON.stringify(${told}));`);
  const thread = createNodeThreads({ entry })();
  open.push(thread);
  const result = await thread.run(await requestFor({}), LONG);
  expect(result.reason).toContain('{"env":{},"argv":[],"execArgv":[]}');
});

test('the memory of past runs is given back: 60 runs of 64 MiB fit a small process', async () => {
  const thread = openThread();
  const limits = { ...LIMITS, memoryBytes: 67_108_864 };
  const run = `(memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864)) ${answer(0, 1)}`;
  const request = await requestFor({ memory: '1024 1024', run }, { limits });
  for (let index = 0; index < 60; index += 1) {
    expect(await thread.run(request, LONG)).toMatchObject({ outcome: 'completed' });
  }
  expect(process.memoryUsage.rss()).toBeLessThan((60 * 67_108_864) / 2);
});
