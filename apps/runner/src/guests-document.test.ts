// docs/GUESTS.md as a stranger follows it: each of its shell lines, in order, against a real control plane with three
// nodes of three owners.
import { startTestPlane, type TestPlane } from '@trine/control-plane/testing';
import { createTrine } from '@trine/sdk';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildBundle, type Bundle, runProgram } from './bundle.testing.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

let bundle: Bundle;
let plane: TestPlane;
const nodes: ChildProcess[] = [];

beforeAll(async () => {
  [bundle, plane] = await Promise.all([buildBundle(), startTestPlane()]);
  await mkdir(join(bundle.dir, 'bin'));
  const command = join(bundle.dir, 'bin', 'trine');
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${bundle.path}" "$@"\n`);
  await chmod(command, 0o755);
  const trine = createTrine({ url: plane.url, key: plane.operatorKey });
  for (const owner of ['ada', 'bob', 'cy']) {
    const { token } = await trine.tokens.create({ ownerName: owner });
    const args = ['join', plane.url, '--threads', '1', '--data-dir', join(bundle.dir, owner)];
    const env = { PATH: process.env['PATH'], HOME: bundle.dir, TRINE_TOKEN: token };
    nodes.push(spawn(process.execPath, [bundle.path, ...args], { env, stdio: 'ignore' }));
  }
}, 60_000);

afterAll(async () => {
  await Promise.all(nodes.map(ended));
  await plane.close();
  await bundle.close();
});

const ended = (node: ChildProcess): Promise<unknown> =>
  node.exitCode === null
    ? new Promise((resolve) => {
        node.once('exit', resolve);
        node.kill('SIGTERM');
      })
    : Promise.resolve();

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
  const ran = await runProgram('/bin/sh', ['-c', script], bundle.dir, {
    PATH: [join(bundle.dir, 'bin'), process.env['PATH']].join(delimiter),
    TRINE_URL: plane.url,
    TRINE_KEY: plane.operatorKey,
    npm_config_update_notifier: 'false',
  });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  expect(ran.stdout).toContain('100 of 100 verified');
  const local = await readFile(join(bundle.dir, 'steps', 'out.bin'));
  expect(local.readBigUInt64LE()).toBe(111n);
  expect(await readFile(join(bundle.dir, 'steps', 'answers', '27.bin'))).toEqual(local);
});

test('what a local run says is what three nodes agreed on', { timeout: 60_000 }, async () => {
  const trine = createTrine({ url: plane.url, key: plane.operatorKey });
  const module = new Uint8Array(await readFile(join(bundle.dir, 'steps', 'steps.wasm')));
  const job = await trine.submit({ name: 'same', module, inputs: { range: { first: 97, count: 1 } } });
  for await (const result of job.results()) {
    const local = await bundle.run('run', 'steps/steps.wasm', '--index', '97', '--json');
    expect(JSON.parse(local.stdout)).toMatchObject({
      outcome: result.outcome,
      digest: result.outputDigest,
      fuel: String(result.fuel),
    });
  }
  expect(await job.wait()).toMatchObject({ tasks: { verified: 1 } });
});
