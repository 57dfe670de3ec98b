import { describe, expect, it } from 'vitest';

import { assembleWat, guestWat } from '../test/wat.ts';
import { prepare } from './index.ts';
import * as limits from './limits.ts';
import type { RefusalCode } from './refusals.ts';

function refusal(bytes: Uint8Array): {
  readonly code: RefusalCode;
  readonly offset: number;
  readonly message: string;
} {
  const answer = prepare(bytes);
  if (answer.type === 'prepared') {
    throw new Error('the module was accepted');
  }
  return answer;
}

function codeOf(wat: string): RefusalCode {
  return refusal(assembleWat(wat)).code;
}

const inFunction = (code: string): string => guestWat(`(func ${code})`);

describe('what is no guest', () => {
  it('is told from WebAssembly', () => {
    expect(refusal(new Uint8Array(0))).toMatchObject({ code: 'not-wasm', offset: 0 });
    expect(refusal(new TextEncoder().encode('#!/bin/sh')).code).toBe('not-wasm');
    expect(refusal(Uint8Array.of(0, 0x61, 0x73, 0x6d, 13, 0, 1, 0))).toMatchObject({
      code: 'not-wasm',
      offset: 4,
    });
  });

  it('is named when an import is not ours', () => {
    expect(codeOf('(module (import "env" "abort" (func)))')).toBe('unknown-import');
    expect(codeOf('(module (import "trine" "toString" (func)))')).toBe('unknown-import');
    expect(codeOf('(module (import "trine" "memory" (memory 1)))')).toBe('unknown-import');
    expect(codeOf('(module (import "trine" "log" (func (param i64))))')).toBe('import-wrong-signature');
    expect(
      refusal(assembleWat('(module (import "wasi_snapshot_preview1" "fd_write" (func)))')).message,
    ).toContain('"fd_write"');
  });

  it('is told what the ABI misses', () => {
    expect(codeOf('(module)')).toBe('abi-missing-export');
    expect(codeOf('(module (memory (export "memory") 1))')).toBe('abi-missing-export');
    const alloc = '(memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) i32.const 0)';
    expect(refusal(assembleWat(`(module ${alloc})`)).message).toContain('"run"');
    expect(codeOf(`(module ${alloc} (func (export "run")))`)).toBe('abi-wrong-signature');
    expect(
      refusal(assembleWat(`(module ${alloc} (func (export "step") (result i32) i32.const 0))`)).message,
    ).toContain('"start"');
    expect(codeOf(guestWat('(global (export "trine:fuel") i32 (i32.const 1))'))).toBe('reserved-export');
  });
});

describe('features outside the edition', () => {
  const cases: readonly (readonly [string, RefusalCode])[] = [
    ['i32.const 0 i32.atomic.load drop', 'feature-threads'],
    ['try end', 'feature-exceptions'],
  ];
  it.each(cases)('%s', (code, expected) => {
    expect(codeOf(inFunction(code))).toBe(expected);
  });

  const modules: readonly (readonly [string, RefusalCode])[] = [
    ['(memory 1 2 shared)', 'feature-threads'],
    ['(memory i64 1)', 'feature-memory64'],
    ['(memory 1) (memory 1)', 'feature-multi-memory'],
    ['(tag)', 'feature-exceptions'],
  ];
  it.each(modules)('%s', (body, expected) => {
    expect(codeOf(`(module ${body})`)).toBe(expected);
  });

  it('relaxed SIMD is told from SIMD', () => {
    const bytes = rawBody([0xfd, 0x80, 0x02, 0x0b]);
    expect(refusal(bytes).code).toBe('feature-relaxed-simd');
  });
});

// A guest with one more function of type () -> (), whose body (after no locals) is `code`.
function rawBody(code: readonly number[]): Uint8Array {
  return splice(assembleWat(guestWat('(func nop nop nop)')), [0x01, 0x01, 0x01, 0x0b], code);
}

// Replaces a function's code and mends the two sizes around it.
function splice(bytes: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array {
  const at = bytes.findIndex((_, index) => from.every((byte, place) => bytes[index + place] === byte));
  const grown = to.length - from.length;
  const section = bytes.lastIndexOf(0x0a, at - 4);
  const copy = [...bytes];
  copy[section + 1] = (copy[section + 1] ?? 0) + grown;
  copy[at - 2] = (copy[at - 2] ?? 0) + grown;
  copy.splice(at, from.length, ...to);
  return Uint8Array.from(copy);
}

describe('typing', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['an operand of another type', 'i32.const 1 i64.const 1 i32.add drop'],
    ['a missing operand', 'i32.add drop'],
    ['operands left over', 'i32.const 1'],
    ['a branch too far', 'br 2'],
    ['a wrong block result', 'block (result i32) i64.const 1 end drop'],
    ['an if that leaves nothing to its missing else', 'i32.const 1 if (result i32) i32.const 1 end drop'],
    ['an unknown local', 'local.get 3 drop'],
    ['an unknown function', 'call 77'],
    ['unknown table', 'i32.const 0 call_indirect'],
    ['an operand from below a block', 'i32.const 1 block drop end'],
    ['data without its count', 'data.drop 0'],
    ['too large an alignment', 'i32.const 0 i32.load align=8 drop'],
    ['select of two types', 'i32.const 1 f32.const 1 i32.const 1 select drop'],
    ['a tail call of other results', 'return_call $answers) (func $answers (result i32) i32.const 1'],
    ['a tail call without its operand', 'return_call $takes) (func $takes (param i32)'],
    ['a number where a reference is due', 'i32.const 0 ref.is_null drop'],
    ['a reference to a function that is not declared', 'ref.func $hidden drop) (func $hidden'],
    ['a select of references without their type', 'ref.null func ref.null func i32.const 1 select drop'],
    [
      'a select that names another type',
      'ref.null func ref.null func i32.const 1 select (result externref) drop',
    ],
    ['a table of another type', 'i32.const 0 ref.null extern table.set $t) (table $t 1 funcref) (func'],
    [
      'a copy between tables of different types',
      'i32.const 0 i32.const 0 i32.const 0 table.copy $t $e) (table $t 1 funcref) (table $e 1 externref) (func',
    ],
    [
      'an indirect call through host references',
      'i32.const 0 call_indirect $e) (table $e 1 externref) (func',
    ],
    ['a table whose targets differ', 'block (result i32) i32.const 1 i32.const 0 br_table 0 1 end drop'],
  ];
  it.each(cases)('%s', (_name, code) => {
    expect(codeOf(inFunction(code))).toBe('invalid');
    expect(WebAssembly.validate(Uint8Array.from(assembleWat(inFunction(code))))).toBe(false);
  });

  it('lets unreachable code be of any type', () => {
    const code =
      'unreachable i32.add drop block (result f64) br 1 f64.convert_i64_s end drop return select drop';
    expect(prepare(assembleWat(inFunction(code))).type).toBe('prepared');
  });

  it('an immutable global that is written', () => {
    expect(codeOf(guestWat('(global i32 (i32.const 0)) (func i32.const 1 global.set 0)'))).toBe('invalid');
  });

  it('segments that do not fit', () => {
    expect(codeOf(guestWat('(data (i32.const 65535) "ab")'))).toBe('segment-out-of-bounds');
    expect(codeOf(guestWat('(data (i32.const -1) "a")'))).toBe('segment-out-of-bounds');
    expect(codeOf(guestWat('(table 1 funcref) (elem (i32.const 1) $f) (func $f)'))).toBe(
      'segment-out-of-bounds',
    );
  });
});

describe('limits', () => {
  const times = (count: number, text: string): string => `${text} `.repeat(count);

  it('bound nesting, without a stack of ours', () => {
    expect(refusal(rawNesting(50_000)).code).toBe('limit-nesting');
    const deepest = limits.NESTING_MAX;
    const prepared = prepare(rawNesting(deepest));
    expect(prepared.type).toBe('prepared');
    expect(prepared.type === 'prepared' && WebAssembly.validate(Uint8Array.from(prepared.bytes))).toBe(true);
  });

  it('bound locals, operands and parameters', () => {
    expect(codeOf(inFunction(`(local ${times(limits.LOCALS_MAX + 1, 'i32')})`))).toBe('limit-locals');
    const over = limits.OPERANDS_MAX + 1;
    expect(codeOf(inFunction(times(over, 'i32.const 1') + times(over, 'drop')))).toBe('limit-operands');
    expect(codeOf(guestWat(`(func (param ${times(limits.PARAMETERS_MAX + 1, 'i32')}))`))).toBe(
      'limit-parameters',
    );
    expect(codeOf(guestWat(`(func (result ${times(limits.RESULTS_MAX + 1, 'i32')}) unreachable)`))).toBe(
      'limit-results',
    );
  });

  it('bound memory and table', () => {
    expect(codeOf(guestWat('(memory (export "memory") 5000)'))).toBe('limit-memory-pages');
    expect(codeOf(guestWat(`(table ${limits.TABLE_ENTRIES_MAX + 1} funcref)`))).toBe('limit-table-entries');
  });

  it('bound the module and its functions', () => {
    expect(refusal(new Uint8Array(limits.MODULE_BYTES_MAX + 1)).code).toBe('limit-module-bytes');
    // A function section that announces 100,001 functions.
    const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 4, 0xa1, 0x8d, 0x06, 0];
    expect(refusal(Uint8Array.from(bytes)).code).toBe('limit-functions');
  });

  it('hold a count that lies', () => {
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    expect(refusal(Uint8Array.from([...header, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f])).code).toBe(
      'limit-types',
    );
    expect(refusal(Uint8Array.from([...header, 1, 0xff, 0xff, 0xff, 0xff, 0x0f])).code).toBe('malformed');
    expect(refusal(Uint8Array.from([...header, 1, 0xff, 0xff, 0xff, 0xff, 0x1f])).code).toBe('malformed');
  });
});

// `deepest` blocks one in the other, as bytes: wabt's own parser would run out of stack.
function rawNesting(deepest: number): Uint8Array {
  const code = new Uint8Array(deepest * 3 + 2);
  for (let index = 0; index < deepest; index++) {
    code.set([0x02, 0x40], 1 + index * 2);
    code[1 + deepest * 2 + index] = 0x0b;
  }
  code[code.length - 1] = 0x0b;
  const guest = assembleWat(guestWat(''));
  return withBody(guest, code);
}

// Replaces the code section by one whose first body, of `alloc`, is `code` in front of its own answer.
function withBody(guest: Uint8Array, code: Uint8Array): Uint8Array {
  const leb = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
  const body = [...code.subarray(0, code.length - 1), 0x41, 0, 0x0b];
  const other = [0, 0x42, 0, 0x0b];
  const content = [2, ...leb(body.length), ...body, ...leb(other.length), ...other];
  const section = guest.lastIndexOf(0x0a, guest.length - 10);
  return Uint8Array.from([...guest.subarray(0, section), 0x0a, ...leb(content.length), ...content]);
}
