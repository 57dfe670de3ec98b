/** The shard loop over the store in memory: commit, then speak; lose, then recover. */
import { createHash } from 'node:crypto';
import { systemClock } from '@trine/mesh';
import {
  type Digest,
  digestOf,
  LIMITS,
  type NodeId,
  type OwnerId,
  type QuorumGroup,
  type ShardId,
  TrineError,
} from '@trine/protocol';
import {
  apply,
  restoreShard,
  type ShardEffect,
  type ShardEvent,
  shardDigestRows,
  takeChanges,
} from '@trine/scheduler';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { createMemoryStore } from '../store/memory-store.ts';
import { decodeEvents } from '../store/stored-forms.ts';
import type { Store } from '../store/store.ts';
import { FakeClock } from './fake-clock.testing.ts';
import { SHARD_LOOP_LIMITS } from './limits.ts';
import { createShardLoop, type ShardLoop, type ShardLoopOptions } from './shard-loop.ts';
import { rangeOf, Swarm, swarmJob } from './swarm.testing.ts';

const sha256 = (bytes: Uint8Array): Digest => createHash('sha256').update(bytes).digest('hex') as Digest;
const ALL = Array.from({ length: LIMITS.shards.value }, (_, shard) => shard as ShardId);
const away = () => new TrineError('store-unavailable', 'away');

let loops: ShardLoop[] = [];
afterEach(async () => {
  await Promise.all(loops.map((loop) => loop.close()));
  loops = [];
});

async function open(over: Partial<ShardLoopOptions> & Pick<ShardLoopOptions, 'store'>): Promise<ShardLoop> {
  let draws = 0;
  const loop = createShardLoop({
    shards: ALL,
    holder: 'tester',
    clock: systemClock,
    random: (size) => new Uint8Array(size).fill((draws += 1)),
    sha256,
    onEffects: () => undefined,
    log: pino({ level: 'silent' }),
    ...over,
  });
  loops.push(loop);
  await loop.ready();
  return loop;
}

/** A loop with a swarm on it. */
async function openWithSwarm(store: Store, over: Partial<ShardLoopOptions> = {}) {
  const swarm = new Swarm({ nodes: 4, slots: 3 });
  const { onEffects, onRecovered } = swarm;
  const loop = await open({ store, onEffects, onRecovered, ...over });
  swarm.attach(loop);
  onRecovered(ALL);
  return { loop, swarm };
}

/** What the store would give the next holder, in the machine's order. */
async function storedRows(store: Store, shard: ShardId) {
  const [acquired] = await store.shards.acquire([shard], 'checker');
  if (acquired === undefined) throw new Error('The store gave nothing.');
  return shardDigestRows(restoreShard({ shard, sha256 }, acquired.stored));
}

const machineRows = (loop: ShardLoop, shard: ShardId) => {
  const machine = loop.machine(shard);
  if (machine === undefined) throw new Error(`Shard ${shard} is not held.`);
  return shardDigestRows(machine);
};

const offer = (count = 1): ShardEvent => ({
  type: 'slots-offered',
  offer: {
    node: 'a'.repeat(32) as NodeId,
    session: 1,
    owner: 'o1' as OwnerId,
    group: 'owner:o1' as QuorumGroup,
    labels: [],
    count,
  },
});

test('a job runs to its end, and memory equals the store', async () => {
  const store = createMemoryStore();
  const { loop, swarm } = await openWithSwarm(store);
  const { job, shard, submitted, prepared } = swarmJob(1, rangeOf(50));
  await loop.request(shard, submitted);
  await loop.request(shard, prepared);
  await swarm.untilState(job, 'finished');
  await loop.whenIdle();
  expect(await store.views.job(job)).toMatchObject({
    state: 'finished',
    verified: 50,
    results: 50,
    closed: 50,
  });
  const results = await store.views.results(job, 0, 100);
  expect(results.map(({ entry }) => entry.sequence)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  expect(machineRows(loop, shard)).toEqual(await storedRows(store, shard));
});

test('no effect leaves before its commit: every lease a node hears of is in the store by then', async () => {
  const store = createMemoryStore();
  const stored = new Set<number>();
  const early: number[] = [];
  const swarm = new Swarm({ nodes: 4, slots: 3 });
  const loop = await open({
    store,
    onRecovered: swarm.onRecovered,
    onEffects(shard, effects) {
      const granted = effects.flatMap((effect) => (effect.type === 'grant-leases' ? effect.grants : []));
      early.push(...granted.map(({ lease }) => lease).filter((lease) => !stored.has(lease)));
      swarm.onEffects(shard, effects);
    },
    faults: {
      afterCommit(commits) {
        const tasks = commits.flatMap(({ changes }) => changes.tasks);
        for (const { lease } of tasks.flatMap(({ replicas }) => replicas)) stored.add(lease);
      },
    },
  });
  swarm.attach(loop);
  const { job, shard, submitted, prepared } = swarmJob(2, rangeOf(20));
  swarm.onRecovered([shard]);
  await loop.request(shard, submitted);
  await loop.request(shard, prepared);
  await swarm.untilState(job, 'finished');
  expect(stored.size).toBe(60);
  expect(early).toEqual([]);
});

test('presence alone commits nothing, and is answered', async () => {
  const store = createMemoryStore();
  const effects: ShardEffect[] = [];
  const loop = await open({ store, onEffects: (_, said) => void effects.push(...said) });
  loop.submit(ALL[5] as ShardId, { type: 'fleet-changed', groups: 3 });
  loop.submit(ALL[5] as ShardId, offer(2));
  await loop.whenIdle();
  expect(effects).toContainEqual(expect.objectContaining({ type: 'refuse-slots', count: 2 }));
  expect(loop.running()).toMatchObject({ state: 'running', held: 64, queued: 0, commits: 0 });
});

test('what arrives while a commit is in flight is one batch, and one commit is in flight at a time', async () => {
  const store = createMemoryStore();
  const sizes: number[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  let release: () => void = () => undefined;
  const loop = await open({
    store,
    onCommit: ({ events }) => void sizes.push(events),
    faults: {
      async beforeCommit() {
        inFlight += 1;
        mostInFlight = Math.max(mostInFlight, inFlight);
        if (sizes.length === 0) await new Promise<void>((resolve) => (release = resolve));
      },
      afterCommit: () => void (inFlight -= 1),
    },
  });
  const jobs = [1, 2, 3, 4, 5, 6].map((seed) => swarmJob(seed, rangeOf(1)));
  const [first, ...others] = jobs.map(
    ({ shard, submitted }) =>
      () =>
        loop.request(shard, submitted),
  );
  const one = first?.();
  await new Promise<void>((resolve) => systemClock.setTimer(20, resolve));
  const rest = others.map((request) => request());
  release();
  await Promise.all([one, ...rest]);
  expect(sizes).toEqual([1, 5]);
  expect(mostInFlight).toBe(1);
});

test('a commit that failed before it was stored is done again; nobody hears of the first try', async () => {
  const store = createMemoryStore();
  let failures = 3;
  const { loop, swarm } = await openWithSwarm(store, {
    faults: {
      beforeCommit() {
        if ((failures -= 1) >= 0) throw away();
      },
    },
  });
  const { job, shard, submitted, prepared } = swarmJob(3, rangeOf(10));
  await loop.request(shard, submitted);
  await loop.request(shard, prepared);
  await swarm.untilState(job, 'finished');
  await loop.whenIdle();
  expect(loop.running().failures).toBe(3);
  expect([...swarm.granted.values()].filter((times) => times !== 1)).toEqual([]);
  expect(machineRows(loop, shard)).toEqual(await storedRows(store, shard));
});

test('a commit that was stored and whose answer was lost is found, said once, and not done twice', async () => {
  const store = createMemoryStore();
  let commits = 0;
  const { loop, swarm } = await openWithSwarm(store, {
    faults: {
      afterCommit() {
        commits += 1;
        if (commits % 2 === 1) throw away();
      },
    },
  });
  const { job, shard, submitted, prepared } = swarmJob(4, rangeOf(10));
  await loop.request(shard, submitted);
  await loop.request(shard, prepared);
  await swarm.untilState(job, 'finished');
  await loop.whenIdle();
  expect(loop.running().failures).toBeGreaterThan(2);
  expect(await store.views.job(job)).toMatchObject({ verified: 10, results: 10, fuel: 10_000n });
  expect([...swarm.granted.values()].filter((times) => times !== 1)).toEqual([]);
  expect(machineRows(loop, shard)).toEqual(await storedRows(store, shard));
});

test('a batch that the store refuses for good is dropped with its requests, and the loop goes on', async () => {
  const store = createMemoryStore();
  let isBroken = true;
  const loop = await open({
    store,
    faults: {
      beforeCommit() {
        if (isBroken) throw new Error('no such column');
      },
    },
  });
  const { job, shard, submitted } = swarmJob(5, rangeOf(1));
  await expect(loop.request(shard, submitted)).rejects.toMatchObject({ code: 'internal' });
  isBroken = false;
  await loop.request(shard, submitted);
  expect(await store.views.job(job)).toMatchObject({ state: 'preparing' });
});

test('a fenced shard is given up and named; the others are written all the same', async () => {
  const store = createMemoryStore();
  const fenced: ShardId[] = [];
  const loop = await open({ store, onFenced: (shards) => void fenced.push(...shards) });
  const [a, b] = [swarmJob(6, rangeOf(1)), swarmJob(7, rangeOf(1))];
  expect(a.shard).not.toBe(b.shard);
  await store.shards.acquire([a.shard], 'another coordinator');
  const outcomes = await Promise.allSettled([
    loop.request(a.shard, a.submitted),
    loop.request(b.shard, b.submitted),
  ]);
  expect(outcomes).toMatchObject([
    { status: 'rejected', reason: { code: 'store-unavailable' } },
    { status: 'fulfilled' },
  ]);
  expect(fenced).toEqual([a.shard]);
  expect(loop.running()).toMatchObject({ state: 'fenced', held: 63 });
  await expect(loop.request(a.shard, a.submitted)).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await store.views.job(a.job)).toBeUndefined();
});

test('a fenced shard that this coordinator is meant to hold is taken over again', async () => {
  const store = createMemoryStore();
  const loop = await open({ store, isMeantToHold: () => true });
  const { shard, submitted } = swarmJob(8, rangeOf(1));
  await store.shards.acquire([shard], 'somebody');
  await expect(loop.request(shard, submitted)).rejects.toMatchObject({ code: 'store-unavailable' });
  await loop.request(shard, submitted);
  expect(loop.running()).toMatchObject({ state: 'running', held: 64 });
});

test('inputs of a list job are read by the loop, a window at a time', async () => {
  const store = createMemoryStore();
  const { loop, swarm } = await openWithSwarm(store);
  const { job, shard, submitted, prepared } = swarmJob(9, { type: 'list', count: 600 });
  const inputs = Array.from({ length: 600 }, (_, index) => {
    const bytes = new Uint8Array(new Uint32Array([index]).buffer);
    return { digest: digestOf(bytes), sizeBytes: 4, bytes };
  });
  await store.registry.saveInputs(job, inputs);
  await loop.request(shard, submitted);
  await loop.request(shard, prepared);
  await swarm.untilState(job, 'finished');
  expect(await store.views.job(job)).toMatchObject({ verified: 600 });
  expect((await store.views.task(job, 599))?.input).toMatchObject({ digest: inputs[599]?.digest });
});

test('while the store is away requests wait, then are told; close tells the rest', async () => {
  const clock = new FakeClock();
  const store = createMemoryStore();
  let isAway = false;
  const guarded: Store = {
    ...store,
    shards: {
      ...store.shards,
      commit: (commits) => (isAway ? Promise.reject(away()) : store.shards.commit(commits)),
      acquire: (...args) => (isAway ? Promise.reject(away()) : store.shards.acquire(...args)),
    },
  };
  const loop = await open({ store: guarded, clock });
  const [a, b] = [swarmJob(10, rangeOf(1)), swarmJob(11, rangeOf(1))];
  isAway = true;
  const waiting = loop.request(a.shard, a.submitted);
  const told = expect(waiting).rejects.toMatchObject({ code: 'store-unavailable' });
  await clock.advance(SHARD_LOOP_LIMITS.requestMs.value + 1);
  await told;
  const late = loop.request(b.shard, b.submitted);
  isAway = false;
  await clock.advance(SHARD_LOOP_LIMITS.retryMs.value);
  await late;
  // The one that was told to ask again was not done behind its back.
  expect(await store.views.job(a.job)).toBeUndefined();
  isAway = true;
  const last = expect(loop.request(a.shard, a.submitted)).rejects.toMatchObject({ code: 'shutting-down' });
  await clock.settle();
  await loop.close();
  await last;
});

test('a store that gives shards and takes no commits is not asked without end', async () => {
  const clock = new FakeClock();
  const store = createMemoryStore();
  let tries = 0;
  let isFull = true;
  const loop = await open({
    store,
    clock,
    faults: {
      beforeCommit() {
        tries += 1;
        if (isFull) throw new TrineError('disk-full', 'full');
      },
    },
  });
  const { job, shard, submitted } = swarmJob(15, rangeOf(1));
  const request = loop.request(shard, submitted);
  await clock.advance(10 * SHARD_LOOP_LIMITS.retryMs.value);
  expect(tries).toBeGreaterThan(5);
  expect(tries).toBeLessThan(14);
  isFull = false;
  await clock.advance(SHARD_LOOP_LIMITS.retryMs.value);
  await request;
  expect(await store.views.job(job)).toMatchObject({ state: 'preparing' });
});

test('a lease that is due ends by itself, and an idle loop has no timer', async () => {
  const clock = new FakeClock();
  const store = createMemoryStore();
  const swarm = new Swarm({ nodes: 3, slots: 1 });
  const loop = await open({ store, clock, wallMs: () => 1_795_000_000_000, onEffects: swarm.onEffects });
  swarm.attach(loop);
  swarm.pause();
  const { job, shard, submitted, prepared } = swarmJob(12, rangeOf(1));
  expect(clock.timers).toBe(0);
  loop.submit(shard, { type: 'fleet-changed', groups: 3 });
  const asked = [loop.request(shard, submitted), loop.request(shard, prepared)];
  await clock.settle();
  await Promise.all(asked);
  loop.submit(shard, offer());
  await clock.settle();
  expect(clock.timers).toBe(1);
  await clock.advance(300_001);
  expect((await store.views.task(job, 0))?.replicas).toMatchObject([{ ended: 'expired' }]);
  expect(clock.timers).toBe(0);
});

test('a full queue refuses offers and drops reports, keeps what must be kept, and says so', async () => {
  const store = createMemoryStore();
  const effects: ShardEffect[] = [];
  const pressure: boolean[] = [];
  let release: () => void = () => undefined;
  let isFirst = true;
  const loop = await open({
    store,
    onEffects: (_, said) => void effects.push(...said),
    onPressure: (isHigh) => void pressure.push(isHigh),
    faults: {
      async beforeCommit() {
        if (isFirst) await new Promise<void>((resolve) => (release = resolve));
        isFirst = false;
      },
    },
  });
  const { shard, submitted, job } = swarmJob(13, rangeOf(1));
  const first = loop.request(shard, submitted);
  await new Promise<void>((resolve) => systemClock.setTimer(20, resolve));
  for (let n = 0; n < SHARD_LOOP_LIMITS.queueEvents.value; n += 1)
    loop.submit(shard, { type: 'fleet-changed', groups: n });
  loop.submit(shard, offer(3));
  loop.submit(shard, { type: 'job-cancelled', job, reason: 'kept' });
  await expect(loop.request(shard, submitted)).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(loop.running().queued).toBe(SHARD_LOOP_LIMITS.queueEvents.value + 1);
  release();
  await first;
  await loop.whenIdle();
  expect(effects).toContainEqual(expect.objectContaining({ reason: 'shard-restarting', count: 3 }));
  expect(pressure).toEqual([true, false]);
  expect(await store.views.job(job)).toMatchObject({ state: 'cancelled' });
});

test('the history replays to the same shard', async () => {
  const store = createMemoryStore();
  const { loop, swarm } = await openWithSwarm(store);
  const { job, shard, submitted, prepared } = swarmJob(14, rangeOf(30));
  await loop.request(shard, submitted);
  await loop.request(shard, prepared);
  await swarm.untilState(job, 'finished');
  await loop.whenIdle();
  const replayed = restoreShard({ shard, sha256 }, EMPTY(shard));
  for (const { events } of await store.shards.readBatches(shard, 0, 10_000)) {
    for (const event of decodeEvents(events)) apply(replayed, event);
    takeChanges(replayed);
  }
  expect(shardDigestRows(replayed)).toEqual(machineRows(loop, shard));
});

const EMPTY = (shard: ShardId) => ({
  shard: { shard, timeMs: 0, leaseCounter: 0 },
  jobs: [],
  tasks: [],
  counters: [],
});

for (const seed of [1, 2, 3, 4, 5]) {
  test(`whatever the store does to commits (seed ${seed}), jobs end right and memory equals the store`, async () => {
    const store = createMemoryStore();
    const draw = lcg(seed);
    const fail = (): void => {
      if (draw() % 5 === 0) throw away();
    };
    const { loop, swarm } = await openWithSwarm(store, { faults: { beforeCommit: fail, afterCommit: fail } });
    const jobs = [20, 21, 22].map((n) => swarmJob(n + seed * 10, rangeOf(40)));
    await Promise.all(
      jobs.map(async ({ shard, job, submitted, prepared }) => {
        await loop.request(shard, submitted);
        await loop.request(shard, prepared);
        await swarm.untilState(job, 'finished');
      }),
    );
    await loop.whenIdle();
    expect(loop.running().failures).toBeGreaterThan(0);
    for (const { job, shard } of jobs) {
      expect(await store.views.job(job)).toMatchObject({ verified: 40, results: 40, fuel: 40_000n });
      expect(machineRows(loop, shard)).toEqual(await storedRows(store, shard));
    }
    expect([...swarm.granted.values()].filter((times) => times !== 1)).toEqual([]);
  });
}

/** A small generator of its own, so that a seed is a story. */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state >> 8;
  };
}
