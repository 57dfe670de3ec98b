// Jobs from outside: submitting, repeating, ranges, visibility, cancelling, and the result stream over HTTP.
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshBytes, startTestPlane, type TestPlane } from '../control-plane.testing.ts';
import type { AppRouter } from '../router.ts';
import { ECHO_MODULE, inputOf, startTestNode, type TestNode } from '../test-node.testing.ts';
import type { JobView, ResultView } from '../views.ts';

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
type Submit = Parameters<ReturnType<typeof client>['jobs']['submit']['mutate']>[0];

const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
  const cause: unknown = await work.catch((error: unknown) => error);
  return cause instanceof TRPCClientError
    ? (cause.data as { readonly trineCode?: string } | null)?.trineCode
    : cause;
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function request(change: Partial<Submit> = {}, key = plane.operatorKey): Promise<Submit> {
  return {
    name: 'echo',
    module: await plane.upload(ECHO_MODULE, key),
    inputs: { type: 'inline', items: [base64('one'), base64('two')] },
    idempotencyKey: `key-${Math.random()}`,
    ...change,
  };
}

const newKey = async (name: string): Promise<string> =>
  (await plane.plane.access.createKey({ name, role: 'submitter' })).key;

/** Until the job is in this state, as the live view tells of changes. */
async function untilState(job: string, state: JobView['state']): Promise<JobView> {
  const caller = plane.plane.caller({ type: 'key', key: 'k' as never, name: 'op', role: 'operator' });
  const live = await caller.cluster.live();
  for await (const _tick of live) {
    const view = await caller.jobs.get({ job });
    if (view.state === state) return view;
  }
  throw new Error('The live view ended.');
}

async function threeNodes(): Promise<void> {
  for (const ownerName of ['ada', 'bob', 'cy']) {
    const { token } = await client(plane.operatorKey).tokens.create.mutate({ ownerName });
    const node = startTestNode({ url: plane.url, token, answer: (grant) => ({ output: inputOf(grant) }) });
    nodes.push(node);
    await node.opened;
  }
}

test('a repeat with the same idempotency key is the same job; with other content it is a conflict', async () => {
  const asked = await request();
  const { submit } = client(plane.operatorKey).jobs;
  const [first, second] = await Promise.all([submit.mutate(asked), submit.mutate(asked)]);
  expect(second.id).toBe(first.id);
  expect((await submit.mutate(asked)).id).toBe(first.id);
  expect(await codeOf(submit.mutate({ ...asked, name: 'other' }))).toBe('idempotency-conflict');
  const elsewhere = await newKey('elsewhere');
  await plane.upload(ECHO_MODULE, elsewhere);
  expect((await client(elsewhere).jobs.submit.mutate(asked)).id).not.toBe(first.id);
});

test('a range of a million tasks is accepted at once and writes no row for what has not begun', async () => {
  const asked = await request({
    inputs: { type: 'range', shared: base64('seed'), first: 5, count: 1_000_000 },
  });
  const job = await client(plane.operatorKey).jobs.submit.mutate(asked);
  expect(job.tasks).toMatchObject({ total: 1_000_000, waiting: 1_000_000, running: 0 });
  expect(await plane.store.views.tasks(job.id as never, 0, 10)).toEqual([]);
  const task = await client(plane.operatorKey).jobs.task.query({ job: job.id, index: 999_999 });
  expect(task).toMatchObject({ index: 999_999, state: 'waiting', replicas: [] });
  expect(await codeOf(client(plane.operatorKey).jobs.task.query({ job: job.id, index: 1_000_000 }))).toBe(
    'not-found',
  );
  // A promised second, with a margin of three; the upload and the connection are in it too.
}, 3_000);

test.each([
  ['no inputs', { inputs: { type: 'inline', items: [] } }, 'no-inputs'],
  ['an empty range', { inputs: { type: 'range', shared: '', first: 0, count: 0 } }, 'no-inputs'],
  ['no artifacts', { inputs: { type: 'artifacts', digests: [] } }, 'no-inputs'],
  ['broken base64', { inputs: { type: 'inline', items: ['?'] } }, 'bad-request'],
  [
    'a large inline input',
    { inputs: { type: 'inline', items: [base64('x'.repeat(4_097))] } },
    'input-too-large',
  ],
  [
    'a large shared input',
    { inputs: { type: 'range', shared: base64('x'.repeat(4_089)), first: 0, count: 1 } },
    'input-too-large',
  ],
  ['an unknown artifact', { inputs: { type: 'artifacts', digests: ['0'.repeat(64)] } }, 'not-found'],
  ['an unknown module', { module: '1'.repeat(64) }, 'not-found'],
  [
    'a range past every limit',
    { inputs: { type: 'range', shared: '', first: 0, count: 1e9 } },
    'bad-request',
  ],
  ['a name without letters', { name: '  ' }, 'bad-request'],
] as const)('%s: refused with a code', async (_what, change, code) => {
  const asked = await request(change as unknown as Partial<Submit>);
  expect(await codeOf(client(plane.operatorKey).jobs.submit.mutate(asked))).toBe(code);
});

test('nobody submits without a key, and only the operator makes a job public', async () => {
  const key = await newKey('sue');
  const asked = await request({}, key);
  expect(await codeOf(client().jobs.submit.mutate(asked))).toBe('unauthorized');
  expect(await codeOf(client(key).jobs.submit.mutate({ ...asked, isPublic: true }))).toBe('forbidden');
});

test('another’s private job is not there; a public one is seen by anyone and cancelled by its key alone', async () => {
  const [sue, tom] = [await newKey('sue'), await newKey('tom')];
  const mine = await client(sue).jobs.submit.mutate(await request({}, sue));
  const shown = await client(plane.operatorKey).jobs.submit.mutate(await request({ isPublic: true }));
  expect(mine.isMine).toBe(true);
  expect(await codeOf(client(tom).jobs.get.query({ job: mine.id }))).toBe('not-found');
  expect(await codeOf(client().jobs.resultsPage.query({ job: mine.id }))).toBe('not-found');
  expect(await codeOf(client(tom).jobs.cancel.mutate({ job: mine.id }))).toBe('not-found');
  expect((await client().jobs.get.query({ job: shown.id })).isMine).toBe(false);
  expect(await codeOf(client(tom).jobs.cancel.mutate({ job: shown.id }))).toBe('forbidden');
  const idsFor = async (key?: string): Promise<readonly string[]> =>
    (await client(key).jobs.list.query()).map(({ id }) => id).sort();
  expect(await idsFor()).toEqual([shown.id]);
  expect(await idsFor(tom)).toEqual([shown.id]);
  expect(await idsFor(sue)).toEqual([mine.id, shown.id].sort());
  expect(await idsFor(plane.operatorKey)).toEqual([mine.id, shown.id].sort());
});

test('cancelling ends a job once; a finished one has nothing to cancel', async () => {
  const { jobs } = client(plane.operatorKey);
  const job = await jobs.submit.mutate(await request());
  expect(await jobs.cancel.mutate({ job: job.id })).toMatchObject({
    state: 'cancelled',
    reason: 'cancelled by its submitter',
  });
  expect((await jobs.cancel.mutate({ job: job.id })).state).toBe('cancelled');
  await threeNodes();
  const done = await jobs.submit.mutate(await request());
  await untilState(done.id, 'finished');
  expect(await codeOf(jobs.cancel.mutate({ job: done.id }))).toBe('wrong-state');
});

test('bytes that are no module refuse the job, with the offset', async () => {
  const module = await plane.upload(freshBytes(100));
  const job = await client(plane.operatorKey).jobs.submit.mutate(await request({ module }));
  const refused = await untilState(job.id, 'refused');
  expect(refused.reason).toContain('byte 0');
});

test('a module that imports what no guest has is refused by name', async () => {
  // (module (import "env" "open" (func)))
  const module = await plane.upload(
    new Uint8Array(
      Buffer.from('0061736d010000000104016000000 20c0103656e76046f70656e0000'.replaceAll(' ', ''), 'hex'),
    ),
  );
  const job = await client(plane.operatorKey).jobs.submit.mutate(await request({ module }));
  expect((await untilState(job.id, 'refused')).reason).toContain('env');
});

interface StreamEvent {
  readonly id: string;
  readonly result: ResultView;
}

/** The stream as any program reads it: server-sent events over plain HTTP. */
async function* readStream(job: string, lastEventId?: string): AsyncGenerator<StreamEvent> {
  const input = encodeURIComponent(JSON.stringify({ job }));
  const answer = await fetch(`${plane.url}/trpc/jobs.results?input=${input}`, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${plane.operatorKey}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  let text = '';
  for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(piece).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const id = field('id');
      if (id !== undefined) yield { id, result: JSON.parse(field('data') ?? '') as ResultView };
      if (field('event') === 'return') return;
    }
  }
}

test('the result stream resumes by sequence, gapless, and ends when the job has ended', async () => {
  const items = Array.from({ length: 30 }, (_, index) => base64(`input ${index}`));
  const job = await client(plane.operatorKey).jobs.submit.mutate(
    await request({ inputs: { type: 'inline', items } }),
  );
  await threeNodes();
  const seen: StreamEvent[] = [];
  for await (const event of readStream(job.id)) {
    seen.push(event);
    if (seen.length === 10) break;
  }
  for await (const event of readStream(job.id, seen.at(-1)?.id)) seen.push(event);
  expect(seen.map(({ id }) => Number(id))).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  expect(seen.map(({ result }) => result.index).sort((a, b) => a - b)).toEqual(
    items.map((_, index) => index),
  );
});

test('a decided task shows who said what; the overview counts it', async () => {
  await threeNodes();
  const job = await client(plane.operatorKey).jobs.submit.mutate(await request({ isPublic: true }));
  await untilState(job.id, 'finished');
  const task = await client().jobs.task.query({ job: job.id, index: 1 });
  expect(task.state).toBe('verified');
  expect(task.replicas.map(({ ownerName }) => ownerName).sort()).toEqual(['ada', 'bob', 'cy']);
  expect(task.replicas.map(({ verdict }) => verdict)).toEqual(['valid', 'valid', 'valid']);
  expect(await client().jobs.taskStates.query({ job: job.id })).toEqual([
    { index: 0, state: 'verified' },
    { index: 1, state: 'verified' },
  ]);
  const overview = await client().cluster.overview.query();
  expect(overview).toMatchObject({
    nodesOnline: 3,
    ownersOnline: 3,
    tasks: { total: 2, verified: 2 },
    fuel: '14',
  });
  const shown = await client().nodes.list.query();
  expect(shown.map(({ verdicts, credit, online }) => [verdicts.valid, credit, online])).toEqual(
    Array.from({ length: 3 }, () => [2, '14', true]),
  );
  const detail = await client().nodes.get.query({ node: shown[0]?.id ?? '' });
  expect(new Set(detail.recent.map(({ index }) => index))).toEqual(new Set([0, 1]));
});
