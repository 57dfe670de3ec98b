// The instructions an edition accepts, as data, and the names of the features behind those it refuses.

import type { Feature } from './refusals.ts';

// Value types by their encoding. `ANY` stands for a value of unreachable code, which has every type.
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export const FUNCREF = 0x70;
export const EXTERNREF = 0x6f;
export const ANY = 0;

// Control and variable instructions, which the validator treats one by one.
export const UNREACHABLE = 0x00;
export const NOP = 0x01;
export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const ELSE = 0x05;
export const END = 0x0b;
export const BR = 0x0c;
export const BR_IF = 0x0d;
export const BR_TABLE = 0x0e;
export const RETURN = 0x0f;
export const CALL = 0x10;
export const CALL_INDIRECT = 0x11;
export const RETURN_CALL = 0x12;
export const RETURN_CALL_INDIRECT = 0x13;
export const DROP = 0x1a;
export const SELECT = 0x1b;
export const SELECT_TYPED = 0x1c;
export const LOCAL_GET = 0x20;
export const LOCAL_SET = 0x21;
export const LOCAL_TEE = 0x22;
export const GLOBAL_GET = 0x23;
export const GLOBAL_SET = 0x24;
export const TABLE_GET = 0x25;
export const TABLE_SET = 0x26;
export const I32_CONST = 0x41;
export const I64_CONST = 0x42;
export const F32_CONST = 0x43;
export const F64_CONST = 0x44;
export const REF_NULL = 0xd0;
export const REF_IS_NULL = 0xd1;
export const REF_FUNC = 0xd2;
export const MEMORY_SIZE = 0x3f;
export const MEMORY_GROW = 0x40;

// The rest of what the rewriter itself emits.
export const EMPTY_BLOCK = 0x40;
export const I32_EQZ = 0x45;
export const I32_EQ = 0x46;
export const I32_LT_S = 0x48;
export const I64_EQZ = 0x50;
export const I64_EQ = 0x51;
export const I64_LT_S = 0x53;
export const I64_LE_U = 0x58;
export const F32_EQ = 0x5b;
export const F64_EQ = 0x61;
export const I32_ADD = 0x6a;
export const I32_SUB = 0x6b;
export const I32_MUL = 0x6c;
export const I64_ADD = 0x7c;
export const I64_SUB = 0x7d;
export const I64_MUL = 0x7e;
export const I64_AND = 0x83;
export const I64_SHR_U = 0x88;
export const I32_WRAP_I64 = 0xa7;
export const I64_EXTEND_I32_U = 0xad;
export const I32_REINTERPRET_F32 = 0xbc;
export const I64_REINTERPRET_F64 = 0xbd;
export const F32_REINTERPRET_I32 = 0xbe;
export const F64_REINTERPRET_I64 = 0xbf;

// Instructions with the prefix 0xfc are numbered from here, so that one byte table covers both.
export const BULK_PREFIX = 0xfc;
export const PREFIXED = 0x100;
export const MEMORY_INIT = PREFIXED + 8;
export const DATA_DROP = PREFIXED + 9;
export const MEMORY_COPY = PREFIXED + 10;
export const MEMORY_FILL = PREFIXED + 11;
export const TABLE_INIT = PREFIXED + 12;
export const ELEM_DROP = PREFIXED + 13;
export const TABLE_COPY = PREFIXED + 14;
export const TABLE_GROW = PREFIXED + 15;
export const TABLE_SIZE = PREFIXED + 16;
export const TABLE_FILL = PREFIXED + 17;

// Instructions with the prefix 0xfd are numbered from here; simd.ts has their table.
export const SIMD_PREFIX = 0xfd;
export const SIMD = 0x200;

// What follows the opcode of a plain instruction: nothing (0), or a memory argument.
export const IMMEDIATE_MEMORY = 1;

// What a plain instruction does to the bits of a NaN.
/** The result is no float, or a float whose bits the standard fixes. */
export const NAN_EXACT = 0;
/** The result may be a NaN whose bits the engine chooses. */
export const NAN_MAKES = 1;
/** The result's payload is that of the first operand. */
export const NAN_COPIES = 2;
/** The instruction shows the bits of its last operand. */
export const NAN_SHOWS = 3;
/** Copies the first operand's payload and shows the last one's sign: copysign. */
export const NAN_COPIES_AND_SHOWS = 4;

/** Whether the instruction is one of those between which code only runs straight on. */
export function isLandmark(op: number): boolean {
  return op < DROP || op === MEMORY_GROW || (op >= MEMORY_INIT && op <= TABLE_FILL);
}

// One line a run of opcodes: first opcode, signature (operands:result with i = i32, l = i64, f = f32,
// d = f64), how many opcodes in a row have it, and what they do to NaNs. Loads and stores carry the
// exponents of their natural alignment instead of a count.
const NUMERIC_RUNS = `
45 i:i 1
46 ii:i 10
50 l:i 1
51 ll:i 10
5b ff:i 6
61 dd:i 6
67 i:i 3
6a ii:i 15
79 l:l 3
7c ll:l 15
8b f:f 2 copies
8d f:f 5 makes
92 ff:f 6 makes
98 ff:f 1 copies-and-shows
99 d:d 2 copies
9b d:d 5 makes
a0 dd:d 6 makes
a6 dd:d 1 copies-and-shows
a7 l:i 1
a8 f:i 2
aa d:i 2
ac i:l 2
ae f:l 2
b0 d:l 2
b2 i:f 2
b4 l:f 2
b6 d:f 1 makes
b7 i:d 2
b9 l:d 2
bb f:d 1 makes
bc f:i 1 shows
bd d:l 1 shows
be i:f 1
bf l:d 1
c0 i:i 2
c2 l:l 3
100 f:i 2
102 d:i 2
104 f:l 2
106 d:l 2
`;

const MEMORY_RUNS = `
28 i:i 2
29 i:l 3
2a i:f 2
2b i:d 3
2c i:i 0011
30 i:l 001122
36 ii: 2
37 il: 3
38 if: 2 shows
39 id: 3 shows
3a ii: 01
3c il: 012
`;

const NAN_WORDS: Readonly<Record<string, number>> = {
  makes: NAN_MAKES,
  copies: NAN_COPIES,
  shows: NAN_SHOWS,
  'copies-and-shows': NAN_COPIES_AND_SHOWS,
};

const TYPE_LETTERS: Readonly<Record<string, number>> = { i: I32, l: I64, f: F32, d: F64 };

// One past the last opcode.
const OPCODES = PREFIXED + 18;

/** Columns of the table of plain instructions, indexed by opcode. `operands` is −1 where there is none. */
export interface PlainInstructions {
  /** How many operands: 1 or 2, or −1 when the opcode is not a plain instruction. */
  readonly operands: Int8Array;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  /** The result's type, 0 for none. */
  readonly result: Uint8Array;
  readonly immediate: Uint8Array;
  /** log2 of the natural alignment, for loads and stores. */
  readonly alignment: Uint8Array;
  readonly nan: Uint8Array;
  /**
   * The same in one number, 0 where there is no plain instruction: the types of the operands (8 bits each, the
   * first one lowest), the result's, then the bits below.
   */
  readonly form: Uint32Array;
}

export const FORM_SECOND_SHIFT = 8;
export const FORM_RESULT_SHIFT = 16;
/** There is a second operand. */
export const FORM_TWO_SHIFT = 24;
export const FORM_TWO = 1 << FORM_TWO_SHIFT;
/** A memory argument follows. */
export const FORM_MEMORY = 1 << 25;
/** The result may be a NaN whose bits the engine chooses. */
export const FORM_MAKES_NAN = 1 << 26;

/** All instructions that only take operands and push a result: numeric ones, loads and stores. */
export const PLAIN: PlainInstructions = buildPlain();

function buildPlain(): PlainInstructions {
  const table: PlainInstructions = {
    operands: new Int8Array(OPCODES).fill(-1),
    first: new Uint8Array(OPCODES),
    second: new Uint8Array(OPCODES),
    result: new Uint8Array(OPCODES),
    immediate: new Uint8Array(OPCODES),
    alignment: new Uint8Array(OPCODES),
    nan: new Uint8Array(OPCODES),
    form: new Uint32Array(OPCODES),
  };
  for (const line of NUMERIC_RUNS.trim().split('\n')) {
    const [code = '', signature = '', count = '', nan = ''] = line.split(' ');
    for (let index = 0; index < Number(count); index++) {
      addPlain(table, Number.parseInt(code, 16) + index, signature, nan);
    }
  }
  for (const line of MEMORY_RUNS.trim().split('\n')) {
    const [code = '', signature = '', alignments = '', nan = ''] = line.split(' ');
    for (let index = 0; index < alignments.length; index++) {
      const op = Number.parseInt(code, 16) + index;
      addPlain(table, op, signature, nan);
      table.immediate[op] = IMMEDIATE_MEMORY;
      table.alignment[op] = Number(alignments[index]);
    }
  }
  for (let code = 0; code < OPCODES; code++) {
    table.form[code] = formOf(table, code);
  }
  return table;
}

function formOf(table: PlainInstructions, op: number): number {
  const operands = table.operands[op] ?? -1;
  if (operands < 0) {
    return 0;
  }
  const types =
    (table.first[op] ?? 0) |
    ((table.second[op] ?? 0) << FORM_SECOND_SHIFT) |
    ((table.result[op] ?? 0) << FORM_RESULT_SHIFT);
  const isMemory = table.immediate[op] === IMMEDIATE_MEMORY;
  const makesNan = table.nan[op] === NAN_MAKES;
  return (
    types | (operands === 2 ? FORM_TWO : 0) | (isMemory ? FORM_MEMORY : 0) | (makesNan ? FORM_MAKES_NAN : 0)
  );
}

function addPlain(table: PlainInstructions, op: number, signature: string, nan: string): void {
  const [operands = '', result = ''] = signature.split(':');
  table.operands[op] = operands.length;
  table.first[op] = TYPE_LETTERS[operands[0] ?? ''] ?? 0;
  table.second[op] = TYPE_LETTERS[operands[1] ?? ''] ?? 0;
  table.result[op] = TYPE_LETTERS[result] ?? 0;
  table.nan[op] = NAN_WORDS[nan] ?? NAN_EXACT;
}

/** The feature behind a one-byte opcode that is not accepted, or undefined when no proposal has it. */
export function featureOfOpcode(op: number): Feature | undefined {
  if ((op >= 0x06 && op <= 0x0a) || op === 0x18 || op === 0x19 || op === 0x1f) return 'exceptions';
  if (op === 0x14 || op === 0x15 || (op >= 0xd3 && op <= 0xd6) || op === 0xfb) return 'gc';
  return op === 0xfe ? 'threads' : undefined;
}

/** The feature behind an opcode with the prefix 0xfc that is not accepted. */
export function featureOfPrefixed(code: number): Feature | undefined {
  return code >= 19 && code <= 22 ? 'wide-arithmetic' : undefined;
}

/** The feature behind a value type that is not accepted. */
export function featureOfType(type: number): Feature | undefined {
  if (type === 0x69 || type === 0x74) return 'exceptions';
  return (type >= 0x63 && type <= 0x73) || type === 0x77 || type === 0x78 ? 'gc' : undefined;
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [I32]: 'i32',
  [I64]: 'i64',
  [F32]: 'f32',
  [F64]: 'f64',
  [V128]: 'v128',
  [FUNCREF]: 'funcref',
  [EXTERNREF]: 'externref',
};

/** Whether values of the type are references: to functions, or to things of the host. */
export function isReference(type: number): boolean {
  return type === FUNCREF || type === EXTERNREF;
}

/** A value type in words. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? 'any type';
}
