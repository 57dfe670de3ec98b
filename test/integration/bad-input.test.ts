/**
 * Everything a stranger, a node, a submitter or a page may send that it should not, against the real coordinator while
 * real runners work. After each attack: the answer was a code and a sentence, the coordinator is the same process,
 * ready, and no larger than its bound, and the others' job has gone on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CborValue, encodeCbor, type Grant, LIMITS } from '@trine/protocol';
import { createTrine, type Job } from '@trine/sdk';
import { loadGuest } from '@trine/wasm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { allTasks, faultsOf } from '../support/audit.ts';
import { SHORT_EXPONENT, submitFractal, submitMersenne } from '../support/jobs.ts';
import {
  createApi,
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
  until,
} from '../support/processes.ts';
import {
  claim,
  dialRaw,
  type Ended,
  joinRaw,
  type RawNode,
  type RawNodeOptions,
} from '../support/raw-node.ts';

/** More tasks than the attacks last. */
const TASKS = 50_000;
/** What the coordinator may hold beyond what it held before all attacks: what is in flight at once, and its garbage. */
const GROWTH_MEGABYTES = 400;
const GOES_ON_MS = 30_000;

let dataDir: string;
let coordinator: RunningCoordinator;
let runners: Running[];
let job: Job;
let pid: number;
let calmMegabytes: number;
let peakMegabytes = 0;
let sampler: NodeJS.Timeout;
let verifiedBefore: number;
const raws: RawNode[] = [];

const rssMegabytes = async (): Promise<number> =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
const verified = async (): Promise<number> => (await job.status()).tasks.verified;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-bad-input-'));
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  pid = coordinator.running.process.pid ?? 0;
  runners = [];
  for (const name of ['first', 'second', 'third']) {
    runners.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
  }
  job = await submitMersenne(coordinator, SHORT_EXPONENT, TASKS);
  await until('the job to begin', async () => (await verified()) > 0, GOES_ON_MS);
  calmMegabytes = await rssMegabytes();
  sampler = setInterval(() => {
    void rssMegabytes().then(
      (now) => {
        peakMegabytes = Math.max(peakMegabytes, now);
      },
      () => undefined,
    );
  }, 50);
});

afterAll(async () => {
  clearInterval(sampler);
  await Promise.all(runners.map((runner) => runner.stop()));
  await coordinator.close();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  verifiedBefore = await verified();
});

afterEach(async () => {
  for (const node of raws.splice(0)) node.close();
  await until('the others’ job to go on', async () => (await verified()) > verifiedBefore, GOES_ON_MS);
  const health = (await (await fetch(`${coordinator.url}/health`)).json()) as { readonly ready: boolean };
  expect(health.ready).toBe(true);
  expect(coordinator.running.process.exitCode).toBeNull();
  expect(runners.map((runner) => runner.process.exitCode)).toEqual([null, null, null]);
  expect(peakMegabytes).toBeLessThan(calmMegabytes + GROWTH_MEGABYTES);
});

// ── how it is asked, and what an answer is ───────────────────────────────────────────────────────────

function dial(options: RawNodeOptions = {}): RawNode {
  const node = dialRaw(coordinator.url, options);
  raws.push(node);
  return node;
}

async function joined(options: Parameters<typeof joinRaw>[1] = {}): Promise<RawNode> {
  const node = await joinRaw(coordinator.url, options);
  raws.push(node);
  return node;
}

/** A sentence has words; a code alone, or a stack, is none. */
function expectSentence(message: string): void {
  expect(message.trim().split(/\s+/).length).toBeGreaterThan(2);
  expect(message).not.toMatch(/\n\s+at |node_modules|\/packages\//);
}

async function expectEnded(node: RawNode, code: string): Promise<void> {
  const ended: Ended = await node.ended();
  expect(ended).toMatchObject({ code });
  expectSentence(ended.message);
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** The code and sentence of an HTTP answer, ours or tRPC's. */
async function answerOf(response: Response): Promise<Answer> {
  const { error } = (await response.json()) as {
    readonly error: {
      readonly code: string | number;
      readonly message: string;
      readonly data?: { readonly trineCode: string };
    };
  };
  expectSentence(error.message);
  return {
    status: response.status,
    code: error.data?.trineCode ?? String(error.code),
    message: error.message,
  };
}

const bearer = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const post = (
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${coordinator.url}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

const put = (digest: string, bytes: Uint8Array, secret: string): Promise<Response> =>
  fetch(`${coordinator.url}/artifacts/${digest}`, {
    method: 'PUT',
    body: Buffer.from(bytes),
    headers: bearer(secret),
  });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    expectSentence(error instanceof Error ? error.message : '');
    const { data, code } = error as {
      readonly data?: { readonly trineCode?: string };
      readonly code?: string;
    };
    return data?.trineCode ?? code ?? 'no code';
  }
  return 'accepted';
}

// ── strangers on the node socket ─────────────────────────────────────────────────────────────────────

const DEEP = new Uint8Array(LIMITS.frameBytes.value).fill(0x81);
const DEEP_MAPS = Buffer.from('a16161'.repeat(20_000), 'hex');

describe('a link before its handshake', () => {
  test.each<[string, string, Uint8Array | string]>([
    ['text', 'malformed-frame', 'hello'],
    ['an empty message', 'malformed-frame', new Uint8Array()],
    ['noise', 'malformed-frame', randomBytes(4_096)],
    ['64 KiB and one byte', 'frame-too-large', new Uint8Array(LIMITS.frameBytes.value + 1)],
    ['arrays 65,536 deep', 'malformed-frame', DEEP],
    ['maps 20,000 deep', 'malformed-frame', new Uint8Array(DEEP_MAPS)],
    ['an array that claims 2⁶³ items', 'malformed-frame', Buffer.from('9b7fffffffffffffff', 'hex')],
    ['a string that claims 4 GiB', 'malformed-frame', Buffer.from('7affffffff41', 'hex')],
    ['indefinite lengths', 'malformed-frame', Buffer.from('9f01ff', 'hex')],
    ['a session frame', 'malformed-frame', encodeCbor([1, 0, [{ type: 'capacity', leases: 1 }]])],
    [
      'the coordinator’s own challenge',
      'handshake-failed',
      encodeCbor({
        type: 'challenge',
        versions: [1],
        nonce: new Uint8Array(32),
        coordinatorKey: new Uint8Array(32),
      }),
    ],
    ['a hello without fields', 'malformed-frame', encodeCbor({ type: 'hello' })],
  ])('says %s: %s', async (_what, code, bytes) => {
    const node = dial();
    await node.challenge();
    node.send(bytes);
    await expectEnded(node, code);
  });

  test('a message far over the limit is cut by the socket itself', async () => {
    const node = dial();
    await node.challenge();
    node.send(new Uint8Array(16_777_216));
    expect((await node.ended()).code).toBe('1009');
  });

  test.each<[string, string, Parameters<RawNode['hello']>[0]]>([
    ['a forged signature', 'handshake-failed', { after: { signature: new Uint8Array(64) } }],
    ['another’s key', 'handshake-failed', { after: { key: new Uint8Array(32).fill(9) } }],
    ['a field changed after signing', 'handshake-failed', { after: { held: [64] } }],
    ['another origin: a relayed handshake', 'origin-refused', { before: { origin: 'http://evil.example' } }],
    ['an origin that is no address', 'origin-refused', { before: { origin: 'javascript:alert(1)' } }],
    ['a version of the future', 'version-unsupported', { before: { version: 9_999 } }],
    ['a join token nobody made', 'token-refused', { before: { token: `trine_join_${'a'.repeat(32)}` } }],
    ['a token that is none', 'token-refused', { before: { token: '\u0000; DROP TABLE nodes' } }],
    ['a name of 121 characters', 'malformed-frame', { before: { profile: profileNamed('x'.repeat(121)) } }],
    ['1,025 leases', 'malformed-frame', { before: { held: Array.from({ length: 1_025 }, (_, i) => i) } }],
    ['leases that are no numbers', 'malformed-frame', { before: { held: ['1', -1] } }],
  ])('a hello with %s: %s', async (_what, code, change) => {
    const node = dial();
    node.send(await node.hello(change));
    await expectEnded(node, code);
  });

  test('a hello replayed on another link has the wrong nonce', async () => {
    const first = dial();
    const hello = await first.hello();
    first.send(hello);
    await first.welcome();
    const thief = dial();
    await thief.challenge();
    thief.send(hello);
    await expectEnded(thief, 'handshake-failed');
    expect(first.isOpen()).toBe(true);
  });

  test('two hellos at once are one too many', async () => {
    const node = dial();
    const hello = await node.hello();
    node.send(hello);
    node.send(hello);
    await expectEnded(node, 'malformed-frame');
  });

  test('a page of another origin gets no socket', async () => {
    const node = dial({ headers: { origin: 'http://evil.example' } });
    await expectEnded(node, '403');
  });

  test('names with NUL, escapes and prototype keys are stored and shown as harmless text', async () => {
    const node = dial();
    const name = 'a\u0000b\u001B[2J__proto__\u202E';
    const profile = { ...profileNamed(name), labels: ['\u0000', '__proto__'] };
    const strange = Object.fromEntries<CborValue>([
      ['__proto__', { polluted: true, token: 'x' }],
      ['constructor', { prototype: { polluted: true } }],
      ['toString', 'x'],
    ]);
    node.send(await node.hello({ before: { profile, ...strange } }));
    await node.welcome();
    const listed = await until(
      'the node in the list',
      async () => (await coordinator.api.nodes.list.query()).find(({ id }) => id === node.id),
      GOES_ON_MS,
    );
    expect(listed.name).toContain('__proto__');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('500 that never say hello hold nobody up, and are shown out at the deadline', async () => {
    const silent = Array.from({ length: 500 }, () => dial());
    await Promise.all(silent.map((node) => node.challenge()));
    expect((await (await joined()).welcome()).node).toBeTruthy();
    for (const ended of await Promise.all(silent.map((node) => node.ended()))) {
      expect(ended.code).toBe('handshake-timeout');
    }
  });

  test('more silent links than there is room for do not lock an honest node out', async () => {
    const silent = Array.from({ length: 1_200 }, () => dial());
    await until(
      'most to be connected',
      async () => silent.filter((node) => node.isOpen()).length > 1_000,
      GOES_ON_MS,
    );
    expect((await (await joined()).welcome()).node).toBeTruthy();
  });
});

function profileNamed(name: string) {
  return { agent: 'runner', version: '0', name, cores: 1, threads: 1, features: [], labels: [] };
}

// ── nodes inside a session ───────────────────────────────────────────────────────────────────────────

describe('a node that was welcomed', () => {
  test.each<[string, string, (node: RawNode) => void]>([
    [
      'three broken frames',
      'malformed-frame',
      (node) => [1, 2, 3].forEach(() => node.send(randomBytes(100))),
    ],
    [
      '64 KiB and one byte',
      'frame-too-large',
      (node) => node.send(new Uint8Array(LIMITS.frameBytes.value + 1)),
    ],
    ['deep nesting', 'malformed-frame', (node) => [1, 2, 3].forEach(() => node.send(DEEP))],
    [
      'acknowledgements of what was never sent',
      'malformed-frame',
      (node) => [1, 2, 3].forEach(() => node.send(encodeCbor([0, 1_000_000, []]))),
    ],
    [
      'negative and absurd numbers',
      'malformed-frame',
      (node) => [-1, 1.5, 'many'].forEach((leases) => node.say({ type: 'capacity', leases })),
    ],
    [
      'messages without a type',
      'malformed-frame',
      (node) => [1, 2, 3].forEach(() => node.say({ leases: 1 })),
    ],
    [
      'a report of nothing',
      'malformed-frame',
      (node) =>
        [1, 2, 3].forEach(() => node.say({ type: 'report', results: [], signature: new Uint8Array(64) })),
    ],
    [
      '513 messages in a frame',
      'malformed-frame',
      (node) =>
        [1, 2, 3].forEach(() =>
          node.say(...Array.from({ length: 513 }, () => ({ type: 'bye', reason: '' }))),
        ),
    ],
    ['100,000 messages', 'rate-limited', (node) => flood(node, 100_000)],
    ['100,000 empty frames', 'rate-limited', (node) => floodEmpty(node, 100_000)],
    ['100 MB', 'rate-limited', (node) => floodBytes(node, 1_600)],
  ])('says %s: %s', async (_what, code, attack) => {
    const node = await joined();
    attack(node);
    await expectEnded(node, code);
  });

  test('a frame out of order loses its link; a repeat is dropped and counted', async () => {
    const node = await joined();
    node.send(encodeCbor([node.sequence(), 0, [{ type: 'capacity', leases: 7 }]]));
    await until(
      'the repeat to be counted',
      async () => ((await faults()).get('repeat') ?? 0) > 0,
      GOES_ON_MS,
    );
    node.send(encodeCbor([node.sequence() + 5, 0, [{ type: 'capacity', leases: 7 }]]));
    expectSentence((await node.ended()).message);
    expect((await faults()).get('out-of-order')).toBeGreaterThan(0);
  });

  test('messages of an unknown type are counted and dropped, and the node stays', async () => {
    const node = await joined();
    node.say(
      { type: 'from-the-future', deep: { er: [1, 2, 3] } },
      { type: '__proto__' },
      { type: 'constructor' },
    );
    await until(
      'them to be counted',
      async () => ((await faults()).get('unknown-message') ?? 0) >= 3,
      GOES_ON_MS,
    );
    expect(node.isOpen()).toBe(true);
  });

  test('a flood of nonsense signals ends nobody else’s channel', async () => {
    const node = await joined();
    for (let attempt = 0; attempt < 300; attempt += 1) {
      node.say({
        type: 'signal',
        attempt,
        data: JSON.stringify({ type: 'offer', sdp: `v=0\r\n${'a=x\r\n'.repeat(500)}` }),
      });
      node.say({ type: 'signal', attempt, data: '{"type":"candidate","candidate":{"candidate":"\u0000"}}' });
    }
    await until(
      'an answer',
      async () => node.heard.some(({ type }) => type === 'signal') || !node.isOpen(),
      GOES_ON_MS,
    );
  });

  test('a revoked token shuts its node out, now and later', async () => {
    const { token, view } = await coordinator.api.tokens.create.mutate({ ownerName: 'shut out' });
    const node = await joined({ token });
    await coordinator.api.tokens.revoke.mutate({ token: view.id });
    await expectEnded(node, 'token-refused');
    const again = dial({ seed: node.seed });
    again.send(await again.hello({ before: { token } }));
    await expectEnded(again, 'token-refused');
  });
});

const flood = (node: RawNode, count: number): void => {
  const progress = { type: 'progress', lease: 64, done: 1, total: 2 };
  for (let sent = 0; sent < count; sent += 100) node.say(...Array.from({ length: 100 }, () => progress));
};
const floodEmpty = (node: RawNode, count: number): void => {
  const empty = encodeCbor([0, 0, []]);
  for (let sent = 0; sent < count; sent += 1) node.send(empty);
};
const floodBytes = (node: RawNode, frames: number): void => {
  const data = 'x'.repeat(60_000);
  for (let sent = 0; sent < frames; sent += 1) node.say({ type: 'unknown', data });
};

/** What the coordinator has counted about strangers and nodes. */
async function faults(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${coordinator.url}/metrics`)).text();
  const rows = text.matchAll(/^trine_node_faults_total\{kind="([^"]+)"\} (\d+)/gm);
  return new Map([...rows].map(([, kind = '', count]) => [kind, Number(count)]));
}

// ── leases and uploads ───────────────────────────────────────────────────────────────────────────────

async function withLease(owner: string): Promise<{ readonly node: RawNode; readonly grant: Grant }> {
  const node = await joined({ token: await coordinator.token(owner), capacity: 1 });
  const { grants } = await node.wait('grants');
  const [grant] = grants;
  if (grant === undefined) throw new Error('A grants message names at least one lease.');
  return { node, grant };
}

describe('leases', () => {
  test('a report with a forged signature cuts the node off, and it stays out', async () => {
    const { node, grant } = await withLease('forger');
    await node.report([claim(grant)], new Uint8Array(64).fill(1));
    await expectEnded(node, 'bad-signature');
    const again = dial({ seed: node.seed });
    again.send(await again.hello());
    await expectEnded(again, 'rate-limited');
  });

  test('a result for another’s lease is refused, the lease stays, and who goes on is cut off', async () => {
    const { node: holder, grant } = await withLease('holder');
    const thief = await joined();
    await thief.report([claim(grant)]);
    const told = await thief.wait('abandon', ({ leases }) => leases.includes(grant.lease));
    expect(told.reason).toContain('not-your-lease');
    for (let time = 0; time < 8; time += 1) await thief.report([claim(grant)]);
    await expectEnded(thief, 'not-your-lease');
    await holder.report([claim(grant, { outcome: 'aborted', reason: 'the test is over' })]);
    await holder.wait('results-recorded', ({ leases }) => leases.includes(grant.lease));
  });

  test('who says it holds others’ leases is told to forget them, and uploads nothing for them', async () => {
    const { grant } = await withLease('victim');
    const held = Array.from(
      { length: 1_000 },
      (_, i) => Number(grant.lease) - i * LIMITS.shards.value,
    ).filter((n) => n > 0);
    const thief = await joined({ held });
    await thief.wait('abandon', ({ leases }) => leases.includes(grant.lease));
    thief.say({ type: 'upload-request', lease: grant.lease, digest: new Uint8Array(32), sizeBytes: 10_000 });
    const refused = await thief.wait('upload-refused', ({ lease }) => lease === grant.lease);
    expect(refused.code).toBe('not-your-lease');
    expectSentence(refused.message);
  });

  test('an upload bearer that was made up, changed or is another’s carries nothing', async () => {
    const bytes = randomBytes(10_000);
    const claims = [
      'u1.nothing',
      `u1.${'n'.repeat(20)}.1.1.zzzzzzzz.${'A'.repeat(43)}`,
      `r1.${'n'.repeat(20)}.zzzzzzzz.${'A'.repeat(43)}`,
    ];
    for (const secret of claims) {
      expect(await answerOf(await put(sha256(bytes), bytes, secret))).toMatchObject({
        status: 401,
        code: 'unauthorized',
      });
    }
  });

  test('a reading bearer opens its artifact alone, and not when one character differs', async () => {
    const { grant } = await withLease('reader');
    const read = (digest: string, secret: string): Promise<Response> =>
      fetch(`${coordinator.url}/artifacts/${digest}`, { headers: bearer(secret) });
    const { digest, bearer: secret } = grant.module;
    expect((await read(digest, secret)).status).toBe(200);
    const other = sha256(await readFile(join(dataDir, 'coordinator', 'cli.json')));
    expect(await answerOf(await read(other, secret))).toMatchObject({ status: 401 });
    const fields = secret.split('.');
    const later = [...fields.slice(0, -2), `z${fields.at(-2) ?? ''}`, fields.at(-1)].join('.');
    expect(await answerOf(await read(digest, later))).toMatchObject({ status: 401 });
    const changed = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');
    expect((await read(digest, changed.slice(0, -3))).status).toBe(401);
  });

  test('figures at the edge of what can be said are stored like any other, those past the limits refused', async () => {
    const { node, grant } = await withLease('edge');
    // More than the job's limit is no run of this job: it would mint credit.
    await node.report([claim(grant, { outcome: 'trapped', fuel: (1n << 63n) - 1n })]);
    await until(
      'it to be counted',
      async () => ((await faults()).get('grant-mismatch') ?? 0) > 0,
      GOES_ON_MS,
    );
    await node.report([
      claim(grant, {
        outcome: 'trapped',
        fuel: grant.limits.fuel,
        wallMs: Number.MAX_SAFE_INTEGER,
        reason: `\u0000\u001B]0;x\u0007${'y'.repeat(900)}`,
      }),
    ]);
    await node.wait('results-recorded', ({ leases }) => leases.includes(grant.lease));
    const task = await coordinator.api.jobs.task.query({ job: grant.job, index: grant.index });
    expect(task.replicas.some((replica) => replica.lease === Number(grant.lease))).toBe(true);
  });
});

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
  const { readdir } = await import('node:fs/promises');
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
  verifiedBefore = -1;
  await job.cancel();
  const view = await picture.wait();
  expect(view).toMatchObject({ state: 'finished', tasks: { verified: view.tasks.total } });
  const tasks = await allTasks(coordinator.api, picture.id);
  expect(faultsOf(tasks)).toEqual([]);
  const others = (await allTasks(coordinator.api, job.id)).filter(({ state }) => state === 'verified');
  expect(others.length).toBeGreaterThan(0);
  expect(faultsOf(others)).toEqual([]);
  console.log(`memory: ${calmMegabytes.toFixed(0)} MB before, ${peakMegabytes.toFixed(0)} MB at its peak`);
});
