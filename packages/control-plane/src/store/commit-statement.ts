/**
 * One statement writes a whole commit, so that it is one transaction and one round trip: the named shards are
 * locked by (epoch, seq); only if all of them are still ours does anything else in it happen. Postgres chains
 * the hashes, so nobody needs to know the last one. Parts without rows are left out: planning them costs more
 * than running them.
 */
import type { JobRow, NodeCounters, ResultEntry, TaskRow } from '@trine/scheduler';
import { booleanArray, bytesArray, digestArray, numberArray, textArray } from './sql-arrays.ts';
import type { ShardCommit } from './store.ts';
import { encodeInput, encodeReplicas, encodeSpec } from './stored-forms.ts';
import { isDisagreed, stateNumber, taskCount } from './table-rows.ts';

export interface Statement {
  readonly sql: string;
  readonly values: readonly string[];
}

/** How the text of every commit begins: such statements are worth keeping prepared. */
export const COMMIT_PREFIX = 'WITH batch AS MATERIALIZED ';

export function commitStatement(commits: readonly ShardCommit[]): Statement {
  const columns = new Columns();
  const parts = [shardsPart(columns, commits), ...ROW_PARTS.map((part) => part(columns, commits))];
  return {
    sql: `${COMMIT_PREFIX}${parts.filter((part) => part !== '').join(',\n')}\nSELECT shard FROM locked`,
    values: columns.values,
  };
}

/** Collects parameters; `rows` names them as one set of columns. */
class Columns {
  readonly values: string[] = [];

  rows(name: string, columns: readonly (readonly [name: string, type: string, literal: string])[]): string {
    const arrays = columns.map(([, type, literal]) => `$${this.values.push(literal)}::text::${type}[]`);
    return `unnest(${arrays.join(', ')}) AS ${name}(${columns.map(([column]) => `"${column}"`).join(', ')})`;
  }
}

function shardsPart(columns: Columns, commits: readonly ShardCommit[]): string {
  const batch = columns.rows('t', [
    ['shard', 'smallint', numberArray(commits.map(({ right }) => right.shard))],
    ['epoch', 'int', numberArray(commits.map(({ right }) => right.epoch))],
    ['seq', 'bigint', numberArray(commits.map(({ right }) => right.seq))],
    ['at_ms', 'bigint', numberArray(commits.map(({ atMs }) => atMs))],
    ['events', 'bytea', bytesArray(commits.map(({ events }) => events))],
    ['time_ms', 'bigint', numberArray(commits.map(({ changes }) => changes.shard.timeMs))],
    ['lease_counter', 'bigint', numberArray(commits.map(({ changes }) => changes.shard.leaseCounter))],
  ]);
  return `(SELECT * FROM ${batch}),
locked AS MATERIALIZED (
  SELECT s.shard, s.hash FROM shards s JOIN batch b ON s.shard = b.shard AND s.epoch = b.epoch AND s.seq = b.seq
  ORDER BY s.shard FOR UPDATE OF s),
ours AS MATERIALIZED (SELECT 1 WHERE (SELECT count(*) FROM locked) = (SELECT count(*) FROM batch)),
raised AS (
  UPDATE shards s SET seq = b.seq + 1, time_ms = b.time_ms, lease_counter = b.lease_counter,
    hash = sha256(l.hash || int8send(b.epoch::bigint) || int8send(b.seq + 1) || b.events)
  FROM batch b JOIN locked l USING (shard), ours WHERE s.shard = b.shard
  RETURNING s.shard, s.seq, s.epoch, s.hash),
history AS (
  INSERT INTO batches (shard, seq, epoch, at_ms, events, hash)
  SELECT r.shard, r.seq, r.epoch, b.at_ms, b.events, r.hash FROM raised r JOIN batch b USING (shard))`;
}

type Part = (columns: Columns, commits: readonly ShardCommit[]) => string;

interface Placed<T> {
  readonly row: T;
  readonly shard: number;
  readonly epoch: number;
}

/** The rows of one kind, of all shards, each with its shard and epoch. */
const placed = <T>(
  commits: readonly ShardCommit[],
  rows: (commit: ShardCommit) => readonly T[],
): Placed<T>[] =>
  commits.flatMap((commit) =>
    rows(commit).map((row) => ({ row, shard: commit.right.shard, epoch: commit.right.epoch })),
  );

const jobsPart: Part = (columns, commits) => {
  const jobs = placed(commits, ({ changes }) => changes.jobs);
  if (jobs.length === 0) return '';
  const numbers = (field: (row: JobRow) => number | bigint | undefined) =>
    numberArray(jobs.map(({ row }) => field(row)));
  return upsert(
    'jobs',
    ['job'],
    columns.rows('t', [
      ['job', 'text', textArray(jobs.map(({ row }) => row.spec.job))],
      ['shard', 'smallint', numberArray(jobs.map(({ shard }) => shard))],
      ['epoch', 'int', numberArray(jobs.map(({ epoch }) => epoch))],
      ['key', 'text', textArray(jobs.map(({ row }) => row.spec.key))],
      ['is_public', 'boolean', booleanArray(jobs.map(({ row }) => row.spec.isPublic))],
      ['state', 'smallint', numbers((row) => stateNumber.job(row.state))],
      ['reason', 'text', textArray(jobs.map(({ row }) => row.reason))],
      ['spec', 'bytea', bytesArray(jobs.map(({ row }) => specBytes(row)))],
      ['tasks', 'bigint', numbers((row) => taskCount(row.spec))],
      ['module_digest', 'bytea', digestArray(jobs.map(({ row }) => row.spec.module.digest))],
      ['edition', 'text', textArray(jobs.map(({ row }) => row.code?.edition))],
      ['prepared_digest', 'bytea', digestArray(jobs.map(({ row }) => row.preparedModule?.digest))],
      ['prepared_size', 'bigint', numbers((row) => row.preparedModule?.sizeBytes)],
      ['prepared_chunks', 'bytea', digestArray(jobs.map(({ row }) => row.preparedModule?.chunks))],
      ['begun', 'bigint', numbers((row) => row.begun)],
      ['closed', 'bigint', numbers((row) => row.closed)],
      ['verified', 'bigint', numbers((row) => row.verified)],
      ['disputed', 'bigint', numbers((row) => row.disputed)],
      ['abandoned', 'bigint', numbers((row) => row.abandoned)],
      ['results', 'bigint', numbers((row) => row.results)],
      ['invalid_results', 'bigint', numbers((row) => row.invalidResults)],
      ['fuel', 'numeric', numbers((row) => row.fuel)],
      ['submitted_at_ms', 'bigint', numbers((row) => row.submittedAtMs)],
      ['finished_at_ms', 'bigint', numbers((row) => row.finishedAtMs)],
    ]),
    ['job', 'shard', 'key', 'is_public', 'spec', 'tasks', 'module_digest', 'submitted_at_ms'],
  );
};

/** Specs and inputs never change, and their rows do in nearly every batch: their bytes are made once. */
const specs = new WeakMap<JobRow['spec'], Uint8Array>();
const inputs = new WeakMap<TaskRow['input'], Uint8Array>();

const specBytes = ({ spec }: JobRow): Uint8Array => madeOnce(specs, spec, encodeSpec);
const inputBytes = ({ input }: TaskRow): Uint8Array => madeOnce(inputs, input, encodeInput);

function madeOnce<T extends object>(
  known: WeakMap<T, Uint8Array>,
  value: T,
  make: (value: T) => Uint8Array,
): Uint8Array {
  const before = known.get(value);
  if (before !== undefined) return before;
  const bytes = make(value);
  known.set(value, bytes);
  return bytes;
}

const tasksPart: Part = (columns, commits) => {
  const tasks = placed(commits, ({ changes }) => changes.tasks);
  if (tasks.length === 0) return '';
  const numbers = (field: (row: TaskRow) => number | bigint | undefined) =>
    numberArray(tasks.map(({ row }) => field(row)));
  const canonical = ({ canonical }: TaskRow) => canonical;
  return upsert(
    'tasks',
    ['job', 'index'],
    columns.rows('t', [
      ['job', 'text', textArray(tasks.map(({ row }) => row.job))],
      ['index', 'int', numbers((row) => row.index)],
      ['shard', 'smallint', numberArray(tasks.map(({ shard }) => shard))],
      ['epoch', 'int', numberArray(tasks.map(({ epoch }) => epoch))],
      ['state', 'smallint', numbers((row) => stateNumber.task(row.state))],
      ['closed', 'boolean', booleanArray(tasks.map(({ row }) => row.closed))],
      ['disagreed', 'boolean', booleanArray(tasks.map(({ row }) => isDisagreed(row)))],
      ['input', 'bytea', bytesArray(tasks.map(({ row }) => inputBytes(row)))],
      ['replicas', 'bytea', bytesArray(tasks.map(({ row }) => encodeReplicas(row.replicas)))],
      ['outcome', 'smallint', numbers((row) => outcomeNumber(row))],
      ['output_digest', 'bytea', digestArray(tasks.map(({ row }) => canonical(row)?.outputDigest))],
      ['output_bytes', 'bigint', numbers((row) => canonical(row)?.outputBytes)],
      ['output', 'bytea', bytesArray(tasks.map(({ row }) => canonical(row)?.output))],
      ['fuel', 'bigint', numbers((row) => canonical(row)?.fuel)],
      ['reason', 'text', textArray(tasks.map(({ row }) => row.reason))],
      ['changed_at_ms', 'bigint', numbers((row) => row.changedAtMs)],
    ]),
    ['job', 'index', 'shard', 'input'],
  );
};

const outcomeNumber = ({ canonical }: TaskRow): number | undefined =>
  canonical === undefined ? undefined : stateNumber.outcome(canonical.outcome);

const resultsPart: Part = (columns, commits) => {
  const results = placed<ResultEntry>(commits, ({ changes }) => changes.results);
  if (results.length === 0) return '';
  return upsert(
    'result_entries',
    ['job', 'sequence'],
    columns.rows('t', [
      ['job', 'text', textArray(results.map(({ row }) => row.job))],
      ['sequence', 'int', numberArray(results.map(({ row }) => row.sequence))],
      ['index', 'int', numberArray(results.map(({ row }) => row.index))],
      ['kind', 'smallint', numberArray(results.map(({ row }) => stateNumber.kind(row.kind)))],
    ]),
    ['job', 'sequence'],
  );
};

const framesPart: Part = (columns, commits) => {
  const frames = placed(commits, ({ changes }) => changes.frames);
  if (frames.length === 0) return '';
  const rows = columns.rows('t', [
    ['id', 'bytea', digestArray(frames.map(({ row }) => row.id))],
    ['shard', 'smallint', numberArray(frames.map(({ shard }) => shard))],
    ['node', 'text', textArray(frames.map(({ row }) => row.node))],
    ['root', 'bytea', bytesArray(frames.map(({ row }) => row.root))],
    ['signature', 'bytea', bytesArray(frames.map(({ row }) => row.signature))],
    ['leaves', 'int', numberArray(frames.map(({ row }) => row.leaves))],
  ]);
  // One report may bring results to several shards: the first stores it.
  return `report_frames_part AS (
  INSERT INTO report_frames (id, shard, node, root, signature, leaves)
  SELECT t.* FROM ours, ${rows} ON CONFLICT (id) DO NOTHING)`;
};

const countersPart: Part = (columns, commits) => {
  const counters = placed<NodeCounters>(commits, ({ changes }) => changes.counters);
  if (counters.length === 0) return '';
  const numbers = (field: (row: NodeCounters) => number | bigint) =>
    numberArray(counters.map(({ row }) => field(row)));
  return upsert(
    'node_counters',
    ['shard', 'node'],
    columns.rows('t', [
      ['shard', 'smallint', numberArray(counters.map(({ shard }) => shard))],
      ['node', 'text', textArray(counters.map(({ row }) => row.node))],
      ['valid', 'int', numbers((row) => row.valid)],
      ['invalid', 'int', numbers((row) => row.invalid)],
      ['inconclusive', 'int', numbers((row) => row.inconclusive)],
      ['late', 'int', numbers((row) => row.late)],
      ['unanswered', 'int', numbers((row) => row.unanswered)],
      ['credit', 'numeric', numbers((row) => row.credit)],
    ]),
    ['shard', 'node'],
  );
};

const ROW_PARTS: readonly Part[] = [jobsPart, tasksPart, resultsPart, framesPart, countersPart];

/** `rows` is what `Columns.rows` made, so its column list is read back from there. `fixed` never change. */
function upsert(table: string, keys: readonly string[], rows: string, fixed: readonly string[]): string {
  const names = [...rows.slice(rows.lastIndexOf(' AS t(')).matchAll(/"(\w+)"/g)].map(
    ([, name]) => name ?? '',
  );
  const changing = names.filter((name) => !fixed.includes(name));
  const quoted = (list: readonly string[]) => list.map((name) => `"${name}"`).join(', ');
  const conflict =
    changing.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${changing.map((name) => `"${name}" = excluded."${name}"`).join(', ')}`;
  return `${table}_part AS (
  INSERT INTO ${table} (${quoted(names)}) SELECT t.* FROM ours, ${rows}
  ON CONFLICT (${quoted(keys)}) ${conflict})`;
}
