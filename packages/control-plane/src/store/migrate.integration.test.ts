/** Migrations are applied once, by one, and never to a database they do not fit. */
import { appendFile, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import {
  databaseUrl,
  MIGRATIONS_DIR,
  runSql,
  startTestPostgres,
  type TestPostgres,
} from './test-postgres.testing.ts';

let postgres: TestPostgres;
let dir: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  dir = await mkdtemp(join(tmpdir(), 'trine-migrations-'));
});
afterAll(async () => {
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
});

test('an empty database gets the schema once, however many coordinators start at once', async () => {
  await runSql(postgres.server.url, 'CREATE DATABASE many');
  const url = databaseUrl(postgres.server.url, 'many');
  const applied = await Promise.all([1, 2, 3].map(() => migrate({ url, dir: MIGRATIONS_DIR })));
  expect(applied.flat()).toEqual((await readdir(MIGRATIONS_DIR)).filter((name) => /^\d/.test(name)).sort());
  expect(await migrate({ url, dir: MIGRATIONS_DIR })).toEqual([]);
});

test('a changed, an unknown and a broken migration are refused with a sentence', async () => {
  await runSql(postgres.server.url, 'CREATE DATABASE refusals');
  const url = databaseUrl(postgres.server.url, 'refusals');
  const changed = join(dir, 'changed');
  await cp(MIGRATIONS_DIR, changed, { recursive: true });
  const [first = ''] = await migrate({ url, dir: changed });
  await mkdir(join(changed, '29991231000000_broken'));
  await writeFile(
    join(changed, '29991231000000_broken', 'migration.sql'),
    'CREATE TABLE kept (); SELECT 1 / 0;',
  );
  await expect(migrate({ url, dir: changed })).rejects.toMatchObject({ code: 'internal' });
  // The broken one left nothing: its table can be made.
  await writeFile(join(changed, '29991231000000_broken', 'migration.sql'), 'CREATE TABLE kept ();');
  expect(await migrate({ url, dir: changed })).toEqual(['29991231000000_broken']);
  await expect(migrate({ url, dir: MIGRATIONS_DIR })).rejects.toThrow(/newer Trine/);
  await appendFile(join(changed, first, 'migration.sql'), '\n-- edited\n');
  await expect(migrate({ url, dir: changed })).rejects.toThrow(/changed after it was applied/);
});

test('a database that is away is told as such', async () => {
  await expect(migrate({ url: 'postgresql://a:b@127.0.0.1:1/x', dir: MIGRATIONS_DIR })).rejects.toMatchObject(
    {
      code: 'store-unavailable',
    },
  );
});
