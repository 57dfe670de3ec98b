// The bundled command as people run it: three processes join a real control plane, a job goes in, verified answers
// come out; the SDK and the command line see the same.
import { startTestPlane, type TestPlane } from '@trine/control-plane/testing';
import { createTrine, type Job, type JobResult, type Trine, TrineError } from '@trine/sdk';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import wabt from 'wabt';
import { buildRunner } from '../build.mjs';

/** Answers its input; a first byte of 255 asks for 8 KiB, one of 254 for a loop that ends with its fuel. */
const ECHO = `(module
  (memory (export "memory") 2)
  (func (export "alloc") (param i32) (result i32) (i32.const 16384))
  (func (export "run") (param $at i32) (param $length i32) (result i64)
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 255))
      (then (return (i64.const 8192))))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 254))
      (then (loop $again (br $again))))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $length)))))`;

let dir = '';
let bundle = '';
let plane: TestPlane;
let trine: Trine;
let module = new Uint8Array(0);
const nodes: ChildProcess[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trine-runner-'));
  bundle = join(dir, 'trine.mjs');
  const [started, compiled] = await Promise.all([
    startTestPlane(),
    compileEcho(),
    buildRunner({ outfile: bundle }),
  ]);
  plane = started;
  module = compiled;
  trine = createTrine({ url: plane.url, key: plane.operatorKey });
  for (const owner of ['ada', 'bob', 'cy']) await startNode(owner);
}, 60_000);

afterAll(async () => {
  await Promise.all(nodes.splice(0).map((node) => endOf(node)));
  await plane.close();
  await rm(dir, { recursive: true });
});

async function compileEcho(): Promise<Uint8Array<ArrayBuffer>> {
  const parsed = (await wabt()).parseWat('echo.wat', ECHO);
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

/** Resolves when the node's log says that its session is open. */
async function startNode(owner: string): Promise<ChildProcess> {
  const { token } = await trine.tokens.create({ ownerName: owner });
  const args = ['join', plane.url, '--name', owner, '--threads', '1', '--data-dir', join(dir, owner)];
  const node = spawn(process.execPath, [bundle, ...args, '--log-format', 'json'], {
    env: { PATH: process.env['PATH'], HOME: dir, TRINE_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  nodes.push(node);
  await said(node, 'session open');
  return node;
}

function said(node: ChildProcess, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    node.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes(`"msg":"${message}"`)) resolve();
    });
    node.once('exit', () => reject(new Error(`the node ended before it said “${message}”: ${text}`)));
  });
}

function endOf(node: ChildProcess): Promise<number | null> {
  if (node.exitCode !== null) return Promise.resolve(node.exitCode);
  return new Promise((resolve) => {
    node.once('exit', (code) => resolve(code));
    node.kill('SIGTERM');
  });
}

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runTrine(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [bundle, ...args], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, TRINE_URL: plane.url, TRINE_KEY: plane.operatorKey, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const collected = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (collected.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (collected.stderr += bytes.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...collected })));
}

async function allOf(job: Job): Promise<readonly JobResult[]> {
  const results: JobResult[] = [];
  for await (const result of job.results()) results.push(result);
  return results;
}

test('verified answers come out of three processes of three owners, in order and with their bytes', async () => {
  const inputs = Array.from({ length: 20 }, (_, index) => Uint8Array.of(index, 1, 2));
  const job = await trine.submit({ name: 'echo', module, inputs });
  const results = await allOf(job);
  const answers = new Map(results.map(({ index, output }) => [index, output]));
  expect(results.map(({ sequence }) => sequence)).toEqual(inputs.map((_, index) => index + 1));
  expect(results.every(({ kind, outcome }) => kind === 'verified' && outcome === 'completed')).toBe(true);
  expect(inputs.map((_, index) => answers.get(index))).toEqual(inputs);
  const view = await job.wait();
  expect(view).toMatchObject({ state: 'finished', tasks: { total: 20, verified: 20 }, invalidResults: 0 });
});

test('results go on without gaps or repeats over streams that are cut again and again', async () => {
  const inputs = Array.from({ length: 60 }, (_, index) => Uint8Array.of(index, 9));
  let cuts = 0;
  const cutting: typeof fetch = async (url, init) => {
    const response = await fetch(url, init);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (!isStream || response.body === null || cuts >= 4) return response;
    cuts += 1;
    return new Response(cutAfter(response.body, 3), response);
  };
  const reader = createTrine({ url: plane.url, key: plane.operatorKey, fetch: cutting });
  const { id } = await trine.submit({ name: 'cut', module, inputs });
  const results = await allOf(reader.job(id));
  expect(results.map(({ sequence }) => sequence)).toEqual(inputs.map((_, index) => index + 1));
  expect(cuts).toBeGreaterThan(0);
});

/** Lets some pieces through, then fails as a lost connection does. */
function cutAfter(body: ReadableStream<Uint8Array>, pieces: number): ReadableStream<Uint8Array> {
  let left = pieces;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        if (left === 0) controller.error(new Error('cut by the test'));
        else controller.enqueue(piece);
        left -= 1;
      },
    }),
  );
}

test('outputs over 4 KiB are uploaded by the nodes and fetched by the SDK', async () => {
  const job = await trine.submit({ name: 'large', module, inputs: [Uint8Array.of(255)] });
  const [result, ...more] = await allOf(job);
  expect(result?.output).toHaveLength(8_192);
  expect(more).toEqual([]);
});

test('inputs over 4 KiB travel as artifacts', async () => {
  const input = new Uint8Array(20_000).fill(7);
  const job = await trine.submit({ name: 'artifact', module, inputs: [input] });
  expect((await allOf(job)).map(({ output }) => output)).toEqual([input]);
});

test('running out of fuel is a verified answer', async () => {
  const job = await trine.submit({
    name: 'spent',
    module,
    inputs: [Uint8Array.of(254)],
    limits: { fuel: 1_000_000n },
  });
  expect(await allOf(job)).toMatchObject([{ kind: 'verified', outcome: 'out-of-fuel', fuel: 1_000_000n }]);
});

test('the command line submits, waits and writes outputs', async () => {
  const paths = ['one', 'two'].map((name) => join(dir, `${name}.txt`));
  for (const path of paths) await writeFile(path, `from ${path}`);
  await writeFile(join(dir, 'echo.wasm'), module);
  const submitted = await runTrine(['submit', 'echo.wasm', '-i', ...paths, '--wait', '--json']);
  expect(submitted).toMatchObject({ code: 0, stderr: '' });
  const job = JSON.parse(submitted.stdout) as { readonly id: string; readonly state: string };
  expect(job.state).toBe('finished');
  const results = await runTrine(['results', job.id, '--out', 'answers', '--follow']);
  expect(results.code).toBe(0);
  for (const [index, path] of paths.entries()) {
    expect(await readFile(join(dir, 'answers', `${index}.bin`), 'utf8')).toBe(`from ${path}`);
  }
  expect((await runTrine(['results', job.id])).stdout).toContain(`from ${paths[1]}`);
  expect((await runTrine(['jobs'])).stdout).toContain(job.id);
  expect((await runTrine(['job', job.id])).stdout).toContain('2 of 2 verified');
  expect((await runTrine(['nodes'])).stdout).toMatch(/online +ada +ada/);
});

test('results are shown as the manifest says', async () => {
  const output = {
    kind: 'fields',
    fields: [{ name: 'answer', offset: 0, type: 'u16', words: { '42': 'all' } }],
  };
  await writeFile(join(dir, 'fields.json'), JSON.stringify({ title: 'fields', output }));
  await writeFile(join(dir, 'answer.bin'), Uint8Array.of(42, 0));
  await writeFile(join(dir, 'echo.wasm'), module);
  const words = ['submit', 'echo.wasm', '-i', 'answer.bin', '--manifest', 'fields.json', '--wait', '--json'];
  const job = JSON.parse((await runTrine(words)).stdout) as { readonly id: string };
  expect((await runTrine(['results', job.id])).stdout).toContain('answer all');
});

test('exit codes say what was wrong', async () => {
  const cases: readonly (readonly [readonly string[], number, Readonly<Record<string, string>>])[] = [
    [['submit', 'echo.wasm'], 2, {}],
    [['nonsense'], 2, {}],
    [['job', `j${'a'.repeat(20)}`], 5, {}],
    [['jobs'], 4, { TRINE_KEY: 'trine_key_wrong' }],
    [['jobs'], 8, { TRINE_URL: 'http://127.0.0.1:9' }],
    [['results', `j${'a'.repeat(20)}`], 8, { TRINE_URL: 'http://127.0.0.1:9' }],
    [['join', plane.url, '--data-dir', 'echo.wasm'], 9, {}],
    [['join', plane.url, '--token', 'trine_join_wrong', '--data-dir', 'wrong'], 4, {}],
  ];
  for (const [args, code, env] of cases) {
    const ran = await runTrine(args, env);
    expect([args, ran.code, ran.stderr]).toEqual([args, code, expect.any(String)]);
  }
});

test('tokens and keys are made, listed and revoked', async () => {
  const made = await runTrine(['token', 'create', '--owner', 'dora', '--expires', '1h', '--json']);
  const token = JSON.parse(made.stdout) as { readonly id: string; readonly token: string };
  expect(token.token).toMatch(/^trine_join_/);
  expect((await runTrine(['token', 'list'])).stdout).toContain('dora');
  expect((await runTrine(['token', 'revoke', token.id])).stdout).toContain('is revoked');
  const key = JSON.parse((await runTrine(['key', 'create', '--name', 'eve', '--json'])).stdout) as {
    readonly key: string;
  };
  const asEve = createTrine({ url: plane.url, key: key.key });
  expect(await asEve.whoAmI()).toMatchObject({ role: 'submitter', name: 'eve' });
  await expect(asEve.tokens.list()).rejects.toMatchObject({ code: 'forbidden' });
});

test('what is wrong with a submission is said with a code', async () => {
  await expect(trine.submit({ name: 'none', module, inputs: [] })).rejects.toMatchObject({
    code: 'no-inputs',
  });
  await expect(
    createTrine({ url: plane.url }).submit({ name: 'x', module, inputs: [module] }),
  ).rejects.toThrow(TrineError);
  const first = await trine.submit({
    name: 'same',
    module,
    inputs: [Uint8Array.of(1)],
    idempotencyKey: 'once',
  });
  const again = await trine.submit({
    name: 'same',
    module,
    inputs: [Uint8Array.of(1)],
    idempotencyKey: 'once',
  });
  expect(again.id).toBe(first.id);
  await expect(
    trine.submit({ name: 'same', module, inputs: [Uint8Array.of(2)], idempotencyKey: 'once' }),
  ).rejects.toMatchObject({ code: 'idempotency-conflict' });
});

test('a million tasks are one submission; cancelling ends it', async () => {
  const job = await trine.submit({ name: 'range', module, inputs: { range: { count: 1_000_000 } } });
  let length: number | undefined;
  for await (const result of job.results()) {
    length = result.output?.length;
    break;
  }
  expect(length).toBe(8);
  expect((await job.cancel()).state).toBe('cancelled');
  expect(await job.wait()).toMatchObject({ state: 'cancelled', tasks: { total: 1_000_000 } });
});

test('SIGTERM gives leases back and ends with code 0', async () => {
  const node = nodes.shift();
  if (node === undefined) throw new Error('No node to stop.');
  expect(await endOf(node)).toBe(0);
});
