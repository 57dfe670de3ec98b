// What generated modules compute with: instructions by the type of their result.

import { F32, F64, I32, I64, unsigned, V128 } from './module-writer.ts';

export const TYPES: readonly number[] = [I32, I64, F32, F64];
export const VECTOR_TYPES: readonly number[] = [I32, I64, F32, F64, V128, V128, V128];
export const NAN_TYPES: readonly number[] = [I32, I64, F32, F32, F32, F64, F64, F64, V128];

// Operators by result type: opcode and operand types. Instructions that may trap stand once, the rest as
// runs of opcodes.
export interface Operator {
  readonly code: readonly number[];
  readonly operands: readonly number[];
}

export const OPERATORS: ReadonlyMap<number, readonly Operator[]> = buildOperators();

function buildOperators(): ReadonlyMap<number, readonly Operator[]> {
  const table = new Map<number, Operator[]>(TYPES.map((type) => [type, []]));
  const add = (result: number, operands: readonly number[], first: number, last: number): void => {
    for (let code = first; code <= last; code++) {
      table.get(result)?.push({ code: code >= 0xfc00 ? [0xfc, code - 0xfc00] : [code], operands });
    }
  };
  const rows: readonly (readonly [number, readonly number[], number, number])[] = [
    [I32, [I32], 0x45, 0x45],
    [I32, [I32, I32], 0x46, 0x4f],
    [I32, [I64], 0x50, 0x50],
    [I32, [I64, I64], 0x51, 0x5a],
    [I32, [F32, F32], 0x5b, 0x60],
    [I32, [F64, F64], 0x61, 0x66],
    [I32, [I32], 0x67, 0x69],
    [I32, [I32, I32], 0x6a, 0x78],
    [I64, [I64], 0x79, 0x7b],
    [I64, [I64, I64], 0x7c, 0x8a],
    [F32, [F32], 0x8b, 0x91],
    [F32, [F32, F32], 0x92, 0x98],
    [F64, [F64], 0x99, 0x9f],
    [F64, [F64, F64], 0xa0, 0xa6],
    [I32, [I64], 0xa7, 0xa7],
    [I32, [F32], 0xa8, 0xa9],
    [I32, [F64], 0xaa, 0xab],
    [I64, [I32], 0xac, 0xad],
    [I64, [F32], 0xae, 0xaf],
    [I64, [F64], 0xb0, 0xb1],
    [F32, [I32], 0xb2, 0xb3],
    [F32, [I64], 0xb4, 0xb5],
    [F32, [F64], 0xb6, 0xb6],
    [F64, [I32], 0xb7, 0xb8],
    [F64, [I64], 0xb9, 0xba],
    [F64, [F32], 0xbb, 0xbb],
    [I32, [F32], 0xbc, 0xbc],
    [I64, [F64], 0xbd, 0xbd],
    [F32, [I32], 0xbe, 0xbe],
    [F64, [I64], 0xbf, 0xbf],
    [I32, [I32], 0xc0, 0xc1],
    [I64, [I64], 0xc2, 0xc4],
    [I32, [F32], 0xfc00, 0xfc01],
    [I32, [F64], 0xfc02, 0xfc03],
    [I64, [F32], 0xfc04, 0xfc05],
    [I64, [F64], 0xfc06, 0xfc07],
  ];
  for (const [result, operands, first, last] of rows) {
    add(result, operands, first, last);
  }
  return table;
}

export const VECTOR_OPERATORS: ReadonlyMap<number, readonly Operator[]> = buildVectorOperators();

// Every vector instruction but loads and stores; lanes are drawn small enough for all shapes.
function buildVectorOperators(): ReadonlyMap<number, readonly Operator[]> {
  const table = new Map<number, Operator[]>(VECTOR_TYPES.map((type) => [type, []]));
  const V = V128;
  const rows: readonly (readonly [number, readonly number[], readonly number[], number?])[] = [
    [V, [V, V], [0x0e, ...between(0x23, 0x4c), ...between(0x4e, 0x51), 0x65, 0x66, ...between(0x6e, 0x73)]],
    [
      V,
      [V, V],
      [...between(0x76, 0x79), 0x7b, 0x82, 0x85, 0x86, ...between(0x8e, 0x93), ...between(0x95, 0x99)],
    ],
    [V, [V, V], [...between(0x9b, 0x9f), 0xae, 0xb1, ...between(0xb5, 0xba), ...between(0xbc, 0xbf)]],
    [V, [V, V], [0xce, 0xd1, ...between(0xd5, 0xdf)]],
    // Floats are drawn more often than the integers above.
    ...Array.from({ length: 4 }, (): readonly [number, readonly number[], readonly number[]] => [
      V,
      [V, V],
      [...between(0xe4, 0xeb), ...between(0xf0, 0xf7)],
    ]),
    [
      V,
      [V],
      [0x4d, 0x5e, 0x5f, 0x60, 0x61, 0x62, ...between(0x67, 0x6a), 0x74, 0x75, 0x7a, ...between(0x7c, 0x81)],
    ],
    [
      V,
      [V],
      [...between(0x87, 0x8a), 0x94, 0xa0, 0xa1, ...between(0xa7, 0xaa), 0xc0, 0xc1, ...between(0xc7, 0xca)],
    ],
    [V, [V], [0xe0, 0xe1, 0xe3, 0xec, 0xed, 0xef, ...between(0xf8, 0xff)]],
    [V, [V, V, V], [0x52]],
    [V, [V, I32], [0x6b, 0x6c, 0x6d, 0x8b, 0x8c, 0x8d, 0xab, 0xac, 0xad, 0xcb, 0xcc, 0xcd]],
    [V, [I32], [0x0f, 0x10, 0x11]],
    [V, [I64], [0x12]],
    [V, [F32], [0x13, 0x13, 0x13]],
    [V, [F64], [0x14, 0x14, 0x14]],
    [V, [V, I32], [0x17, 0x1a, 0x1c], 2],
    [V, [V, I64], [0x1e], 2],
    [V, [V, F32], [0x20, 0x20, 0x20], 4],
    [V, [V, F64], [0x22, 0x22, 0x22], 2],
    [I32, [V], [0x53, 0x63, 0x64, 0x83, 0x84, 0xa3, 0xa4, 0xc3, 0xc4]],
    [I32, [V], [0x15, 0x16, 0x18, 0x19, 0x1b], 4],
    [I64, [V], [0x1d, 0x1d, 0x1d], 2],
    [F32, [V], [0x1f, 0x1f, 0x1f], 4],
    [F64, [V], [0x21, 0x21, 0x21], 2],
  ];
  for (const [result, operands, codes, lanes = 0] of rows) {
    for (const code of codes) {
      const opcode = [0xfd, ...unsigned(code)];
      for (const lane of lanes === 0 ? [[]] : [[0], [lanes - 1]]) {
        table.get(result)?.push({ code: [...opcode, ...lane], operands });
      }
    }
  }
  const shuffle = (lanes: readonly number[]) => ({ code: [0xfd, 0x0d, ...lanes], operands: [V, V] });
  table.get(V)?.push(shuffle(between(4, 19)), shuffle(between(8, 23)), shuffle(between(1, 16)));
  return table;
}

function between(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

export const TRAPPING: ReadonlySet<number> = new Set([
  0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0xa8, 0xa9, 0xaa, 0xab, 0xae, 0xaf, 0xb0, 0xb1,
]);

// Loads and stores without their memory argument.
export const LOAD_CODES: ReadonlyMap<number, readonly (readonly number[])[]> = new Map([
  [I32, [[0x28], [0x2c], [0x2d], [0x2e], [0x2f]]],
  [I64, [[0x29], [0x30], [0x31], [0x32], [0x33], [0x34], [0x35]]],
  [F32, [[0x2a]]],
  [F64, [[0x2b]]],
  [V128, [...between(0, 10), 0x5c, 0x5d].map((code) => [0xfd, code])],
]);
export const STORE_CODES: ReadonlyMap<number, readonly (readonly number[])[]> = new Map([
  [I32, [[0x36], [0x3a], [0x3b]]],
  [I64, [[0x37], [0x3c], [0x3d], [0x3e]]],
  [F32, [[0x38]]],
  [F64, [[0x39]]],
  [V128, [[0xfd, 0x0b]]],
]);
