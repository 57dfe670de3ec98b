// Numeric instructions of the reference interpreter, over bits. Integers are BigInts; floats go through
// numbers and come back; of a NaN that arithmetic makes the caller chooses the bits.

import { type ChooseNan, Trap } from './values.ts';

export interface Numeric {
  readonly operands: number;
  readonly apply: (args: readonly bigint[], choose: ChooseNan) => bigint;
}

const view = new DataView(new ArrayBuffer(8));

function floatOf(bits: bigint, width: number): number {
  if (width === 32) {
    view.setUint32(0, Number(bits));
    return view.getFloat32(0);
  }
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

function bitsOf(float: number, width: number): bigint {
  if (width === 32) {
    view.setFloat32(0, float);
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, float);
  return view.getBigUint64(0);
}

/** All numeric instructions by opcode; those with the prefix 0xfc from 0xfc00. */
export const NUMERIC: ReadonlyMap<number, Numeric> = build();

function build(): Map<number, Numeric> {
  const table = new Map<number, Numeric>();
  addIntegers(table, 32, { test: 0x45, compare: 0x46, count: 0x67, arithmetic: 0x6a });
  addIntegers(table, 64, { test: 0x50, compare: 0x51, count: 0x79, arithmetic: 0x7c });
  addFloats(table, 32, { compare: 0x5b, sign: 0x8b, round: 0x8d, arithmetic: 0x92, copysign: 0x98 });
  addFloats(table, 64, { compare: 0x61, sign: 0x99, round: 0x9b, arithmetic: 0xa0, copysign: 0xa6 });
  addConversions(table);
  return table;
}

function exact(operands: number, apply: (args: readonly bigint[]) => bigint): Numeric {
  return { operands, apply: (args) => apply(args) };
}

// The result is a float of that many bits; when it is a NaN, its bits are chosen.
function made(operands: number, width: number, apply: (args: readonly bigint[]) => number): Numeric {
  const size = width === 32 ? 32 : 64;
  return {
    operands,
    apply: (args, choose) => {
      const result = apply(args);
      return Number.isNaN(result) ? choose(size) : bitsOf(result, size);
    },
  };
}

function flag(condition: boolean): bigint {
  return condition ? 1n : 0n;
}

type Binary = (a: bigint, b: bigint) => bigint;

function addIntegers(
  table: Map<number, Numeric>,
  width: number,
  base: { test: number; compare: number; count: number; arithmetic: number },
): void {
  const signed = (bits: bigint) => BigInt.asIntN(width, bits);
  const compare: Binary[] = [
    (a, b) => flag(a === b),
    (a, b) => flag(a !== b),
    (a, b) => flag(signed(a) < signed(b)),
    (a, b) => flag(a < b),
    (a, b) => flag(signed(a) > signed(b)),
    (a, b) => flag(a > b),
    (a, b) => flag(signed(a) <= signed(b)),
    (a, b) => flag(a <= b),
    (a, b) => flag(signed(a) >= signed(b)),
    (a, b) => flag(a >= b),
  ];
  const text = (a: bigint) => a.toString(2).padStart(width, '0');
  const count: ((a: bigint) => bigint)[] = [
    (a) => BigInt(a === 0n ? width : text(a).indexOf('1')),
    (a) => BigInt(a === 0n ? width : width - 1 - text(a).lastIndexOf('1')),
    (a) => BigInt(text(a).replaceAll('0', '').length),
  ];
  table.set(
    base.test,
    exact(1, ([a = 0n]) => flag(a === 0n)),
  );
  compare.forEach((apply, index) =>
    table.set(
      base.compare + index,
      exact(2, ([a = 0n, b = 0n]) => apply(a, b)),
    ),
  );
  count.forEach((apply, index) =>
    table.set(
      base.count + index,
      exact(1, ([a = 0n]) => apply(a)),
    ),
  );
  arithmetic(width).forEach((apply, index) =>
    table.set(
      base.arithmetic + index,
      exact(2, ([a = 0n, b = 0n]) => BigInt.asUintN(width, apply(a, b))),
    ),
  );
}

// add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr
function arithmetic(width: number): readonly Binary[] {
  const signed = (bits: bigint) => BigInt.asIntN(width, bits);
  const by = (b: bigint) => b % BigInt(width);
  const nonzero = (b: bigint) => {
    if (b === 0n) throw new Trap('division by zero');
    return b;
  };
  const divide: Binary = (a, b) => {
    const quotient = signed(a) / nonzero(signed(b));
    if (quotient >= 2n ** BigInt(width - 1)) throw new Trap('overflow');
    return quotient;
  };
  const rotate: Binary = (a, b) => (a << by(b)) | (a >> (BigInt(width) - by(b)));
  return [
    (a, b) => a + b,
    (a, b) => a - b,
    (a, b) => a * b,
    divide,
    (a, b) => a / nonzero(b),
    (a, b) => signed(a) % nonzero(signed(b)),
    (a, b) => a % nonzero(b),
    (a, b) => a & b,
    (a, b) => a | b,
    (a, b) => a ^ b,
    (a, b) => a << by(b),
    (a, b) => signed(a) >> by(b),
    (a, b) => a >> by(b),
    rotate,
    (a, b) => rotate(a, BigInt(width) - by(b)),
  ];
}

function addFloats(
  table: Map<number, Numeric>,
  width: number,
  base: { compare: number; sign: number; round: number; arithmetic: number; copysign: number },
): void {
  const float = (bits: bigint) => floatOf(bits, width);
  const top = 1n << BigInt(width - 1);
  const compare: ((a: number, b: number) => boolean)[] = [
    (a, b) => a === b,
    (a, b) => a !== b,
    (a, b) => a < b,
    (a, b) => a > b,
    (a, b) => a <= b,
    (a, b) => a >= b,
  ];
  const round = [Math.ceil, Math.floor, Math.trunc, nearest, Math.sqrt];
  const binary: ((a: number, b: number) => number)[] = [
    (a, b) => a + b,
    (a, b) => a - b,
    (a, b) => a * b,
    (a, b) => a / b,
    Math.min,
    Math.max,
  ];
  compare.forEach((apply, index) =>
    table.set(
      base.compare + index,
      exact(2, ([a = 0n, b = 0n]) => flag(apply(float(a), float(b)))),
    ),
  );
  round.forEach((apply, index) =>
    table.set(
      base.round + index,
      made(1, width, ([a = 0n]) => apply(float(a))),
    ),
  );
  binary.forEach((apply, index) =>
    table.set(
      base.arithmetic + index,
      made(2, width, ([a = 0n, b = 0n]) => apply(float(a), float(b))),
    ),
  );
  table.set(
    base.sign,
    exact(1, ([a = 0n]) => a & (top - 1n)),
  );
  table.set(
    base.sign + 1,
    exact(1, ([a = 0n]) => a ^ top),
  );
  table.set(
    base.copysign,
    exact(2, ([a = 0n, b = 0n]) => (a & (top - 1n)) | (b & top)),
  );
}

// Round to the nearest integer, ties to even, keeping the sign of zero.
function nearest(value: number): number {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 52) return value;
  const below = Math.floor(value);
  const part = value - below;
  const rounded = part < 0.5 || (part === 0.5 && below % 2 === 0) ? below : below + 1;
  return rounded === 0 && (value < 0 || Object.is(value, -0)) ? -0 : rounded;
}

function addConversions(table: Map<number, Numeric>): void {
  const wrap = (width: number) => exact(1, ([a = 0n]) => BigInt.asUintN(width, a));
  const extend = (from: number, to: number) =>
    exact(1, ([a = 0n]) => BigInt.asUintN(to, BigInt.asIntN(from, a)));
  const same = () => exact(1, ([a = 0n]) => a);
  table.set(0xa7, wrap(32));
  table.set(0xac, extend(32, 64));
  table.set(0xad, same());
  const saturating = 0xfc00;
  const integers = [
    { width: 32, trunc: 0xa8, sat: saturating },
    { width: 64, trunc: 0xae, sat: saturating + 4 },
  ];
  for (const { width, trunc, sat } of integers) {
    for (const index of [0, 1, 2, 3]) {
      const from = index < 2 ? 32 : 64;
      const signed = index % 2 === 0;
      table.set(
        trunc + index,
        exact(1, ([a = 0n]) => truncate(floatOf(a, from), width, signed, false)),
      );
      table.set(
        sat + index,
        exact(1, ([a = 0n]) => truncate(floatOf(a, from), width, signed, true)),
      );
    }
  }
  addFromIntegers(table);
  table.set(
    0xb6,
    made(1, 32, ([a = 0n]) => Math.fround(floatOf(a, 64))),
  );
  table.set(
    0xbb,
    made(1, 64, ([a = 0n]) => floatOf(a, 32)),
  );
  table.set(0xbc, same());
  table.set(0xbd, same());
  table.set(0xbe, same());
  table.set(0xbf, same());
  [8, 16].forEach((from, index) => table.set(0xc0 + index, extend(from, 32)));
  [8, 16, 32].forEach((from, index) => table.set(0xc2 + index, extend(from, 64)));
}

function addFromIntegers(table: Map<number, Numeric>): void {
  for (const [base, to] of [
    [0xb2, 32],
    [0xb7, 64],
  ] as const) {
    for (const index of [0, 1, 2, 3]) {
      const from = index < 2 ? 32 : 64;
      const read = (a: bigint) => (index % 2 === 0 ? BigInt.asIntN(from, a) : a);
      table.set(
        base + index,
        exact(1, ([a = 0n]) => bitsOf(to === 32 ? toFloat32(read(a)) : Number(read(a)), to)),
      );
    }
  }
}

// An integer rounded once: cut to 53 bits first, with what is lost kept as a lowest bit, so that rounding to
// 24 bits sees it.
function toFloat32(integer: bigint): number {
  const size = integer < 0n ? -integer : integer;
  const cut = size >> 11n;
  const odd = (size & 0x7ffn) === 0n ? cut : cut | 1n;
  const magnitude = size < 2n ** 53n ? Number(size) : Number(odd) * 2048;
  return Math.fround(integer < 0n ? -magnitude : magnitude);
}

// oxlint-disable-next-line max-params -- the four facts of a conversion
function truncate(float: number, width: number, signed: boolean, saturates: boolean): bigint {
  const low = signed ? -(2n ** BigInt(width - 1)) : 0n;
  const high = signed ? 2n ** BigInt(width - 1) - 1n : 2n ** BigInt(width) - 1n;
  if (Number.isNaN(float)) {
    if (!saturates) throw new Trap('not a number');
    return 0n;
  }
  const whole = Number.isFinite(float) ? BigInt(Math.trunc(float)) : float > 0 ? high + 1n : low - 1n;
  if (whole >= low && whole <= high) return BigInt.asUintN(width, whole);
  if (!saturates) throw new Trap('integer overflow');
  return BigInt.asUintN(width, whole < low ? low : high);
}
