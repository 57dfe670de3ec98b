// What docs/GUESTS.md claims of acceptance and of fuel, held against the rewriter: each row of its tables.
import { prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { assembleText } from './bundle.testing.ts';

const document = await readFile(new URL('../../../docs/GUESTS.md', import.meta.url), 'utf8');

const guest = (body: string, more = ''): string => `(module
  (memory (export "memory") 1 8)
  ${more}
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func $run (export "run") (param $at i32) (param $length i32) (result i64) ${body} (i64.const 0)))`;

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['sign extension', guest('(drop (i32.extend8_s (i32.const 1)))')],
  ['saturating conversion', guest('(drop (i32.trunc_sat_f64_s (f64.const 1)))')],
  ['mutable globals', guest('', '(global (export "count") (mut i32) (i32.const 0))')],
  [
    'several results',
    guest('(call $two) (drop) (drop)', '(func $two (result i32 i32) (i32.const 1) (i32.const 2))'),
  ],
  ['blocks with operands', guest('(i32.const 1) (block (param i32) (drop))')],
  ['bulk memory', guest('(memory.copy (i32.const 0) (i32.const 8) (i32.const 8))')],
  ['reference types', guest('(drop (ref.is_null (ref.null extern)))')],
  ['several tables', guest('', '(table 1 funcref) (table 1 externref)')],
  ['fixed-width SIMD', guest('(drop (i32x4.add (v128.load (i32.const 0)) (v128.load (i32.const 16))))')],
  ['tail calls', guest('(return_call $run (i32.const 0) (i32.const 0))')],
];

test.each(ACCEPTED)('accepted: %s', async (words, text) => {
  expect(document).toMatch(new RegExp(`\\| [^|]*${words}[^|]* \\|[^|]+\\|\\n`));
  expect(prepare(await assembleText(text))).toMatchObject({ type: 'prepared' });
});

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['threads', guest('').replace('1 8)', '1 8 shared)'), 'feature-threads'],
  ['exceptions', guest('(throw $tag)', '(tag $tag)'), 'feature-exceptions'],
  ['64-bit', guest('').replace('1 8)', 'i64 1 8)'), 'feature-memory64'],
  ['several memories', guest('', '(memory 1)'), 'feature-multi-memory'],
  [
    'imports outside the ABI',
    guest('', '').replace('(module', '(module (import "env" "now" (func))'),
    'unknown-import',
  ],
];

test.each(REFUSED)('refused: %s', async (words, text, code) => {
  expect(document).toMatch(new RegExp(`\\|[^|]+\\| [^|]*${words}[^|]* \\|\\n`));
  expect(prepare(await assembleText(text))).toMatchObject({ type: 'refused', code });
});

/** Rows of the cost table, a body, and its fuel by that table; each constant costs 1. */
const COSTS: readonly (readonly [string, string, number])[] = [
  ['| `block`, `loop`, `else`, `end`, `nop` | 0 |', '(block (loop (nop) (nop)))', 0],
  ['| any other, calls and host imports included | 1 |', '(call $progress (i32.const 1) (i32.const 2))', 3],
  ['| any other, calls and host imports included | 1 |', '(drop (i32x4.splat (i32.const 1)))', 3],
  [
    '| `memory.copy`, `memory.fill`, `memory.init` | 1 + ⌊bytes / 8⌋ |',
    '(memory.fill (i32.const 0) (i32.const 1) (i32.const 103))',
    4 + 12,
  ],
  [
    '| `table.copy`, `table.init`, `table.fill` | 1 + entries |',
    '(table.copy (i32.const 0) (i32.const 1) (i32.const 5))',
    4 + 5,
  ],
  ['| `memory.grow` that succeeds | 1 + 8,192 a page |', '(drop (memory.grow (i32.const 3)))', 3 + 3 * 8_192],
  ['| `memory.grow` that succeeds | 1 + 8,192 a page |', '(drop (memory.grow (i32.const 30)))', 3],
  [
    '| `table.grow` that succeeds | 1 + entries |',
    '(drop (table.grow (ref.null func) (i32.const 9)))',
    4 + 9,
  ],
];

test.each(COSTS)('%s', async (row, body, fuel) => {
  expect(document).toContain(row);
  expect((await fuelOf(body)) - (await fuelOf(''))).toBe(BigInt(fuel));
});

async function fuelOf(body: string): Promise<bigint> {
  const host = '(import "trine" "progress" (func $progress (param i32 i32)))';
  const text = guest(body, '(table 16 100 funcref)').replace('(module', `(module ${host}`);
  const prepared = prepare(await assembleText(text));
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const limits = { fuel: 1_000_000n, memoryBytes: 1_048_576, outputBytes: 0 };
  const module = new WebAssembly.Module(new Uint8Array(prepared.bytes));
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const end = runGuest({ module, abi: 'trine-1', input: new Uint8Array(0), limits }, hooks);
  expect(end.outcome).toBe('completed');
  return end.fuel;
}
