// `trine inspect` from the built bundle: what is explained of modules that are accepted, refused and broken.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assembleText, buildBundle, type Bundle } from '../bundle.testing.ts';
import { usedFeatures } from '../wasm/features.ts';
import { outlineOf } from '../wasm/outline.ts';
import type { Inspection } from './inspect.ts';

const exported = (body: string, more = ''): string => `(module
  (import "trine" "progress" (func $progress (param i32 i32)))
  ${more}
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $run (export "run") (param $at i32) (param $length i32) (result i64) ${body} (i64.const 0)))`;

let bundle: Bundle;

beforeAll(async () => {
  bundle = await buildBundle();
}, 60_000);

afterAll(() => bundle.close());

async function inspect(bytes: Uint8Array, ...args: readonly string[]): Promise<Inspection> {
  await writeFile(join(bundle.dir, 'guest.wasm'), bytes);
  return JSON.parse((await bundle.run('inspect', 'guest.wasm', '--json', ...args)).stdout) as Inspection;
}

test('an accepted module: ABI, imports, exports and the cost of preparing it', async () => {
  const bytes = await assembleText(exported('(memory.fill (i32.const 0) (i32.const 0) (i32.const 8))'));
  const found = await inspect(bytes);
  expect(found).toMatchObject({
    type: 'prepared',
    bytes: bytes.length,
    abi: { name: 'trine-1', missing: [] },
    imports: [{ name: 'trine.progress', kind: 'function', type: '(i32, i32) → ()', accepted: true }],
    features: ['bulk-memory'],
    functions: 2,
    hasNames: true,
    preparation: { memoryMinPages: 1, memoryMaxPages: 4_096 },
  });
  expect(found.exports).toContainEqual({ name: 'run', kind: 'function', type: '(i32, i32) → (i64)' });
  const people = await bundle.run('inspect', 'guest.wasm');
  expect(people).toMatchObject({ code: 0, stderr: '' });
  expect(people.stdout).toContain('✓ accepted');
  expect(people.stdout).toContain('✓ trine.progress (i32, i32) → ()');
});

test('a refusal names its code, its byte and the function that it is in', async () => {
  const bytes = await assembleText(exported(''));
  bytes[bytes.lastIndexOf(0x42)] = 0xfb;
  expect(await inspect(bytes)).toMatchObject({
    type: 'refused',
    refusal: { code: 'feature-gc', where: 'in run' },
  });
  const people = await bundle.run('inspect', 'guest.wasm');
  expect(people.code).toBe(3);
  expect(people.stdout).toMatch(/✗ refused\n.+\ncode feature-gc, at byte \d+, in run\n/);
});

test('imports that no node offers, and what an ABI lacks', async () => {
  const found = await inspect(await assembleText('(module (import "env" "now" (func (result f64))))'));
  expect(found).toMatchObject({
    type: 'refused',
    abi: { name: 'trine-1', missing: ['memory', 'alloc', 'run'] },
    imports: [{ name: 'env.now', type: '() → (f64)', accepted: false }],
    refusal: { code: 'unknown-import', where: 'in the import section' },
  });
});

test('a WASI command is called one', async () => {
  const found = await inspect(
    await assembleText(`(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
      (memory (export "memory") 1) (func (export "_start")))`),
  );
  expect(found.abi).toEqual({ name: 'wasi-1', missing: [] });
});

test('the job’s memory limit is part of the answer', async () => {
  const found = await inspect(await assembleText(exported('')), '--memory', '131072');
  expect(found).toMatchObject({ memoryBytesMax: 131_072, preparation: { memoryMaxPages: 2 } });
});

test('bytes cut anywhere, and no module at all, are explained all the same', async () => {
  const whole = await assembleText(exported('(call $progress (i32.const 0) (i32.const 1))'));
  expect(await inspect(new Uint8Array(0))).toMatchObject({ type: 'refused', refusal: { code: 'not-wasm' } });
  for (let length = 0; length < whole.length; length += 1) {
    const cut = whole.slice(0, length);
    expect(usedFeatures(cut, outlineOf(cut))).toEqual([]);
  }
});

const FEATURES: readonly (readonly [string, string, readonly string[]])[] = [
  ['version 1', '(br_if 0 (i32.const 0)) (drop (f64.load offset=300 (i32.const 0)))', []],
  ['sign extension', '(drop (i32.extend8_s (i32.const 1)))', ['sign-extension']],
  ['conversion', '(drop (i32.trunc_sat_f64_s (f64.const 1)))', ['saturating-conversion']],
  ['vectors', '(drop (i8x16.extract_lane_s 3 (v128.load (i32.const 0))))', ['simd']],
  ['a tail call', '(return_call $run (i32.const 0) (i32.const 0))', ['tail-calls']],
  ['references', '(drop (ref.is_null (ref.null func)))', ['reference-types']],
  ['several results', '(block (result i32 i32) (i32.const 1) (i32.const 2)) (drop) (drop)', ['multi-value']],
];

test.each(FEATURES)('features: %s', async (_name, body, expected) => {
  const bytes = await assembleText(exported(body));
  expect(usedFeatures(bytes, outlineOf(bytes))).toEqual(expected);
});
