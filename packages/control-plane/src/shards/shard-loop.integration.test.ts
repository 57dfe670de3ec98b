/** The shard loop over a real Postgres that is cut off, killed and started again. */
import { createHash, randomBytes } from 'node:crypto';
import { systemClock } from '@trine/mesh';
import { type Digest, LIMITS, type ShardId } from '@trine/protocol';
import { restoreShard, shardDigestRows } from '@trine/scheduler';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPrismaStore } from '../store/prisma-store.ts';
import type { Store } from '../store/store.ts';
import { SILENT, startTestPostgres, type TestPostgres } from '../store/test-postgres.testing.ts';
import { type Cut, CuttingProxy } from './cutting-proxy.testing.ts';
import { createShardLoop, type ShardLoop, type ShardLoopOptions } from './shard-loop.ts';
import { rangeOf, Swarm, swarmJob } from './swarm.testing.ts';

const sha256 = (bytes: Uint8Array): Digest => createHash('sha256').update(bytes).digest('hex') as Digest;
const ALL = Array.from({ length: LIMITS.shards.value }, (_, shard) => shard as ShardId);
const CUTS: readonly Cut[] = ['question', 'flight', 'answer'];

let postgres: TestPostgres;
let database: Awaited<ReturnType<TestPostgres['database']>>;
let closers: (() => Promise<void>)[] = [];
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  database = await postgres.database();
});
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
  await database.drop();
});

function openStore(url: string): Store {
  const store = createPrismaStore({ url });
  closers.push(() => store.close());
  return store;
}

async function openLoop(
  store: Store,
  swarm: Swarm,
  over: Partial<ShardLoopOptions> = {},
): Promise<ShardLoop> {
  const loop = createShardLoop({
    store,
    shards: ALL,
    holder: 'tester',
    clock: systemClock,
    random: (size) => new Uint8Array(randomBytes(size)),
    sha256,
    onEffects: swarm.onEffects,
    onRecovered: swarm.onRecovered,
    log: SILENT,
    ...over,
  });
  swarm.attach(loop);
  closers.push(() => loop.close());
  await loop.ready();
  return loop;
}

async function runJobs(loop: ShardLoop, swarm: Swarm, seeds: readonly number[], tasks: number) {
  const jobs = seeds.map((seed) => swarmJob(seed, rangeOf(tasks)));
  await Promise.all(
    jobs.map(async ({ shard, job, submitted, prepared }) => {
      await loop.request(shard, submitted);
      await loop.request(shard, prepared);
      await swarm.untilState(job, 'finished');
    }),
  );
  await loop.whenIdle();
  return jobs;
}

/** Every job is right, every lease was said once, and the next holder would get what memory has. */
async function expectAllIsWell(
  { loop, swarm, store }: { readonly loop: ShardLoop; readonly swarm: Swarm; readonly store: Store },
  jobs: Awaited<ReturnType<typeof runJobs>>,
  tasks: number,
): Promise<void> {
  expect([...swarm.granted.values()].filter((times) => times !== 1)).toEqual([]);
  let credit = 0n;
  for (const { job, shard } of jobs) {
    const row = await store.views.job(job);
    expect(row).toMatchObject({
      state: 'finished',
      verified: tasks,
      results: tasks,
      fuel: BigInt(tasks) * 1_000n,
    });
    const machine = loop.machine(shard);
    const [acquired] = await store.shards.acquire([shard], 'checker');
    if (machine === undefined || acquired === undefined) throw new Error('The shard is nowhere.');
    expect(shardDigestRows(restoreShard({ shard, sha256 }, acquired.stored))).toEqual(
      shardDigestRows(machine),
    );
    credit += acquired.stored.counters.reduce((sum, counters) => sum + counters.credit, 0n);
  }
  // Three replicas of each task, each credited once.
  expect(credit).toBe(BigInt(jobs.length * tasks * 3) * 1_000n);
}

test('connections cut before, during and after commits lose nothing and double nothing', async () => {
  const proxy = await CuttingProxy.start(database.url);
  closers.push(() => proxy.close());
  const store = openStore(proxy.url);
  const swarm = new Swarm({ nodes: 4, slots: 4 });
  let commits = 0;
  const loop = await openLoop(store, swarm, {
    faults: {
      beforeCommit() {
        commits += 1;
        const cut = CUTS[(commits / 4) % CUTS.length];
        if (cut !== undefined && proxy.cuts < 21) proxy.cutNext(cut);
      },
    },
  });
  const jobs = await runJobs(loop, swarm, [31, 32], 150);
  expect(proxy.cuts).toBeGreaterThan(8);
  expect(loop.running().failures).toBeGreaterThan(8);
  await expectAllIsWell({ loop, swarm, store }, jobs, 150);
});

test('a Postgres that is killed while jobs run comes back, and so do they', async () => {
  const store = openStore(database.url);
  const swarm = new Swarm({ nodes: 4, slots: 4 });
  let commits = 0;
  let kills = 0;
  const loop = await openLoop(store, swarm, {
    faults: {
      beforeCommit() {
        commits += 1;
        if (commits % 15 !== 0 || kills === 3) return;
        kills += 1;
        process.kill(postgres.server.pid, 'SIGKILL');
      },
    },
  });
  const jobs = await runJobs(loop, swarm, [41, 42], 150);
  expect(kills).toBe(3);
  expect(loop.running().failures).toBeGreaterThan(2);
  await expectAllIsWell({ loop, swarm, store }, jobs, 150);
});

test('a loop that is dropped in the middle is followed by one that ends its jobs', async () => {
  const store = openStore(database.url);
  const swarm = new Swarm({ nodes: 4, slots: 4 });
  const first = await openLoop(store, swarm);
  const { job, shard, submitted, prepared } = swarmJob(51, rangeOf(100));
  await first.request(shard, submitted);
  const second = first.request(shard, prepared);
  await second;
  // Killed: nobody closes it, its commits are fenced from now on.
  const loop = await openLoop(store, swarm);
  await swarm.untilState(job, 'finished');
  await loop.whenIdle();
  await expectAllIsWell({ loop, swarm, store }, [{ job, shard, submitted, prepared }], 100);
});

test('prints how many tasks go through the loop and Postgres', async () => {
  const store = openStore(database.url);
  const swarm = new Swarm({ nodes: 20, slots: 50 });
  const figures = { commits: 0, events: 0, rows: 0, commitMs: 0 };
  const loop = await openLoop(store, swarm, {
    onCommit({ events, tasks, durationMs }) {
      figures.commits += 1;
      figures.events += events;
      figures.rows += tasks;
      figures.commitMs += durationMs;
    },
  });
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const jobs = await runJobs(loop, swarm, [61, 62], 3_000);
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await expectAllIsWell({ loop, swarm, store }, jobs, 3_000);
  const perSecond = Math.round(6_000 / seconds);
  const cpuMicros = Math.round((user + system) / 6_000);
  process.stdout.write(
    `shard loop: ${perSecond} tasks/s, ${cpuMicros} µs of node CPU a task, ${JSON.stringify(figures)}\n`,
  );
});
