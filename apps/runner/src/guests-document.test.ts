// docs/GUESTS.md as a stranger follows it: each of its shell lines, in order, against a real control plane with three
// nodes of three owners.
import { createTrine } from '@trine/sdk';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from './bundle.testing.ts';
import { createStranger, type Stranger } from './stranger.testing.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

let stranger: Stranger;

beforeAll(async () => {
  stranger = await createStranger();
  await stranger.join();
}, 60_000);

afterAll(() => stranger.close());

/** What a shell block says, with what only a test knows put in: installed packages, and the job's id. */
function scriptOf(document: string): string {
  const blocks = [...document.matchAll(/^```sh\n([^`]*)^```$/gm)].map(([, lines = '']) => lines);
  return ['set -eu', ...blocks]
    .join('\n')
    .replace(/^npm install$/m, `ln -s "${join(ROOT, 'node_modules')}" node_modules`)
    .replace('<job>', '$(trine jobs --json | node -p "JSON.parse(fs.readFileSync(0))[0].id")');
}

test('every command of the path from an idea to a verified job', { timeout: 120_000 }, async () => {
  const script = scriptOf(await readFile(join(ROOT, 'docs', 'GUESTS.md'), 'utf8'));
  for (const word of ['new', 'run', 'inspect', 'flame', 'prepare', 'submit', 'results']) {
    expect(script).toContain(`trine ${word} `);
  }
  const ran = await runProgram('/bin/sh', ['-c', script], stranger.bundle.dir, {
    ...stranger.env,
    npm_config_update_notifier: 'false',
  });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  expect(ran.stdout).toContain('100 of 100 verified');
  const local = await readFile(join(stranger.bundle.dir, 'steps', 'out.bin'));
  expect(local.readBigUInt64LE()).toBe(111n);
  expect(await readFile(join(stranger.bundle.dir, 'steps', 'answers', '27.bin'))).toEqual(local);
});

test('what a local run says is what three nodes agreed on', { timeout: 60_000 }, async () => {
  const trine = createTrine({ url: stranger.plane.url, key: stranger.plane.operatorKey });
  const module = new Uint8Array(await readFile(join(stranger.bundle.dir, 'steps', 'steps.wasm')));
  const job = await trine.submit({ name: 'same', module, inputs: { range: { first: 97, count: 1 } } });
  for await (const result of job.results()) {
    const local = await stranger.bundle.run('run', 'steps/steps.wasm', '--index', '97', '--json');
    expect(JSON.parse(local.stdout)).toMatchObject({
      outcome: result.outcome,
      digest: result.outputDigest,
      fuel: String(result.fuel),
    });
  }
  expect(await job.wait()).toMatchObject({ tasks: { verified: 1 } });
});
