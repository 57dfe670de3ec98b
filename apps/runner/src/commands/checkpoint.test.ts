// Checkpoints of local runs from the built bundle: pause, inspect, go on, and what is refused.
import { prepare } from '@trine/rewriter';
import { loadGuest } from '@trine/wasm';
import { spawn } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assembleText, buildBundle, type Bundle } from '../bundle.testing.ts';

/** 2^2297 − 1: six steps. */
const INPUT = ['--input-hex', 'f9080000'];

let bundle: Bundle;

beforeAll(async () => {
  bundle = await buildBundle();
  const { module } = await loadGuest('mersenne');
  await writeFile(join(bundle.dir, 'mersenne.wasm'), module);
}, 60_000);

afterAll(() => bundle.close());

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await bundle.run(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const run = (...args: readonly string[]) => json('run', 'mersenne.wasm', ...args);

test('a run that pauses and goes on says what a run in one go says', async () => {
  const whole = await run(...INPUT);
  const first = await run(...INPUT, '--checkpoint', 'one.ckpt', '--after-steps', '2');
  expect(first).toMatchObject({
    paused: true,
    steps: 2,
    checkpointRoot: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect((await stat(join(bundle.dir, 'one.ckpt'))).size).toBe(first['checkpointBytes']);
  expect(await json('inspect', 'one.ckpt')).toMatchObject({
    type: 'checkpoint',
    checkpointRoot: first['checkpointRoot'],
    steps: 2,
    fuel: first['fuel'],
    abi: 'trine-1',
  });
  const second = await run('--resume', 'one.ckpt', '--checkpoint', 'two.ckpt', '--after-steps', '4');
  expect(second).toMatchObject({ paused: true, steps: 4 });
  const last = await run('--resume', 'two.ckpt');
  const { outcome, digest, fuel } = whole;
  expect(last).toMatchObject({ outcome, digest, fuel, checkpointRoot: second['checkpointRoot'] });
  expect(outcome).toBe('completed');
});

test('people are told the same', async () => {
  const paused = await bundle.run(
    'run',
    'mersenne.wasm',
    ...INPUT,
    '--checkpoint',
    'p.ckpt',
    '--after-steps',
    '1',
  );
  expect(paused).toMatchObject({ code: 0, stderr: '' });
  expect(paused.stdout).toContain('paused after 1 steps');
  const inspected = await bundle.run('inspect', 'p.ckpt');
  expect(inspected.stdout).toContain('A checkpoint after 1 steps.');
});

test('a run that comes to its end first says that there is no checkpoint', async () => {
  const words = ['run', 'mersenne.wasm', ...INPUT, '--checkpoint', 'none.ckpt', '--after-steps', '1000000'];
  expect((await bundle.run(...words)).stderr).toContain('no checkpoint is in none.ckpt');
});

test('a run that is interrupted writes its checkpoint', async () => {
  // Endless: each step is short, and there is always another one.
  const endless = await assembleText(`(module
    (import "trine" "log" (func $log (param i32 i32)))
    (memory (export "memory") 1)
    (global $steps (mut i32) (i32.const 0))
    (func (export "alloc") (param i32) (result i32) (i32.const 8))
    (func (export "start") (param i32 i32))
    (func (export "step") (result i32)
      (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
      (if (i32.eq (global.get $steps) (i32.const 1)) (then (call $log (i32.const 0) (i32.const 0))))
      (i32.const 1))
    (func (export "output") (result i64) (i64.const 0)))`);
  expect(prepare(endless).type).toBe('prepared');
  await writeFile(join(bundle.dir, 'endless.wasm'), endless);
  const args = [bundle.path, 'run', 'endless.wasm', '--checkpoint', 'endless.ckpt'];
  const child = spawn(process.execPath, args, { cwd: bundle.dir, stdio: ['ignore', 'pipe', 'pipe'] });
  // The guest's own line says that it runs.
  child.stderr.once('data', () => child.kill('SIGINT'));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(0);
  const { steps } = await json('inspect', 'endless.ckpt');
  expect(steps).toBeGreaterThan(0);
});

test('what is no checkpoint, or another task’s, is refused in a sentence', async () => {
  await run(...INPUT, '--checkpoint', 'x.ckpt', '--after-steps', '1');
  const refusals: readonly (readonly [readonly string[], string])[] = [
    [['run', 'mersenne.wasm', '--resume', 'mersenne.wasm'], 'no checkpoint'],
    [['run', 'mersenne.wasm', '--after-steps', '1'], '--checkpoint <file>'],
    [['run', 'mersenne.wasm', '--resume', 'x.ckpt', '--input-hex', '05000000'], 'its input differs'],
    [['run', 'mersenne.wasm', '--resume', 'x.ckpt', '--fuel', '9'], 'its fuel limit differs'],
  ];
  for (const [args, sentence] of refusals) {
    const { code, stdout, stderr } = await bundle.run(...args);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(sentence);
  }
});
