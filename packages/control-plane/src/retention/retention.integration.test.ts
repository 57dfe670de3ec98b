/** Retention on a real Postgres: by indexes alone, nothing lost to a kill, credit the same before and after. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestFromBytes, shardOf } from '@trine/protocol';
import { build } from 'esbuild';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArtifactFiles } from '../artifacts/artifact-files.ts';
import { createPrismaStore } from '../store/prisma-store.ts';
import * as statements from '../store/retention-sql.ts';
import {
  commitOf,
  countersRow,
  digestFor,
  jobId,
  jobRowFor,
  replicaRow,
  specRow,
  taskRowFor,
} from '../store/rows.testing.ts';
import { decodeReplicas } from '../store/stored-forms.ts';
import { SILENT, startTestPostgres, type TestPostgres } from '../store/test-postgres.testing.ts';
import { systemClock } from '@trine/mesh';
import { createRetention } from './retention.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

const ROWS = 20_000;
/** Tables of some size, most of it young or in use: what a sweep must find its few rows among. */
const SEED = `
  INSERT INTO jobs (job, shard, epoch, key, is_public, state, reason, spec, tasks, module_digest, prepared_digest, begun, closed,
    verified, disputed, abandoned, results, invalid_results, fuel, submitted_at_ms, finished_at_ms)
  SELECT 'j' || n, n % 64, 1, 'k', false, 2, '', '\\x00', 1, sha256(int4send(n)), sha256(int4send(-n)), 1, 1, 1, 0, 0, 1, 0, 1,
    n, n FROM generate_series(1, ${ROWS}) n;
  INSERT INTO tasks (job, index, shard, epoch, state, closed, disagreed, input, replicas, reason, changed_at_ms)
  SELECT 'j' || n, i, n % 64, 1, 2, true, false, '\\x00', '\\x00', '', n FROM generate_series(1, ${ROWS}) n, generate_series(0, 1) i;
  INSERT INTO result_entries SELECT 'j' || n, i, i, 0 FROM generate_series(1, ${ROWS}) n, generate_series(1, 2) i;
  INSERT INTO job_inputs SELECT 'j' || n, i, sha256(int4send(n)), 1, '\\x00' FROM generate_series(1, ${ROWS}) n, generate_series(0, 1) i;
  INSERT INTO report_frames (id, shard, node, root, signature, leaves, stored_at_ms)
  SELECT sha256(int4send(n)), n % 64, 'n', '\\x00', '\\x00', 1, n FROM generate_series(1, ${ROWS}) n;
  INSERT INTO batches SELECT n % 64, n, 1, n, '\\x00', '\\x00' FROM generate_series(1, ${ROWS}) n;
  INSERT INTO nodes SELECT 'n' || n, '\\x00', 'o', NULL, 1, '{}', '', '', '', n, n FROM generate_series(1, ${ROWS}) n;
  INSERT INTO node_counters SELECT n % 64, 'n' || n, 1, 0, 0, 0, 0, 1, 0 FROM generate_series(1, ${ROWS}) n;
  INSERT INTO sign_ins SELECT sha256(int4send(n)), 'cookie', 'k', n FROM generate_series(1, ${ROWS}) n;
  INSERT INTO idempotency SELECT 'k', 'i' || n, 'j' || n, '\\x00', n FROM generate_series(1, ${ROWS}) n;
  INSERT INTO artifacts (digest, size_bytes, chunks, used_at_ms)
  SELECT sha256(int4send(n)), 1, '\\x00', n FROM generate_series(1, ${ROWS}) n;
  INSERT INTO artifact_owners SELECT sha256(int4send(n)), 'k' FROM generate_series(1, ${ROWS}) n;
  ANALYZE;`;

const DIGESTS = `{${Array.from({ length: 20 }, (_, n) => `"\\\\x${n.toString(16).padStart(64, '0')}"`).join(',')}}`;
const CASES: Readonly<Record<string, readonly unknown[]>> = {
  USE_ARTIFACT: [new Uint8Array(32), 1],
  TRIM_BATCHES: [3, 500, 10],
  TRIM_BATCHES_UP_TO: [3, 100],
  RETIRE_JOBS: [500, 10],
  RETIRE_SUBMISSIONS: [500, 10, -1, ''],
  TRIM_RESULTS: ['j7', 10],
  TRIM_INPUTS: ['j7', 10],
  FORGET_RETIRED: ['j7'],
  READ_CLOSED_TASKS: ['j7', 10],
  TRIM_TASKS: [7, 'j7', '{0,1}', '{0}', '{n7}', '{1}', '{0}', DIGESTS.replace(/,.*/, '}')],
  TRIM_FRAMES: [0, 10],
  TRIM_SIGN_INS: [500, 10],
  TRIM_NODES: [500, 10, -1, ''],
  READ_UNUSED_ARTIFACTS: [1, 10, 0, ''],
  REMOVE_ARTIFACTS: [DIGESTS, 1, 1],
};
const BIG =
  /Seq Scan on (?:\w+\.)?(?:jobs|tasks|result_entries|job_inputs|report_frames|batches|nodes|node_counters|sign_ins|idempotency|artifacts|artifact_owners)\b/;

test('no sweep reads a big table from end to end', async () => {
  const { url, drop } = await postgres.database();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(SEED);
    const whole = await plan(client, 'SELECT * FROM jobs', []);
    expect(whole).toMatch(BIG);
    for (const [name, sql] of Object.entries(statements)) {
      expect(CASES, name).toHaveProperty(name);
      expect(await plan(client, sql, CASES[name] ?? []), name).not.toMatch(BIG);
    }
  } finally {
    await client.end();
    await drop();
  }
});

async function plan(client: pg.Client, sql: string, values: readonly unknown[]): Promise<string> {
  const { rows } = await client.query<{ readonly 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, [...values]);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

test('while jobs are trimmed under commits, credit is what was folded and what still has rows, at every moment', async () => {
  const { url, drop } = await postgres.database();
  const store = createPrismaStore({ url });
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const job = jobId('trimmed');
    const shard = shardOf(job);
    let [{ right } = { right: undefined }] = await store.shards.acquire([shard], 'tester');
    if (right === undefined) throw new Error('The shard was not given.');
    const tasks = Array.from({ length: 60 }, (_, index) => verifiedTask(job, index));
    const counters = [1, 2].map((n) => countersRow(n, { credit: CREDIT }));
    const finished = jobRowFor(specRow('trimmed'), { state: 'finished', finishedAtMs: 1 });
    await store.shards.commit([commitOf(right, { jobs: [finished], tasks, counters })]);
    right = { ...right, seq: 1 };
    expect(await creditGaps(client)).toEqual({ gaps: [], tasks: 60 });
    await store.retention.retireJobs(2, 10);
    const seen: number[] = [];
    for (let isLeft = true; isLeft; right = { ...right, seq: right.seq + 1 }) {
      const commit = store.shards.commit([commitOf(right, { counters })]);
      const [trimmed, committed, { gaps, tasks: left }] = await Promise.all([
        store.retention.trimRetired(7),
        commit,
        creditGaps(client),
      ]);
      expect([committed, gaps]).toEqual([{ type: 'committed' }, []]);
      seen.push(left);
      isLeft = trimmed !== undefined;
    }
    expect(new Set(seen).size).toBeGreaterThan(5);
    expect(await creditGaps(client)).toEqual({ gaps: [], tasks: 0 });
    await client.query('UPDATE node_counters SET folded_credit = folded_credit + 1');
    expect((await creditGaps(client)).gaps).toHaveLength(2);
  } finally {
    await client.end();
    await store.close();
    await drop();
  }
});

const FUEL = 1_000_000_007n;
const CREDIT = 60n * FUEL;

function verifiedTask(job: ReturnType<typeof jobId>, index: number) {
  const result = {
    outcome: 'completed',
    outputDigest: digestFor('output'),
    outputBytes: 0,
    output: undefined,
    fuel: FUEL,
    wallMs: 1,
    frame: digestFor('frame'),
    leaf: index,
  } as const;
  const replicas = [1, 2].map((n) => replicaRow(n, { ended: 'reported', verdict: 'valid', result }));
  const liar = replicaRow(3, { ended: 'reported', verdict: 'invalid', result });
  return taskRowFor(job, index, { state: 'verified', closed: true, replicas: [...replicas, liar] });
}

/** Counters that are not what was folded and what rows still prove, all read from one snapshot. */
async function creditGaps(
  client: pg.Client,
): Promise<{ readonly gaps: readonly string[]; readonly tasks: number }> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const counters = await client.query<{
    readonly node: string;
    readonly credit: string;
    readonly folded: string;
  }>('SELECT node, credit::text AS credit, folded_credit::text AS folded FROM node_counters');
  const tasks = await client.query<{ readonly replicas: Uint8Array }>('SELECT replicas FROM tasks');
  await client.query('COMMIT');
  const proved = new Map<string, bigint>();
  for (const { node, verdict, result } of tasks.rows.flatMap((row) => decodeReplicas(row.replicas))) {
    if (verdict === 'valid') proved.set(node, (proved.get(node) ?? 0n) + (result?.fuel ?? 0n));
  }
  const gaps = counters.rows
    .filter(({ node, credit, folded }) => BigInt(credit) !== BigInt(folded) + (proved.get(node) ?? 0n))
    .map(({ node }) => node);
  return { gaps, tasks: tasks.rows.length };
}

test('a sweep that is killed again and again loses nothing and keeps row and file together', async () => {
  const { url, drop } = await postgres.database();
  const directory = await mkdtemp(join(tmpdir(), 'trine-swept-'));
  const store = createPrismaStore({ url });
  try {
    const files = await openArtifactFiles(directory);
    const keep = await files.putBytes(new TextEncoder().encode('kept'));
    await store.registry.saveArtifact(keep, 'kmine' as never);
    const strays = [];
    for (let n = 0; n < 60; n += 1) strays.push(await files.putBytes(new TextEncoder().encode(`stray ${n}`)));
    for (const stray of strays) await store.registry.saveArtifact(stray, 'kmine' as never);
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`UPDATE artifacts SET used_at_ms = 1 WHERE digest <> decode($1, 'hex')`, [
      keep.digest,
    ]);
    await killSweeps(url, directory);
    const again = await openArtifactFiles(directory);
    const retention = createRetention({
      store: store.retention,
      files: again,
      clock: systemClock,
      nowMs: Date.now,
      settings: {},
      log: SILENT,
      onTrimmed: () => undefined,
    });
    await retention.recover();
    const { rows } = await client.query<{ readonly digest: Uint8Array }>('SELECT digest FROM artifacts');
    const kept = new Set(rows.map(({ digest }) => digestFromBytes(digest)));
    for (const { digest, sizeBytes } of [keep, ...strays]) {
      expect(await again.sizeOf(digest)).toBe(kept.has(digest) ? sizeBytes : undefined);
    }
    await retention.sweep();
    expect([
      ...(await store.retention.knownArtifacts([keep, ...strays].map(({ digest }) => digest))),
    ]).toEqual([keep.digest]);
    expect(await again.sizeOf(keep.digest)).toBe(4);
    await client.end();
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
    await drop();
  }
});

/** Kills a sweeping process at its own word: before and after the files are set aside, and after the commit. */
async function killSweeps(url: string, directory: string): Promise<void> {
  const script = join(directory, 'sweep-child.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./sweep-child.testing.ts', import.meta.url))],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    banner: { js: REQUIRE },
  });
  for (const at of ['before-aside', 'half-aside', 'after-aside', 'after-commit']) {
    const child = spawn(process.execPath, [script, url, directory, at], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await reached(child);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** What CommonJS packages inside an ECMAScript bundle call. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const reached = (child: ChildProcess): Promise<unknown> =>
  Promise.race([
    once(child.stdout ?? child, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The sweeping process ended with ${String(code)} before it came so far.`);
    }),
  ]);
