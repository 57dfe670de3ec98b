// Vector instructions of the reference interpreter. A vector is its 128 bits as an unsigned BigInt; each instruction
// takes it apart into lanes, computes lane by lane as the standard's text says, and puts the lanes together.

import { NUMERIC } from './numeric.ts';
import type { ChooseNan } from './values.ts';

export interface VectorInstruction {
  readonly operands: number;
  readonly apply: (args: readonly bigint[], lane: number, choose: ChooseNan) => bigint;
}

/** The lanes of a vector, `size` bits each, the lowest first. */
export function lanesOf(vector: bigint, size: number): bigint[] {
  return Array.from({ length: 128 / size }, (_, lane) => BigInt.asUintN(size, vector >> BigInt(lane * size)));
}

/** The vector of these lanes. */
export function vectorOf(lanes: readonly bigint[], size: number): bigint {
  return lanes.reduceRight((vector, lane) => (vector << BigInt(size)) | BigInt.asUintN(size, lane), 0n);
}

type Table = Map<number, VectorInstruction>;
type Binary = (left: bigint, right: bigint) => bigint;

function build(): Table {
  const table: Table = new Map();
  addBits(table);
  addLaneAccess(table);
  for (const shape of SHAPES) {
    addIntegers(table, shape);
  }
  addWidening(table);
  addInteger8And16(table);
  addFloats(table, {
    size: 32,
    compare: 0x41,
    scalarCompare: 0x5b,
    first: 0xe0,
    scalar: 0x8b,
    rounding: [0x67, 0x68, 0x69, 0x6a],
  });
  addFloats(table, {
    size: 64,
    compare: 0x47,
    scalarCompare: 0x61,
    first: 0xec,
    scalar: 0x99,
    rounding: [0x74, 0x75, 0x7a, 0x94],
  });
  addConversions(table);
  return table;
}

function set(table: Table, code: number, operands: number, apply: VectorInstruction['apply']): void {
  table.set(code, { operands, apply });
}

const ALL = (1n << 128n) - 1n;

function addBits(table: Table): void {
  set(table, 0x4d, 1, ([a = 0n]) => a ^ ALL);
  set(table, 0x4e, 2, ([a = 0n, b = 0n]) => a & b);
  set(table, 0x4f, 2, ([a = 0n, b = 0n]) => a & (b ^ ALL));
  set(table, 0x50, 2, ([a = 0n, b = 0n]) => a | b);
  set(table, 0x51, 2, ([a = 0n, b = 0n]) => a ^ b);
  set(table, 0x52, 3, ([a = 0n, b = 0n, c = 0n]) => (a & c) | (b & (c ^ ALL)));
  set(table, 0x53, 1, ([a = 0n]) => flag(a !== 0n));
  set(table, 0x0e, 2, ([a = 0n, b = 0n]) => {
    const bytes = lanesOf(a, 8);
    return vectorOf(
      lanesOf(b, 8).map((place) => bytes[Number(place)] ?? 0n),
      8,
    );
  });
}

function flag(condition: boolean): bigint {
  return condition ? 1n : 0n;
}

// Splats from 0x0f on; lanes are read and replaced from 0x15 on, small ones read with and without sign.
function addLaneAccess(table: Table): void {
  for (const [place, size] of [8, 16, 32, 64, 32, 64].entries()) {
    set(table, 0x0f + place, 1, ([a = 0n]) =>
      vectorOf(
        Array.from({ length: 128 / size }, () => a),
        size,
      ),
    );
  }
  const read = (code: number, size: number, isSigned: boolean) =>
    set(table, code, 1, ([a = 0n], lane) => {
      const bits = lanesOf(a, size)[lane] ?? 0n;
      return isSigned ? BigInt.asUintN(32, BigInt.asIntN(size, bits)) : bits;
    });
  const replace = (code: number, size: number) =>
    set(table, code, 2, ([a = 0n, b = 0n], lane) => vectorOf(lanesOf(a, size).with(lane, b), size));
  for (const [code, size] of [
    [0x15, 8],
    [0x18, 16],
  ] as const) {
    read(code, size, true);
    read(code + 1, size, false);
    replace(code + 2, size);
  }
  for (const [place, size] of [32, 64, 32, 64].entries()) {
    read(0x1b + place * 2, size, false);
    replace(0x1c + place * 2, size);
  }
}

/** Where the instructions of an integer shape are. */
interface Shape {
  readonly size: number;
  readonly compare: number;
  /** abs, neg; then all_true and bitmask three further; shifts, add and sub from 11, 14 and 17 on. */
  readonly first: number;
  readonly hasUnsigned: boolean;
}

const SHAPES: readonly Shape[] = [
  { size: 8, compare: 0x23, first: 0x60, hasUnsigned: true },
  { size: 16, compare: 0x2d, first: 0x80, hasUnsigned: true },
  { size: 32, compare: 0x37, first: 0xa0, hasUnsigned: true },
  { size: 64, compare: 0xd6, first: 0xc0, hasUnsigned: false },
];

function eachLane(size: number, apply: Binary): VectorInstruction['apply'] {
  return ([a = 0n, b = 0n]) => {
    const right = lanesOf(b, size);
    return vectorOf(
      lanesOf(a, size).map((left, lane) => apply(left, right[lane] ?? 0n)),
      size,
    );
  };
}

function oneLane(size: number, apply: (lane: bigint) => bigint): VectorInstruction['apply'] {
  return ([a = 0n]) => vectorOf(lanesOf(a, size).map(apply), size);
}

function addIntegers(table: Table, { size, compare, first, hasUnsigned }: Shape): void {
  const signed = (lane: bigint) => BigInt.asIntN(size, lane);
  const both: readonly ((a: bigint, b: bigint) => boolean)[] = [(a, b) => a === b, (a, b) => a !== b];
  const ordered: readonly ((a: bigint, b: bigint) => boolean)[] = [
    (a, b) => a < b,
    (a, b) => a > b,
    (a, b) => a <= b,
    (a, b) => a >= b,
  ];
  const signedOnes = ordered.map((test) => (a: bigint, b: bigint) => test(signed(a), signed(b)));
  const tests = [
    ...both,
    ...(hasUnsigned ? ordered.flatMap((test, index) => [signedOnes[index] ?? test, test]) : signedOnes),
  ];
  for (const [place, test] of tests.entries()) {
    set(
      table,
      compare + place,
      2,
      eachLane(size, (a, b) => (test(a, b) ? -1n : 0n)),
    );
  }
  set(
    table,
    first,
    1,
    oneLane(size, (a) => (signed(a) < 0n ? -signed(a) : a)),
  );
  set(
    table,
    first + 1,
    1,
    oneLane(size, (a) => -a),
  );
  set(table, first + 3, 1, ([a = 0n]) => flag(lanesOf(a, size).every((lane) => lane !== 0n)));
  set(table, first + 4, 1, ([a = 0n]) =>
    lanesOf(a, size).reduce((mask, lane, place) => mask | (flag(signed(lane) < 0n) << BigInt(place)), 0n),
  );
  const shift = (place: number, apply: Binary) =>
    set(table, first + 11 + place, 2, ([a = 0n, by = 0n]) =>
      vectorOf(
        lanesOf(a, size).map((lane) => apply(lane, by % BigInt(size))),
        size,
      ),
    );
  shift(0, (a, by) => a << by);
  shift(1, (a, by) => signed(a) >> by);
  shift(2, (a, by) => a >> by);
  set(
    table,
    first + 14,
    2,
    eachLane(size, (a, b) => a + b),
  );
  set(
    table,
    first + 17,
    2,
    eachLane(size, (a, b) => a - b),
  );
  if (size > 8) {
    set(
      table,
      first + 21,
      2,
      eachLane(size, (a, b) => a * b),
    );
  }
  const extremes: readonly Binary[] = [
    (a, b) => (signed(a) < signed(b) ? a : b),
    (a, b) => (a < b ? a : b),
    (a, b) => (signed(a) > signed(b) ? a : b),
    (a, b) => (a > b ? a : b),
  ];
  for (const [place, extreme] of extremes.entries()) {
    if (size < 64) {
      set(table, first + 22 + place, 2, eachLane(size, extreme));
    }
  }
}

// From lanes of half the size: low and high halves, signed and then unsigned.
function addWidening(table: Table): void {
  for (const { size, extend, multiply } of [
    { size: 16, extend: 0x87, multiply: 0x9c },
    { size: 32, extend: 0xa7, multiply: 0xbc },
    { size: 64, extend: 0xc7, multiply: 0xdc },
  ]) {
    for (const place of [0, 1, 2, 3]) {
      const wide = (vector: bigint) => {
        const lanes = lanesOf(vector, size / 2).map((lane) =>
          place < 2 ? BigInt.asIntN(size / 2, lane) : lane,
        );
        return place % 2 === 0 ? lanes.slice(0, lanes.length / 2) : lanes.slice(lanes.length / 2);
      };
      set(table, extend + place, 1, ([a = 0n]) => vectorOf(wide(a), size));
      set(table, multiply + place, 2, ([a = 0n, b = 0n]) => {
        const right = wide(b);
        return vectorOf(
          wide(a).map((lane, index) => lane * (right[index] ?? 0n)),
          size,
        );
      });
    }
  }
  for (const [place, { size, isSigned }] of [
    { size: 8, isSigned: true },
    { size: 8, isSigned: false },
    { size: 16, isSigned: true },
    { size: 16, isSigned: false },
  ].entries()) {
    set(table, 0x7c + place, 1, ([a = 0n]) => vectorOf(pairSums(numbersOf(a, size, isSigned)), size * 2));
  }
  set(table, 0xba, 2, ([a = 0n, b = 0n]) => {
    const right = numbersOf(b, 16, true);
    const products = numbersOf(a, 16, true).map((lane, index) => lane * (right[index] ?? 0n));
    return vectorOf(pairSums(products), 32);
  });
}

function numbersOf(vector: bigint, size: number, isSigned: boolean): bigint[] {
  return lanesOf(vector, size).map((lane) => (isSigned ? BigInt.asIntN(size, lane) : lane));
}

function pairSums(lanes: readonly bigint[]): bigint[] {
  return Array.from(
    { length: lanes.length / 2 },
    (_, pair) => (lanes[pair * 2] ?? 0n) + (lanes[pair * 2 + 1] ?? 0n),
  );
}

function clamp(value: bigint, size: number, isSigned: boolean): bigint {
  const low = isSigned ? -(1n << BigInt(size - 1)) : 0n;
  const high = isSigned ? (1n << BigInt(size - 1)) - 1n : (1n << BigInt(size)) - 1n;
  return value < low ? low : value > high ? high : value;
}

// Saturating arithmetic, averages, narrowing, counting bits: only in the small shapes.
function addInteger8And16(table: Table): void {
  set(
    table,
    0x62,
    1,
    oneLane(8, (a) => BigInt(a.toString(2).replaceAll('0', '').length)),
  );
  set(
    table,
    0x82,
    2,
    eachLane(16, (a, b) => clamp((BigInt.asIntN(16, a) * BigInt.asIntN(16, b) + 0x4000n) >> 15n, 16, true)),
  );
  for (const { size, first, average, narrow } of [
    { size: 8, first: 0x60, average: 0x7b, narrow: 0x65 },
    { size: 16, first: 0x80, average: 0x9b, narrow: 0x85 },
  ]) {
    set(
      table,
      average,
      2,
      eachLane(size, (a, b) => (a + b + 1n) / 2n),
    );
    for (const [place, isSigned] of [true, false].entries()) {
      const number = (lane: bigint) => (isSigned ? BigInt.asIntN(size, lane) : lane);
      set(
        table,
        first + 15 + place,
        2,
        eachLane(size, (a, b) => clamp(number(a) + number(b), size, isSigned)),
      );
      set(
        table,
        first + 18 + place,
        2,
        eachLane(size, (a, b) => clamp(number(a) - number(b), size, isSigned)),
      );
      set(table, narrow + place, 2, ([a = 0n, b = 0n]) => {
        const wide = [...numbersOf(a, size * 2, true), ...numbersOf(b, size * 2, true)];
        return vectorOf(
          wide.map((lane) => clamp(lane, size, isSigned)),
          size,
        );
      });
    }
  }
}

/** Where the instructions of a float shape are, and the scalar ones that each lane does. */
interface FloatShape {
  readonly size: 32 | 64;
  readonly compare: number;
  readonly scalarCompare: number;
  readonly first: number;
  readonly scalar: number;
  /** ceil, floor, trunc and nearest. */
  readonly rounding: readonly number[];
}

function scalar(code: number, args: readonly bigint[], choose: ChooseNan): bigint {
  const numeric = NUMERIC.get(code);
  if (numeric === undefined) throw new Error(`reference interpreter: no lane instruction ${code}`);
  return numeric.apply(args, choose);
}

function addFloats(
  table: Table,
  { size, compare, scalarCompare, first, scalar: base, rounding }: FloatShape,
): void {
  const lanewise = (
    code: number,
    operands: number,
    lane: (args: readonly bigint[], choose: ChooseNan) => bigint,
  ) =>
    set(table, code, operands, (args, _, choose) => {
      const lanes = args.map((arg) => lanesOf(arg, size));
      return vectorOf(
        Array.from({ length: 128 / size }, (__, place) =>
          lane(
            lanes.map((one) => one[place] ?? 0n),
            choose,
          ),
        ),
        size,
      );
    });
  for (let place = 0; place < 6; place++) {
    lanewise(compare + place, 2, (args, choose) => -scalar(scalarCompare + place, args, choose));
    // add sub mul div min max
    lanewise(first + 4 + place, 2, (args, choose) => scalar(base + 7 + place, args, choose));
  }
  for (const [code, from] of [
    [first, base],
    [first + 1, base + 1],
    [first + 3, base + 6],
    ...rounding.map((one, place) => [one, base + 2 + place] as const),
  ] as const) {
    lanewise(code, 1, (args, choose) => scalar(from, args, choose));
  }
  const less = scalarCompare + 2;
  lanewise(first + 10, 2, ([a = 0n, b = 0n], choose) => (scalar(less, [b, a], choose) === 1n ? b : a));
  lanewise(first + 11, 2, ([a = 0n, b = 0n], choose) => (scalar(less, [a, b], choose) === 1n ? b : a));
}

function addConversions(table: Table): void {
  const convert = (code: number, lanes: { from: number; to: number; scalar: number }) =>
    set(table, code, 1, ([a = 0n], _, choose) => {
      const count = 128 / Math.max(lanes.from, lanes.to);
      const converted = lanesOf(a, lanes.from).slice(0, count);
      return vectorOf(
        converted.map((lane) => scalar(lanes.scalar, [lane], choose)),
        lanes.to,
      );
    });
  convert(0x5e, { from: 64, to: 32, scalar: 0xb6 });
  convert(0x5f, { from: 32, to: 64, scalar: 0xbb });
  for (const place of [0, 1]) {
    convert(0xf8 + place, { from: 32, to: 32, scalar: 0xfc00 + place });
    convert(0xfa + place, { from: 32, to: 32, scalar: 0xb2 + place });
    convert(0xfc + place, { from: 64, to: 32, scalar: 0xfc02 + place });
    convert(0xfe + place, { from: 32, to: 64, scalar: 0xb7 + place });
  }
}

/** All vector instructions without a memory argument but constants and shuffles, by the code behind the prefix. */
export const VECTOR: ReadonlyMap<number, VectorInstruction> = build();
