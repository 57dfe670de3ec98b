// Random guests: `makeModule(seed)` gives a valid module of the ABI `trine-1` that uses most of what an
// edition accepts (nested and multi-value blocks, branch tables, calls direct and indirect, recursion,
// floats and NaNs, bulk memory, growth, a start function), and that completes, traps or runs for ever,
// as the seed has it. The same seed always gives the same bytes.

import { BodyGenerator, type Signature } from './body-generator.ts';
import { NAN_TYPES, TYPES, VECTOR_TYPES } from './operators.ts';
import { F32, F64, I32, I64, list, moduleOf, signed, sized, text, unsigned, V128 } from './module-writer.ts';

/** How many seeds the differential tests use. */
export const MODULE_SEEDS = 200;

const ALLOC_SIGNATURE: Signature = { parameters: [I32], results: [I32] };
const RUN_SIGNATURE: Signature = { parameters: [I32, I32], results: [I64] };

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

/** The same with vectors and a NaN for every other float, most with payloads: copies and sums meet everywhere. */
export function makeNanModule(seed: number): Uint8Array {
  return new Generator(seed, NAN_TYPES, true).module();
}

export class Generator {
  private readonly random: (below: number) => number;
  private readonly types: Signature[] = [];
  private readonly functions: Signature[] = [];
  private readonly globals: { readonly type: number; readonly mutable: boolean }[] = [];
  /** Whether constants may be NaNs with payloads. */
  private readonly payloads: boolean;
  /** Whether constants of globals and segments are computed. */
  private readonly computes: boolean;

  readonly valueTypes: readonly number[];

  private readonly fullOfNans: boolean;

  constructor(seed: number, valueTypes: readonly number[], fullOfNans = false) {
    this.valueTypes = valueTypes;
    this.fullOfNans = fullOfNans;
    this.random = createRandom(seed);
    this.payloads = this.random(8) === 0 || fullOfNans;
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
      ...(this.fullOfNans ? Array.from({ length: 10 }, () => Number.NaN) : []),
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
