/** Retention on Postgres: each call one statement of `retention-sql.ts`, or one short transaction. */
import { type Digest, digestFromBytes, type JobId, shardOf } from '@trine/protocol';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { STORE_LIMITS } from './limits.ts';
import type { RetentionStore, SweepCursor, SweepPage, SweepStep, TrimmedRows } from './retention-store.ts';
import {
  FORGET_RETIRED,
  READ_CLOSED_TASKS,
  READ_UNUSED_ARTIFACTS,
  REMOVE_ARTIFACTS,
  RETIRE_JOBS,
  RETIRE_SUBMISSIONS,
  TRIM_BATCHES,
  TRIM_FRAMES,
  TRIM_INPUTS,
  TRIM_NODES,
  TRIM_RESULTS,
  TRIM_SIGN_INS,
  TRIM_TASKS,
} from './retention-sql.ts';
import { digestArray, numberArray, textArray } from './sql-arrays.ts';
import { withStoreErrors } from './store-errors.ts';
import { decodeReplicas } from './stored-forms.ts';
import { digestBytes } from './table-rows.ts';

export const prismaRetention = (prisma: PrismaClient): RetentionStore => ({
  historyAnchor: (shard) =>
    withStoreErrors(async () => {
      const row = await prisma.shard.findUniqueOrThrow({ where: { shard } });
      return { seq: Number(row.anchorSeq), hash: digestFromBytes(row.anchorHash) };
    }),
  trimBatches: (shard, beforeMs, count) => counted(prisma, TRIM_BATCHES, [shard, BigInt(beforeMs), count]),
  retireJobs: (beforeMs, count) => counted(prisma, RETIRE_JOBS, [BigInt(beforeMs), count]),
  retireSubmissions: (beforeMs, slice) => stepped(prisma, RETIRE_SUBMISSIONS, { ...slice, beforeMs }),
  trimRetired: (count) => withStoreErrors(() => trimRetired(prisma, count)),
  trimFrames: (marginMs, count) => counted(prisma, TRIM_FRAMES, [BigInt(marginMs), count]),
  trimSignIns: (atMs, count) => counted(prisma, TRIM_SIGN_INS, [BigInt(atMs), count]),
  trimNodes: (unseenSinceMs, slice) => stepped(prisma, TRIM_NODES, { ...slice, beforeMs: unseenSinceMs }),
  removeArtifacts: (unusedMs, slice, setAside) =>
    withStoreErrors(async () => {
      const { count, after } = slice;
      const rows = await prisma.$queryRawUnsafe<CursorRow[]>(
        READ_UNUSED_ARTIFACTS,
        BigInt(unusedMs),
        count,
        BigInt(after?.atMs ?? 0),
        after?.id ?? '',
      );
      const next = rows.length < count ? undefined : cursorOf(rows.at(-1));
      const digests = rows.map(({ id }) => id as Digest);
      const removed =
        digests.length === 0 ? [] : await removeArtifacts(prisma, digests, { unusedMs, setAside });
      return { removed, next };
    }),
  knownArtifacts: (digests) =>
    withStoreErrors(async () => {
      const rows = await prisma.artifact.findMany({
        where: { digest: { in: digests.map(digestBytes) } },
        select: { digest: true },
      });
      return new Set(rows.map(({ digest }) => digestFromBytes(digest)));
    }),
});

const counted = (
  prisma: PrismaClient,
  sql: string,
  values: readonly (number | bigint | string)[],
): Promise<number> =>
  withStoreErrors(async () => {
    const [row] = await prisma.$queryRawUnsafe<{ readonly count: number }[]>(sql, ...values);
    return row?.count ?? 0;
  });

interface CursorRow {
  readonly at_ms: bigint;
  readonly id: string;
}

const cursorOf = (row: CursorRow | undefined): SweepCursor | undefined =>
  row === undefined ? undefined : { atMs: Number(row.at_ms), id: row.id };

/** One slice of a sweep that steps over rows it keeps. */
const stepped = (
  prisma: PrismaClient,
  sql: string,
  { beforeMs, count, after }: SweepStep & { readonly beforeMs: number },
): Promise<SweepPage> =>
  withStoreErrors(async () => {
    const [row] = await prisma.$queryRawUnsafe<
      (CursorRow & { readonly removed: number; readonly seen: number })[]
    >(sql, BigInt(beforeMs), count, BigInt(after?.atMs ?? -1), after?.id ?? '');
    if (row === undefined) return { removed: 0, next: undefined };
    return { removed: row.removed, next: row.seen < count ? undefined : cursorOf(row) };
  });

const NONE: TrimmedRows = { tasks: 0, results: 0, inputs: 0, frames: 0 };

/** Entries go before the tasks they name. When nothing is left of the job, its mark goes as well. */
async function trimRetired(prisma: PrismaClient, count: number): Promise<TrimmedRows | undefined> {
  const retired = await prisma.retiredJob.findFirst({ orderBy: { job: 'asc' } });
  if (retired === null) return undefined;
  const job = retired.job as JobId;
  const results = await counted(prisma, TRIM_RESULTS, [job, count]);
  if (results > 0) return { ...NONE, results };
  const trimmed = await trimTasks(prisma, job, count);
  if (trimmed !== undefined) return { ...NONE, ...trimmed };
  const inputs = await counted(prisma, TRIM_INPUTS, [job, count]);
  if (inputs === 0) await prisma.$executeRawUnsafe(FORGET_RETIRED, job);
  return { ...NONE, inputs };
}

async function trimTasks(
  prisma: PrismaClient,
  job: JobId,
  count: number,
): Promise<Pick<TrimmedRows, 'tasks' | 'frames'> | undefined> {
  const rows = await prisma.$queryRawUnsafe<{ readonly index: number; readonly replicas: Uint8Array }[]>(
    READ_CLOSED_TASKS,
    job,
    count,
  );
  if (rows.length === 0) return undefined;
  const named = rows.flatMap(({ index, replicas }) =>
    decodeReplicas(replicas).flatMap(({ node, verdict, result }) =>
      result === undefined ? [] : [{ index, node, verdict, ...result }],
    ),
  );
  const earned = named.filter(({ verdict }) => verdict === 'valid');
  const [trimmed] = await prisma.$queryRawUnsafe<Pick<TrimmedRows, 'tasks' | 'frames'>[]>(
    TRIM_TASKS,
    shardOf(job),
    job,
    numberArray(rows.map(({ index }) => index)),
    numberArray(earned.map(({ index }) => index)),
    textArray(earned.map(({ node }) => node)),
    numberArray(earned.map(({ fuel }) => fuel)),
    numberArray(named.map(({ index }) => index)),
    digestArray(named.map(({ frame }) => frame)),
  );
  return trimmed;
}

/** The files are out of the way before the rows are gone for good, and come back if they do not go. */
const removeArtifacts = (
  prisma: PrismaClient,
  digests: readonly Digest[],
  {
    unusedMs,
    setAside,
  }: { readonly unusedMs: number; readonly setAside: (digests: readonly Digest[]) => Promise<void> },
): Promise<readonly Digest[]> =>
  prisma.$transaction(
    async (tx: Prisma.TransactionClient) => {
      const gone = await tx.$queryRawUnsafe<{ readonly digest: Digest }[]>(
        REMOVE_ARTIFACTS,
        digestArray(digests),
        BigInt(unusedMs),
        BigInt(STORE_LIMITS.clockMarginMs.value),
      );
      const removed = gone.map(({ digest }) => digest);
      if (removed.length > 0) await setAside(removed);
      return removed;
    },
    { timeout: STORE_LIMITS.acquireMs.value, maxWait: STORE_LIMITS.connectMs.value },
  );
