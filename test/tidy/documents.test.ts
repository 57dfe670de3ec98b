/** Documents must tell the truth: tables match the code, links and named files exist. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { limitsDocument } from './limits-table.ts';

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const limitsFile = join(rootDir, 'docs', 'LIMITS.md');
if (process.env['BLESS'] === '1') writeFileSync(limitsFile, limitsDocument());

const documents = [
  ...readdirSync(rootDir).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(rootDir, 'docs')).map((name) => join('docs', name)),
].filter((name) => name.endsWith('.md'));

test('docs/LIMITS.md is the table in the code', () => {
  expect(readFileSync(limitsFile, 'utf8')).toBe(limitsDocument());
});

describe.each(documents)('%s', (name) => {
  const text = readFileSync(join(rootDir, name), 'utf8');

  test('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(rootDir, dirname(name), link)))).toEqual([]);
  });

  test('names files that exist', () => {
    const paths = [...text.matchAll(/`((?:apps|packages|test|wasm|prisma|docs)\/[\w./-]+)`/g)].map(
      (match) => match[1] ?? '',
    );
    const files = paths.filter(
      (path) => !path.includes('*') && !path.includes('/build/') && !path.includes('/dist/'),
    );
    expect(files.filter((path) => !existsSync(join(rootDir, path)))).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(rootDir, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});
