// One module a feature: what an edition accepts stays valid, what it refuses is refused by its name, at the byte
// where it is, in a sentence. What V8 itself makes of each module says that it is what it claims to be.

import { describe, expect, it } from 'vitest';

import { assembleWat, guestWat } from '../test/wat.ts';
import { prepare } from './index.ts';
import type { RefusalCode } from './refusals.ts';

const inFunction = (code: string): string => guestWat(`(func ${code})`);
const isValid = (bytes: Uint8Array): boolean => WebAssembly.validate(Uint8Array.from(bytes));

const ACCEPTED: readonly (readonly [string, string])[] = [
  [
    'MVP control flow',
    inFunction('block loop i32.const 0 br_table 0 1 0 end end i32.const 1 if nop else nop end'),
  ],
  ['MVP numbers', inFunction('f64.const 2 f64.sqrt i64.trunc_f64_s i64.const 3 i64.div_u i32.wrap_i64 drop')],
  ['MVP memory', inFunction('i32.const 0 i32.const 0 i64.load8_s i64.store16 memory.size memory.grow drop')],
  [
    'MVP indirect calls',
    guestWat('(table 1 funcref) (elem (i32.const 0) $f) (func $f i32.const 0 call_indirect)'),
  ],
  ['sign extension', inFunction('i32.const 255 i32.extend8_s drop i64.const 1 i64.extend32_s drop')],
  [
    'saturating conversion',
    inFunction('f32.const nan i32.trunc_sat_f32_u drop f64.const inf i64.trunc_sat_f64_s drop'),
  ],
  ['mutable globals, exported', guestWat('(global (export "g") (mut i32) (i32.const 0))')],
  ['several results', guestWat('(func (result i32 i64) i32.const 1 i64.const 2)')],
  [
    'blocks with operands',
    inFunction('i32.const 1 block (param i32) (result i32 i32) i32.const 2 end i32.add drop'),
  ],
  [
    'bulk memory',
    guestWat('(data $d "x") (func i32.const 0 i32.const 0 i32.const 1 memory.init $d data.drop $d)'),
  ],
  [
    'bulk copies',
    inFunction(
      'i32.const 0 i32.const 0 i32.const 1 memory.copy i32.const 0 i32.const 0 i32.const 1 memory.fill',
    ),
  ],
  [
    'bulk tables',
    guestWat(`(table $t 2 funcref) (elem $e func $f) (func $f i32.const 0 i32.const 0 i32.const 1 table.init $t $e
      elem.drop $e i32.const 0 i32.const 1 i32.const 1 table.copy $t $t)`),
  ],
  [
    'reference types',
    guestWat(`(table $a 1 funcref) (table $b 1 externref) (elem declare func $f)
      (func $f i32.const 0 ref.func $f table.set $a ref.null extern i32.const 1 table.grow $b drop
        i32.const 0 table.get $a ref.is_null drop i32.const 0 ref.null extern table.size $b table.fill $b)`),
  ],
  [
    'select of references',
    inFunction('ref.null func ref.null func i32.const 1 select (result funcref) drop'),
  ],
  ['extended constants', guestWat('(global i32 (i32.add (i32.const 40) (i32.const 2)))')],
  ['a constant from another global', guestWat('(global $a i64 (i64.const 7)) (global i64 (global.get $a))')],
  ['vectors', inFunction('v128.const i32x4 1 2 3 4 f32x4.sqrt drop')],
  ['tail calls', guestWat('(func $f (param i32) (result i32) local.get 0 return_call $f)')],
  [
    'indirect tail calls',
    guestWat('(table 1 funcref) (type $t (func)) (func i32.const 0 return_call_indirect (type $t))'),
  ],
  ['a start function', guestWat('(func $f) (start $f)')],
  ['custom sections', guestWat('(func $named nop)')],
];

describe('accepted, and valid before and after', () => {
  it.each(ACCEPTED)('%s', (name, text) => {
    const original = assembleWat(text);
    const answer = prepare(original);
    if (answer.type === 'refused') throw new Error(`${answer.code} at ${answer.offset}: ${answer.message}`);
    expect(isValid(answer.bytes)).toBe(true);
    // Node 20 compiles no extended constants: that is why they are folded.
    expect(isValid(original) || name === 'extended constants' || name.startsWith('a constant from')).toBe(
      true,
    );
    expect(answer.report.foldedConstants).toBe(/constant/.test(name) && !/MVP/.test(name) ? 1 : 0);
  });
});

// Raw modules, for what no assembler here can write: each section once, with its count.
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, ...content: readonly number[]): readonly number[] => [
  id,
  content.length,
  ...content,
];
const raw = (...sections: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([...HEADER, ...sections.flat()]);
const EMPTY_TYPE = section(1, 1, 0x60, 0, 0);
const GUEST_TYPES = [3, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7f, 1, 0x7e, 0x60, 0, 0] as const;
const name = (text: string): readonly number[] => [text.length, ...new TextEncoder().encode(text)];
/** A guest with one more function of type () → (), a table and a memory: `code` without locals and `end`. */
const code = (...bytes: readonly number[]): Uint8Array =>
  raw(
    section(1, ...GUEST_TYPES),
    section(3, 3, 0, 1, 2),
    section(4, 1, 0x70, 0, 1),
    section(5, 1, 0, 1),
    section(7, 3, ...name('memory'), 2, 0, ...name('alloc'), 0, 0, ...name('run'), 0, 1),
    section(10, 3, 4, 0, 0x41, 16, 0x0b, 4, 0, 0x42, 0, 0x0b, bytes.length + 2, 0, ...bytes, 0x0b),
  );
/** Where the instructions of `code` begin. */
const CODE_AT = code().length - 1;
const type = (...bytes: readonly number[]): Uint8Array => raw(section(1, 1, ...bytes));
const global = (valueType: readonly number[]): Uint8Array =>
  raw(section(6, 1, ...valueType, 0, 0x41, 0, 0x0b));
/** The first byte behind the header of the first section and its count. */
const FIRST = HEADER.length + 3;
const I32_0 = [0x41, 0] as const;

interface Refused {
  readonly name: string;
  readonly module: Uint8Array;
  readonly code: RefusalCode;
  readonly at: number;
  /** Whether Node 20 compiles it: then it is certainly a module of that feature. */
  readonly isKnown?: true;
}

const REFUSED: readonly Refused[] = [
  {
    name: 'threads: shared memory',
    module: raw(section(5, 1, 3, 1, 1)),
    code: 'feature-threads',
    at: FIRST,
    isKnown: true,
  },
  {
    name: 'threads: an atomic load',
    module: code(...I32_0, 0xfe, 0x10, 2, 0, 0x1a),
    code: 'feature-threads',
    at: CODE_AT + 2,
    isKnown: true,
  },
  { name: 'threads: a fence', module: code(0xfe, 3, 0), code: 'feature-threads', at: CODE_AT, isKnown: true },
  { name: 'relaxed SIMD', module: code(0xfd, 0x80, 2), code: 'feature-relaxed-simd', at: CODE_AT },
  { name: 'memory64', module: raw(section(5, 1, 4, 1)), code: 'feature-memory64', at: FIRST },
  {
    name: 'memory64: a table',
    module: raw(section(4, 1, 0x70, 4, 1)),
    code: 'feature-memory64',
    at: FIRST + 1,
  },
  {
    name: 'multi-memory: two memories',
    module: raw(section(5, 2, 0, 1, 0, 1)),
    code: 'feature-multi-memory',
    at: FIRST - 1,
  },
  {
    name: 'multi-memory: an index in a load',
    module: code(...I32_0, 0x28, 0x42, 1, 0, 0x1a),
    code: 'feature-multi-memory',
    at: CODE_AT + 3,
  },
  {
    name: 'multi-memory: an index in a copy',
    module: code(...I32_0, ...I32_0, ...I32_0, 0xfc, 10, 1, 0),
    code: 'feature-multi-memory',
    at: CODE_AT + 8,
  },
  {
    name: 'exceptions, old: try',
    module: code(0x06, 0x40, 0x19, 0x0b),
    code: 'feature-exceptions',
    at: CODE_AT,
    isKnown: true,
  },
  { name: 'exceptions, old: rethrow', module: code(0x09, 0), code: 'feature-exceptions', at: CODE_AT },
  { name: 'exceptions, old: delegate', module: code(0x18, 0), code: 'feature-exceptions', at: CODE_AT },
  { name: 'exceptions: throw', module: code(0x08, 0), code: 'feature-exceptions', at: CODE_AT },
  {
    name: 'exceptions: a tag',
    module: raw(EMPTY_TYPE, section(13, 1, 0, 0)),
    code: 'feature-exceptions',
    at: HEADER.length + 6,
    isKnown: true,
  },
  {
    name: 'exceptions, new: try_table',
    module: code(0x1f, 0x40, 0, 0x0b),
    code: 'feature-exceptions',
    at: CODE_AT,
  },
  { name: 'exceptions, new: throw_ref', module: code(0x0a), code: 'feature-exceptions', at: CODE_AT },
  { name: 'exceptions, new: exnref', module: global([0x69]), code: 'feature-exceptions', at: FIRST },
  { name: 'GC: a structure', module: type(0x5f, 0), code: 'feature-gc', at: FIRST },
  { name: 'GC: an array', module: type(0x5e, 0x7f, 0), code: 'feature-gc', at: FIRST },
  { name: 'GC: a group of types', module: type(0x4e, 1, 0x60, 0, 0), code: 'feature-gc', at: FIRST },
  { name: 'GC: a subtype', module: type(0x50, 0, 0x60, 0, 0), code: 'feature-gc', at: FIRST },
  { name: 'GC: a final subtype', module: type(0x4f, 0, 0x60, 0, 0), code: 'feature-gc', at: FIRST },
  { name: 'GC: anyref', module: global([0x6e]), code: 'feature-gc', at: FIRST },
  { name: 'GC: i31ref', module: global([0x6c]), code: 'feature-gc', at: FIRST },
  { name: 'GC: a nullable reference to a type', module: global([0x63, 0]), code: 'feature-gc', at: FIRST },
  { name: 'GC: a reference to a type', module: global([0x64, 0]), code: 'feature-gc', at: FIRST },
  { name: 'GC: i31', module: code(...I32_0, 0xfb, 0x1c, 0x1a), code: 'feature-gc', at: CODE_AT + 2 },
  { name: 'GC: ref.eq', module: code(0xd3), code: 'feature-gc', at: CODE_AT },
  { name: 'typed references: call_ref', module: code(0x14, 0), code: 'feature-gc', at: CODE_AT },
  { name: 'typed references: br_on_null', module: code(0xd5, 0), code: 'feature-gc', at: CODE_AT },
  {
    name: 'custom page sizes',
    module: raw(section(5, 1, 8, 1, 0)),
    code: 'feature-custom-page-sizes',
    at: FIRST,
  },
  { name: 'wide arithmetic', module: code(0xfc, 0x13), code: 'feature-wide-arithmetic', at: CODE_AT },
  {
    name: 'an unknown import',
    module: raw(EMPTY_TYPE, section(2, 1, 1, 0x61, 1, 0x62, 0, 0)),
    code: 'unknown-import',
    at: HEADER.length + 6 + 3,
    isKnown: true,
  },
  {
    name: 'an imported memory',
    module: raw(section(2, 1, 1, 0x61, 1, 0x62, 2, 0, 1)),
    code: 'unknown-import',
    at: FIRST,
    isKnown: true,
  },
  { name: 'no instruction at all', module: code(0xc7), code: 'malformed', at: CODE_AT },
  {
    name: 'a component',
    module: Uint8Array.from([0, 0x61, 0x73, 0x6d, 13, 0, 1, 0]),
    code: 'not-wasm',
    at: 4,
  },
];

describe('refused by name, at the byte, in a sentence', () => {
  it.each(REFUSED)('$name', ({ module, code: expected, at, isKnown }) => {
    const answer = prepare(module);
    if (answer.type === 'prepared') throw new Error('the module was accepted');
    expect({ code: answer.code, offset: answer.offset }).toEqual({ code: expected, offset: at });
    expect(answer.message).toMatch(/^[A-Z].* .*\.$/);
    if (expected.startsWith('feature-'))
      expect(answer.message).toContain(`"${expected.slice('feature-'.length)}"`);
    if (isKnown) expect(isValid(module)).toBe(true);
  });
});
