/**
 * A function that only an export declares may be taken by `ref.func`. Preparing exports its wrapper instead, and the
 * prepared module was no valid one: the reference was no longer declared.
 */
import { prepare } from '@trine/rewriter';
import { expect, test } from 'vitest';
import wabt from 'wabt';

test('a reference to a function that only an export declares stays valid', async () => {
  const assembler = await wabt();
  const parsed = assembler.parseWat(
    'guest.wat',
    `(module (memory (export "memory") 1) (table 2 funcref)
      (func $named (export "named") (result i32) i32.const 7)
      (func (export "alloc") (param i32) (result i32) i32.const 16)
      (func (export "run") (param i32 i32) (result i64)
        i32.const 0 ref.func $named table.set 0
        i32.const 0 call_indirect (result i32) i64.extend_i32_u))`,
    { reference_types: true },
  );
  const original = parsed.toBinary({}).buffer;
  parsed.destroy();
  expect(WebAssembly.validate(Uint8Array.from(original))).toBe(true);
  const prepared = prepare(original);
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  const { exports } = new WebAssembly.Instance(module);
  (exports['trine:fuel'] as WebAssembly.Global).value = 100n;
  expect((exports['run'] as (pointer: number, length: number) => bigint)(0, 0)).toBe(7n);
});
