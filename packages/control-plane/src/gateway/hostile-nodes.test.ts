// Nodes that lie about leases, signatures, uploads and tokens: refused with a code, and nobody else's work suffers.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { type Grant, leaseIdOf, type LeaseId, type NodeId } from '@trine/protocol';
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { freshBytes, startTestPlane, type TestPlane } from '../control-plane.testing.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import { createNodeDirectory } from '../node-directory.ts';
import type { AppRouter } from '../router.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import {
  ECHO_MODULE,
  inputOf,
  resultFor,
  sha256,
  startTestNode,
  type TestNode,
  type TestNodeOptions,
} from '../test-node.testing.ts';
import { createNewcomers, TOO_MANY_NEWCOMERS } from './newcomers.ts';

let plane: TestPlane;
const nodes: TestNode[] = [];

beforeEach(async () => {
  plane = await startTestPlane();
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.leave()));
  await plane.close();
});

const api = () =>
  createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({ url: `${plane.url}/trpc`, headers: { authorization: `Bearer ${plane.operatorKey}` } }),
    ],
  });

function start(options: Partial<TestNodeOptions> = {}): TestNode {
  const node = startTestNode({ url: plane.url, ...options });
  nodes.push(node);
  return node;
}

async function join(ownerName: string, options: Partial<TestNodeOptions> = {}): Promise<TestNode> {
  const { token } = await api().tokens.create.mutate({ ownerName });
  const node = start({ token, ...options });
  await node.opened;
  return node;
}

async function submit(count: number, limits: { readonly outputBytes?: number } = {}): Promise<string> {
  const job = await api().jobs.submit.mutate({
    name: 'echo',
    module: await plane.upload(ECHO_MODULE),
    inputs: { type: 'range', shared: '', first: 0, count },
    limits,
    idempotencyKey: randomBytes(8).toString('hex'),
  });
  return job.id;
}

const echo = { answer: (grant: Grant) => ({ output: inputOf(grant) }) };
const firstGrant = async (node: TestNode): Promise<Grant> => {
  const { grants } = await node.wait('grants');
  const [grant] = grants;
  if (grant === undefined) throw new Error('A grants message names at least one lease.');
  return grant;
};

/** Honest nodes finish the job whatever the dishonest one did. */
async function finishes(job: string): Promise<void> {
  const live = await plane.plane.caller({ type: 'anonymous' }).cluster.live();
  for await (const _tick of live) {
    const row = await plane.store.views.job(job as never);
    if (row?.state === 'finished') return;
  }
}

test('a token nobody made, and a revoked one, are refused', async () => {
  const stranger = start({ token: `trine_join_${'a'.repeat(32)}` });
  expect((await stranger.waitRefused()).code).toBe('token-refused');
  expect((await start({ token: 'nonsense' }).waitRefused()).code).toBe('token-refused');
  const { token, view } = await api().tokens.create.mutate({ ownerName: 'ada' });
  const joined = start({ token });
  expect((await joined.opened).owner).toBe('ada');
  await api().tokens.revoke.mutate({ token: view.id });
  expect((await joined.waitRefused()).code).toBe('token-refused');
});

test('a handshake made for another address is refused', async () => {
  const relayed = start({ origin: 'http://evil.example' });
  expect((await relayed.waitRefused()).code).toBe('origin-refused');
});

test('a page of a foreign origin opens no session', async () => {
  const socket = new WebSocket(`${plane.url.replace('http', 'ws')}/session`, {
    origin: 'http://evil.example',
  });
  const status = await new Promise((resolve) => {
    socket.once('unexpected-response', (_req, res) => resolve(res.statusCode));
    socket.once('open', () => resolve('open'));
  });
  expect(status).toBe(403);
});

test('a bad signature cuts the node off and keeps it out', async () => {
  const seed = randomBytes(32);
  const liar = await join('liar', { seed });
  await join('bob');
  await join('cy');
  await submit(5);
  const grant = await firstGrant(liar);
  await liar.report([resultFor(grant)], { signature: new Uint8Array(64) });
  expect((await liar.waitRefused()).code).toBe('bad-signature');
  expect((await start({ seed }).waitRefused()).code).toBe('rate-limited');
});

test('fresh keys of one network are admitted up to a limit; known nodes and tokens are not counted', async () => {
  await plane.close();
  plane = await startTestPlane({ newNodesPerPrefix: 2 });
  const seed = randomBytes(32);
  const known = start({ seed });
  await known.opened;
  await start().opened;
  const rows = async () => (await plane.store.views.nodes(100)).length;
  const { code, message, retryAfterMs } = await start().waitRefused();
  expect({ code, message }).toEqual({ code: 'rate-limited', message: TOO_MANY_NEWCOMERS });
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(CONTROL_PLANE_LIMITS.newNodesWindowMs.value);
  expect(await rows()).toBe(2);
  await known.leave();
  const back = start({ seed });
  expect((await back.opened).session).toBe(2);
  expect((await (await join('ada')).opened).owner).toBe('ada');
  expect(await rows()).toBe(3);
});

test('a network that brought its share of new nodes leaves that of others alone', async () => {
  const newcomers = createNewcomers({ directory: createNodeDirectory(plane.store.views), countMax: 1 });
  const [near, far] = ['192.0.2.0/24', '198.51.100.0/24'];
  const wait = (prefix: string): Promise<number> => newcomers.waitMs({ node: 'n' as NodeId, prefix });
  expect(await wait(near)).toBe(0);
  expect(await wait(near)).toBeGreaterThan(0);
  expect(await wait(far)).toBe(0);
});

test('a result for another’s lease is refused, and the lease stays where it was', async () => {
  const [ada, liar] = [await join('ada'), await join('liar', { capacity: 0 })];
  await join('cy');
  const bob = await join('bob');
  await submit(2);
  const grant = await firstGrant(ada);
  await liar.report([resultFor(grant, { output: freshBytes(3) })]);
  const told = await liar.wait('abandon', ({ leases }) => leases.includes(grant.lease));
  expect(told.reason).toContain('not-your-lease');
  await ada.report([resultFor(grant)]);
  await ada.wait('results-recorded', ({ leases }) => leases.includes(grant.lease));
  expect(bob.refusals).toEqual([]);
});

test('a node that goes on reporting what it does not hold is cut off', async () => {
  const ada = await join('ada', { capacity: 20 });
  const liar = await join('liar', { capacity: 0 });
  await join('cy');
  await join('bob');
  await submit(20);
  const grant = await firstGrant(ada);
  for (let time = 0; time < 8; time += 1) await liar.report([resultFor(grant)]);
  expect((await liar.waitRefused()).code).toBe('not-your-lease');
});

test('a lease that never was is forgotten, not held against the node', async () => {
  const node = await join('ada');
  const lease = leaseIdOf(3 as never, 77);
  const forged = { ...resultFor({ ...(await grantLike()), lease }), lease };
  await node.report([forged]);
  await node.wait('abandon', ({ leases }) => leases.includes(lease));
  expect(node.refusals).toEqual([]);
});

/** A grant as another coordinator might have made it. */
async function grantLike(): Promise<Grant> {
  const helpers = await Promise.all(['x', 'y', 'z'].map((owner) => join(owner)));
  await submit(1);
  const [helper] = helpers;
  if (helper === undefined) throw new Error('Three nodes joined.');
  return firstGrant(helper);
}

test('an answer said twice is recorded twice and credited once; a changed one is refused', async () => {
  const [ada, bob] = [await join('ada', { capacity: 1 }), await join('bob', { capacity: 1 })];
  await join('cy', { capacity: 1 });
  await submit(1);
  const grant = await firstGrant(ada);
  const result = resultFor(grant, { output: inputOf(grant) });
  await ada.report([result]);
  await ada.wait('results-recorded');
  await ada.report([result]);
  await ada.report([resultFor(grant, { output: freshBytes(3) })]);
  expect((await ada.wait('abandon')).reason).toContain('result-changed');
  expect(ada.heard.filter(({ type }) => type === 'results-recorded')).toHaveLength(2);
  const second = await firstGrant(bob);
  await bob.report([resultFor(second, { output: inputOf(second) })]);
  await ada.wait('standing', ({ valid }) => valid === 1);
  expect(await plane.store.views.counters([ada.node])).toMatchObject([{ valid: 1, credit: 7n }]);
});

test('a node keeps its leases over a restart of the coordinator', async () => {
  const dataDir = await mkdtemp(joinPath(tmpdir(), 'trine-restart-'));
  const store = createMemoryStore();
  await plane.close();
  plane = await startTestPlane({ store, dataDir });
  const seed = randomBytes(32);
  const ada = await join('ada', { capacity: 1, seed });
  await join('bob', { capacity: 1 });
  await join('cy', { capacity: 1 });
  const job = await submit(1);
  const grant = await firstGrant(ada);
  for (const node of nodes.splice(0)) node.vanish();
  await plane.close();
  plane = await startTestPlane({ store, dataDir });
  const back = start({ seed, held: [grant.lease] });
  await back.opened;
  await back.report([resultFor(grant, { output: inputOf(grant) })]);
  await back.wait('results-recorded', ({ leases }) => leases.includes(grant.lease));
  const task = await store.views.task(job as never, 0);
  expect(task?.replicas.find(({ lease }) => lease === grant.lease)).toMatchObject({ ended: 'reported' });
  expect(task?.replicas).toHaveLength(3);
  await rm(dataDir, { recursive: true });
});

test('an output that is not what its digest says returns the lease', async () => {
  const liar = await join('liar', { capacity: 1 });
  await join('bob', echo);
  await join('cy', echo);
  await join('dee', echo);
  const job = await submit(3);
  const grant = await firstGrant(liar);
  const result = resultFor(grant, { output: freshBytes(3) });
  await liar.report([{ ...result, output: freshBytes(4) }]);
  const told = await liar.wait('abandon', ({ leases }) => leases.includes(grant.lease));
  expect(told.reason).toContain('digest');
  expect(job).toMatch(/^j/);
});

const put = (digest: string, body: Uint8Array, bearer: string): Promise<Response> =>
  fetch(`${plane.url}/artifacts/${digest}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${bearer}` },
    body: Buffer.from(body),
  });

async function uploadBearer(node: TestNode, lease: LeaseId, bytes: Uint8Array): Promise<string> {
  node.session.send({ type: 'upload-request', lease, digest: sha256(bytes), sizeBytes: bytes.length });
  return (await node.wait('upload-granted', ({ digest }) => digest === sha256(bytes))).bearer;
}

test('a large output is uploaded for its lease, and only then accepted', async () => {
  const bytes = freshBytes(10_000);
  const three = await Promise.all(['ada', 'bob', 'cy'].map((owner) => join(owner, { capacity: 1 })));
  const job = await submit(1, { outputBytes: 20_000 });
  for (const node of three) {
    const grant = await firstGrant(node);
    const bearer = await uploadBearer(node, grant.lease, bytes);
    expect((await put(sha256(bytes), bytes, bearer)).status).toBe(201);
    await node.report([resultFor(grant, { output: bytes })]);
    await node.wait('results-recorded');
  }
  await finishes(job);
  const answer = await fetch(`${plane.url}/artifacts/${sha256(bytes)}`, {
    headers: { authorization: `Bearer ${plane.operatorKey}` },
  });
  expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(bytes));
  expect((await fetch(`${plane.url}/artifacts/${sha256(bytes)}`)).status).toBe(401);
});

test('an upload bearer carries no other bytes, no other size, and dies with its lease', async () => {
  const ada = await join('ada', { capacity: 1 });
  await join('bob');
  await join('cy');
  await submit(1, { outputBytes: 20_000 });
  const grant = await firstGrant(ada);
  const bytes = freshBytes(10_000);
  const bearer = await uploadBearer(ada, grant.lease, bytes);
  const other = freshBytes(10_000);
  expect((await put(sha256(other), other, bearer)).status).toBe(401);
  expect((await put(sha256(bytes), bytes.subarray(1), bearer)).status).toBe(422);
  ada.session.send({ type: 'return-leases', leases: [grant.lease], reason: 'test' });
  ada.session.send({ type: 'upload-request', lease: grant.lease, digest: sha256(bytes), sizeBytes: 10_000 });
  expect((await ada.wait('upload-refused')).code).toBe('not-your-lease');
  const late = await put(sha256(bytes), bytes, bearer);
  expect(late.status).toBe(403);
  expect(await late.text()).toContain('not-your-lease');
});

test.each([
  ['more than the job allows', 30_000, 'artifact-too-large'],
  ['what travels inline', 4_096, 'bad-request'],
])('an upload of %s is refused', async (_what, sizeBytes, code) => {
  const ada = await join('ada', { capacity: 1 });
  await join('bob');
  await join('cy');
  await submit(1, { outputBytes: 20_000 });
  const grant = await firstGrant(ada);
  ada.session.send({ type: 'upload-request', lease: grant.lease, digest: sha256(freshBytes(1)), sizeBytes });
  expect((await ada.wait('upload-refused')).code).toBe(code);
});

test('a large output that was never uploaded is not accepted', async () => {
  const ada = await join('ada', { capacity: 1 });
  await join('bob');
  await join('cy');
  await submit(1, { outputBytes: 20_000 });
  const grant = await firstGrant(ada);
  await ada.report([resultFor(grant, { output: freshBytes(10_000) })]);
  const told = await ada.wait('abandon', ({ leases }) => leases.includes(grant.lease));
  expect(told.reason).toContain('not uploaded');
});

test('a node reads what it leased with the grant’s bearer, and nothing else with it', async () => {
  const ada = await join('ada', { capacity: 1 });
  await join('bob');
  await join('cy');
  await submit(1);
  const { module } = await firstGrant(ada);
  const read = (digest: string): Promise<Response> =>
    fetch(`${plane.url}/artifacts/${digest}`, { headers: { authorization: `Bearer ${module.bearer}` } });
  const answer = await read(module.digest);
  expect(answer.status).toBe(200);
  expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(module.digest);
  expect((await read(await plane.upload(freshBytes(10)))).status).toBe(401);
});

test('garbage and floods end their own session and nobody else’s', async () => {
  const three = await Promise.all(['ada', 'bob', 'cy'].map((owner) => join(owner, echo)));
  const garbage = new WebSocket(`${plane.url.replace('http', 'ws')}/session`);
  const closed = new Promise((resolve) => {
    garbage.once('close', resolve);
  });
  garbage.once('open', () => {
    for (let frame = 0; frame < 50; frame += 1) garbage.send(randomBytes(1_000));
  });
  await closed;
  const flood = await join('flood', { capacity: 0 });
  for (let message = 0; message < 6_000; message += 1) {
    flood.session.send({ type: 'progress', lease: 1 as LeaseId, done: message, total: 6_000 });
  }
  expect((await flood.waitRefused()).code).toBe('rate-limited');
  await finishes(await submit(5));
  expect(three.flatMap(({ refusals }) => refusals)).toEqual([]);
});

const endsOf = async (job: string): Promise<readonly (string | undefined)[]> =>
  (await plane.store.views.task(job as never, 0))?.replicas.map(({ ended }) => ended) ?? [];

/** One has answered, one will be lost, one is slow: the task is not decided without a fourth. */
async function undecided(): Promise<{
  readonly job: string;
  readonly losing: TestNode;
  readonly fourth: TestNode;
}> {
  const losing = await join('losing', { capacity: 1 });
  const slow = await join('slow', { capacity: 1 });
  const quick = await join('quick', echo);
  const job = await submit(1);
  await Promise.all([firstGrant(losing), firstGrant(slow), quick.wait('results-recorded')]);
  return { job, losing, fourth: await join('fourth', echo) };
}

test('a node that vanishes costs its leases and nothing else: they run elsewhere after the grace', async () => {
  const { job, losing, fourth } = await undecided();
  losing.vanish();
  await fourth.wait('results-recorded');
  expect(await endsOf(job)).toContain('lost');
  expect((await plane.store.views.task(job as never, 0))?.state).toBe('verified');
}, 20_000);

test('a link cut in the middle of work costs nothing: the session goes on', async () => {
  const ada = await join('ada', { capacity: 1 });
  await join('bob', echo);
  await join('cy', echo);
  const job = await submit(1);
  const grant = await firstGrant(ada);
  ada.cut();
  await ada.report([resultFor(grant, { output: inputOf(grant) })]);
  await ada.wait('results-recorded');
  await finishes(job);
  const task = await plane.store.views.task(job as never, 0);
  expect(task?.replicas).toHaveLength(3);
});

test('leaving gives the leases back at once', async () => {
  const { job, losing, fourth } = await undecided();
  await losing.leave();
  await fourth.wait('results-recorded');
  expect(await endsOf(job)).toContain('returned');
}, 4_000);
