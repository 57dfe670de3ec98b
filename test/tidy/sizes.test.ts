/** Size budgets: files that a person reads in one sitting, and what a volunteer downloads. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { rootDir, sourceFiles } from './sources.ts';

/** Lines; an algorithm or a state machine may fill it, nothing may pass it. */
const FILE_LINES_MAX = 700;
/** Bytes of the one file that `/runner.mjs` serves. */
const RUNNER_BYTES_MAX = 1_500_000;
/** Gzipped bytes of agent and guest thread programs together. */
const WORKERS_GZIP_MAX = 150_000;

test('no source file is longer than one sitting', () => {
  const long = sourceFiles(/\.(tsx?|mjs)$/)
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > FILE_LINES_MAX);
  expect(long).toEqual([]);
});

test('the runner stays one small file', () => {
  expect(statSync(join(rootDir, 'apps', 'runner', 'dist', 'trine.mjs')).size).toBeLessThan(RUNNER_BYTES_MAX);
});

test('the thread programs of the page stay small', () => {
  const dir = join(rootDir, 'apps', 'coordinator', 'public', 'workers');
  const sizes = readdirSync(dir)
    .filter((name) => name.endsWith('.js'))
    .map((name) => gzipSync(readFileSync(join(dir, name))).length);
  expect(sizes.length).toBeGreaterThanOrEqual(2);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(WORKERS_GZIP_MAX);
});
