// Fixed-width SIMD as data: what each instruction takes, gives and says after its opcode, and how it reads
// the lanes of its vectors, which decides where NaNs must be canonical (see nan-flow.ts).

import { F32, F64, I32, I64, V128 } from './opcodes.ts';

/** Codes behind the prefix that need a line of their own in the validator. */
export const V128_CONST = 0x0c;
export const SHUFFLE = 0x0d;
export const I64X2_EXTRACT_LANE = 0x1d;
export const I64X2_REPLACE_LANE = 0x1e;

/** The first code of relaxed SIMD. */
export const RELAXED = 0x100;

// What follows the code.
export const NOTHING = 0;
/** A memory argument. */
export const MEMORY = 1;
/** A memory argument and a lane. */
export const MEMORY_AND_LANE = 2;
export const LANE = 3;
/** Sixteen bytes: a constant, or the lanes of a shuffle. */
export const BYTES = 4;

// How vectors are read, as bits of a set.
/** All bits count. */
export const READS_BITS = 1;
/** Lanes are f32, and the bits of their NaNs do not count. */
export const READS_F32 = 2;
/** The same for f64. */
export const READS_F64 = 4;

// What is known of the NaNs in the result.
/** The standard fixes all bits. */
export const GIVES_EXACT = 0;
/** f32 lanes that arithmetic made. */
export const GIVES_F32 = 1;
export const GIVES_F64 = 2;
/** Lanes of the operands, at most with another sign. */
export const GIVES_COPIES = 3;
/** Every lane is the scalar operand. */
export const GIVES_SPLAT = 4;
/** The vector operand with one lane replaced by the scalar one. */
export const GIVES_REPLACED = 5;
/** A scalar that was a lane. */
export const GIVES_LANE = 6;

// One line a run of codes: first code, signature (operands:result with v = v128 and the scalars i l f d), how
// many codes in a row have it, how lanes are read (bits unless said), and what the result is.
const RUNS = `
0f i:v 3
12 l:v 1
13 f:v 1 f32 splat
14 d:v 1 f64 splat
0e vv:v 1
23 vv:v 30
41 vv:v 6 f32
47 vv:v 6 f64
4d v:v 1
4e vv:v 4
52 vvv:v 1
53 v:i 1
5e v:v 1 f64 made-f32
5f v:v 1 f32 made-f64
60 v:v 3
63 v:i 2
65 vv:v 2
67 v:v 4 f32 made-f32
6b vi:v 3
6e vv:v 6
74 v:v 2 f64 made-f64
76 vv:v 4
7a v:v 1 f64 made-f64
7b vv:v 1
7c v:v 4
80 v:v 2
82 vv:v 1
83 v:i 2
85 vv:v 2
87 v:v 4
8b vi:v 3
8e vv:v 6
94 v:v 1 f64 made-f64
95 vv:v 5
9b vv:v 5
a0 v:v 2
a3 v:i 2
a7 v:v 4
ab vi:v 3
ae vv:v 1
b1 vv:v 1
b5 vv:v 6
bc vv:v 4
c0 v:v 2
c3 v:i 2
c7 v:v 4
cb vi:v 3
ce vv:v 1
d1 vv:v 1
d5 vv:v 11
e0 v:v 2 f32 copies
e3 v:v 1 f32 made-f32
e4 vv:v 6 f32 made-f32
ea vv:v 2 f32 copies
ec v:v 2 f64 copies
ef v:v 1 f64 made-f64
f0 vv:v 6 f64 made-f64
f6 vv:v 2 f64 copies
f8 v:v 2 f32
fa v:v 2 bits made-f32
fc v:v 2 f64
fe v:v 2 bits made-f64
`;

// Loads and stores: first code, signature, and the exponents of their natural alignments; `lane` when a
// lane follows.
const MEMORY_RUNS = `
00 i:v 43333330123
0b iv: 4
54 iv:v 0123 lane
58 iv: 0123 lane
5c i:v 23
`;

// Lane instructions: first code, signature, number of lanes, how many codes, how lanes are read, the result.
const LANE_RUNS = `
15 v:i 16 2
17 vi:v 16 1
18 v:i 8 2
1a vi:v 8 1
1b v:i 4 1
1c vi:v 4 1
1d v:l 2 1
1e vl:v 2 1
1f v:f 4 1 f32 lane
20 vf:v 4 1 f32 replaced
21 v:d 2 1 f64 lane
22 vd:v 2 1 f64 replaced
`;

const TYPE_LETTERS: Readonly<Record<string, number>> = { i: I32, l: I64, f: F32, d: F64, v: V128 };
const READS: Readonly<Record<string, number>> = { bits: READS_BITS, f32: READS_F32, f64: READS_F64 };
const GIVES: Readonly<Record<string, number>> = {
  'made-f32': GIVES_F32,
  'made-f64': GIVES_F64,
  copies: GIVES_COPIES,
  splat: GIVES_SPLAT,
  replaced: GIVES_REPLACED,
  lane: GIVES_LANE,
};

/** One instruction. */
export interface SimdInstruction {
  readonly operands: readonly number[];
  /** The result's type, 0 for none. */
  readonly result: number;
  readonly immediate: number;
  /** log2 of the natural alignment. */
  readonly alignment: number;
  readonly lanes: number;
  readonly reads: number;
  readonly gives: number;
}

/** By code; codes that no instruction has are absent. */
export const SIMD_INSTRUCTIONS: ReadonlyMap<number, SimdInstruction> = build();

function build(): ReadonlyMap<number, SimdInstruction> {
  const table = new Map<number, SimdInstruction>();
  for (const [code, signature, count, reads, gives] of linesOf(RUNS)) {
    addRun(table, Number.parseInt(code, 16), Number(count), plain(signature, reads, gives));
  }
  for (const [code, signature, alignments, lane] of linesOf(MEMORY_RUNS)) {
    for (const [place, letter] of alignments.split('').entries()) {
      const alignment = Number(letter);
      const immediate = lane === 'lane' ? MEMORY_AND_LANE : MEMORY;
      const one = { ...plain(signature), immediate, alignment, lanes: 16 >> alignment };
      table.set(Number.parseInt(code, 16) + place, one);
    }
  }
  for (const [code, signature, lanes, count, reads, gives] of linesOf(LANE_RUNS)) {
    const one = { ...plain(signature, reads, gives), immediate: LANE, lanes: Number(lanes) };
    addRun(table, Number.parseInt(code, 16), Number(count), one);
  }
  table.set(V128_CONST, { ...plain(':v'), immediate: BYTES });
  table.set(SHUFFLE, { ...plain('vv:v'), immediate: BYTES });
  return table;
}

type Fields = readonly [string, string, string, string, string, string];

function linesOf(runs: string): readonly Fields[] {
  return runs
    .trim()
    .split('\n')
    .map((line) => {
      const [a = '', b = '', c = '', d = '', e = '', f = ''] = line.split(' ');
      return [a, b, c, d, e, f];
    });
}

function addRun(
  table: Map<number, SimdInstruction>,
  first: number,
  count: number,
  instruction: SimdInstruction,
): void {
  for (let place = 0; place < count; place++) {
    table.set(first + place, instruction);
  }
}

function plain(signature: string, reads = '', gives = ''): SimdInstruction {
  const [operands = '', result = ''] = signature.split(':');
  return {
    operands: operands.split('').map((letter) => TYPE_LETTERS[letter] ?? 0),
    result: TYPE_LETTERS[result] ?? 0,
    immediate: NOTHING,
    alignment: 0,
    lanes: 0,
    reads: READS[reads] ?? READS_BITS,
    gives: GIVES[gives] ?? GIVES_EXACT,
  };
}
