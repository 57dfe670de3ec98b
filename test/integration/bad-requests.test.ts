/**
 * Everything a page, a program or a submitter may ask over HTTP that it should not, against the real coordinator
 * while real runners work; judged like what is said on the node socket.
 */
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { LIMITS } from '@trine/protocol';
import { createTrine } from '@trine/sdk';
import { loadGuest } from '@trine/wasm';
import { describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { allTasks, faultsOf } from '../support/audit.ts';
import { submitFractal } from '../support/jobs.ts';
import { createApi, until } from '../support/processes.ts';
import {
  besiege,
  stopWatching,
  memoryWords,
  rssMegabytes,
  coordinator,
  job,
  pid,
  GOES_ON_MS,
  expectSentence,
  answerOf,
  bearer,
  post,
  put,
  codeOf,
} from '../support/siege.ts';

besiege();

// ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────

describe('requests', () => {
  test.each<[string, number, string, () => Promise<Response>]>([
    ['a stranger’s submit', 401, 'unauthorized', () => post('/trpc/jobs.submit', '{}')],
    [
      'a wrong key',
      401,
      'unauthorized',
      () => post('/trpc/jobs.submit', '{}', bearer(`trine_key_${'a'.repeat(32)}`)),
    ],
    ['a key that is none', 401, 'unauthorized', () => post('/trpc/jobs.submit', '{}', bearer('x'))],
    [
      '20 MB to submit',
      413,
      'limit-exceeded',
      () => post('/trpc/jobs.submit', Buffer.alloc(20_000_000, 'a'), bearer(coordinator.key)),
    ],
    [
      'garbage to submit',
      400,
      'bad-request',
      () => post('/trpc/jobs.submit', randomBytes(1_000), bearer(coordinator.key)),
    ],
    [
      'arrays 30,000 deep',
      400,
      'bad-request',
      () => post('/trpc/jobs.submit', '['.repeat(30_000) + ']'.repeat(30_000), bearer(coordinator.key)),
    ],
    ['a broken path', 400, 'bad-request', () => fetch(`${coordinator.url}/trpc/%ff`)],
    [
      'a procedure that is none',
      404,
      'not-found',
      () => fetch(`${coordinator.url}/trpc/constructor.prototype`),
    ],
    [
      '33 calls in one',
      400,
      'bad-request',
      () => fetch(`${coordinator.url}/trpc/${Array(33).fill('auth.whoAmI').join(',')}?batch=1`),
    ],
    ['a body for a page', 400, 'bad-request', () => post('/dashboard', Buffer.alloc(10_000_000))],
    [
      'an artifact outside',
      400,
      'bad-request',
      () => fetch(`${coordinator.url}/artifacts/..%2f..%2fcli.json`),
    ],
    ['a stranger’s upload', 401, 'unauthorized', () => put('0'.repeat(64), Buffer.alloc(10_000_000), 'x')],
    [
      'bytes that are not what they are called',
      422,
      'digest-mismatch',
      () => put('0'.repeat(64), randomBytes(100), coordinator.key),
    ],
    [
      'a mutation from another page',
      403,
      'origin-refused',
      () => post('/trpc/jobs.submit', '{}', { ...bearer(coordinator.key), origin: 'http://evil.example' }),
    ],
    ['a sign-in without a key', 400, 'bad-request', () => post('/auth/sign-in', '{}')],
  ])('%s: %i %s', async (_what, status, code, ask) => {
    const response = await ask();
    const text = await response.text();
    const body = JSON.parse(text) as object;
    const one: unknown = Array.isArray(body) ? body[0] : body;
    expect(await answerOf(new Response(JSON.stringify(one), { status: response.status }))).toMatchObject({
      status,
      code,
    });
  });

  test.each([
    '/artifacts/../../cli.json',
    '/workers/../../package.json',
    '/workers/..%2f..%2fpackage.json',
    '/workers/agent.%00.js',
    '/_next/static/..%2f..%2f..%2fpackage.json',
    '/runner.mjs/../../../package.json',
    '/%2e%2e/%2e%2e/etc/passwd',
  ])('%s leads nowhere', async (path) => {
    const { status, body } = await rawGet(path);
    expect([400, 404]).toContain(status);
    expect(body).not.toMatch(/"workspaces"|"dependencies"|trine_key_|root:x/);
  });

  test('half requests and half bodies hold nobody up', async () => {
    const sockets = Array.from({ length: 300 }, (_, i) => half(i % 2 === 0 ? 'head' : 'body'));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect((await fetch(`${coordinator.url}/health`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test('a refused upgrade keeps no descriptor of the coordinator', async () => {
    const before = await descriptors();
    const sockets = Array.from({ length: 200 }, () => half('upgrade'));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('end', resolve))));
    await until('the descriptors to be free', async () => (await descriptors()) < before + 50, GOES_ON_MS);
    for (const socket of sockets) socket.destroy();
  });

  test('bodies for pages are not taken into memory: refused, or cut when they go on', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const asked = Array.from({ length: 20 }, () =>
        fetch(`${coordinator.url}/`, { method, body: Buffer.alloc(10_000_000) }).then(
          ({ status }) => status,
          () => 'cut',
        ),
      );
      for (const answer of await Promise.all(asked)) expect([400, 'cut']).toContain(answer);
    }
  });
});

const portOf = (): number => Number(new URL(coordinator.url).port);

function half(what: 'head' | 'body' | 'upgrade'): Socket {
  const socket = connect({ port: portOf(), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  const host = `Host: 127.0.0.1:${portOf()}\r\n`;
  socket.write(
    what === 'head'
      ? `GET / HTTP/1.1\r\n${host}X-Slow: `
      : what === 'body'
        ? `POST /trpc/jobs.submit HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n{"name":`
        : `GET /session HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://evil.example\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  return socket;
}

const descriptors = async (): Promise<number> => {
  return (await readdir(`/proc/${pid}/fd`)).length;
};

/** `fetch` would tidy the path before it is sent. */
async function rawGet(path: string): Promise<{ readonly status: number; readonly body: string }> {
  const socket = connect(portOf(), '127.0.0.1');
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString();
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${portOf()}\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => socket.once('close', resolve));
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), body: text };
}

// ── submitters ───────────────────────────────────────────────────────────────────────────────────────

const trine = (key = coordinator.key) => createTrine({ url: coordinator.url, key });

async function wat(text: string): Promise<Uint8Array> {
  const parsed = (await wabt()).parseWat('module.wat', text, { simd: true, threads: true });
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

const GUEST = (inside: string): string =>
  `(module ${inside} (func (export "alloc") (param i32) (result i32) (i32.const 0))
    (func (export "run") (param i32 i32) (result i64) (i64.const 0)))`;

describe('submissions', () => {
  test.each<[string, string, () => Promise<Uint8Array>]>([
    ['is not WASM', 'header', async () => randomBytes(1_000)],
    ['is empty', '', async () => new Uint8Array()],
    ['is cut off', '', async () => (await loadGuest('mersenne')).module.subarray(0, 200)],
    [
      'imports an unknown name',
      'env',
      () => wat(GUEST('(import "env" "fetch" (func)) (memory (export "memory") 1)')),
    ],
    [
      'declares more memory than the job allows',
      'memory',
      () => wat(GUEST('(memory (export "memory") 65536)')),
    ],
    ['shares its memory', '', () => wat(GUEST('(memory (export "memory") 1 1 shared)'))],
    ['exports nothing', '', () => wat('(module)')],
  ])('a module that %s is refused with a reason', async (_what, word, module) => {
    const submitted = await trine().submit({
      name: 'bad module',
      module: await module(),
      inputs: [new Uint8Array(1)],
    });
    const view = await submitted.wait();
    expect(view.state).toBe('refused');
    expectSentence(view.reason);
    expect(view.reason.toLowerCase()).toContain(word);
  });

  const request = async (change: object = {}) => ({
    name: 'bad request',
    module: await trine().upload((await loadGuest('mersenne')).module),
    inputs: { type: 'range', shared: '', first: 0, count: 1 },
    idempotencyKey: randomBytes(8).toString('hex'),
    ...change,
  });

  test.each<[string, string, object]>([
    ['no inputs', 'no-inputs', { inputs: { type: 'inline', items: [] } }],
    ['an empty range', 'no-inputs', { inputs: { type: 'range', shared: '', first: 0, count: 0 } }],
    [
      'an input over 4 KiB',
      'input-too-large',
      { inputs: { type: 'inline', items: [Buffer.alloc(4_097).toString('base64')] } },
    ],
    [
      'a shared input over 4 KiB',
      'input-too-large',
      { inputs: { type: 'range', shared: Buffer.alloc(4_096).toString('base64'), first: 0, count: 1 } },
    ],
    ['an input that is not base64', 'bad-request', { inputs: { type: 'inline', items: ['%%%%'] } }],
    [
      'a range past every number',
      'limit-exceeded',
      { inputs: { type: 'range', shared: '', first: Number.MAX_SAFE_INTEGER, count: 2 } },
    ],
    [
      'more tasks than a range may have',
      'bad-request',
      { inputs: { type: 'range', shared: '', first: 0, count: 100_000_001 } },
    ],
    [
      'artifacts that are not there',
      'not-found',
      { inputs: { type: 'artifacts', digests: ['0'.repeat(64)] } },
    ],
    ['a module that is not there', 'not-found', { module: '0'.repeat(64) }],
    ['a name of 121 characters', 'bad-request', { name: 'x'.repeat(121) }],
    ['no name', 'bad-request', { name: '   ' }],
    ['more fuel than there is', 'bad-request', { limits: { fuel: '9223372036854775808' } }],
    [
      'more memory than a job may have',
      'bad-request',
      { limits: { memoryBytes: LIMITS.memoryBytes.value + 1 } },
    ],
    ['a lease of years', 'bad-request', { policy: { timeoutMs: LIMITS.taskTimeoutMaxMs.value + 1 } }],
  ])('%s: %s', async (_what, code, change) => {
    expect(await codeOf(coordinator.api.jobs.submit.mutate((await request(change)) as never))).toBe(code);
  });

  test('NUL, half a pair and prototype keys in a name are text like any other', async () => {
    const body = JSON.stringify(
      await request({ name: 'a\u0000b\uD800__proto__', manifest: { title: '\u0000' } }),
    );
    const polluted = body.replace(
      '{',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
    );
    const response = await post('/trpc/jobs.submit', polluted, bearer(coordinator.key));
    expect(response.status).toBe(200);
    const { result } = (await response.json()) as {
      readonly result: { readonly data: { readonly id: string; readonly name: string } };
    };
    expect(result.data.name).toContain('__proto__');
    expect((await coordinator.api.jobs.get.query({ job: result.data.id })).name).toBe(result.data.name);
    await coordinator.api.jobs.cancel.mutate({ job: result.data.id });
  });

  test('another key sees no job, input or output that is not its own, and a revoked one sees nothing', async () => {
    const mallory = await coordinator.api.keys.create.mutate({ name: 'mallory', role: 'submitter' });
    const secret = randomBytes(5_000);
    const digest = await trine().upload(secret);
    const own = await trine().submit({
      name: 'private',
      module: (await loadGuest('mersenne')).module,
      inputs: { artifacts: [digest] },
    });
    const api = createApi(coordinator.url, mallory.key);
    const read = await fetch(`${coordinator.url}/artifacts/${digest}`, { headers: bearer(mallory.key) });
    expect(await answerOf(read)).toMatchObject({ status: 404, code: 'not-found' });
    expect(
      await codeOf(
        api.jobs.submit.mutate(
          (await request({ inputs: { type: 'artifacts', digests: [digest] } })) as never,
        ),
      ),
    ).toBe('not-found');
    expect(await codeOf(api.jobs.get.query({ job: own.id }))).toBe('not-found');
    expect(await codeOf(api.jobs.cancel.mutate({ job: own.id }))).toBe('not-found');
    expect(await codeOf(api.jobs.cancel.mutate({ job: job.id }))).toBe('forbidden');
    expect(await codeOf(api.tokens.create.mutate({ ownerName: 'x' }))).toBe('forbidden');
    await coordinator.api.keys.revoke.mutate({ key: mallory.view.id });
    expect(await codeOf(api.jobs.list.query({}))).toBe('unauthorized');
    await own.cancel();
  });

  test(
    'a range of a million tasks is accepted at once and costs neither rows nor memory',
    async () => {
      const before = await rssMegabytes();
      const body = await request({ inputs: { type: 'range', shared: '', first: 0, count: 1_000_000 } });
      const startedMs = performance.now();
      const view = await coordinator.api.jobs.submit.mutate(body as never);
      const tookMs = performance.now() - startedMs;
      console.log(`a range of 1,000,000 tasks was accepted in ${tookMs.toFixed(0)} ms`);
      expect(view.tasks.total).toBe(1_000_000);
      const begun = await coordinator.api.jobs.taskStates.query({ job: view.id });
      expect(begun.length).toBeLessThan(1_000);
      const untouched = await coordinator.api.jobs.task.query({ job: view.id, index: 999_999 });
      expect(untouched.state).toBe('waiting');
      expect((await rssMegabytes()) - before).toBeLessThan(50);
      await coordinator.api.jobs.cancel.mutate({ job: view.id });
    },
    3_000 + GOES_ON_MS,
  );
});

// ── after all of it ──────────────────────────────────────────────────────────────────────────────────

test('after all of it the job of the others is right, and a new one finishes', async () => {
  const picture = await submitFractal(coordinator);
  stopWatching();
  await job.cancel();
  const view = await picture.wait();
  expect(view).toMatchObject({ state: 'finished', tasks: { verified: view.tasks.total } });
  const tasks = await allTasks(coordinator.api, picture.id);
  expect(faultsOf(tasks)).toEqual([]);
  const others = (await allTasks(coordinator.api, job.id)).filter(({ state }) => state === 'verified');
  expect(others.length).toBeGreaterThan(0);
  expect(faultsOf(others)).toEqual([]);
  console.log(memoryWords());
});
