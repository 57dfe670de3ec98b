// The whole control plane on a real Postgres, through restarts and failing commits; and a session on a data channel.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildLinkChild } from '@trine/mesh/build-link-child';
import { openPeer, type Upgrade, upgradeToWebRtc } from '@trine/mesh/webrtc';
import { TrineError } from '@trine/protocol';
import { pino } from 'pino';
import SimplePeer from 'simple-peer';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startTestPlane, type TestPlane } from './control-plane.testing.ts';
import type { ControlPlaneOptions } from './create-control-plane.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './postgres/embedded-postgres.ts';
import { migrate } from './store/migrate.ts';
import { createPrismaStore } from './store/prisma-store.ts';
import type { Store } from './store/store.ts';
import {
  ECHO_MODULE,
  inputOf,
  startTestNode,
  type TestNode,
  type TestNodeOptions,
} from './test-node.testing.ts';

const log = pino({ level: 'silent' });
const migrations = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));
let dataDir: string;
let postgres: EmbeddedPostgres;
let store: Store;
let plane: TestPlane;
const nodes: TestNode[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-plane-pg-'));
  postgres = await startEmbeddedPostgres({ dataDir, log });
  await migrate({ url: postgres.url, dir: migrations, log });
  store = createPrismaStore({ url: postgres.url });
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.leave()));
  await plane.close();
});
afterAll(async () => {
  await store.close();
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function open(options: Partial<ControlPlaneOptions> = {}): Promise<void> {
  plane = await startTestPlane({ store, dataDir: join(dataDir, 'plane'), ...options });
}

const operator = () =>
  plane.plane.caller({ type: 'key', key: 'operator' as never, name: 'operator', role: 'operator' });

async function join3(options: Partial<TestNodeOptions> = {}): Promise<readonly TestNode[]> {
  const answer: TestNodeOptions['answer'] = (grant) => ({ output: inputOf(grant) });
  return Promise.all(
    ['ada', 'bob', 'cy'].map(async (ownerName) => {
      const { token } = await operator().tokens.create({ ownerName });
      const node = startTestNode({ url: plane.url, token, answer, ...options });
      nodes.push(node);
      await node.opened;
      return node;
    }),
  );
}

async function submit(count: number): Promise<string> {
  const job = await operator().jobs.submit({
    name: 'echo',
    module: await plane.upload(ECHO_MODULE),
    inputs: {
      type: 'inline',
      items: Array.from({ length: count }, (_, index) => Buffer.from(`input ${index}`).toString('base64')),
    },
    idempotencyKey: randomBytes(8).toString('hex'),
  });
  return job.id;
}

/** Outputs of the finished job, by task. */
async function outputsOf(job: string): Promise<readonly string[]> {
  const outputs: string[] = [];
  const results = await operator().jobs.results({ job });
  let expected = 1;
  for await (const [id, result] of results as AsyncIterable<
    readonly [string, { index: number; output?: string }]
  >) {
    expect(Number(id)).toBe(expected);
    expected += 1;
    outputs[result.index] = Buffer.from(result.output ?? '', 'base64').toString();
  }
  return outputs;
}

const inputs = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `input ${index}`);

test('a job runs to its end, and a second start finds it as it was', async () => {
  await open();
  await join3();
  const job = await submit(40);
  expect(await outputsOf(job)).toEqual(inputs(40));
  await Promise.all(nodes.splice(0).map((node) => node.leave()));
  const { operatorKey, url } = plane;
  await plane.close();
  await open();
  expect(plane.plane.operatorKey).toBeUndefined();
  expect(url).not.toBe(plane.url);
  const answer = await fetch(`${plane.url}/trpc/auth.whoAmI`, {
    headers: { authorization: `Bearer ${operatorKey}` },
  });
  expect(await answer.text()).toContain('operator');
  expect(await outputsOf(job)).toEqual(inputs(40));
  expect(await operator().cluster.overview()).toMatchObject({ tasks: { total: 40, verified: 40 } });
});

test('commits that fail before and after they are written lose nothing and credit nothing twice', async () => {
  let commits = 0;
  await open({
    faults: {
      beforeCommit: () => {
        commits += 1;
        if (commits % 7 === 3) throw new TrineError('store-unavailable', 'the connection is gone');
      },
      afterCommit: () => {
        if (commits % 7 === 6) throw new TrineError('store-unavailable', 'the answer to COMMIT is lost');
      },
    },
  });
  const three = await join3();
  const job = await submit(60);
  expect(await outputsOf(job)).toEqual(inputs(60));
  const live = await operator().cluster.live();
  for await (const _tick of live) if ((await operator().jobs.get({ job })).state === 'finished') break;
  expect(plane.plane.loop.running().failures).toBeGreaterThan(0);
  const rows = await store.views.tasks(job as never, 0, 100);
  const valid = rows.flatMap(({ replicas }) => replicas.filter(({ verdict }) => verdict === 'valid'));
  const counters = await store.views.counters(three.map(({ node }) => node));
  expect(counters.reduce((sum, { credit }) => sum + credit, 0n)).toBe(BigInt(valid.length) * 7n);
});

test('a session moves to a data channel and its work goes on there', async () => {
  const entry = fileURLToPath(new URL('../dist/link-child.test.cjs', import.meta.url));
  await buildLinkChild({ outfile: entry });
  await open({ linkProcessEntry: entry, loopbackOnly: true });
  const upgrades: Upgrade[] = [];
  const [node] = await join3({ onSignal: (signal) => upgrades[0]?.signal(signal) });
  if (node === undefined) throw new Error('Three nodes joined.');
  const wrtc = createRequire(import.meta.url)('@roamhq/wrtc') as NonNullable<SimplePeer.Options['wrtc']>;
  const upgrade = upgradeToWebRtc({
    session: node.session,
    attempt: 1,
    open: (onSignal) =>
      openPeer({
        SimplePeer,
        wrtc,
        initiator: true,
        iceServers: [],
        onSignal,
        keepCandidate: (candidate) => / (127\.0\.0\.1|::1) /.test(candidate),
      }),
  });
  upgrades.push(upgrade);
  expect(await upgrade.done).toEqual({ type: 'moved' });
  expect(await outputsOf(await submit(10))).toEqual(inputs(10));
  expect(await operator().nodes.get({ node: node.node })).toMatchObject({
    link: 'webrtc',
    linkNote: '',
    online: true,
  });
});
