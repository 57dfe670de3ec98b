/** What pages read from Postgres. Nothing here writes. */
import { JOB_STATES, type NodeId, type TaskState, TASK_STATES } from '@trine/protocol';
import type { JobRow, NodeCounters, TaskRow } from '@trine/scheduler';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import { addCounters, zeroCounters } from './counters.ts';
import { withStoreErrors } from './store-errors.ts';
import type { JobCounts, NodeRow, StoredResult, ViewStore } from './store.ts';
import { counterRow, jobRow, nodeRow, resultEntry, stateOf, taskRow } from './table-rows.ts';

export const prismaViews = (prisma: PrismaClient): ViewStore => ({
  job: (job) =>
    withStoreErrors(async () => {
      const row = await prisma.job.findUnique({ where: { job } });
      return row === null ? undefined : jobRow(row);
    }),
  jobs: (query) => withStoreErrors(() => jobs(prisma, query)),
  tasks: (job, from, count) =>
    withStoreErrors(async () => {
      const rows = await prisma.task.findMany({
        where: { job, index: { gte: from, lt: from + count } },
        orderBy: { index: 'asc' },
      });
      return rows.map(taskRow);
    }),
  task: (job, index) =>
    withStoreErrors(async () => {
      const row = await prisma.task.findUnique({ where: { job_index: { job, index } } });
      return row === null ? undefined : taskRow(row);
    }),
  taskStates: (job, from, count) =>
    withStoreErrors(async () => {
      const rows = await prisma.$queryRaw<{ readonly index: number; readonly state: number }[]>`
        SELECT index, state FROM tasks WHERE job = ${job} AND index >= ${from} AND index < ${from + count}
        ORDER BY index`;
      return rows.map(({ index, state }) => ({ index, state: stateOf<TaskState>(TASK_STATES, state) }));
    }),
  disagreements: (job, count) =>
    withStoreErrors(async () => {
      const rows = await prisma.task.findMany({
        where: { disagreed: true, ...(job === undefined ? {} : { job }) },
        orderBy: { changedAtMs: 'desc' },
        take: count,
      });
      return rows.map(taskRow);
    }),
  results: (job, afterSequence, count) => withStoreErrors(() => results(prisma, job, afterSequence, count)),
  nodes: (count) => withStoreErrors(() => nodes(prisma, { count })),
  node: (node) => withStoreErrors(async () => (await nodes(prisma, { node, count: 1 }))[0]),
  counters: (wanted) => withStoreErrors(() => counters(prisma, wanted)),
  totals: () => withStoreErrors(() => totals(prisma)),
});

async function jobs(
  prisma: PrismaClient,
  query: Parameters<ViewStore['jobs']>[0],
): Promise<readonly JobRow[]> {
  const { key, publicOnly, state, before, count } = query;
  const readable = publicOnly
    ? { isPublic: true }
    : key === undefined
      ? {}
      : { OR: [{ key }, { isPublic: true }] };
  const rows = await prisma.job.findMany({
    where: {
      ...readable,
      ...(state === undefined ? {} : { state: JOB_STATES.indexOf(state) }),
      ...(before === undefined ? {} : { submittedAtMs: { lt: BigInt(before) } }),
    },
    orderBy: [{ submittedAtMs: 'desc' }, { job: 'desc' }],
    take: count,
  });
  return rows.map(jobRow);
}

async function results(
  prisma: PrismaClient,
  job: string,
  afterSequence: number,
  count: number,
): Promise<readonly StoredResult[]> {
  const entries = await prisma.resultEntry.findMany({
    where: { job, sequence: { gt: afterSequence } },
    orderBy: { sequence: 'asc' },
    take: count,
  });
  const tasks = await prisma.task.findMany({
    where: { job, index: { in: [...new Set(entries.map(({ index }) => index))] } },
  });
  const byIndex = new Map<number, TaskRow>(tasks.map((task) => [task.index, taskRow(task)]));
  return entries.map((entry) => {
    const task = byIndex.get(entry.index);
    if (task === undefined) throw new Error(`Result ${entry.sequence} of ${job} names a task without a row.`);
    return { entry: resultEntry(entry), task };
  });
}

async function nodes(
  prisma: PrismaClient,
  query: { readonly node?: NodeId; readonly count: number },
): Promise<readonly NodeRow[]> {
  const rows = await prisma.node.findMany({
    ...(query.node === undefined ? {} : { where: { node: query.node } }),
    orderBy: [{ lastSeenAtMs: 'desc' }, { node: 'asc' }],
    take: query.count,
  });
  const tokens = [...new Set(rows.flatMap(({ token }) => token ?? []))];
  const owners = await prisma.joinToken.findMany({
    where: { token: { in: tokens } },
    select: { token: true, ownerName: true },
  });
  const names = new Map(owners.map(({ token, ownerName }) => [token, ownerName]));
  return rows.map((row) => nodeRow(row, names.get(row.token ?? '') ?? ''));
}

async function counters(prisma: PrismaClient, wanted: readonly NodeId[]): Promise<readonly NodeCounters[]> {
  const rows = await prisma.nodeCounter.findMany({ where: { node: { in: [...wanted] } } });
  const sums = new Map<NodeId, NodeCounters>(wanted.map((node) => [node, zeroCounters(node)]));
  for (const row of rows.map(counterRow)) {
    sums.set(row.node, addCounters(sums.get(row.node) ?? zeroCounters(row.node), row));
  }
  return [...sums.values()];
}

async function totals(prisma: PrismaClient): Promise<JobCounts> {
  const { _count, _sum } = await prisma.job.aggregate({
    _count: true,
    _sum: { tasks: true, verified: true, disputed: true, abandoned: true, invalidResults: true, fuel: true },
  });
  const trimmed = await prisma.trimmed.findUniqueOrThrow({ where: { id: 0 } });
  const sum = (kept: bigint | null, gone: bigint): number => Number((kept ?? 0n) + gone);
  return {
    jobs: _count + Number(trimmed.jobs),
    tasks: sum(_sum.tasks, trimmed.tasks),
    verified: sum(_sum.verified, trimmed.verified),
    disputed: sum(_sum.disputed, trimmed.disputed),
    abandoned: sum(_sum.abandoned, trimmed.abandoned),
    invalidResults: sum(_sum.invalidResults, trimmed.invalidResults),
    fuel: BigInt(_sum.fuel?.toFixed(0) ?? '0') + BigInt(trimmed.fuel.toFixed(0)),
  };
}
