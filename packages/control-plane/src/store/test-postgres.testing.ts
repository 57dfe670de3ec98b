/** A real Postgres for tests: one server a file, one fresh database a test, nothing left behind. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { pino } from 'pino';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { migrate } from './migrate.ts';

export const MIGRATIONS_DIR = fileURLToPath(new URL('../../../../prisma/migrations', import.meta.url));
export const SILENT = pino({ level: 'silent' });

export interface TestPostgres {
  readonly server: EmbeddedPostgres;
  /** An empty, migrated database of its own. */
  database(): Promise<{ readonly url: string; drop(): Promise<void> }>;
  stop(): Promise<void>;
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trine-test-'));
  const server = await startEmbeddedPostgres({ dataDir, log: SILENT });
  await runSql(server.url, 'CREATE DATABASE migrated');
  await migrate({ url: databaseUrl(server.url, 'migrated'), dir: MIGRATIONS_DIR });
  let count = 0;
  return {
    server,
    async database() {
      const name = `test_${(count += 1)}`;
      await runSql(server.url, `CREATE DATABASE ${name} TEMPLATE migrated`);
      return {
        url: databaseUrl(server.url, name),
        drop: () => runSql(server.url, `DROP DATABASE ${name} WITH (FORCE)`),
      };
    },
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export const databaseUrl = (url: string, name: string): string => {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.toString();
};

/** Empties a migrated database: much cheaper than making another. */
export async function emptyDatabase(url: string): Promise<void> {
  const tables =
    'batches jobs job_inputs tasks result_entries report_frames node_counters nodes owners join_tokens api_keys sign_ins artifacts artifact_owners idempotency secrets retired_jobs trimmed';
  const deletes = tables.split(' ').map((table) => `DELETE FROM ${table};`);
  const shards = `UPDATE shards SET epoch = 0, seq = 0, holder = '', time_ms = 0, lease_counter = 0,
    hash = decode(repeat('00', 32), 'hex'), anchor_seq = 0, anchor_hash = decode(repeat('00', 32), 'hex');
    INSERT INTO trimmed (id) VALUES (0);`;
  await runSql(url, [...deletes, shards].join(' '));
}

/** SQL on a connection of its own. */
export async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
