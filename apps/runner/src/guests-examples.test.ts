// The lines of docs/GUESTS.md that run the guests that come with Trine: each does what it says.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, buildBundle, runProgram } from './bundle.testing.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const GUESTS = join(ROOT, 'wasm', 'guests');

const document = await readFile(join(ROOT, 'docs', 'GUESTS.md'), 'utf8');
const section = document.slice(document.indexOf('## Guests that come with Trine'));
const lines = [...section.matchAll(/^trine (run .*)$/gm)].map(([, line = '']) => line);

/** What a person sees of each answer. */
const SHOWN: Readonly<Record<string, string>> = {
  mersenne: 'p 2281, 2^p − 1 prime, residue 0000000000000000',
  nbody: 'output  256 bytes',
  collatz: 'record 3179389980591125407167, most steps 2760, numbers 16777216',
  alignment: 'score 293.5, length 145, identity 63, similarity 88, gaps 8',
  wordcount: 'different words',
};

let bundle: Bundle;

beforeAll(async () => {
  bundle = await buildBundle();
});

afterAll(() => bundle.close());

test('there is a line for each', () => {
  expect(lines.map((line) => line.split(/[ /]/)[1])).toEqual(Object.keys(SHOWN));
});

test.each(lines)('trine %s', async (line) => {
  const ran = await runProgram(process.execPath, [bundle.path, ...line.split(' ')], GUESTS);
  expect([ran.code, ran.stdout + ran.stderr]).toEqual([0, expect.stringContaining('completed')]);
  expect(ran.stdout).toContain(SHOWN[line.split(/[ /]/)[1] ?? '']);
});
