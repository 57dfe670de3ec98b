// Random guests: `makeModule(seed)` gives a valid module of the ABI `trine-1` that uses most of what an
// edition accepts (nested and multi-value blocks, branch tables, calls direct and indirect, recursion,
// floats and NaNs, bulk memory, growth, a start function), and that completes, traps or runs for ever,
// as the seed has it. The same seed always gives the same bytes.

import { F32, F64, I32, I64, list, moduleOf, signed, sized, text, unsigned, V128 } from './module-writer.ts';

/** How many seeds the differential tests use. */
export const MODULE_SEEDS = 200;

interface Signature {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

const PROGRESS = 0;
const ALLOC_SIGNATURE: Signature = { parameters: [I32], results: [I32] };
const RUN_SIGNATURE: Signature = { parameters: [I32, I32], results: [I64] };
const TYPES: readonly number[] = [I32, I64, F32, F64];
const VECTOR_TYPES: readonly number[] = [I32, I64, F32, F64, V128, V128, V128];

/** Random numbers from a seed: mulberry32. */
export function createRandom(seed: number): (below: number) => number {
  let state = (seed * 0x9e3779b1 + 0x6d2b79f5) | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The module of a seed. */
export function makeModule(seed: number): Uint8Array {
  return new Generator(seed, TYPES).module();
}

/** The same with vectors everywhere. Odd seeds have no float but in vectors. */
export function makeVectorModule(seed: number): Uint8Array {
  const types = seed % 2 === 0 ? VECTOR_TYPES : VECTOR_TYPES.filter((type) => type !== F32 && type !== F64);
  return new Generator(seed, types).module();
}

class Generator {
  private readonly random: (below: number) => number;
  private readonly types: Signature[] = [];
  private readonly functions: Signature[] = [];
  private readonly globals: { readonly type: number; readonly mutable: boolean }[] = [];
  /** Whether constants may be NaNs with payloads. */
  private readonly payloads: boolean;
  /** Whether constants of globals and segments are computed. */
  private readonly computes: boolean;

  readonly valueTypes: readonly number[];

  constructor(seed: number, valueTypes: readonly number[]) {
    this.valueTypes = valueTypes;
    this.random = createRandom(seed);
    this.payloads = this.random(8) === 0;
    this.computes = this.random(4) === 0;
  }

  module(): Uint8Array {
    const inner = 2 + this.random(6);
    const host: Signature = { parameters: [I32, I32], results: [] };
    this.functions.push(host, host);
    for (let index = 0; index < inner; index++) {
      this.functions.push({ parameters: this.someTypes(4), results: this.someTypes(3) });
    }
    for (let index = 0; index < 6; index++) {
      this.globals.push({ type: this.pick(this.valueTypes), mutable: this.random(4) > 0 });
    }
    const hasStart = this.random(4) === 0;
    const bodies = this.functions.slice(2).map((signature, index) => this.body(signature, index + 2));
    bodies.push(this.runBody(inner), sized([0, 0x41, ...signed(64n), 0x0b]));
    this.functions.push(RUN_SIGNATURE, ALLOC_SIGNATURE);
    if (hasStart) {
      this.functions.push({ parameters: [], results: [] });
      bodies.push(this.body({ parameters: [], results: [] }, 2));
    }
    return this.assemble(bodies, inner, hasStart);
  }

  private assemble(bodies: readonly number[][], inner: number, hasStart: boolean): Uint8Array {
    const run = 2 + inner;
    const table = Array.from({ length: inner }, (_, index) => unsigned(2 + index));
    const data = Array.from({ length: 40 }, () => this.random(256));
    const functionTypes = this.functions.map((signature) => this.typeIndex(signature));
    const globals = this.globals.map(({ type, mutable }) => [
      type,
      mutable ? 1 : 0,
      ...this.initial(type),
      0x0b,
    ]);
    const host = unsigned(functionTypes[0] ?? 0);
    return moduleOf([
      {
        id: 1,
        bytes: list(
          this.types.map((type) => [
            0x60,
            ...list(type.parameters.map((one) => [one])),
            ...list(type.results.map((one) => [one])),
          ]),
        ),
      },
      {
        id: 2,
        bytes: list([
          [...text('trine'), ...text('progress'), 0, ...host],
          [...text('trine'), ...text('log'), 0, ...host],
        ]),
      },
      { id: 3, bytes: list(functionTypes.slice(2).map(unsigned)) },
      {
        id: 4,
        bytes: list([
          [0x70, 0, ...unsigned(inner + 2)],
          [0x70, 1, 2, 12],
          [0x6f, 0, 3],
        ]),
      },
      { id: 5, bytes: list([[1, 1, 4]]) },
      { id: 6, bytes: list(globals) },
      {
        id: 7,
        bytes: list([
          [...text('memory'), 2, 0],
          [...text('run'), 0, ...unsigned(run)],
          [...text('alloc'), 0, ...unsigned(run + 1)],
        ]),
      },
      { id: 8, bytes: hasStart ? unsigned(run + 2) : [] },
      {
        id: 9,
        bytes: list([
          [0, 0x41, 0, 0x0b, ...list(table)],
          [1, 0, ...list(table)],
          [3, 0, ...list(this.functions.map((_, index) => unsigned(index)))],
          [6, 1, ...this.initial(I32, 1n), 0x0b, 0x70, ...list([[0xd2, ...unsigned(2), 0x0b]])],
          [
            5,
            0x70,
            ...list([
              [0xd0, 0x70, 0x0b],
              [0xd2, ...unsigned(3), 0x0b],
            ]),
          ],
        ]),
      },
      { id: 12, bytes: unsigned(2) },
      { id: 10, bytes: list(bodies) },
      {
        id: 11,
        bytes: list([
          [0, 0x41, ...signed(1024n), 0x0b, ...sized(data)],
          [1, ...sized(data)],
        ]),
      },
    ]);
  }

  // `run` calls every inner function twice and stores what it answers.
  private runBody(inner: number): number[] {
    const body = new BodyGenerator(this, { parameters: [I32, I32], results: [I64] }, 2);
    for (let index = 2; index < 2 + inner; index++) {
      body.callAndStore(index, 2048 + index * 64);
      body.callAndStore(index, 3072 + index * 64);
    }
    body.code.push(0x42, ...signed((2048n << 32n) | 2048n));
    return body.finish();
  }

  private body(signature: Signature, index: number): number[] {
    const body = new BodyGenerator(this, signature, index);
    const statements = 1 + this.random(5);
    for (let count = 0; count < statements; count++) {
      body.statement(4);
    }
    body.expressions(signature.results, 3);
    return body.finish();
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.random(items.length)];
    if (item === undefined) {
      throw new Error('nothing to pick from');
    }
    return item;
  }

  below(count: number): number {
    return this.random(count);
  }

  someTypes(max: number): readonly number[] {
    return Array.from({ length: this.random(max + 1) }, () => this.pick(this.valueTypes));
  }

  typeIndex(signature: Signature): number {
    const same = (type: Signature) =>
      type.parameters.join() === signature.parameters.join() &&
      type.results.join() === signature.results.join();
    const found = this.types.findIndex(same);
    return found >= 0 ? found : this.types.push(signature) - 1;
  }

  function(index: number): Signature {
    return this.functions[index] ?? { parameters: [], results: [] };
  }

  /** Functions that a body may call: the inner ones. */
  get functionCount(): number {
    return this.functions.length;
  }

  globalsOf(type: number, toSet: boolean): readonly number[] {
    return this.globals.flatMap((global, index) =>
      global.type === type && (global.mutable || !toSet) ? [index] : [],
    );
  }

  /** A constant expression of a type, sometimes one that computes; an integer may be asked for by value. */
  private initial(type: number, value?: bigint): number[] {
    const wanted = value === undefined ? this.constant(type) : [0x41, ...signed(value)];
    if (!this.computes || (type !== I32 && type !== I64)) {
      return wanted;
    }
    const zero = [type === I32 ? 0x41 : 0x42, 0];
    const [add, times] = type === I32 ? [0x6a, 0x6c] : [0x7c, 0x7e];
    return [...wanted, ...this.constant(type), ...zero, times, add];
  }

  /** A constant of a type, with its opcode. */
  constant(type: number): number[] {
    if (type === I32)
      return [
        0x41,
        ...signed(
          BigInt(this.pick([0, 1, -1, 2, 7, 255, 65535, 2 ** 31 - 1, -(2 ** 31), this.random(1000)])),
        ),
      ];
    if (type === I64)
      return [
        0x42,
        ...signed(this.pick([0n, 1n, -1n, 63n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(this.random(2 ** 31))])),
      ];
    if (type === V128) {
      const halves = this.random(2) === 0 ? [this.floatBytes(8), this.floatBytes(8)] : this.fourFloats();
      return [0xfd, 0x0c, ...halves.flat()];
    }
    return type === F32 ? [0x43, ...this.floatBytes(4)] : [0x44, ...this.floatBytes(8)];
  }

  private fourFloats(): number[][] {
    return Array.from({ length: 4 }, () => this.floatBytes(4));
  }

  private floatBytes(size: 4 | 8): number[] {
    const view = new DataView(new ArrayBuffer(8));
    const value = this.pick([
      0,
      -0,
      1,
      -1,
      0.5,
      1.5,
      1e9,
      -3e38,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      ...(this.valueTypes.includes(V128) ? [Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN] : []),
      this.random(1000) / 7,
    ]);
    if (Number.isNaN(value)) {
      const extra = this.payloads ? BigInt(this.random(1000)) : 0n;
      view.setBigUint64(0, size === 4 ? (0x7fc0_0000n + extra) << 32n : (0x7ff8n << 48n) + extra);
    } else if (size === 4) {
      view.setFloat32(0, value);
    } else {
      view.setFloat64(0, value);
    }
    return Array.from({ length: size }, (_, index) => view.getUint8(size - 1 - index));
  }
}

// Operators by result type: opcode and operand types. Instructions that may trap stand once, the rest as
// runs of opcodes.
interface Operator {
  readonly code: readonly number[];
  readonly operands: readonly number[];
}

const OPERATORS: ReadonlyMap<number, readonly Operator[]> = buildOperators();

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

const VECTOR_OPERATORS: ReadonlyMap<number, readonly Operator[]> = buildVectorOperators();

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

const TRAPPING: ReadonlySet<number> = new Set([
  0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0xa8, 0xa9, 0xaa, 0xab, 0xae, 0xaf, 0xb0, 0xb1,
]);

// Loads and stores without their memory argument.
const LOAD_CODES: ReadonlyMap<number, readonly (readonly number[])[]> = new Map([
  [I32, [[0x28], [0x2c], [0x2d], [0x2e], [0x2f]]],
  [I64, [[0x29], [0x30], [0x31], [0x32], [0x33], [0x34], [0x35]]],
  [F32, [[0x2a]]],
  [F64, [[0x2b]]],
  [V128, [...between(0, 10), 0x5c, 0x5d].map((code) => [0xfd, code])],
]);
const STORE_CODES: ReadonlyMap<number, readonly (readonly number[])[]> = new Map([
  [I32, [[0x36], [0x3a], [0x3b]]],
  [I64, [[0x37], [0x3c], [0x3d], [0x3e]]],
  [F32, [[0x38]]],
  [F64, [[0x39]]],
  [V128, [[0xfd, 0x0b]]],
]);

// Locals of every body behind its parameters: two of each type, and counters that only loops touch.
const OWN_LOCALS: readonly number[] = [I32, I32, I64, I64, F32, F32, F64, F64];
const OWN_VECTORS: readonly number[] = [...OWN_LOCALS, V128, V128, V128, V128];
const COUNTERS = 4;

/** Generates one body. Every method leaves the operand stack as its name says, whatever it draws. */
class BodyGenerator {
  readonly code: number[] = [];
  private readonly from: Generator;
  private readonly signature: Signature;
  private readonly index: number;
  private readonly locals: readonly number[];
  private readonly ownLocals: readonly number[];
  private counters = 0;
  // What a branch to each open label carries, innermost last. Label 0 is the function's.
  private readonly labels: (readonly number[])[];

  constructor(from: Generator, signature: Signature, index: number) {
    this.from = from;
    this.signature = signature;
    this.index = index;
    this.ownLocals = from.valueTypes.includes(V128) ? OWN_VECTORS : OWN_LOCALS;
    this.locals = [...signature.parameters, ...this.ownLocals];
    this.labels = [signature.results];
  }

  finish(): number[] {
    const own = [...this.ownLocals, ...Array.from({ length: COUNTERS }, () => I32)];
    return sized([...list(own.map((type) => [1, type])), ...this.code, 0x0b]);
  }

  /** Calls a function with constants and stores its results from `at` on. */
  callAndStore(index: number, at: number): void {
    const { parameters, results } = this.from.function(index);
    for (const type of parameters) {
      this.code.push(...this.from.constant(type));
    }
    this.code.push(0x10, ...unsigned(index));
    for (const [place, type] of [...results.entries()].reverse()) {
      const local = this.localOf(type);
      this.code.push(
        0x21,
        ...unsigned(local),
        0x41,
        ...signed(BigInt(at + place * 8)),
        0x20,
        ...unsigned(local),
      );
      this.code.push(...((STORE_CODES.get(type) ?? [])[0] ?? [0x36]), 0, 0);
    }
  }

  /** Code that leaves the stack as it was. */
  statement(depth: number): void {
    const { from, code } = this;
    const kind = from.below(depth > 0 ? 24 : 8);
    switch (kind) {
      case 0:
      case 1:
        return this.setLocal(depth);
      case 2:
        return this.setGlobal(depth);
      case 3:
      case 4:
        return this.store(depth);
      case 5:
        this.expression(from.pick(from.valueTypes), depth);
        code.push(0x1a);
        return;
      case 6:
        this.expression(I32, depth - 1);
        this.expression(I32, depth - 1);
        code.push(0x10, PROGRESS + from.below(2));
        return;
      case 7:
        code.push(0x01);
        return;
      case 8:
      case 9:
        return this.blockOf([], depth);
      case 10:
      case 11:
        return this.ifOf([], depth);
      case 12:
      case 13:
      case 14:
        return this.countedLoop(depth);
      case 15:
      case 16:
        return this.branchIf(depth);
      case 17:
        return this.call(depth);
      case 18:
        return this.bulk(depth);
      case 19:
        return this.leaveInIf(depth);
      case 20:
        return this.branchTable(depth);
      case 21:
        return this.tailCall(depth);
      case 22:
        return this.references(depth);
      default:
        return this.rare(depth);
    }
  }

  /** Code that pushes one value of each type. */
  expressions(types: readonly number[], depth: number): void {
    for (const type of types) {
      this.expression(type, depth);
    }
  }

  /** Code that pushes one value of a type. */
  expression(type: number, depth: number): void {
    const { from, code } = this;
    const kind = depth > 0 ? from.below(14) : from.below(3);
    switch (kind) {
      case 0:
        code.push(...from.constant(type));
        return;
      case 1:
        code.push(0x20, ...unsigned(this.localOf(type)));
        return;
      case 2:
        return this.global(type);
      case 8:
        this.address(depth - 1);
        code.push(...from.pick(LOAD_CODES.get(type) ?? []), 0, ...unsigned(from.below(64)));
        return;
      case 9:
        return this.blockOf([type], depth);
      case 10:
        return this.ifOf([type], depth);
      case 11:
        this.expressions([type, type, I32], depth - 1);
        code.push(0x1b);
        return;
      case 12:
        this.expression(type, depth - 1);
        code.push(0x22, ...unsigned(this.localOf(type)));
        return;
      case 13:
        return this.multiValue(type, depth);
      default: {
        const operator = this.operator(type);
        this.expressions(operator.operands, depth - 1);
        code.push(...operator.code);
      }
    }
  }

  // Division and truncation trap on most random operands, so they are drawn less often.
  private operator(type: number): Operator {
    const { from } = this;
    for (;;) {
      const operator = from.pick(this.operatorsOf(type));
      if (!TRAPPING.has(operator.code[0] ?? 0) || from.below(8) === 0) {
        return operator;
      }
    }
  }

  private operatorsOf(type: number): readonly Operator[] {
    const { from } = this;
    const table = type === V128 || (from.valueTypes.includes(V128) && from.below(3) === 0);
    const operators = (table ? VECTOR_OPERATORS : OPERATORS).get(type) ?? [];
    return operators.filter(({ operands }) => operands.every((one) => from.valueTypes.includes(one)));
  }

  private localOf(type: number): number {
    return this.from.pick(this.locals.flatMap((found, index) => (found === type ? [index] : [])));
  }

  private global(type: number): void {
    const globals = this.from.globalsOf(type, false);
    this.code.push(...(globals.length > 0 ? [0x23, this.from.pick(globals)] : this.from.constant(type)));
  }

  // Mostly inside the first page, sometimes anywhere.
  private address(depth: number): void {
    this.expression(I32, depth);
    if (this.from.below(40) > 0) {
      this.code.push(0x41, ...signed(0x7fffn), 0x71);
    }
  }

  private setLocal(depth: number): void {
    const type = this.from.pick(this.from.valueTypes);
    this.expression(type, depth);
    this.code.push(0x21, ...unsigned(this.localOf(type)));
  }

  private setGlobal(depth: number): void {
    const type = this.from.pick(this.from.valueTypes);
    const globals = this.from.globalsOf(type, true);
    this.expression(type, depth);
    this.code.push(...(globals.length > 0 ? [0x24, this.from.pick(globals)] : [0x1a]));
  }

  private store(depth: number): void {
    const type = this.from.pick(this.from.valueTypes);
    this.address(depth - 1);
    this.expression(type, depth - 1);
    this.code.push(...this.from.pick(STORE_CODES.get(type) ?? []), 0, ...unsigned(this.from.below(64)));
  }

  private inside(label: readonly number[], results: readonly number[], depth: number): void {
    this.labels.push(label);
    for (let count = this.from.below(3); count > 0; count--) {
      this.statement(depth - 1);
    }
    this.expressions(results, depth - 1);
    this.labels.pop();
  }

  private blockType(results: readonly number[]): readonly number[] {
    return results.length === 0 ? [0x40] : [results[0] ?? I32];
  }

  private blockOf(results: readonly number[], depth: number): void {
    this.code.push(0x02, ...this.blockType(results));
    this.inside(results, results, depth);
    this.code.push(0x0b);
  }

  private ifOf(results: readonly number[], depth: number): void {
    this.expression(I32, depth - 1);
    this.code.push(0x04, ...this.blockType(results));
    this.inside(results, results, depth);
    if (results.length > 0 || this.from.below(2) === 0) {
      this.code.push(0x05);
      this.inside(results, results, depth);
    }
    this.code.push(0x0b);
  }

  // A block that takes and leaves several values.
  private multiValue(type: number, depth: number): void {
    const { from, code } = this;
    const signature = { parameters: from.someTypes(2), results: [type, from.pick(from.valueTypes)] };
    this.expressions(signature.parameters, depth - 1);
    const loop = from.below(3) === 0;
    code.push(loop ? 0x03 : 0x02, ...signed(BigInt(from.typeIndex(signature))));
    for (const _ of signature.parameters) {
      code.push(0x1a);
    }
    this.inside(loop ? signature.parameters : signature.results, signature.results, depth - 1);
    code.push(0x0b, 0x1a);
  }

  // A loop that runs a few times, in a counter of its own.
  private countedLoop(depth: number): void {
    if (this.counters === COUNTERS) {
      this.code.push(0x01);
      return;
    }
    const counter = this.locals.length + this.counters;
    this.counters += 1;
    this.code.push(0x41, ...signed(BigInt(1 + this.from.below(20))), 0x21, ...unsigned(counter), 0x03, 0x40);
    // Branches from inside must not skip the countdown, so the loop's own label is not offered.
    this.labels.push(NO_LABEL);
    for (let count = 1 + this.from.below(2); count > 0; count--) {
      this.statement(depth - 1);
    }
    this.labels.pop();
    this.code.push(0x20, ...unsigned(counter), 0x41, 1, 0x6b, 0x22, ...unsigned(counter), 0x0d, 0, 0x0b);
    this.counters -= 1;
  }

  private label(): { readonly depth: number; readonly types: readonly number[] } {
    const open = this.labels.flatMap((types, index) =>
      types === NO_LABEL ? [] : [{ depth: this.labels.length - 1 - index, types }],
    );
    return this.from.pick(open);
  }

  private branchIf(depth: number): void {
    const { depth: label, types } = this.label();
    this.expressions(types, depth - 1);
    this.expression(I32, depth - 1);
    this.code.push(0x0d, ...unsigned(label));
    for (const _ of types) {
      this.code.push(0x1a);
    }
  }

  // Behind a condition, so that not everything after it is dead; sometimes with dead code inside.
  private leaveInIf(depth: number): void {
    this.expression(I32, depth - 1);
    this.code.push(0x04, 0x40);
    this.labels.push([]);
    const { depth: label, types } = this.label();
    const leaves = this.from.below(2) === 0;
    this.expressions(leaves ? this.signature.results : types, depth - 1);
    this.code.push(...(leaves ? [0x0f] : [0x0c, ...unsigned(label)]));
    if (this.from.below(3) === 0) {
      this.statement(depth - 1);
    }
    this.labels.pop();
    this.code.push(0x0b);
  }

  // Nested empty blocks, and a table that leaves some of them.
  private branchTable(depth: number): void {
    const blocks = 1 + this.from.below(3);
    for (let count = 0; count < blocks; count++) {
      this.code.push(0x02, 0x40);
      this.labels.push([]);
    }
    this.expression(I32, depth - 1);
    const targets = Array.from({ length: this.from.below(5) }, () => unsigned(this.from.below(blocks)));
    this.code.push(0x0e, ...list(targets), ...unsigned(this.from.below(blocks)));
    for (let count = 0; count < blocks; count++) {
      this.labels.pop();
      this.code.push(0x0b);
      this.statement(depth - 2);
    }
  }

  // Calls mostly go to functions behind this one, so that most runs end.
  private call(depth: number): void {
    const { from, code } = this;
    const recursive = from.below(10) === 0;
    const first = recursive ? 2 : this.index + 1;
    if (first >= from.functionCount) {
      code.push(0x01);
      return;
    }
    const target = first + from.below(from.functionCount - first);
    const signature = from.function(target);
    this.expressions(signature.parameters, depth - 1);
    if (from.below(3) === 0) {
      // Through the table, which holds function 2 first; sometimes at a wrong place.
      code.push(0x41, ...signed(BigInt(from.below(20) === 0 ? from.below(12) : target - 2)));
      code.push(0x11, ...unsigned(from.typeIndex(signature)), 0);
    } else {
      code.push(0x10, ...unsigned(target));
    }
    for (const _ of signature.results) {
      code.push(0x1a);
    }
  }

  // Behind a condition, to a function of the same results.
  private tailCall(depth: number): void {
    const { from, code } = this;
    const results = this.signature.results.join();
    const targets = Array.from({ length: from.functionCount }, (_, index) => index).filter(
      (index) => index !== this.index && index >= 2 && from.function(index).results.join() === results,
    );
    if (targets.length === 0) {
      code.push(0x01);
      return;
    }
    const target = from.pick(targets);
    const signature = from.function(target);
    this.expression(I32, depth - 1);
    code.push(0x04, 0x40);
    this.labels.push([]);
    this.expressions(signature.parameters, depth - 1);
    if (from.below(2) === 0) {
      code.push(0x12, ...unsigned(target));
    } else {
      code.push(0x41, ...signed(BigInt(target - 2)), 0x13, ...unsigned(from.typeIndex(signature)), 0);
    }
    this.labels.pop();
    code.push(0x0b);
  }

  // Tables 0 and 1 hold functions, table 2 holds nothing but nulls.
  private references(depth: number): void {
    const { from, code } = this;
    const table = from.below(3);
    switch (from.below(7)) {
      case 0:
        code.push(0x41, from.below(3));
        this.reference(table);
        code.push(0x26, table);
        return;
      case 1:
        this.reference(table);
        code.push(0xd1, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 2:
        this.reference(table);
        code.push(0x41, from.below(9), 0xfc, 15, table, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 3:
        code.push(0xfc, 16, table, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 4:
        code.push(0x41, from.below(3));
        this.reference(table);
        code.push(0x41, from.below(3), 0xfc, 17, table);
        return;
      case 5:
        code.push(0x41, from.below(2), 0x41, from.below(2), 0x41, from.below(2), 0xfc, 14, 1, 0);
        return;
      default:
        this.expressions([I32, I32, I32], depth - 1);
        code.push(0x1c, 1, I32, 0x21, ...unsigned(this.localOf(I32)));
    }
  }

  private reference(table: number): void {
    const { from, code } = this;
    const type = table === 2 ? 0x6f : 0x70;
    switch (from.below(table === 2 ? 3 : 4)) {
      case 0:
        code.push(0xd0, type);
        return;
      case 1:
        code.push(0x41, from.below(3), 0x25, table);
        return;
      case 2:
        code.push(0xd0, type, 0x41, 0, 0x25, table, 0x41, from.below(2), 0x1c, 1, type);
        return;
      default:
        code.push(0xd2, ...unsigned(from.below(from.functionCount)));
    }
  }

  private bulk(depth: number): void {
    const { from, code } = this;
    this.address(depth - 1);
    const kind = from.below(6);
    if (kind < 2) {
      this.address(depth - 1);
    } else {
      code.push(0x41, ...signed(BigInt(from.below(30))));
    }
    code.push(0x41, ...signed(BigInt(from.below(kind < 2 ? 500 : 12))));
    if (kind === 0) code.push(0xfc, 10, 0, 0);
    else if (kind < 4) code.push(0xfc, 11, 0);
    else code.push(0xfc, 8, 1, 0);
  }

  private rare(depth: number): void {
    const { from, code } = this;
    switch (from.below(8)) {
      case 0:
        this.expression(I32, 0);
        code.push(0x04, 0x40, 0x00, 0x0b);
        return;
      case 1:
        code.push(0x41, ...signed(BigInt(from.below(3))), 0x40, 0, 0x1a);
        return;
      case 2:
        code.push(0x3f, 0, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 3:
        code.push(0x41, from.below(3), 0x41, from.below(3), 0x41, from.below(3), 0xfc, 14, 0, 0);
        return;
      case 4:
        code.push(0x41, from.below(3), 0x41, 0, 0x41, from.below(3), 0xfc, 12, 1, 0);
        return;
      case 5:
        code.push(0xfc, from.below(2) === 0 ? 9 : 13, 1);
        return;
      case 6: {
        // A loop that only fuel may stop.
        code.push(0x03, 0x40);
        this.labels.push(NO_LABEL);
        this.statement(depth - 1);
        this.labels.pop();
        this.expression(I32, 1);
        code.push(0x0d, 0, 0x0b);
        return;
      }
      default:
        return this.leaveInIf(depth);
    }
  }
}

// Marks a label that generated branches may not use. Compared by identity.
const NO_LABEL: readonly number[] = [];
