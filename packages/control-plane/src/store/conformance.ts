/** What every store must do, as a test suite: `MemoryStore` and `PrismaStore` pass the same. */
import { createHash } from 'node:crypto';
import { type Digest, digestToBytes, type OwnerId, type QuorumGroup, type ShardId } from '@trine/protocol';
import type { ShardChanges } from '@trine/scheduler';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { retentionTests } from './retention-conformance.ts';
import {
  artifactFor,
  AWKWARD,
  commitOf,
  countersRow,
  digestFor,
  EVERY_BYTE,
  helloOf,
  jobId,
  jobRowFor,
  keyId,
  LARGE_FUEL,
  MANY_REPLICAS,
  nodeId,
  PROFILE,
  replicaRow,
  shardId,
  specRow,
  taskRowFor,
} from './rows.testing.ts';
import type { NewInput, ShardRight, Store } from './store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Ends whatever the store stands on, after the store itself was closed. */
  dispose(): Promise<void>;
}

/** Declares the suite for one adapter; `open` makes an empty store for each test. */
export function storeConformance(adapter: string, open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  beforeEach(async () => {
    under = await open();
  });
  afterEach(async () => {
    await under.store.close();
    await under.dispose();
  });
  const store = () => under.store;
  describe(`${adapter}: shards`, () => shardTests(store));
  describe(`${adapter}: inputs`, () => inputTests(store));
  describe(`${adapter}: views`, () => viewTests(store));
  describe(`${adapter}: registry`, () => registryTests(store));
  describe(`${adapter}: nodes`, () => nodeTests(store));
  describe(`${adapter}: artifacts`, () => artifactTests(store));
  describe(`${adapter}: retention`, () => retentionTests(store));
  test(`${adapter}: a closed store answers like one that is away`, async () => {
    await store().ping();
    await store().close();
    await expect(store().ping()).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(store().views.totals()).rejects.toMatchObject({ code: 'store-unavailable' });
    await store().close();
  });
}

type Open = () => Store;

async function acquireOne(store: Store, shard: ShardId) {
  const [acquired] = await store.shards.acquire([shard], 'tester');
  if (acquired === undefined) throw new Error(`Shard ${shard} was not given.`);
  return acquired;
}

const after = (right: ShardRight): ShardRight => ({ ...right, seq: right.seq + 1 });

/** Commits changes on shard 3 of a fresh store. */
async function write(store: Store, changes: Partial<ShardChanges>, shard = shardId(3)): Promise<ShardRight> {
  const { right } = await acquireOne(store, shard);
  expect(await store.shards.commit([commitOf(right, changes)])).toEqual({ type: 'committed' });
  return after(right);
}

function shardTests(store: Open): void {
  test('an untouched shard is empty, and each takeover raises its epoch', async () => {
    const first = await acquireOne(store(), shardId(9));
    const second = await acquireOne(store(), shardId(9));
    expect(first.right.seq).toBe(0);
    expect(second.right.epoch).toBe(first.right.epoch + 1);
    expect(first.stored).toEqual({
      shard: { shard: 9, timeMs: 0, leaseCounter: 0 },
      jobs: [],
      tasks: [],
      counters: [],
    });
  });

  test('what was committed is what the next holder gets, closed tasks and finished jobs apart', async () => {
    const spec = specRow('open');
    const job = jobRowFor(spec, { reason: AWKWARD });
    const tasks = [
      taskRowFor(spec.job, 0, { replicas: MANY_REPLICAS, reason: AWKWARD }),
      taskRowFor(spec.job, 2, { state: 'verified', canonical: CANONICAL }),
    ];
    const finished = jobRowFor(specRow('done'), { state: 'finished', finishedAtMs: 9 });
    const closed = taskRowFor(spec.job, 1, { closed: true, state: 'verified', canonical: CANONICAL });
    const counters = [countersRow(1), countersRow(2)];
    await write(store(), { jobs: [job, finished], tasks: [...tasks, closed], counters });
    const { right, stored } = await acquireOne(store(), shardId(3));
    expect(right).toEqual({ shard: 3, epoch: 2, seq: 1 });
    expect(stored.shard).toEqual({ shard: 3, timeMs: 1_795_000_000_000, leaseCounter: 17 });
    expect(stored.jobs).toEqual([job]);
    expect(stored.tasks.toSorted((a, b) => a.index - b.index)).toEqual(tasks);
    expect(stored.counters.toSorted((a, b) => (a.node < b.node ? -1 : 1))).toEqual(counters);
  });

  test('a finished job comes back while a task of it is open', async () => {
    const job = jobRowFor(specRow('late'), { state: 'cancelled' });
    await write(store(), { jobs: [job], tasks: [taskRowFor(job.spec.job, 0)] });
    const { stored } = await acquireOne(store(), shardId(3));
    expect(stored.jobs).toEqual([job]);
  });

  test('a row is replaced by its next form', async () => {
    const spec = specRow('twice');
    const right = await write(store(), { jobs: [jobRowFor(spec)], tasks: [taskRowFor(spec.job, 0)] });
    const job = jobRowFor(spec, { begun: 4, fuel: 1n, reason: 'waiting: 2 of 3 owners online' });
    const task = taskRowFor(spec.job, 0, { replicas: MANY_REPLICAS, state: 'disputed' });
    await store().shards.commit([
      commitOf(right, {
        jobs: [job],
        tasks: [task],
        counters: [countersRow(1), countersRow(1, { valid: 1 })].slice(1),
      }),
    ]);
    const { stored } = await acquireOne(store(), shardId(3));
    expect(stored.jobs).toEqual([job]);
    expect(stored.tasks).toEqual([task]);
  });

  test('a commit under an old epoch or a wrong sequence is fenced', async () => {
    const { right } = await acquireOne(store(), shardId(3));
    const taken = await acquireOne(store(), shardId(3));
    const fenced = { type: 'fenced', shards: [3] };
    expect(await store().shards.commit([commitOf(right)])).toEqual(fenced);
    expect(await store().shards.commit([commitOf({ ...taken.right, seq: 5 })])).toEqual(fenced);
    expect(await store().shards.commit([commitOf(taken.right)])).toEqual({ type: 'committed' });
    expect(await store().shards.commit([commitOf(taken.right)])).toEqual(fenced);
  });

  test('one fenced shard keeps the others from being written, and is named', async () => {
    const acquired = await store().shards.acquire([1, 2, 3].map(shardId), 'tester');
    await acquireOne(store(), shardId(2));
    const job = jobRowFor(specRow('unwritten'));
    const commits = acquired.map(({ right }) => commitOf(right, { jobs: right.shard === 1 ? [job] : [] }));
    expect(await store().shards.commit(commits)).toEqual({ type: 'fenced', shards: [2] });
    expect(await store().views.job(job.spec.job)).toBeUndefined();
    expect(await store().shards.readBatches(shardId(1), 0, 10)).toEqual([]);
    const rest = commits.filter(({ right }) => right.shard !== 2);
    expect(await store().shards.commit(rest)).toEqual({ type: 'committed' });
    expect(await store().views.job(job.spec.job)).toEqual(job);
  });

  test('two holders that commit at once: exactly one succeeds', async () => {
    const { right } = await acquireOne(store(), shardId(3));
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => store().shards.commit([commitOf(right)])));
    expect(outcomes.filter(({ type }) => type === 'committed')).toHaveLength(1);
    expect(await store().shards.readBatches(shardId(3), 0, 10)).toHaveLength(1);
  });

  test('batches form a chain of hashes, read in order from any place', async () => {
    let { right } = await acquireOne(store(), shardId(3));
    for (let seq = 1; seq <= 4; seq += 1) {
      const events = EVERY_BYTE.subarray(seq);
      await store().shards.commit([{ ...commitOf(right), events, atMs: seq }]);
      right = after(right);
    }
    const batches = await store().shards.readBatches(shardId(3), 0, 10);
    expect(batches.map(({ seq, atMs }) => [seq, atMs])).toEqual([1, 2, 3, 4].map((seq) => [seq, seq]));
    let previous = '00'.repeat(32) as Digest;
    for (const { seq, epoch, events, hash } of batches) {
      expect(events).toEqual(EVERY_BYTE.subarray(seq));
      expect(hash).toBe(chained(previous, { epoch, seq, events }));
      previous = hash;
    }
    expect(await store().shards.readBatches(shardId(3), 2, 1)).toEqual([batches[2]]);
  });

  test('a report that brought results to two shards is stored once', async () => {
    const acquired = await store().shards.acquire([1, 2].map(shardId), 'tester');
    const frame = {
      id: digestFor('frame'),
      root: EVERY_BYTE.subarray(0, 32),
      signature: EVERY_BYTE.subarray(0, 64),
      leaves: 2,
      node: nodeId(1),
    };
    const commits = acquired.map(({ right }) => commitOf(right, { frames: [frame] }));
    expect(await store().shards.commit(commits)).toEqual({ type: 'committed' });
  });
}

const CANONICAL = {
  outcome: 'completed',
  outputDigest: digestFor('output'),
  outputBytes: 256,
  output: EVERY_BYTE,
  fuel: LARGE_FUEL,
} as const;

/** Written from the port's words, so that no store checks itself. */
function chained(
  previous: Digest,
  { epoch, seq, events }: { readonly epoch: number; readonly seq: number; readonly events: Uint8Array },
): string {
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setBigUint64(0, BigInt(epoch));
  numbers.setBigUint64(8, BigInt(seq));
  const hash = createHash('sha256').update(digestToBytes(previous)).update(new Uint8Array(numbers.buffer));
  return hash.update(events).digest('hex');
}

function inputTests(store: Open): void {
  const inline = (index: number): NewInput => {
    const bytes = new Uint8Array(new Uint32Array([index]).buffer);
    return { digest: digestFor(`input ${index}`), sizeBytes: bytes.length, bytes };
  };

  test('a long list is read a window at a time, in order', async () => {
    const inputs = Array.from({ length: 12_345 }, (_, index) => inline(index));
    await store().registry.saveInputs(jobId('list'), inputs);
    const window = await store().shards.loadInputs(jobId('list'), 9_998, 5);
    expect(window).toEqual(
      inputs.slice(9_998, 10_003).map(({ digest, bytes }) => ({ type: 'inline', bytes, digest })),
    );
    expect(await store().shards.loadInputs(jobId('list'), 12_344, 5)).toHaveLength(1);
    expect(await store().shards.loadInputs(jobId('other'), 0, 5)).toEqual([]);
  });

  test('an input without bytes is an artifact; an empty one is not', async () => {
    const artifact = artifactFor('big input');
    await store().registry.saveArtifact(artifact, keyId('mine'));
    const empty: NewInput = { digest: digestFor(''), sizeBytes: 0, bytes: new Uint8Array() };
    const named: NewInput = { digest: artifact.digest, sizeBytes: artifact.sizeBytes, bytes: undefined };
    await store().registry.saveInputs(jobId('mixed'), [named, empty]);
    await store().registry.saveInputs(jobId('mixed'), [named, empty]);
    expect(await store().shards.loadInputs(jobId('mixed'), 0, 10)).toEqual([
      { type: 'artifact', artifact, digest: artifact.digest },
      { type: 'inline', bytes: new Uint8Array(), digest: digestFor('') },
    ]);
  });
}

function viewTests(store: Open): void {
  const named = (name: string, submittedAtMs: number, over: Parameters<typeof specRow>[1] = {}) =>
    jobRowFor(specRow(name, over), { submittedAtMs });

  test('jobs are listed newest first, and only those that may be seen', async () => {
    const [mine, theirs, open, refused] = [
      named('mine', 1),
      named('theirs', 2, { key: keyId('theirs') }),
      named('open', 3, { key: keyId('theirs'), isPublic: true }),
      { ...named('refused', 4), state: 'refused' as const },
    ];
    await write(store(), { jobs: [mine, theirs, open, refused] });
    const list = async (over: Partial<Parameters<Store['views']['jobs']>[0]>) => {
      const query = { key: undefined, publicOnly: false, state: undefined, count: 10, before: undefined };
      return (await store().views.jobs({ ...query, ...over })).map(({ spec }) => spec.job);
    };
    const ids = (...rows: (typeof mine)[]) => rows.map(({ spec }) => spec.job);
    expect(await list({})).toEqual(ids(refused, open, theirs, mine));
    expect(await list({ key: keyId('mine') })).toEqual(ids(refused, open, mine));
    expect(await list({ publicOnly: true })).toEqual(ids(open));
    expect(await list({ key: keyId('mine'), publicOnly: true })).toEqual(ids(open));
    expect(await list({ state: 'refused' })).toEqual(ids(refused));
    expect(await list({ before: 3, count: 1 })).toEqual(ids(theirs));
  });

  test('a job and a task come back as written; unknown ones are undefined', async () => {
    const list = specRow('list', { inputs: { type: 'list', count: 3 }, manifest: '' });
    const job = jobRowFor(list, { code: undefined, preparedModule: undefined, state: 'preparing' });
    const artifact = artifactFor('input');
    const task = taskRowFor(list.job, 2_000_000, {
      input: { type: 'artifact', artifact, digest: artifact.digest },
      replicas: MANY_REPLICAS,
      canonical: { ...CANONICAL, output: undefined, outputBytes: 5_000_000 },
    });
    await write(store(), { jobs: [job], tasks: [task] });
    expect(await store().views.job(list.job)).toEqual(job);
    expect(await store().views.task(list.job, 2_000_000)).toEqual(task);
    expect(await store().views.job(jobId('none'))).toBeUndefined();
    expect(await store().views.task(list.job, 0)).toBeUndefined();
  });

  test('tasks and their states are read by range', async () => {
    const job = jobId('grid');
    const states = ['verified', 'running', 'disputed', 'abandoned', 'cancelled', 'waiting'] as const;
    const tasks = states.map((state, index) => taskRowFor(job, index, { state }));
    await write(store(), { tasks });
    expect(await store().views.tasks(job, 1, 2)).toEqual(tasks.slice(1, 3));
    expect(await store().views.taskStates(job, 2, 100)).toEqual(
      tasks.slice(2).map(({ index, state }) => ({ index, state })),
    );
  });

  test('disagreements come newest first, of one job or all', async () => {
    const differs = { replicas: [replicaRow(1, { verdict: 'invalid' })] };
    const unsettled = { replicas: [replicaRow(1, { verdict: 'inconclusive' })] };
    const a = taskRowFor(jobId('a'), 0, { ...differs, changedAtMs: 5 });
    const b = taskRowFor(jobId('b'), 0, { ...unsettled, changedAtMs: 7 });
    const c = taskRowFor(jobId('a'), 1, { ...differs, changedAtMs: 9 });
    const agreed = taskRowFor(jobId('a'), 2, { replicas: [replicaRow(1, { verdict: 'valid' })] });
    await write(store(), { tasks: [a, b, c, agreed] });
    expect(await store().views.disagreements(undefined, 10)).toEqual([c, b, a]);
    expect(await store().views.disagreements(jobId('a'), 1)).toEqual([c]);
  });

  test('the result log resumes by sequence and carries each task', async () => {
    const job = jobId('log');
    const tasks = [0, 1, 2].map((index) =>
      taskRowFor(job, index, { canonical: CANONICAL, state: 'verified' }),
    );
    const results = [2, 0, 1].map((index, at) => ({
      job,
      sequence: at + 1,
      index,
      kind: 'verified' as const,
    }));
    await write(store(), { tasks, results });
    const all = await store().views.results(job, 0, 10);
    expect(all.map(({ entry }) => entry)).toEqual(results);
    expect(all.map(({ task }) => task)).toEqual([tasks[2], tasks[0], tasks[1]]);
    expect((await store().views.results(job, 1, 1)).map(({ entry }) => entry)).toEqual([results[1]]);
  });

  test('counters are summed over shards, with zeros for a node without any', async () => {
    const acquired = await store().shards.acquire([4, 5].map(shardId), 'tester');
    await store().shards.commit(acquired.map(({ right }) => commitOf(right, { counters: [countersRow(3)] })));
    expect(await store().views.counters([nodeId(3), nodeId(4)])).toEqual([
      {
        node: nodeId(3),
        valid: 6,
        invalid: 2,
        inconclusive: 4,
        late: 6,
        unanswered: 8,
        credit: 2n * 10n ** 25n,
      },
      { node: nodeId(4), valid: 0, invalid: 0, inconclusive: 0, late: 0, unanswered: 0, credit: 0n },
    ]);
  });

  test('totals add up over all jobs', async () => {
    expect((await store().views.totals()).jobs).toBe(0);
    const list = specRow('b', { inputs: { type: 'list', count: 5 } });
    await write(store(), { jobs: [jobRowFor(specRow('a')), jobRowFor(list)] });
    expect(await store().views.totals()).toEqual({
      jobs: 2,
      tasks: 100_000_005,
      verified: 2,
      disputed: 0,
      abandoned: 0,
      invalidResults: 4,
      fuel: 2n * 10n ** 30n,
    });
  });
}

/** What strangers send and Postgres refuses as text: it must not turn into an error. */
const UNSTORABLE = 'a\u0000b\uD800c';

function registryTests(store: Open): void {
  test('no character that a stranger can send is an error', async () => {
    const { registry } = store();
    const profile = { ...PROFILE, name: UNSTORABLE, labels: [UNSTORABLE] };
    expect(await registry.admitNode(helloOf(1, { profile }))).toMatchObject({ type: 'admitted' });
    await registry.touchNode(nodeId(1), 5, profile);
    const hash = digestFor('unstorable');
    await registry.createKey({ key: keyId('u'), name: UNSTORABLE, role: 'submitter', hash, atMs: 1 });
    expect(await registry.findKey(hash, 2)).toMatchObject({ key: keyId('u') });
    const owner = await registry.ownerByName(UNSTORABLE, () => 'ounstorable' as OwnerId);
    expect(await registry.ownerByName(UNSTORABLE, () => 'oother' as OwnerId)).toBe(owner);
    const held = { job: jobId('u'), request: hash };
    const row = { ...held, key: keyId('u'), idempotencyKey: UNSTORABLE, atMs: 1 };
    expect(await registry.reserveIdempotency(row)).toEqual(held);
    const job = jobRowFor(specRow('unstorable', { name: UNSTORABLE, manifest: UNSTORABLE }), {
      reason: UNSTORABLE,
    });
    const task = taskRowFor(job.spec.job, 0, {
      reason: UNSTORABLE,
      replicas: [replicaRow(1, { reason: UNSTORABLE })],
    });
    await write(store(), { jobs: [job], tasks: [task] });
    expect(await store().views.task(job.spec.job, 0)).toMatchObject({ index: 0 });
  });

  test('a secret is made once', async () => {
    const made = await Promise.all(
      [1, 2, 3].map((n) => store().registry.secret('seed', () => new Uint8Array([n, 0, 255]))),
    );
    expect(made[1]).toEqual(made[0]);
    expect(await store().registry.secret('seed', () => new Uint8Array([9]))).toEqual(made[0]);
  });

  test('a key is found by its hash until it is revoked', async () => {
    const { registry } = store();
    const hash = digestFor('key');
    await registry.createKey({ key: keyId('a'), name: AWKWARD, role: 'operator', hash, atMs: 5 });
    const row = { key: keyId('a'), name: AWKWARD, role: 'operator', createdAtMs: 5, revokedAtMs: undefined };
    expect(await registry.findKey(hash, 100_000)).toMatchObject(row);
    expect(await registry.listKeys()).toEqual([{ ...row, lastUsedAtMs: 100_000 }]);
    expect(await registry.findKey(digestFor('other'), 6)).toBeUndefined();
    await registry.createSignIn({ hash: digestFor('c'), kind: 'cookie', key: keyId('a'), expiresAtMs: 99 });
    expect(await registry.revokeKey(keyId('a'), 7)).toBe(true);
    expect(await registry.revokeKey(keyId('a'), 8)).toBe(false);
    expect(await registry.findKey(hash, 9)).toBeUndefined();
    expect(await registry.findSignIn(digestFor('c'), 'cookie', 9)).toBeUndefined();
    expect((await registry.listKeys())[0]?.revokedAtMs).toBe(7);
  });

  test('a sign-in expires; a one-time link is gone once taken', async () => {
    const { registry } = store();
    const [cookie, link] = [digestFor('cookie'), digestFor('link')];
    await registry.createSignIn({ hash: cookie, kind: 'cookie', key: keyId('a'), expiresAtMs: 100 });
    await registry.createSignIn({ hash: link, kind: 'link', key: keyId('a'), expiresAtMs: 100 });
    expect(await registry.findSignIn(cookie, 'cookie', 99)).toEqual({ key: keyId('a'), expiresAtMs: 100 });
    expect(await registry.findSignIn(cookie, 'cookie', 100)).toBeUndefined();
    expect(await registry.findSignIn(link, 'cookie', 1)).toBeUndefined();
    const takes = await Promise.all([1, 2, 3].map(() => registry.takeSignIn(link, 'link', 50)));
    expect(takes.filter((row) => row !== undefined)).toEqual([{ key: keyId('a'), expiresAtMs: 100 }]);
    await registry.deleteSignIn(cookie);
    expect(await registry.findSignIn(cookie, 'cookie', 1)).toBeUndefined();
  });

  test('an idempotency key keeps its first job', async () => {
    const { registry } = store();
    const row = {
      key: keyId('a'),
      idempotencyKey: AWKWARD,
      job: jobId('a'),
      request: digestFor('1'),
      atMs: 1,
    };
    const first = { job: jobId('a'), request: digestFor('1') };
    expect(await registry.reserveIdempotency(row)).toEqual(first);
    const again = { ...row, job: jobId('b'), request: digestFor('2') };
    expect(await registry.reserveIdempotency(again)).toEqual(first);
    expect((await registry.reserveIdempotency({ ...again, key: keyId('b') })).job).toBe(jobId('b'));
  });
}

function nodeTests(store: Open): void {
  const [owner, tokenHash] = ['oalice' as OwnerId, digestFor('token')];
  const makeToken = (
    over: Partial<{ readonly expiresAtMs: number; readonly token: string; hash: Digest }> = {},
  ) =>
    store().registry.createToken({
      token: 't1',
      owner,
      ownerName: 'alice',
      hash: tokenHash,
      atMs: 1,
      expiresAtMs: undefined,
      label: 'demonstration liar',
      ...over,
    });

  test('an owner of a name is made once', async () => {
    const made = await store().registry.ownerByName('alice', () => owner);
    expect(await store().registry.ownerByName('alice', () => 'oother' as OwnerId)).toBe(made);
    expect(await store().registry.ownerByName('bob', () => 'obob' as OwnerId)).toBe('obob');
  });

  test('a node without a token is its own owner, in the group of its network', async () => {
    const first = await store().registry.admitNode(helloOf(1));
    expect(first).toMatchObject({
      type: 'admitted',
      row: { owner: `node:${nodeId(1)}`, group: 'net:192.0.2.0/24', session: 1, token: undefined, label: '' },
    });
    const second = await store().registry.admitNode(helloOf(1, { atMs: 1_795_000_000_777 }));
    expect(second).toMatchObject({
      row: {
        session: 2,
        firstSeenAtMs: 1_795_000_000_000,
        lastSeenAtMs: 1_795_000_000_777,
        profile: PROFILE,
      },
    });
  });

  test('handshakes at once get different session numbers', async () => {
    for (const expected of [
      [1, 2, 3],
      [4, 5, 6],
    ]) {
      const admissions = await Promise.all(expected.map(() => store().registry.admitNode(helloOf(1))));
      const sessions = admissions.map((one) => (one.type === 'admitted' ? one.row.session : 0));
      expect(sessions.toSorted((a, b) => a - b)).toEqual(expected);
    }
  });

  test('a token gives a node its owner and label, for good', async () => {
    await makeToken();
    const joined = { owner, ownerName: 'alice', token: 't1', group: `owner:${owner}` as QuorumGroup };
    expect(await store().registry.admitNode(helloOf(1, { tokenHash }))).toMatchObject({
      row: { ...joined, session: 1, label: 'demonstration liar' },
    });
    expect(await store().registry.admitNode(helloOf(1))).toMatchObject({ row: { ...joined, session: 2 } });
    await store().registry.admitNode(helloOf(1, { tokenHash }));
    expect(await store().registry.listTokens()).toMatchObject([{ token: 't1', uses: 1 }]);
    expect(await store().views.node(nodeId(1))).toMatchObject({ ...joined, session: 3 });
    expect(await store().views.nodes(10)).toHaveLength(1);
  });

  test('an unknown, revoked or expired token lets nobody in; expiry keeps who is in', async () => {
    const refused = { type: 'token-refused' };
    expect(await store().registry.admitNode(helloOf(1, { tokenHash }))).toMatchObject(refused);
    await makeToken({ expiresAtMs: 1_795_000_000_001 });
    await store().registry.admitNode(helloOf(1, { tokenHash }));
    const later = 1_795_000_000_001;
    expect(await store().registry.admitNode(helloOf(2, { tokenHash, atMs: later }))).toMatchObject(refused);
    expect(await store().registry.admitNode(helloOf(1, { tokenHash, atMs: later }))).toMatchObject({
      type: 'admitted',
    });
    expect(await store().registry.revokeToken('t1', 5)).toBe(true);
    expect(await store().registry.revokeToken('t1', 6)).toBe(false);
    expect(await store().registry.admitNode(helloOf(1, { tokenHash }))).toMatchObject(refused);
    expect(await store().registry.admitNode(helloOf(1))).toMatchObject(refused);
    expect(await store().views.node(nodeId(2))).toBeUndefined();
  });

  test('nodes are listed by when they were last seen', async () => {
    await store().registry.admitNode(helloOf(1, { atMs: 10 }));
    await store().registry.admitNode(helloOf(2, { atMs: 20 }));
    await store().registry.touchNode(nodeId(1), 30, { ...PROFILE, cores: 2 });
    const rows = await store().views.nodes(10);
    expect(rows.map(({ node }) => node)).toEqual([nodeId(1), nodeId(2)]);
    expect(rows[0]).toMatchObject({
      lastSeenAtMs: 30,
      profile: { cores: 2 },
      publicKey: EVERY_BYTE.subarray(0, 32),
    });
    expect(await store().views.nodes(1)).toHaveLength(1);
  });
}

function artifactTests(store: Open): void {
  const may = async (digest: Digest, job: 'mine' | 'theirs') => store().registry.mayRead(digest, keyId(job));

  test('an artifact is known by its digest, and read by whoever brought it', async () => {
    const artifact = artifactFor('upload');
    expect(await store().registry.findArtifact(artifact.digest)).toBeUndefined();
    await store().registry.saveArtifact(artifact, keyId('mine'));
    await store().registry.saveArtifact(artifact, nodeId(1));
    expect(await store().registry.findArtifact(artifact.digest)).toEqual(artifact);
    expect([await may(artifact.digest, 'mine'), await may(artifact.digest, 'theirs')]).toEqual([true, false]);
  });

  test('module, named inputs and verified outputs of a job are read by its key alone', async () => {
    const job = jobRowFor(specRow('reads'));
    const { job: id } = job.spec;
    const input: NewInput = { digest: digestFor('named input'), sizeBytes: 9, bytes: undefined };
    const hidden: NewInput = { digest: digestFor('inline input'), sizeBytes: 1, bytes: new Uint8Array(1) };
    await store().registry.saveInputs(id, [input, hidden]);
    const output = (index: number, state: 'verified' | 'running') =>
      taskRowFor(id, index, {
        state,
        canonical: { ...CANONICAL, output: undefined, outputDigest: digestFor(`output ${index}`) },
      });
    await write(store(), { jobs: [job], tasks: [output(0, 'verified'), output(1, 'running')] });
    const readable = [job.spec.module.digest, input.digest, digestFor('output 0')];
    for (const digest of readable)
      expect([await may(digest, 'mine'), await may(digest, 'theirs')]).toEqual([true, false]);
    for (const digest of [hidden.digest, digestFor('output 1')])
      expect(await may(digest, 'mine')).toBe(false);
    for (const digest of readable) expect(await store().registry.mayAnyoneRead(digest)).toBe(false);
  });

  test('what a public job reads, anyone may read; what its submitter also uploaded, not', async () => {
    const job = jobRowFor(specRow('public', { isPublic: true }));
    await store().registry.saveArtifact(artifactFor('private'), job.spec.key);
    await write(store(), { jobs: [job] });
    expect(await store().registry.mayAnyoneRead(job.spec.module.digest)).toBe(true);
    expect(await store().registry.mayAnyoneRead(digestFor('private'))).toBe(false);
  });
}
