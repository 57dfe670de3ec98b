/** A store for tests: keeps the rows a shard hands over, gives them back for recovery, and audits them all. */
import type { Digest, JobId, NodeId, ShardId } from '@trine/protocol';
import type { NodeCounters } from '../effects.ts';
import type { ReportFrame } from '../events.ts';
import type {
  JobRow,
  ReplicaRow,
  ResultEntry,
  ShardChanges,
  ShardRow,
  StoredShard,
  TaskRow,
} from '../rows.ts';

export interface Ledger {
  shard: ShardRow;
  readonly jobs: Map<JobId, JobRow>;
  /** Every task that ever began, by `job/index`. */
  readonly tasks: Map<string, TaskRow>;
  readonly entries: ResultEntry[];
  readonly frames: Map<Digest, ReportFrame>;
  readonly counters: Map<NodeId, NodeCounters>;
}

export const createLedger = (shard: ShardId): Ledger => ({
  shard: { shard, timeMs: 0, leaseCounter: 0 },
  jobs: new Map(),
  tasks: new Map(),
  entries: [],
  frames: new Map(),
  counters: new Map(),
});

export function writeChanges(ledger: Ledger, changes: ShardChanges | undefined): void {
  if (changes === undefined) return;
  ledger.shard = changes.shard;
  for (const row of changes.jobs) ledger.jobs.set(row.spec.job, row);
  for (const row of changes.tasks) ledger.tasks.set(`${row.job}/${row.index}`, row);
  for (const row of changes.counters) ledger.counters.set(row.node, row);
  for (const frame of changes.frames) ledger.frames.set(frame.id, frame);
  ledger.entries.push(...changes.results);
}

/** What recovery reads, in the order of `shardDigestRows`. */
export const readStored = (ledger: Ledger): StoredShard => ({
  shard: ledger.shard,
  jobs: [...ledger.jobs.values()]
    .filter(({ state }) => state === 'preparing' || state === 'running')
    .sort((a, b) => (a.spec.job < b.spec.job ? -1 : 1)),
  tasks: [...ledger.tasks.values()]
    .filter((row) => !row.closed)
    .sort((a, b) => (a.job === b.job ? a.index - b.index : a.job < b.job ? -1 : 1)),
  counters: [...ledger.counters.values()].sort((a, b) => (a.node < b.node ? -1 : 1)),
});

/** Every promise of the rows that is broken, as a sentence: closed tasks and credit too, which memory forgets. */
export function auditLedger(ledger: Ledger): readonly string[] {
  const found: string[] = [];
  for (const row of ledger.tasks.values()) auditTask(ledger, row, found);
  for (const job of ledger.jobs.values()) auditJob(ledger, job, found);
  auditCounters(ledger, found);
  return found;
}

const counts = ({ result, verdict }: ReplicaRow): boolean =>
  result !== undefined && result.outcome !== 'aborted' && verdict !== 'late';

function auditTask(ledger: Ledger, row: TaskRow, found: string[]): void {
  const name = `task ${row.job}/${row.index}`;
  const counted = row.replicas.filter(counts);
  const live = row.replicas.filter((replica) => replica.ended === undefined);
  const valid = counted.filter(({ verdict }) => verdict === 'valid');
  const job = ledger.jobs.get(row.job);
  if (job === undefined) found.push(`${name} has no job`);
  if (row.closed && live.length > 0) found.push(`${name} is closed with a live lease`);
  if (row.closed && row.state === 'running') found.push(`${name} is closed and undecided`);
  if (new Set(counted.map(({ group }) => group)).size < counted.length) found.push(`${name}: a group twice`);
  if (new Set(counted.map(({ node }) => node)).size < counted.length) found.push(`${name}: a node twice`);
  if (row.state === 'verified' && valid.length < (job?.spec.policy.quorum ?? 0)) {
    found.push(`${name} is verified by ${valid.length} results`);
  }
  if (row.state !== 'verified' && valid.length > 0)
    found.push(`${name} is ${row.state} and has valid results`);
  if (row.state !== 'running' && counted.some(({ verdict }) => verdict === undefined)) {
    found.push(`${name} is decided and a result has no verdict`);
  }
  for (const { result } of row.replicas) {
    if (result !== undefined && !ledger.frames.has(result.frame)) found.push(`${name}: a frame is missing`);
  }
}

function auditJob(ledger: Ledger, job: JobRow, found: string[]): void {
  const name = `job ${job.spec.job}`;
  const rows = [...ledger.tasks.values()].filter((row) => row.job === job.spec.job);
  const entries = ledger.entries.filter((entry) => entry.job === job.spec.job);
  if (rows.length !== job.begun) found.push(`${name} has ${rows.length} rows and began ${job.begun}`);
  if (entries.length !== job.results) found.push(`${name} has ${entries.length} of ${job.results} entries`);
  if (entries.some((entry, i) => entry.sequence !== i + 1)) found.push(`${name}'s log has a gap`);
  if (new Set(entries.map(({ index }) => index)).size < entries.length) found.push(`${name} decided twice`);
  for (const state of ['verified', 'disputed', 'abandoned'] as const) {
    const having = rows.filter((row) => row.state === state).length;
    if (having !== job[state]) found.push(`${name} says ${job[state]} ${state}, its rows ${having}`);
  }
  const closed = rows.filter((row) => row.closed).length;
  if (closed !== job.closed) found.push(`${name} says ${job.closed} closed, its rows ${closed}`);
  if (job.state === 'finished' && closed !== job.spec.inputs.count) found.push(`${name} finished too early`);
  const fuel = rows.reduce((sum, row) => sum + (row.canonical?.fuel ?? 0n), 0n);
  if (fuel !== job.fuel) found.push(`${name} is billed ${job.fuel} instead of ${fuel}`);
}

/** Counters are caches of the rows; only `late` also counts what no row keeps. */
function auditCounters(ledger: Ledger, found: string[]): void {
  const replicas = [...ledger.tasks.values()].flatMap((row) => row.replicas);
  for (const node of new Set(replicas.map((replica) => replica.node))) {
    const own = replicas.filter((replica) => replica.node === node);
    const counters = ledger.counters.get(node);
    const credit = own.reduce((sum, r) => sum + (r.verdict === 'valid' ? (r.result?.fuel ?? 0n) : 0n), 0n);
    if ((counters?.credit ?? 0n) !== credit)
      found.push(`node ${node}: credit ${counters?.credit}, rows ${credit}`);
    for (const verdict of ['valid', 'invalid', 'inconclusive'] as const) {
      const given = own.filter((replica) => replica.verdict === verdict).length;
      if ((counters?.[verdict] ?? 0) !== given)
        found.push(`node ${node}: ${verdict} ${counters?.[verdict]}, rows ${given}`);
    }
    const unanswered = own.filter(isUnanswered).length;
    if ((counters?.unanswered ?? 0) !== unanswered) {
      found.push(`node ${node}: unanswered ${counters?.unanswered}, rows ${unanswered}`);
    }
  }
}

const isUnanswered = ({ result, ended }: ReplicaRow): boolean =>
  result === undefined ? ended !== undefined && ended !== 'abandoned' : result.outcome === 'aborted';
