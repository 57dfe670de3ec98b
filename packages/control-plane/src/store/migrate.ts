/**
 * Applies `prisma/migrations` at start and keeps Prisma's own `_prisma_migrations` table and lock, so that
 * `prisma migrate deploy` works on the same database. Prisma's engine is not needed for it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrineError } from '@trine/protocol';
import pg from 'pg';
import type { Logger } from 'pino';
import { STORE_LIMITS } from './limits.ts';
import { storeError } from './store-errors.ts';

export interface MigrateOptions {
  readonly url: string;
  /** The directory that holds `<timestamp>_<name>/migration.sql`: `prisma/migrations` of the project. */
  readonly dir: string;
  readonly log?: Pick<Logger, 'info'>;
}

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file's bytes, as Prisma computes it. */
  readonly checksum: string;
}

/**
 * Brings the database to the newest schema; answers the names of the migrations that it applied. Refuses, with
 * a sentence, a database that a newer version migrated and a migration whose text changed after it was applied.
 */
export async function migrate({ url, dir, log }: MigrateOptions): Promise<readonly string[]> {
  const migrations = await readMigrations(dir);
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: STORE_LIMITS.connectMs.value,
    application_name: 'trine migrate',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const applied = await applyMissing(client, migrations);
    if (applied.length > 0) log?.info({ applied }, 'The database has the newest schema now');
    return applied;
  } catch (error) {
    throw storeError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The lock Prisma takes for the same purpose; the session's end frees it. */
const MIGRATION_LOCK = 72_707_369;

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

async function readMigrations(directory: string): Promise<readonly Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name): Promise<Migration> => {
      const bytes = await readFile(join(directory, name, 'migration.sql'));
      return {
        name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      };
    }),
  );
}

interface AppliedRow {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[]): Promise<readonly string[]> {
  await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
  await client.query(MIGRATIONS_TABLE);
  const { rows } = await client.query<AppliedRow>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const refusal = refusalOf(migrations, rows);
  if (refusal !== undefined) throw new TrineError('postgres-failed', refusal);
  const applied = new Set(rows.map((row) => row.migration_name));
  const missing = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of missing) await applyOne(client, migration);
  return missing.map(({ name }) => name);
}

/** Why this database must not be touched, or `undefined`. */
function refusalOf(migrations: readonly Migration[], rows: readonly AppliedRow[]): string | undefined {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of rows) {
    const name = row.migration_name;
    const migration = known.get(name);
    if (row.finished_at === null) {
      return `Migration ${name} was begun on this database and never finished. Repair it with \`prisma migrate resolve\`, or restore a backup.`;
    }
    if (migration === undefined) {
      return `The database has migration ${name}, which this version does not know: a newer Trine used it. Start that version, or use another database.`;
    }
    if (migration.checksum !== row.checksum) {
      return `Migration ${name} was changed after it was applied to this database. Restore the file as it was, and put the change into a new migration.`;
    }
  }
  return undefined;
}

/** A migration and its row are one transaction: after a crash it is applied or it is not. */
async function applyOne(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, logs, applied_steps_count)
       VALUES ($1, $2, now(), $3, NULL, 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
