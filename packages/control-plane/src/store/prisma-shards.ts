/** The shard part of the store on Postgres: takeover by row locks, commits by one fenced statement. */
import { digestFromBytes, JOB_STATES, type JobId, type ShardId } from '@trine/protocol';
import type { StoredShard, TaskInput } from '@trine/scheduler';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { commitStatement } from './commit-statement.ts';
import { STORE_LIMITS } from './limits.ts';
import { TRIM_BATCHES_UP_TO } from './retention-sql.ts';
import { storeError, withStoreErrors } from './store-errors.ts';
import type { CommitOutcome, ShardCommit, ShardRight, ShardStore, StoredBatch } from './store.ts';
import { artifactRef, counterRow, jobRow, taskRow } from './table-rows.ts';

export const prismaShards = (prisma: PrismaClient): ShardStore => ({
  acquire: (shards, holder) =>
    withStoreErrors(() =>
      prisma.$transaction((tx) => acquire(tx, shards, holder), {
        timeout: STORE_LIMITS.acquireMs.value,
        maxWait: STORE_LIMITS.connectMs.value,
      }),
    ),
  commit: (commits) => commit(prisma, commits),
  loadInputs: (job, from, count) => withStoreErrors(() => loadInputs(prisma, job, from, count)),
  readBatches: (shard, afterSeq, count) =>
    withStoreErrors(async () => {
      const rows = await prisma.batch.findMany({
        where: { shard, seq: { gt: afterSeq } },
        orderBy: { seq: 'asc' },
        take: count,
      });
      return rows.map(
        (row): StoredBatch => ({
          seq: Number(row.seq),
          epoch: row.epoch,
          atMs: Number(row.atMs),
          events: row.events,
          hash: digestFromBytes(row.hash),
        }),
      );
    }),
});

type Acquired = { readonly right: ShardRight; readonly stored: StoredShard };

/** The lock comes first and by itself: each later statement then sees what a commit in flight wrote. */
async function acquire(
  tx: Prisma.TransactionClient,
  shards: readonly ShardId[],
  holder: string,
): Promise<readonly Acquired[]> {
  const wanted = [...shards];
  await tx.$queryRaw`SELECT shard FROM shards WHERE shard = ANY(${wanted}::smallint[]) ORDER BY shard FOR UPDATE`;
  await tx.shard.updateMany({ where: { shard: { in: wanted } }, data: { epoch: { increment: 1 }, holder } });
  const rows = await tx.shard.findMany({ where: { shard: { in: wanted } } });
  const open = await tx.task.findMany({ where: { shard: { in: wanted }, closed: false } });
  const jobs = await tx.job.findMany({
    where: {
      shard: { in: wanted },
      OR: [
        {
          state: { in: ['preparing' as const, 'running' as const].map((state) => JOB_STATES.indexOf(state)) },
        },
        { job: { in: [...new Set(open.map(({ job }) => job))] } },
      ],
    },
    orderBy: [{ submittedAtMs: 'asc' }, { job: 'asc' }],
  });
  const counters = await tx.nodeCounter.findMany({ where: { shard: { in: wanted } } });
  return rows
    .toSorted((a, b) => a.shard - b.shard)
    .map((row) => ({
      right: { shard: row.shard as ShardId, epoch: row.epoch, seq: Number(row.seq) },
      stored: {
        shard: {
          shard: row.shard as ShardId,
          timeMs: Number(row.timeMs),
          leaseCounter: Number(row.leaseCounter),
        },
        jobs: jobs.filter(({ shard }) => shard === row.shard).map(jobRow),
        tasks: open.filter(({ shard }) => shard === row.shard).map(taskRow),
        counters: counters.filter(({ shard }) => shard === row.shard).map(counterRow),
      },
    }));
}

async function commit(prisma: PrismaClient, commits: readonly ShardCommit[]): Promise<CommitOutcome> {
  if (commits.length === 0) return { type: 'committed' };
  const { sql, values } = commitStatement(commits);
  const ours = await prisma
    .$queryRawUnsafe<{ readonly shard: number }[]>(sql, ...values)
    .catch((error: unknown) => {
      throw storeError(error);
    });
  if (ours.length !== commits.length) {
    const held = new Set(ours.map(({ shard }) => shard));
    return {
      type: 'fenced',
      shards: commits.map(({ right }) => right.shard).filter((shard) => !held.has(shard)),
    };
  }
  await trimHistory(prisma, commits);
  return { type: 'committed' };
}

/** Retention of the history. A trim that fails changes nothing that was committed: the next one does its work. */
async function trimHistory(prisma: PrismaClient, commits: readonly ShardCommit[]): Promise<void> {
  const due = commits.filter(({ seq }) => seq % STORE_LIMITS.batchesBetweenTrims.value === 0);
  for (const { right, seq } of due) {
    await prisma
      .$executeRawUnsafe(TRIM_BATCHES_UP_TO, right.shard, seq - STORE_LIMITS.batchesKept.value)
      .catch(() => undefined);
  }
}

async function loadInputs(
  prisma: PrismaClient,
  job: JobId,
  from: number,
  count: number,
): Promise<readonly TaskInput[]> {
  const rows = await prisma.jobInput.findMany({
    where: { job, index: { gte: from, lt: from + count } },
    orderBy: { index: 'asc' },
  });
  const named = rows.filter(({ bytes }) => bytes === null).map(({ digest }) => digest);
  const artifacts =
    named.length === 0 ? [] : await prisma.artifact.findMany({ where: { digest: { in: named } } });
  const refs = new Map(artifacts.map(artifactRef).map((ref) => [ref.digest, ref]));
  return rows.map(({ digest: bytes, bytes: inline, index }): TaskInput => {
    const digest = digestFromBytes(bytes);
    if (inline !== null) return { type: 'inline', bytes: inline, digest };
    const artifact = refs.get(digest);
    if (artifact === undefined) throw new Error(`Input ${index} of ${job} names an artifact without a row.`);
    return { type: 'artifact', artifact, digest };
  });
}
