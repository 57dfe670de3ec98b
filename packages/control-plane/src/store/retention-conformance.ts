/** What every store must do when it trims: a part of the conformance suite. */
import { createHash } from 'node:crypto';
import { type Digest, digestToBytes, shardOf } from '@trine/protocol';
import type { ReplicaResult, ShardChanges, TaskRow } from '@trine/scheduler';
import { expect, test } from 'vitest';
import type { SweepCursor } from './retention-store.ts';
import {
  artifactFor,
  commitOf,
  countersRow,
  digestFor,
  EVERY_BYTE,
  helloOf,
  jobId,
  jobRowFor,
  keyId,
  nodeId,
  replicaRow,
  shardId,
  specRow,
  taskRowFor,
} from './rows.testing.ts';
import type { Store } from './store.ts';

const NEVER_MS = 4_000_000_000_000;
const LONG_MS = 3_600_000;
const T = 1_795_000_000_000;

export function retentionTests(store: () => Store): void {
  historyTests(store);
  jobTests(store);
  registryTests(store);
  artifactTests(store);
}

/** Commits changes on the shard of a job, or another. */
async function write(store: Store, changes: Partial<ShardChanges>, job = jobId('old')): Promise<void> {
  const [acquired] = await store.shards.acquire([shardOf(job)], 'tester');
  if (acquired === undefined) throw new Error('The shard was not given.');
  expect(await store.shards.commit([commitOf(acquired.right, changes)])).toEqual({ type: 'committed' });
}

function historyTests(store: () => Store): void {
  test('old batches go from the front, and the last that went is what the rest hangs on', async () => {
    let [{ right } = { right: undefined }] = await store().shards.acquire([shardId(3)], 'tester');
    if (right === undefined) throw new Error('The shard was not given.');
    for (let seq = 1; seq <= 6; seq += 1) {
      await store().shards.commit([{ ...commitOf(right), events: EVERY_BYTE.subarray(seq), atMs: seq * 10 }]);
      right = { ...right, seq };
    }
    const { retention, shards } = store();
    const all = await shards.readBatches(shardId(3), 0, 10);
    expect(await retention.historyAnchor(shardId(3))).toEqual({ seq: 0, hash: '00'.repeat(32) });
    expect(await retention.trimBatches(shardId(3), 45, 3)).toBe(3);
    expect(await retention.trimBatches(shardId(3), 45, 3)).toBe(1);
    expect(await retention.trimBatches(shardId(3), 45, 3)).toBe(0);
    expect(await retention.historyAnchor(shardId(3))).toEqual({ seq: 4, hash: all[3]?.hash });
    const kept = await shards.readBatches(shardId(3), 0, 10);
    expect(kept).toEqual(all.slice(4));
    let { hash: previous } = await retention.historyAnchor(shardId(3));
    for (const { epoch, seq, events, hash } of kept) {
      const numbers = Buffer.alloc(16);
      numbers.writeBigUInt64BE(BigInt(epoch), 0);
      numbers.writeBigUInt64BE(BigInt(seq), 8);
      const chain = createHash('sha256').update(digestToBytes(previous)).update(numbers).update(events);
      expect(hash).toBe(chain.digest('hex'));
      previous = hash;
    }
    expect(await retention.historyAnchor(shardId(4))).toEqual({ seq: 0, hash: '00'.repeat(32) });
  });
}

const resultOf = (fuel: bigint, frame: string): ReplicaResult => ({
  outcome: 'completed',
  outputDigest: digestFor('output'),
  outputBytes: 3,
  output: EVERY_BYTE.subarray(0, 3),
  fuel,
  wallMs: 1,
  frame: digestFor(frame),
  leaf: 0,
});

const verifiedTask = (index: number, fuel: bigint, over: Partial<TaskRow> = {}): TaskRow =>
  taskRowFor(jobId('old'), index, {
    closed: true,
    state: 'verified',
    replicas: [
      replicaRow(1, { ended: 'reported', verdict: 'valid', result: resultOf(fuel, `frame ${index}`) }),
      replicaRow(2, { ended: 'reported', verdict: 'valid', result: resultOf(fuel, 'shared') }),
      replicaRow(3, { ended: 'reported', verdict: 'invalid', result: resultOf(99n, 'liar') }),
    ],
    ...over,
  });

const frameRow = (name: string, leaves: number) => ({
  id: digestFor(name),
  root: EVERY_BYTE.subarray(0, 32),
  signature: EVERY_BYTE.subarray(0, 64),
  leaves,
  node: nodeId(1),
});

/** A finished job of five tasks with inputs, results, frames and counters. */
async function finishedJob(store: Store, finishedAtMs: number): Promise<void> {
  const spec = specRow('old', { inputs: { type: 'list', count: 5 } });
  const bytes = new Uint8Array(1);
  const input = { digest: digestFor('input'), sizeBytes: 1, bytes };
  await store.registry.saveInputs(
    spec.job,
    [0, 1, 2, 3, 4].map(() => input),
  );
  const tasks = [0, 1, 2, 3, 4].map((index) => verifiedTask(index, BigInt(index + 1)));
  await write(store, {
    jobs: [jobRowFor(spec, { state: 'finished', finishedAtMs, verified: 5 })],
    tasks,
    results: tasks.map(({ job, index }) => ({ job, sequence: index + 1, index, kind: 'verified' })),
    frames: [...tasks.map(({ index }) => frameRow(`frame ${index}`, 1)), frameRow('shared', 6)],
    counters: [1, 2].map((n) => countersRow(n, { credit: 15n })),
  });
}

async function drain(store: Store, count: number) {
  const sums = { tasks: 0, results: 0, inputs: 0, frames: 0 };
  for (;;) {
    const trimmed = await store.retention.trimRetired(count);
    if (trimmed === undefined) return sums;
    for (const kind of ['tasks', 'results', 'inputs', 'frames'] as const) {
      expect(trimmed[kind]).toBeLessThanOrEqual(count);
      sums[kind] += trimmed[kind];
    }
  }
}

function jobTests(store: () => Store): void {
  test('a job that is long over goes with all its rows, and the totals keep what it added up to', async () => {
    await finishedJob(store(), 1_000);
    const reserve = {
      key: keyId('mine'),
      idempotencyKey: 'once',
      job: jobId('old'),
      request: digestFor('r'),
      atMs: 1,
    };
    await store().registry.reserveIdempotency(reserve);
    const before = await store().views.totals();
    expect(await store().retention.retireJobs(1_000, 10)).toBe(0);
    expect(await store().retention.retireJobs(1_001, 10)).toBe(1);
    expect(await store().views.job(jobId('old'))).toBeUndefined();
    expect(await store().views.totals()).toEqual(before);
    expect(await drain(store(), 2)).toEqual({ tasks: 5, results: 5, inputs: 5, frames: 5 });
    expect(await store().views.tasks(jobId('old'), 0, 10)).toEqual([]);
    expect(await store().views.results(jobId('old'), 0, 10)).toEqual([]);
    expect(await store().shards.loadInputs(jobId('old'), 0, 10)).toEqual([]);
    expect(await store().views.totals()).toEqual(before);
    expect((await store().views.counters([nodeId(1)]))[0]?.credit).toBe(15n);
    const again = { ...reserve, job: jobId('new') };
    expect((await store().registry.reserveIdempotency(again)).job).toBe(jobId('new'));
  });

  test('a job with an open task, a running one and a young one stay', async () => {
    const [open, running, young] = [specRow('open'), specRow('running'), specRow('young')];
    for (const job of [
      jobRowFor(open, { state: 'cancelled', finishedAtMs: 5 }),
      jobRowFor(running),
      jobRowFor(young, { state: 'finished', finishedAtMs: 1_000 }),
    ]) {
      await write(store(), { jobs: [job] }, job.spec.job);
    }
    await write(store(), { tasks: [taskRowFor(open.job, 0)] }, open.job);
    expect(await store().retention.retireJobs(1_000, 10)).toBe(0);
    await write(store(), { tasks: [taskRowFor(open.job, 0, { closed: true })] }, open.job);
    expect(await store().retention.retireJobs(1_000, 10)).toBe(1);
  });

  test('a frame that no task can name goes even if its leaves never all came', async () => {
    await finishedJob(store(), 1_000);
    expect(await store().retention.trimFrames(-LONG_MS, 10)).toBe(6);
    expect(await store().retention.trimFrames(LONG_MS, 10)).toBe(0);
  });
}

function registryTests(store: () => Store): void {
  test('what was asked for and never became a job goes with its inputs', async () => {
    const row = (name: string, atMs: number) => ({
      key: keyId('mine'),
      idempotencyKey: name,
      job: jobId(name),
      request: digestFor(name),
      atMs,
    });
    const names = ['lost', 'kept', 'young'];
    const input = { digest: digestFor('i'), sizeBytes: 1, bytes: new Uint8Array(1) };
    for (const [index, name] of names.entries()) {
      await store().registry.reserveIdempotency(row(name, 10 + index));
      await store().registry.saveInputs(jobId(name), [input]);
    }
    await write(store(), { jobs: [jobRowFor(specRow('kept'))] }, jobId('kept'));
    await store().registry.reserveIdempotency({ ...row('young', 99), job: jobId('other') });
    const removed = await everyPage((after) => store().retention.retireSubmissions(50, { count: 1, after }));
    expect(removed).toBe(1);
    expect(await drain(store(), 10)).toMatchObject({ inputs: 1 });
    const left = await Promise.all(names.map((name) => store().shards.loadInputs(jobId(name), 0, 1)));
    expect(left.map(({ length }) => length)).toEqual([0, 1, 1]);
  });

  test('sign-ins go when they expired', async () => {
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const expiresAtMs = 10 * (index + 1);
      await store().registry.createSignIn({
        hash: digestFor(name),
        kind: 'cookie',
        key: keyId('a'),
        expiresAtMs,
      });
    }
    expect(await store().retention.trimSignIns(20, 1)).toBe(1);
    expect(await store().retention.trimSignIns(20, 9)).toBe(1);
    expect(await store().registry.findSignIn(digestFor('c'), 'cookie', 1)).toBeDefined();
  });

  test('a node that never earned anything goes, and comes back in a higher session', async () => {
    for (const n of [1, 2, 3, 4]) await store().registry.admitNode(helloOf(n, { atMs: n === 4 ? 99 : 10 }));
    await store().registry.admitNode(helloOf(1, { atMs: 11 }));
    const idle = { valid: 0, invalid: 0, inconclusive: 0, credit: 0n };
    await write(store(), { counters: [countersRow(1, idle), countersRow(2, { ...idle, credit: 1n })] });
    const removed = await everyPage((after) => store().retention.trimNodes(50, { count: 1, after }));
    expect(removed).toBe(2);
    expect((await store().views.nodes(9)).map(({ node }) => node)).toEqual([nodeId(4), nodeId(2)]);
    expect(await store().registry.admitNode(helloOf(1))).toMatchObject({ row: { session: 3 } });
  });
}

async function everyPage(
  step: (
    after: SweepCursor | undefined,
  ) => Promise<{ readonly removed: number; readonly next: SweepCursor | undefined }>,
): Promise<number> {
  let removed = 0;
  for (let after: SweepCursor | undefined; ; ) {
    const page = await step(after);
    removed += page.removed;
    if (page.next === undefined) return removed;
    after = page.next;
  }
}

function artifactTests(store: () => Store): void {
  /** An age that everything has, whatever the store's clock says. */
  const ANY_AGE_MS = -LONG_MS;
  const collect = async (count: number, unusedMs = ANY_AGE_MS): Promise<readonly Digest[]> => {
    const removed: Digest[] = [];
    await everyPage(async (after) => {
      const page = await store().retention.removeArtifacts(unusedMs, { count, after }, async () => undefined);
      removed.push(...page.removed);
      return { removed: page.removed.length, next: page.next };
    });
    return removed.sort();
  };
  const save = (
    name: string,
    owner = keyId('mine') as ReturnType<typeof keyId> | ReturnType<typeof nodeId>,
  ) => store().registry.saveArtifact(artifactFor(name), owner);

  test('what a job, an input or an answer names stays; the rest goes when it is old enough', async () => {
    const spec = specRow('names', { module: artifactFor('module') });
    const job = jobRowFor(spec, {
      preparedModule: artifactFor('prepared'),
      finishedAtMs: 5,
      state: 'finished',
    });
    const canonical = {
      outcome: 'completed',
      outputDigest: artifactFor('output').digest,
      outputBytes: 9_000,
      output: undefined,
      fuel: 1n,
    } as const;
    const task = taskRowFor(spec.job, 0, { closed: true, state: 'verified', canonical });
    const input = { digest: artifactFor('input').digest, sizeBytes: 1, bytes: undefined };
    await store().registry.saveInputs(spec.job, [input]);
    const names = ['module', 'prepared', 'output', 'input'];
    await write(store(), { jobs: [job], tasks: [task] }, spec.job);
    for (const name of [...names, 'loose 1', 'loose 2', 'loose 3']) await save(name);
    expect(await collect(2, LONG_MS)).toEqual([]);
    const loose = [1, 2, 3].map((n) => artifactFor(`loose ${n}`).digest).sort();
    expect(await collect(2)).toEqual(loose);
    expect(await store().registry.mayRead(loose[0] ?? digestFor(''), keyId('mine'))).toBe(false);
    const all = [...names.map((name) => artifactFor(name).digest), ...loose];
    expect((await store().retention.knownArtifacts(all)).size).toBe(names.length);
    expect(await store().retention.retireJobs(NEVER_MS, 9)).toBe(1);
    await drain(store(), 9);
    expect(await collect(9)).toHaveLength(names.length);
  });

  test('what a node brought stays while a job is open that may name it', async () => {
    const spec = specRow('open');
    await write(store(), { jobs: [jobRowFor(spec)] }, spec.job);
    await save('not yet decided', nodeId(7));
    await save('a stray upload');
    expect(await collect(9)).toEqual([artifactFor('a stray upload').digest]);
    const over = jobRowFor(spec, { state: 'cancelled', finishedAtMs: T });
    await write(store(), { jobs: [over] }, spec.job);
    expect(await collect(9)).toEqual([artifactFor('not yet decided').digest]);
  });

  test('when the files cannot be set aside, the rows stay', async () => {
    await save('stuck');
    const refuse = () => Promise.reject(new Error('the disk is gone'));
    const slice = { count: 9, after: undefined };
    await expect(store().retention.removeArtifacts(ANY_AGE_MS, slice, refuse)).rejects.toThrow();
    expect(await store().registry.findArtifact(artifactFor('stuck').digest)).toBeDefined();
  });
}
