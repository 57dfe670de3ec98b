/** The store on Postgres keeps the port's promises, on a real server. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeConformance } from './conformance.ts';
import { createPrismaStore } from './prisma-store.ts';
import { emptyDatabase, startTestPostgres, type TestPostgres } from './test-postgres.testing.ts';

let postgres: TestPostgres;
let url: string;
beforeAll(async () => {
  postgres = await startTestPostgres();
  ({ url } = await postgres.database());
});
afterAll(() => postgres.stop());

storeConformance('postgres', () =>
  Promise.resolve({ store: createPrismaStore({ url }), dispose: () => emptyDatabase(url) }),
);

test('schema.prisma names the tables, columns and types that the migrations make', async () => {
  const schema = await readFile(new URL('../../../../prisma/schema.prisma', import.meta.url), 'utf8');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<ColumnRow>(
    `SELECT table_name, column_name, udt_name, is_nullable FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`,
  );
  await client.end();
  const made = rows.map((row) =>
    [row.table_name, row.column_name, row.udt_name, row.is_nullable === 'YES' ? 'null' : ''].join(' '),
  );
  expect(columnsOf(schema).sort()).toEqual(made.sort());
});

interface ColumnRow {
  readonly table_name: string;
  readonly column_name: string;
  readonly udt_name: string;
  readonly is_nullable: string;
}

const TYPES: Readonly<Record<string, string>> = {
  Int: 'int4',
  BigInt: 'int8',
  String: 'text',
  Boolean: 'bool',
  Bytes: 'bytea',
  Json: 'jsonb',
  Decimal: 'numeric',
};

/** Enough of Prisma's language to read our own schema. */
function columnsOf(schema: string): string[] {
  return [...schema.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)].flatMap(([, body = '']) => {
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '';
    const fields = [...body.matchAll(/^ {2}(\w+) +(\w+)(\??)(.*)$/gm)];
    return fields.map(([, name = '', type = '', optional, attributes = '']) => {
      const column = /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name;
      const udt = attributes.includes('@db.SmallInt') ? 'int2' : TYPES[type];
      return [table, column, udt, optional === '?' ? 'null' : ''].join(' ');
    });
  });
}
