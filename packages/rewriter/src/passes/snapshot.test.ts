import { describe, expect, it } from 'vitest';

import { assembleWat, guestWat } from '../../test/wat.ts';
import { prepare, type Prepared } from '../index.ts';
import { STATE_WORDS_MAX } from '../limits.ts';

const STEP = `(func (export "start") (param i32 i32)) (func (export "output") (result i64) i64.const 0)
  (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) i32.const 16)`;

const prepareStep = (body: string): Prepared => prepare(assembleWat(`(module ${body} ${STEP})`));

function instantiate(body: string): WebAssembly.Exports {
  const prepared = prepareStep(body);
  if (prepared.type === 'refused') {
    throw new Error(prepared.message);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(prepared.bytes)));
  (exports['trine:fuel'] as WebAssembly.Global).value = 1_000n;
  return exports;
}

const stateExports = (exports: WebAssembly.Exports): readonly string[] =>
  Object.keys(exports).filter((name) => name.startsWith('trine:') && !/fuel|aborted/.test(name));

const call = (exports: WebAssembly.Exports, name: string, ...args: readonly unknown[]): unknown =>
  (exports[name] as (...values: readonly unknown[]) => unknown)(...args);

function wordsOf(exports: WebAssembly.Exports): readonly bigint[] {
  const count = Number((exports['trine:words'] as WebAssembly.Global).value);
  return Array.from({ length: count }, (_, word) =>
    BigInt.asUintN(64, call(exports, 'trine:read', word) as bigint),
  );
}

const EVERY_TYPE = `(global $i (mut i32) (i32.const -1)) (global $l (mut i64) (i64.const -2))
  (global $f (mut f32) (f32.const nan:0x200001)) (global $d (mut f64) (f64.const nan:0x4000000000001))
  (global $v (mut v128) (v128.const i64x2 3 4)) (global $kept (mut i32) (i32.const 9))
  (func (export "step") (result i32)
    (global.set $i (i32.const 5)) (global.set $l (i64.const 6)) (global.set $f (f32.const 1))
    (global.set $d (f64.const 1)) (global.set $v (v128.const i64x2 7 8)) (global.get $kept))`;

describe('the state of a step guest', () => {
  it('is read and written word by word, payloads of NaNs included; what never changes is none of it', () => {
    const exports = instantiate(EVERY_TYPE);
    const initial = [0xffff_ffffn, 0xffff_ffff_ffff_fffen, 0x7fa0_0001n, 0x7ff4_0000_0000_0001n, 3n, 4n];
    expect(wordsOf(exports)).toEqual(initial);
    expect(call(exports, 'step')).toBe(9);
    expect(wordsOf(exports)).toEqual([5n, 6n, 0x3f80_0000n, 0x3ff0_0000_0000_0000n, 7n, 8n]);
    for (const [word, value] of initial.entries()) {
      call(exports, 'trine:write', word, BigInt.asIntN(64, value));
    }
    expect(wordsOf(exports)).toEqual(initial);
  });

  it('costs no fuel to read or write, and has no words past the last', () => {
    const exports = instantiate(EVERY_TYPE);
    const before = wordsOf(exports);
    for (const word of [6, 7, -1, 0x7fff_ffff]) {
      call(exports, 'trine:write', word, 77n);
      expect(call(exports, 'trine:read', word)).toBe(0n);
    }
    expect(wordsOf(exports)).toEqual(before);
    expect((exports['trine:fuel'] as WebAssembly.Global).value).toBe(1_000n);
  });

  it('says whether a segment was dropped, and drops it', () => {
    const body = `(data $text "abc") (data $other "d") (elem $none funcref (ref.null func)) (table 1 funcref)
      (func (export "step") (result i32)
        (memory.init $text (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop $text) (elem.drop $none)
        (memory.init $other (i32.const 0) (i32.const 0) (i32.const 1)) i32.const 1)`;
    const ran = instantiate(body);
    expect(wordsOf(ran)).toEqual([0n, 0n]);
    expect(call(ran, 'step')).toBe(1);
    expect(wordsOf(ran)).toEqual([1n, 1n]);
    expect(() => call(ran, 'step')).toThrow(/out of bounds/);
    const restored = instantiate(body);
    call(restored, 'trine:write', 1, 0n);
    call(restored, 'trine:write', 0, 1n);
    expect(wordsOf(restored)).toEqual([1n, 0n]);
    expect(() => call(restored, 'step')).toThrow(/out of bounds/);
  });

  it('exports tables and references that change, and every function that they can name', () => {
    const exports = instantiate(`(table $changed 1 funcref) (table $fixed 1 funcref) (table $host 1 externref)
      (global $kept (mut funcref) (ref.null func)) (global $set (mut funcref) (ref.null func))
      (global $never (mut externref) (ref.null extern)) (elem declare func $one)
      (func $one) (func $hidden (drop (global.get $kept)))
      (func (export "step") (result i32)
        (table.set $changed (i32.const 0) (ref.func $one)) (global.set $set (ref.func $one))
        (drop (table.grow $host (ref.null extern) (i32.const 1))) (global.set $never (ref.null extern))
        (drop (table.get $fixed (i32.const 0))) i32.const 0)`);
    expect(stateExports(exports)).toEqual([
      'trine:words',
      'trine:read',
      'trine:write',
      'trine:table:0',
      'trine:table:2',
      'trine:global:1',
      'trine:functions',
    ]);
    call(exports, 'step');
    const table = exports['trine:table:0'] as WebAssembly.Table;
    const functions = exports['trine:functions'] as WebAssembly.Table;
    const named = Array.from({ length: functions.length }, (_, place) => functions.get(place) as unknown);
    expect(named).toContain(table.get(0));
    expect(named).toContain((exports['trine:global:1'] as WebAssembly.Global).value);
  });

  it('is nothing but its words where nothing refers, and is not there without steps', () => {
    const nothing = ['trine:words', 'trine:read', 'trine:write'];
    expect(stateExports(instantiate('(func (export "step") (result i32) i32.const 0)'))).toEqual(nothing);
    const prepared = prepare(
      assembleWat(guestWat('(global $g (mut i32) (i32.const 0)) (func (global.set $g (i32.const 1)))')),
    );
    if (prepared.type === 'refused') {
      throw new Error(prepared.message);
    }
    const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).not.toContain('trine:words');
  });

  it('has a limit of words', () => {
    const globals = (count: number): string => {
      const indices = Array.from({ length: count }, (_, index) => index);
      const declared = indices.map(() => '(global (mut v128) (v128.const i64x2 0 0))').join('\n');
      const set = indices.map((index) => `(global.set ${index} (v128.const i64x2 1 1))`).join('\n');
      return `${declared} (func (export "step") (result i32) ${set} i32.const 0)`;
    };
    expect(prepareStep(globals(STATE_WORDS_MAX / 2)).type).toBe('prepared');
    expect(prepareStep(globals(STATE_WORDS_MAX / 2 + 1))).toMatchObject({
      type: 'refused',
      code: 'limit-state-words',
      message: `The module has ${STATE_WORDS_MAX + 2} state words; the limit is ${STATE_WORDS_MAX}.`,
    });
  });
});
