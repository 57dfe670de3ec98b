/** Retention in memory: the same rules over maps. */
import { type Digest, type JobId, shardOf } from '@trine/protocol';
import type { NodeCounters, ReplicaRow } from '@trine/scheduler';
import { STORE_LIMITS } from './limits.ts';
import { addJob, type Tables, trimBatches } from './memory-store.ts';
import type { RetentionStore, SweepCursor, SweepPage, SweepStep, TrimmedRows } from './retention-store.ts';

export const memoryRetention = (tables: Tables): RetentionStore => ({
  async historyAnchor(shard) {
    return tables.shard(shard).anchor;
  },
  async trimBatches(shard, beforeMs, count) {
    const record = tables.shard(shard);
    const due = record.batches.slice(0, count).filter(({ atMs }) => atMs < beforeMs).length;
    trimBatches(record, due);
    return due;
  },
  async retireJobs(beforeMs, count) {
    return retireJobs(tables, beforeMs, count);
  },
  async retireSubmissions(beforeMs, slice) {
    const rows = [...tables.idempotency].map(([name, { job, atMs }]) => ({ name, id: job, atMs }));
    return swept(rows, { ...slice, beforeMs }, ({ name, id, atMs }) => {
      if (tables.jobs.has(id)) return false;
      tables.retired.set(id, atMs);
      return tables.idempotency.delete(name);
    });
  },
  async trimRetired(count) {
    return trimRetired(tables, count);
  },
  async trimFrames(marginMs, count) {
    const stored = [...tables.jobs.values()].map(({ storedAtMs }) => storedAtMs);
    const beforeMs = Math.min(tables.nowMs(), ...stored, ...tables.retired.values()) - marginMs;
    const due = [...tables.framesStored].filter(([, { atMs }]) => atMs < beforeMs).slice(0, count);
    for (const [id] of due) forgetFrame(tables, id);
    return due.length;
  },
  async trimSignIns(atMs, count) {
    const due = [...tables.signIns].filter(([, { expiresAtMs }]) => expiresAtMs <= atMs).slice(0, count);
    for (const [hash] of due) tables.signIns.delete(hash);
    return due.length;
  },
  async trimNodes(unseenSinceMs, slice) {
    const rows = [...tables.nodes.values()].map(({ node, session, lastSeenAtMs }) => ({
      id: node,
      session,
      atMs: lastSeenAtMs,
    }));
    return swept(rows, { ...slice, beforeMs: unseenSinceMs }, ({ id, session }) => {
      const counters = [...tables.counters.values()].flatMap((byNode) => byNode.get(id) ?? []);
      if (counters.some(hasStanding)) return false;
      for (const byNode of tables.counters.values()) byNode.delete(id);
      tables.sessionFloor = Math.max(tables.sessionFloor, session);
      return tables.nodes.delete(id);
    });
  },
  async removeArtifacts(unusedMs, slice, setAside) {
    const rows = [...tables.artifactUses].map(([id, atMs]) => ({ id, atMs }));
    const removed: Digest[] = [];
    const beforeMs = tables.nowMs() - unusedMs;
    const { next } = swept(rows, { ...slice, beforeMs }, ({ id, atMs }) => {
      if (isNamed(tables, id, atMs)) return false;
      removed.push(id);
      return true;
    });
    if (removed.length > 0) await setAside(removed);
    for (const digest of removed) {
      for (const table of [tables.artifacts, tables.artifactOwners, tables.artifactUses])
        table.delete(digest);
    }
    return { removed, next };
  },
  async knownArtifacts(digests) {
    return new Set(digests.filter((digest) => tables.artifacts.has(digest)));
  },
});

/** One slice, oldest first, of rows from before a time; `remove` says whether it removed one. */
function swept<T extends SweepCursor>(
  rows: readonly T[],
  { beforeMs, count, after }: SweepStep & { readonly beforeMs: number },
  remove: (row: T) => boolean,
): SweepPage {
  const isPast = ({ atMs, id }: SweepCursor) =>
    after === undefined || atMs > after.atMs || (atMs === after.atMs && id > after.id);
  const due = rows
    .filter((row) => row.atMs < beforeMs && isPast(row))
    .sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))
    .slice(0, count);
  const removed = due.filter(remove).length;
  const last = due.length < count ? undefined : due.at(-1);
  return { removed, next: last === undefined ? undefined : { atMs: last.atMs, id: last.id } };
}

function retireJobs(tables: Tables, beforeMs: number, count: number): number {
  const due = [...tables.jobs.values()]
    .filter(({ row }) => row.finishedAtMs !== undefined && row.finishedAtMs < beforeMs)
    .filter(({ row }) => tables.tasksOf(row.spec.job).every(({ closed }) => closed))
    .slice(0, count);
  for (const { row, storedAtMs } of due) {
    const { job } = row.spec;
    tables.jobs.delete(job);
    tables.retired.set(job, storedAtMs);
    tables.trimmed = addJob(tables.trimmed, row);
    for (const [name, held] of tables.idempotency) if (held.job === job) tables.idempotency.delete(name);
  }
  return due.length;
}

const NONE: TrimmedRows = { tasks: 0, results: 0, inputs: 0, frames: 0 };

function trimRetired(tables: Tables, count: number): TrimmedRows | undefined {
  const [job] = [...tables.retired.keys()].sort();
  if (job === undefined) return undefined;
  const results = cut(tables.results.get(job), count);
  if (results > 0) return { ...NONE, results };
  const trimmed = trimTasks(tables, job, count);
  if (trimmed.tasks > 0) return { ...NONE, ...trimmed };
  const inputs = cut(tables.inputs.get(job), count);
  if (inputs === 0) {
    for (const table of [tables.retired, tables.results, tables.tasks, tables.inputs]) table.delete(job);
  }
  return { ...NONE, inputs };
}

function cut(rows: Map<number, unknown> | undefined, count: number): number {
  const due = [...(rows?.keys() ?? [])].sort((a, b) => a - b).slice(0, count);
  for (const key of due) rows?.delete(key);
  return due.length;
}

function trimTasks(tables: Tables, job: JobId, count: number): Pick<TrimmedRows, 'tasks' | 'frames'> {
  const shard = shardOf(job);
  const rows = tables
    .tasksOf(job)
    .filter(({ closed }) => closed)
    .slice(0, count);
  let frames = 0;
  for (const row of rows) {
    for (const replica of row.replicas) {
      fold(tables, shard, replica);
      frames += forgetLeaf(tables, replica);
    }
    tables.tasks.get(job)?.delete(row.index);
  }
  return { tasks: rows.length, frames };
}

function fold(tables: Tables, shard: number, { node, verdict, result }: ReplicaRow): void {
  if (verdict !== 'valid' || result === undefined) return;
  const name = `${shard}/${node}`;
  tables.folded.set(name, (tables.folded.get(name) ?? 0n) + result.fuel);
}

/** Counts a leaf of a frame as gone; answers 1 when it was the last. */
function forgetLeaf(tables: Tables, { result }: ReplicaRow): number {
  const stored = result === undefined ? undefined : tables.framesStored.get(result.frame);
  if (result === undefined || stored === undefined) return 0;
  const trimmedLeaves = stored.trimmedLeaves + 1;
  tables.framesStored.set(result.frame, { ...stored, trimmedLeaves });
  if (trimmedLeaves < (tables.frames.get(result.frame)?.leaves ?? 0)) return 0;
  forgetFrame(tables, result.frame);
  return 1;
}

function forgetFrame(tables: Tables, id: Digest): void {
  tables.frames.delete(id);
  tables.framesStored.delete(id);
}

const hasStanding = ({ valid, invalid, inconclusive, credit }: NodeCounters): boolean =>
  valid > 0 || invalid > 0 || inconclusive > 0 || credit > 0n;

const NODE_ID = /^[0-9a-f]{32}$/;

function isNamed(tables: Tables, digest: Digest, usedAtMs: number): boolean {
  const jobs = [...tables.jobs.values()];
  const open = jobs.filter(({ row }) => row.finishedAtMs === undefined);
  const oldestMs = Math.min(...open.map(({ storedAtMs }) => storedAtMs)) - STORE_LIMITS.clockMarginMs.value;
  const isOfNode = [...(tables.artifactOwners.get(digest) ?? [])].some((owner) => NODE_ID.test(owner));
  return (
    (isOfNode && usedAtMs >= oldestMs) ||
    jobs.some(({ row }) => row.spec.module.digest === digest || row.preparedModule?.digest === digest) ||
    [...tables.inputs.values()].some((rows) =>
      [...rows.values()].some((input) => input.bytes === undefined && input.digest === digest),
    ) ||
    [...tables.tasks.values()].some((rows) =>
      [...rows.values()].some(
        ({ canonical }) =>
          canonical?.outputDigest === digest && canonical.output === undefined && canonical.outputBytes > 0,
      ),
    )
  );
}
