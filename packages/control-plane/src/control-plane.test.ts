// The whole control plane over real HTTP and WebSockets: three nodes join, lease, report, and results are recorded.
import { type Clock, systemClock } from '@trine/mesh';
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestPlane, type TestPlane } from './control-plane.testing.ts';
import type { AppRouter } from './router.ts';
import {
  ECHO_MODULE,
  inputOf,
  startTestNode,
  type TestNode,
  type TestNodeOptions,
} from './test-node.testing.ts';
import type { JobView, ResultView } from './views.ts';

let plane: TestPlane;
const nodes: TestNode[] = [];

beforeEach(async () => {
  plane = await startTestPlane();
});

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.leave()));
  await plane.close();
});

const client = (key?: string) =>
  createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${plane.url}/trpc`,
        headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      }),
    ],
  });

async function join(owner: string, options: Partial<TestNodeOptions> = {}): Promise<TestNode> {
  const { token } = await client(plane.operatorKey).tokens.create.mutate({ ownerName: owner });
  const node = startTestNode({ url: plane.url, token, ...options });
  nodes.push(node);
  await node.opened;
  return node;
}

const echo = { answer: (grant: Parameters<typeof inputOf>[0]) => ({ output: inputOf(grant) }) };

async function submit(items: readonly string[], key = plane.operatorKey): Promise<JobView> {
  const module = await plane.upload(ECHO_MODULE, key);
  return client(key).jobs.submit.mutate({
    name: 'echo',
    module,
    inputs: { type: 'inline', items: items.map((item) => Buffer.from(item).toString('base64')) },
    idempotencyKey: `key-${Math.random()}`,
  });
}

async function resultsOf(job: string, count: number): Promise<readonly ResultView[]> {
  const results: ResultView[] = [];
  const caller = plane.plane.caller({
    type: 'key',
    key: 'k' as never,
    name: 'operator',
    role: 'operator',
  });
  const stream = await caller.jobs.results({ job });
  for await (const [, result] of stream as AsyncIterable<readonly [string, ResultView]>) {
    results.push(result);
    if (results.length === count) break;
  }
  return results;
}

test('three nodes of three owners agree, and the submitter reads the outputs', async () => {
  await Promise.all(['ada', 'bob', 'cy'].map((owner) => join(owner, echo)));
  const job = await submit(['one', 'two', 'three', 'four', 'five']);
  const results = await resultsOf(job.id, 5);
  const texts = results.map(({ output }) => Buffer.from(output ?? '', 'base64').toString()).sort();
  expect(texts).toEqual(['five', 'four', 'one', 'three', 'two']);
  expect(results.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  expect(results.every(({ kind, outcome }) => kind === 'verified' && outcome === 'completed')).toBe(true);
});

test('with two owners the nodes are told how many are missing', async () => {
  const [ada] = await Promise.all([join('ada', echo), join('bob', echo)]);
  await submit(['one']);
  const told = await ada?.wait('idle-reason', ({ reason }) => reason.includes('2 of 3'));
  expect(told?.reason).toBe('waiting: 2 of 3 owners online');
});

test('a job without inputs, or with a module nobody uploaded, is refused with a code', async () => {
  const codeOf = (cause: unknown): unknown =>
    cause instanceof TRPCClientError ? (cause.data as { trineCode?: string } | undefined)?.trineCode : cause;
  expect(codeOf(await submit([]).catch((cause: unknown) => cause))).toBe('no-inputs');
  const missing = client(plane.operatorKey)
    .jobs.submit.mutate({
      name: 'echo',
      module: 'f'.repeat(64),
      inputs: { type: 'inline', items: ['AAAA'] },
      idempotencyKey: 'x',
    })
    .catch((cause: unknown) => cause);
  expect(codeOf(await missing)).toBe('not-found');
});

/** The system's clock, three times as fast: agents at their own pace still pass for alive. */
const quickClock: Clock = {
  nowMs: () => systemClock.nowMs() * 3,
  setTimer: (delayMs, run) => systemClock.setTimer(delayMs / 3, run),
  defer: (run) => systemClock.defer(run),
};

test('a report that went down with a broken batch is asked for again', async () => {
  await plane.close();
  let hasFailed = false;
  plane = await startTestPlane({
    clock: quickClock,
    faults: {
      beforeCommit: (commits) => {
        const bearsResult = commits.some(({ changes }) =>
          changes.tasks.some(({ replicas }) => replicas.some(({ result }) => result !== undefined)),
        );
        if (hasFailed || !bearsResult) return;
        hasFailed = true;
        throw new Error('a batch that can never be written');
      },
    },
  });
  await Promise.all(['ada', 'bob', 'cy'].map((owner) => join(owner, echo)));
  const job = await submit(['one']);
  const [result] = await resultsOf(job.id, 1);
  expect(hasFailed).toBe(true);
  expect(Buffer.from(result?.output ?? '', 'base64').toString()).toBe('one');
}, 30_000);
