// `trine flame` from the built bundle: the same fuel as a plain run, by function, and a picture that stands alone.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assembleText, buildBundle, type Bundle } from '../bundle.testing.ts';

/** `run` calls `work`, which loops as often as the input's first byte says; 255 recurses without end. */
const GUEST = `(module
  (memory (export "memory") 1)
  (func $work (param $left i32)
    (loop $again
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get $left) (i32.const 0)))))
  (func $deep (result i64) (i64.add (call $deep) (i64.const 1)))
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param $at i32) (param $length i32) (result i64)
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 255)) (then (drop (call $deep))))
    (call $work (i32.load8_u (local.get $at)))
    (i64.const 0)))`;

let bundle: Bundle;

beforeAll(async () => {
  const [built, module] = await Promise.all([buildBundle(), assembleText(GUEST)]);
  bundle = built;
  await writeFile(join(bundle.dir, 'guest.wasm'), module);
}, 60_000);

afterAll(() => bundle.close());

interface Flame {
  readonly outcome: string;
  readonly fuel: string;
  readonly functions: readonly { readonly name: string; readonly calls: number; readonly self: string }[];
}

async function json<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse((await bundle.run(...args, '--json')).stdout) as T;
}

test.each([
  ['completed', ['--input-hex', '64']],
  ['out-of-fuel', ['--input-hex', '64', '--fuel', '200']],
  ['trapped', ['--input-hex', 'ff']],
])('a run that ends %s spends the same fuel, all of it by some function', async (outcome, args) => {
  const plain = await json<Flame>('run', 'guest.wasm', ...args);
  const flame = await json<Flame>('flame', 'guest.wasm', ...args);
  expect([plain.outcome, flame.outcome, flame.fuel]).toEqual([outcome, outcome, plain.fuel]);
  expect(flame.functions.reduce((sum, { self }) => sum + BigInt(self), 0n)).toBe(BigInt(plain.fuel));
});

test('the table names functions, the most expensive first', async () => {
  const { functions } = await json<Flame>('flame', 'guest.wasm', '--input-hex', '64');
  expect(functions[0]).toMatchObject({ name: 'work', calls: 1, self: '800' });
  const people = await bundle.run('flame', 'guest.wasm', '--input-hex', '64', '--top', '1', '-o', 'a.svg');
  expect(people).toMatchObject({ code: 0, stderr: '' });
  expect(people.stdout).toMatch(/\d\d\.\d % +800 +\d\d\.\d % +1 +work/);
  expect(people.stdout).toContain('and 2 more: --top 3');
});

test('the picture has a bar for every call path and asks for nothing from outside', async () => {
  await bundle.run('flame', 'guest.wasm', '--input-hex', '64');
  const picture = await readFile(join(bundle.dir, 'guest.flame.svg'), 'utf8');
  for (const name of ['the whole run', 'run', 'work']) expect(picture).toContain(`data-n="${name}"`);
  expect(picture).toContain('<title>work: 800 fuel');
  expect(picture.match(/(?:href|src|url\()[^\s]*/g) ?? []).toEqual([]);
});

test('names from a module cannot become markup', async () => {
  const evil = await assembleText(
    GUEST.replace('(export "alloc")', '(export "</text><script>alert(1)</script>") (export "alloc")').replace(
      'i32.const 1024))',
      'i32.const 1024)) (func (export "<b>") (nop))',
    ),
  );
  await writeFile(join(bundle.dir, 'evil.wasm'), evil);
  await bundle.run('flame', 'evil.wasm', '--input-hex', '01', '-o', 'evil.svg');
  const picture = await readFile(join(bundle.dir, 'evil.svg'), 'utf8');
  expect(picture).toContain('&lt;script&gt;alert(1)');
  expect(picture.match(/<script>/g)).toHaveLength(1);
});

test('a guest that goes on past the time is stopped', async () => {
  const endless = GUEST.replace('(br_if $again', '(br $again) (br_if $again');
  await writeFile(join(bundle.dir, 'endless.wasm'), await assembleText(endless));
  const limits = ['--timeout', '1s', '--fuel', '9000000000000000000'];
  const stopped = await bundle.run('flame', 'endless.wasm', '--input-hex', '64', ...limits);
  expect(stopped).toMatchObject({ code: 1, stdout: '' });
  expect(stopped.stderr).toContain('did not end within 1000 ms');
});

test('a chain of tail calls without an end is followed until the fuel is gone', async () => {
  const chain = GUEST.replace('(i64.add (call $deep) (i64.const 1))', '(return_call $deep)');
  await writeFile(join(bundle.dir, 'chain.wasm'), await assembleText(chain));
  const flame = await json<Flame>('flame', 'chain.wasm', '--input-hex', 'ff', '--fuel', '1000000');
  expect(flame).toMatchObject({ outcome: 'out-of-fuel', fuel: '1000000' });
  const deep = flame.functions.find(({ name }) => name === 'deep');
  expect(deep?.calls).toBeGreaterThan(100_000);
  expect(flame.functions.reduce((sum, { self }) => sum + BigInt(self), 0n)).toBe(1_000_000n);
});
