/**
 * Everything a stranger or a node may say on the node socket that it should not, against the real coordinator while
 * real runners work. After each attack: the answer was a code and a sentence, the coordinator is the same process,
 * ready, and no larger than its bound, and the others' job has gone on.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CborValue, encodeCbor, type Grant, LIMITS } from '@trine/protocol';
import { describe, expect, test } from 'vitest';
import { until } from '../support/processes.ts';
import { claim, type RawNode } from '../support/raw-node.ts';
import {
  besiege,
  dataDir,
  coordinator,
  GOES_ON_MS,
  dial,
  joined,
  expectSentence,
  expectEnded,
  answerOf,
  bearer,
  sha256,
  put,
  faults,
} from '../support/siege.ts';

besiege();

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
