// Random guests that are nothing but loops over a counter: every comparison, either order, steps and bounds at the
// edges of their types, tests at the top, at the bottom and in the middle, exits on the way, traps, calls and loops
// inside. They are for whoever computes how often a loop runs before it begins.

import { I32, I64, list, moduleOf, signed, sized, text } from './module-writer.ts';
import { createRandom } from './random-modules.ts';

type Draw = (below: number) => number;
type Code = readonly number[];

/** The opcodes that differ between the two widths. */
interface Width {
  readonly type: number;
  readonly bits: bigint;
  readonly constant: number;
  readonly eqz: number;
  /** Of ten comparisons from `eq` on. */
  readonly compare: number;
  readonly add: number;
  readonly sub: number;
  /** From this type to an i32. */
  readonly wrap: Code;
}

const NARROW: Width = {
  type: I32,
  bits: 32n,
  constant: 0x41,
  eqz: 0x45,
  compare: 0x46,
  add: 0x6a,
  sub: 0x6b,
  wrap: [],
};
const BROAD: Width = {
  type: I64,
  bits: 64n,
  constant: 0x42,
  eqz: 0x50,
  compare: 0x51,
  add: 0x7c,
  sub: 0x7d,
  wrap: [0xa7],
};
const COMPARISONS = 10;

// Locals of `run`: two parameters, an i32 that the bodies work on, then a counter and a bound for each width and depth.
const SUM = 2;
const FIRST_COUNTER = 3;
const DEPTHS = 3;
const HELPER = 2;
/** Stores the sum and answers its four bytes. */
const ANSWER_SUM: Code = [0x41, 0x00, 0x20, SUM, 0x36, 2, 0, 0x42, 0x04, 0x0b];
/** Stands for the module's own reach. */
const REACH = -1;

/** The module of a seed. Counters begin and end within `reach` of the edges. */
export function makeLoopModule(seed: number, reach = 40): Uint8Array {
  const random = createRandom(seed);
  const draw: Draw = (below) => random(below === REACH ? reach : below);
  const run = [...Array.from({ length: 1 + draw(3) }, () => loop(draw, 0)).flat(), ...ANSWER_SUM];
  const locals = list([
    [1, I32],
    ...Array.from({ length: DEPTHS }, () => [
      [2, I32],
      [2, I64],
    ]).flat(),
  ]);
  return moduleOf([
    {
      id: 1,
      bytes: list([
        [0x60, 1, I32, 1, I32],
        [0x60, 2, I32, I32, 1, I64],
      ]),
    },
    { id: 3, bytes: list([[0], [1], [0]]) },
    { id: 5, bytes: [1, 0, 1] },
    {
      id: 7,
      bytes: list([
        [...text('memory'), 2, 0],
        [...text('alloc'), 0, 0],
        [...text('run'), 0, 1],
      ]),
    },
    {
      id: 10,
      bytes: list([
        sized([0, 0x41, 0xc0, 0, 0x0b]),
        sized([...locals, ...run]),
        sized([0, 0x20, 0, 0x41, 3, 0x6c, 0x0b]),
      ]),
    },
  ]);
}

/** One loop, with what it begins from. */
function loop(draw: Draw, depth: number): Code {
  const width = draw(2) === 0 ? NARROW : BROAD;
  const counter = FIRST_COUNTER + depth * 4 + (width === NARROW ? 0 : 2);
  const bound = counter + 1;
  const boundCode = draw(2) === 0 ? [0x20, bound] : constant(width, edge(draw, width));
  const step = [draw(2) === 0 ? width.add : width.sub];
  const update = [0x20, counter, ...constant(width, stepOf(draw, width)), ...step];
  const inner = body(draw, depth, { width, counter });
  return [
    ...constant(width, edge(draw, width)),
    ...set(counter),
    ...constant(width, edge(draw, width)),
    ...set(bound),
    ...shape(draw, { width, counter, update, inner, test: (value) => test(draw, width, value, boundCode) }),
  ];
}

interface Parts {
  readonly width: Width;
  readonly counter: number;
  readonly update: Code;
  readonly inner: Code;
  readonly test: (value: Code) => Code;
}

function shape(draw: Draw, { counter, update, inner, test }: Parts): Code {
  const get = [0x20, counter];
  const go = [...update, ...set(counter)];
  const BLOCK = [0x02, 0x40];
  const LOOP = [0x03, 0x40];
  switch (draw(5)) {
    // Tested with the counter just written.
    case 0:
      return [...BLOCK, ...LOOP, ...inner, ...test([...update, 0x22, counter]), 0x0d, 0, 0x0b, 0x0b];
    case 1:
      return [...BLOCK, ...LOOP, ...inner, ...go, ...test(get), 0x0d, 0, 0x0b, 0x0b];
    // At the top, out by two.
    case 2:
      return [...BLOCK, ...LOOP, ...test(get), 0x0d, 1, ...inner, ...go, 0x0c, 0, 0x0b, 0x0b];
    // In the middle.
    case 3:
      return [...BLOCK, ...LOOP, ...go, ...test(get), 0x0d, 1, ...inner, 0x0c, 0, 0x0b, 0x0b];
    // By a condition that goes on.
    default:
      return [...BLOCK, ...LOOP, ...test(get), 0x04, 0x40, ...inner, ...go, 0x0c, 1, 0x0b, 0x0b, 0x0b];
  }
}

function test(draw: Draw, width: Width, value: Code, bound: Code): Code {
  const negated = draw(3) === 0 ? [0x45] : [];
  if (draw(5) === 0) return [...value, width.eqz, ...negated];
  const operands = draw(3) === 0 ? [...bound, ...value] : [...value, ...bound];
  return [...operands, width.compare + draw(COMPARISONS), ...negated];
}

/** Some instructions on the sum; the loop's own counter is only read, except now and then. Label 1 is the loop's end. */
function body(draw: Draw, depth: number, { width, counter }: Pick<Parts, 'width' | 'counter'>): Code {
  const narrow = [0x20, counter, ...width.wrap];
  const parts: Code[] = Array.from({ length: draw(3) }, () => {
    switch (draw(9)) {
      case 0:
        return [0x20, SUM, 0x41, 0x3f, 0x71, ...narrow, 0x3a, 0, 0x80, 1];
      case 1:
        return [0x20, SUM, 0x41, 1, 0x71, 0x04, 0x40, 0x20, SUM, 0x41, 5, 0x6a, 0x21, SUM, 0x05, 0x01, 0x0b];
      // Traps when the sum is a multiple of eight.
      case 2:
        return [...narrow, 0x20, SUM, 0x41, 7, 0x71, 0x6e, 0x1a];
      case 3:
        return [...narrow, 0x2d, 0, 0, 0x20, SUM, 0x6a, 0x21, SUM];
      case 4:
        return [0x20, SUM, 0x41, draw(60), 0x46, 0x0d, 1];
      case 5:
        return [...narrow, 0x10, HELPER, 0x21, SUM];
      case 6:
        return depth + 1 < DEPTHS ? loop(draw, depth + 1) : [];
      case 7:
        return draw(4) === 0 ? [0x20, counter, ...constant(width, 3n), width.add, 0x21, counter] : [];
      default:
        return [0x41, 0, 0x41, 0, 0x41, draw(60), 0xfc, 0x0b, 0];
    }
  });
  return [0x20, SUM, 0x41, 1, 0x6a, 0x21, SUM, ...parts.flat()];
}

const set = (local: number): Code => [0x21, local];

const constant = (width: Width, value: bigint): Code => [width.constant, ...signed(value)];

/** Small numbers, and those beside the ends of the type. */
function edge(draw: Draw, { bits }: Width): bigint {
  const near = BigInt(draw(REACH)) - 8n;
  const corner = [0n, 0n, 0n, 1n << (bits - 1n), -1n][draw(5)] ?? 0n;
  return BigInt.asIntN(Number(bits), corner + near);
}

function stepOf(draw: Draw, { bits }: Width): bigint {
  const steps = [
    1n,
    1n,
    1n,
    2n,
    3n,
    5n,
    7n,
    8n,
    0n,
    -1n,
    -2n,
    -3n,
    1n << (bits - 1n),
    (1n << (bits - 2n)) + 1n,
  ];
  return BigInt.asIntN(Number(bits), steps[draw(steps.length)] ?? 1n);
}
