// The reference interpreter: runs a module the slow and obvious way and counts what it executes by the cost
// table of docs. It shares no code with the rewriter and knows nothing of regions, so its count is the truth
// that metered runs are held against.
//
// Every value is its bits as an unsigned BigInt. The bits of NaNs that arithmetic makes are the caller's choice: the
// canonical ones, as in the standard's deterministic profile, or any.

import { decodeModule, type Instruction, type ReferenceFunction, type ReferenceModule } from './decode.ts';
import { NUMERIC } from './numeric.ts';
import { type ChooseNan, chooseCanonical, NULL, Trap } from './values.ts';
import { lanesOf, VECTOR, vectorOf } from './vectors.ts';

/** How a reference run ended; the last two mean that it was given up. */
export type ReferenceOutcome = 'completed' | 'trapped' | 'too-long' | 'too-deep';

class GivenUp extends Error {
  readonly outcome: 'too-long' | 'too-deep';
  constructor(outcome: 'too-long' | 'too-deep') {
    super(outcome);
    this.outcome = outcome;
  }
}

export interface ReferenceLimits {
  readonly fuel: bigint;
  readonly calls: number;
  readonly maxPages: number;
  /** The NaNs that arithmetic makes. Default: the canonical one. */
  readonly chooseNan?: ChooseNan;
}

const PAGE = 65536;
const REFERENCES = new Set([0x70, 0x6f]);
const FREE = new Set([0x01, 0x02, 0x03, 0x05, 0x0b]);

interface Frame {
  readonly function: ReferenceFunction;
  readonly locals: bigint[];
  readonly stack: bigint[];
  /** The call that takes this frame's place. */
  tail: { readonly index: number; readonly args: readonly bigint[] } | undefined;
}

/** A branch on its way out: how many labels are still to be left. */
type Flow = number | undefined;
const RETURN = Number.MAX_SAFE_INTEGER;

/** One instance of a module. */
export class ReferenceInstance {
  readonly module: ReferenceModule;
  memory: Uint8Array;
  fuel = 0n;
  /** Host calls in order. */
  readonly hostCalls: string[] = [];

  private readonly limits: ReferenceLimits;
  private readonly globals: bigint[];
  private readonly chooseNan: ChooseNan;
  private readonly tables: bigint[][];
  private readonly droppedData = new Set<number>();
  private readonly droppedElements = new Set<number>();
  private depth = 0;

  constructor(bytes: Uint8Array, limits: ReferenceLimits) {
    this.module = decodeModule(bytes);
    this.limits = limits;
    this.chooseNan = limits.chooseNan ?? chooseCanonical;
    this.memory = new Uint8Array(this.module.memoryMin * PAGE);
    this.globals = this.module.globals.map(({ bits }) => bits);
    this.tables = this.module.tables.map(({ min }) => Array.from({ length: min }, () => NULL));
    for (const [index, { at, table, declares, entries }] of this.module.elements.entries()) {
      if (at !== undefined) {
        this.table(table).splice(at, entries.length, ...entries);
      }
      if (at !== undefined || declares) {
        this.droppedElements.add(index);
      }
    }
    for (const [index, { at, bytes: content }] of this.module.data.entries()) {
      if (at !== undefined) {
        this.memory.set(content, at);
        this.droppedData.add(index);
      }
    }
  }

  /** Calls an export with arguments as bits; results are bits, too. */
  invoke(name: string, args: readonly bigint[]): { outcome: ReferenceOutcome; results: readonly bigint[] } {
    const target = this.module.exports.get(name);
    if (target === undefined || target.kind !== 0) {
      throw new Error(`reference interpreter: no function "${name}"`);
    }
    try {
      return { outcome: 'completed', results: this.call(target.index, args) };
    } catch (error) {
      if (error instanceof Trap) return { outcome: 'trapped', results: [] };
      if (error instanceof GivenUp) return { outcome: error.outcome, results: [] };
      throw error;
    }
  }

  private functionAt(index: number): ReferenceFunction {
    return present(this.module.functions[index], 'function');
  }

  private charge(amount: bigint): void {
    this.fuel += amount;
    if (this.fuel > this.limits.fuel) {
      throw new GivenUp('too-long');
    }
  }

  private call(index: number, args: readonly bigint[]): readonly bigint[] {
    let next = { index, args };
    for (;;) {
      const ended = this.enter(next.index, next.args);
      if (!('tail' in ended)) return ended;
      next = { index: ended.tail.index, args: ended.tail.args };
    }
  }

  // Runs one function to its results, or to the call that takes its place.
  private enter(
    index: number,
    args: readonly bigint[],
  ): readonly bigint[] | { readonly tail: { readonly index: number; readonly args: readonly bigint[] } } {
    const target = this.functionAt(index);
    if (target.imported !== undefined) {
      this.hostCalls.push(`${target.imported}(${args.map((bits) => BigInt.asIntN(32, bits)).join(',')})`);
      return [];
    }
    this.depth += 1;
    if (this.depth > this.limits.calls) {
      throw new GivenUp('too-deep');
    }
    const frame: Frame = {
      function: target,
      locals: [...args, ...target.locals.map((type) => (REFERENCES.has(type) ? NULL : 0n))],
      stack: [],
      tail: undefined,
    };
    this.run(frame, 0, target.code.length);
    this.depth -= 1;
    if (frame.tail !== undefined) {
      return { tail: frame.tail };
    }
    return frame.stack.slice(frame.stack.length - target.type.results.length);
  }

  // Runs instructions [from, to) and tells how many labels a branch has yet to leave.
  private run(frame: Frame, from: number, to: number): Flow {
    for (let at = from; at < to; at++) {
      const instruction = present(frame.function.code[at], 'instruction');
      if (!FREE.has(instruction.op)) {
        this.charge(1n);
      }
      if (instruction.op >= 0x02 && instruction.op <= 0x04) {
        const flow = this.block(frame, instruction, at);
        if (flow !== undefined) return flow;
        at = instruction.end;
      } else if (instruction.op >= 0x0c && instruction.op <= 0x0f) {
        const flow = branch(frame, instruction);
        if (flow !== undefined) return flow;
      } else if (instruction.op === 0x12 || instruction.op === 0x13) {
        const index =
          instruction.op === 0x12 ? (instruction.operands[0] ?? 0) : this.indirect(frame, instruction);
        frame.tail = { index, args: this.popArguments(frame, index) };
        return RETURN;
      } else {
        this.step(frame, instruction);
      }
    }
    return undefined;
  }

  private block(frame: Frame, instruction: Instruction, at: number): Flow {
    const { parameters, results } = this.blockType(instruction);
    const [start, end] = this.arm(frame, instruction, at);
    const height = frame.stack.length - parameters.length;
    for (;;) {
      const flow = this.run(frame, start, end);
      if (flow === undefined) return undefined;
      if (flow !== 0) return flow === RETURN ? RETURN : flow - 1;
      const arity = instruction.op === 0x03 ? parameters.length : results.length;
      const carried = frame.stack.splice(frame.stack.length - arity, arity);
      frame.stack.length = height;
      frame.stack.push(...carried);
      if (instruction.op !== 0x03) return undefined;
    }
  }

  // The instructions a block runs: for an if, those of the arm its condition picks.
  private arm(frame: Frame, instruction: Instruction, at: number): readonly [number, number] {
    if (instruction.op !== 0x04) return [at + 1, instruction.end];
    const chosen = pop(frame) !== 0n;
    const middle = instruction.otherwise;
    if (chosen) return [at + 1, middle < 0 ? instruction.end : middle];
    return middle < 0 ? [instruction.end, instruction.end] : [middle + 1, instruction.end];
  }

  private blockType({ operands }: Instruction): {
    parameters: readonly number[];
    results: readonly number[];
  } {
    const code = operands[0] ?? 0;
    if (code >= 0) return present(this.module.types[code], 'type');
    return { parameters: [], results: code === -64 ? [] : [code + 0x80] };
  }

  private step(frame: Frame, instruction: Instruction): void {
    const { op, operands, bits } = instruction;
    const { stack, locals } = frame;
    const index = operands[0] ?? 0;
    const numeric = NUMERIC.get(op);
    if (numeric !== undefined) {
      const args = stack.splice(stack.length - numeric.operands, numeric.operands);
      stack.push(numeric.apply(args, this.chooseNan));
      return;
    }
    if (op >= 0xfd00) return this.vector(frame, instruction);
    if (op >= 0x28 && op <= 0x35) return this.load(frame, op, operands[1] ?? 0);
    if (op >= 0x36 && op <= 0x3e) return this.store(frame, op, operands[1] ?? 0);
    if (op >= 0xfc0f) return this.wholeTable(frame, op, index);
    if (op >= 0xfc08) return this.bulk(frame, op, operands);
    switch (op) {
      case 0x00:
        throw new Trap('unreachable');
      case 0x01:
      case 0x0b:
        return;
      case 0x10:
        return this.apply(frame, index);
      case 0x11:
        return this.apply(frame, this.indirect(frame, instruction));
      case 0x1a:
        pop(frame);
        return;
      case 0x1b:
      case 0x1c: {
        const chosen = pop(frame) !== 0n;
        const second = pop(frame);
        const first = pop(frame);
        stack.push(chosen ? first : second);
        return;
      }
      case 0x20:
        stack.push(present(locals[index], 'local'));
        return;
      case 0x21:
        locals[index] = pop(frame);
        return;
      case 0x22:
        locals[index] = present(stack.at(-1), 'operand');
        return;
      case 0x23:
        stack.push(present(this.globals[index], 'global'));
        return;
      case 0x24:
        this.globals[index] = pop(frame);
        return;
      case 0x25: {
        const entry = this.table(index)[Number(pop(frame))];
        if (entry === undefined) throw new Trap('out of bounds');
        stack.push(entry);
        return;
      }
      case 0x26: {
        const entry = pop(frame);
        const place = Number(pop(frame));
        this.within(place, 1, this.table(index).length);
        this.table(index)[place] = entry;
        return;
      }
      case 0xd0:
        stack.push(NULL);
        return;
      case 0xd1:
        stack.push(pop(frame) === NULL ? 1n : 0n);
        return;
      case 0xd2:
        stack.push(BigInt(index));
        return;
      case 0x3f:
        stack.push(BigInt(this.memory.length / PAGE));
        return;
      case 0x40:
        return this.grow(frame);
      case 0x41:
      case 0x43:
        stack.push(BigInt.asUintN(32, bits));
        return;
      case 0x42:
      case 0x44:
        stack.push(BigInt.asUintN(64, bits));
        return;
      default:
        throw new Error(`reference interpreter: no instruction 0x${op.toString(16)}`);
    }
  }

  private popArguments(frame: Frame, index: number): readonly bigint[] {
    const count = this.functionAt(index).type.parameters.length;
    return frame.stack.splice(frame.stack.length - count, count);
  }

  private apply(frame: Frame, index: number): void {
    frame.stack.push(...this.call(index, this.popArguments(frame, index)));
  }

  private table(index: number): bigint[] {
    return present(this.tables[index], 'table');
  }

  private indirect(frame: Frame, { operands }: Instruction): number {
    const target = this.table(operands[1] ?? 0)[Number(pop(frame))] ?? NULL;
    const wanted = present(this.module.types[operands[0] ?? 0], 'type');
    if (target === NULL || !sameType(this.functionAt(Number(target)).type, wanted)) {
      throw new Trap('indirect call');
    }
    return Number(target);
  }

  private wholeTable(frame: Frame, op: number, index: number): void {
    const table = this.table(index);
    if (op === 0xfc10) {
      frame.stack.push(BigInt(table.length));
      return;
    }
    const count = Number(pop(frame));
    const entry = pop(frame);
    if (op === 0xfc0f) {
      frame.stack.push(this.growTable(index, count, entry));
      return;
    }
    const from = Number(pop(frame));
    this.charge(BigInt(count));
    this.within(from, count, table.length);
    table.fill(entry, from, from + count);
  }

  // Tables share a million entries: each may take what it declares and an equal part of the rest.
  private growTable(index: number, count: number, entry: bigint): bigint {
    const { tables } = this.module;
    const table = this.table(index);
    const { min, max = Number.POSITIVE_INFINITY } = present(tables[index], 'table');
    const rest = 1_000_000 - tables.reduce((sum, one) => sum + one.min, 0);
    if (table.length + count > Math.min(max, min + Math.floor(rest / tables.length))) {
      return 0xffff_ffffn;
    }
    this.charge(BigInt(count));
    const before = table.length;
    for (let added = 0; added < count; added++) table.push(entry);
    return BigInt(before);
  }

  private grow(frame: Frame): void {
    const delta = Number(pop(frame));
    const before = this.memory.length / PAGE;
    if (before + delta > Math.min(this.module.memoryMax, this.limits.maxPages)) {
      frame.stack.push(0xffff_ffffn);
      return;
    }
    this.charge(BigInt(delta) * 8192n);
    const larger = new Uint8Array((before + delta) * PAGE);
    larger.set(this.memory);
    this.memory = larger;
    frame.stack.push(BigInt(before));
  }

  private load(frame: Frame, op: number, offset: number): void {
    const [size, signed, width] = present(LOADS[op - 0x28], 'load');
    const bits = this.read(Number(pop(frame)) + offset, size);
    frame.stack.push(signed ? BigInt.asUintN(width, BigInt.asIntN(size * 8, bits)) : bits);
  }

  private store(frame: Frame, op: number, offset: number): void {
    const bits = pop(frame);
    this.write(Number(pop(frame)) + offset, present(STORES[op - 0x36], 'store'), bits);
  }

  private read(at: number, size: number): bigint {
    this.within(at, size);
    let bits = 0n;
    for (let place = size - 1; place >= 0; place--) {
      bits = (bits << 8n) | BigInt(this.memory[at + place] ?? 0);
    }
    return bits;
  }

  private write(at: number, size: number, value: bigint): void {
    this.within(at, size);
    let bits = value;
    for (let place = 0; place < size; place++) {
      this.memory[at + place] = Number(bits & 0xffn);
      bits >>= 8n;
    }
  }

  private vector(frame: Frame, instruction: Instruction): void {
    const { stack } = frame;
    const code = instruction.op - 0xfd00;
    if (code === 0x0c) {
      stack.push(instruction.bits);
    } else if (code === 0x0d) {
      const [second, first] = [pop(frame), pop(frame)];
      const bytes = [...lanesOf(first, 8), ...lanesOf(second, 8)];
      stack.push(
        vectorOf(
          instruction.operands.map((lane) => bytes[lane] ?? 0n),
          8,
        ),
      );
    } else if (code < 0x0c || (code >= 0x54 && code <= 0x5d)) {
      this.vectorMemory(frame, code, instruction.operands);
    } else {
      const { operands, apply } = present(VECTOR.get(code), 'vector instruction');
      const args = stack.splice(stack.length - operands, operands);
      stack.push(apply(args, instruction.operands[0] ?? 0, this.chooseNan));
    }
  }

  private vectorMemory(frame: Frame, code: number, [, offset = 0, lane = 0]: readonly number[]): void {
    const { stack } = frame;
    const takesVector = code === 0x0b || (code >= 0x54 && code <= 0x5b);
    const vector = takesVector ? pop(frame) : 0n;
    const at = Number(pop(frame)) + offset;
    if (code === 0x0b) {
      this.write(at, 16, vector);
    } else if (code >= 0x5c) {
      stack.push(this.read(at, code === 0x5c ? 4 : 8));
    } else if (code >= 0x58) {
      const size = 1 << (code - 0x58);
      this.write(at, size, lanesOf(vector, size * 8)[lane] ?? 0n);
    } else if (code >= 0x54) {
      const size = 1 << (code - 0x54);
      stack.push(vectorOf(lanesOf(vector, size * 8).with(lane, this.read(at, size)), size * 8));
    } else if (code >= 0x07) {
      const size = 1 << (code - 0x07);
      const bits = this.read(at, size);
      stack.push(
        vectorOf(
          Array.from({ length: 16 / size }, () => bits),
          size * 8,
        ),
      );
    } else {
      stack.push(code === 0 ? this.read(at, 16) : this.readWidened(at, code));
    }
  }

  // Eight bytes as lanes that get twice their size: 8, 16 and 32 bits, signed and unsigned.
  private readWidened(at: number, code: number): bigint {
    const size = 8 << ((code - 1) >> 1);
    const lanes = lanesOf(this.read(at, 8), size).slice(0, 64 / size);
    return vectorOf(
      lanes.map((lane) => (code % 2 === 1 ? BigInt.asIntN(size, lane) : lane)),
      size * 2,
    );
  }

  /** Sets an exported global, from outside. */
  setGlobal(name: string, bits: bigint): void {
    this.globals[present(this.module.exports.get(name), 'export').index] = bits;
  }

  /** Reads an exported global, from outside. */
  getGlobal(name: string): bigint {
    return present(this.globals[present(this.module.exports.get(name), 'export').index], 'global');
  }

  private within(at: number, size: number, length = this.memory.length): void {
    if (at + size > length) {
      throw new Trap('out of bounds');
    }
  }

  private bulk(frame: Frame, op: number, operands: readonly number[]): void {
    const segment = operands[0] ?? 0;
    if (op === 0xfc09) {
      this.droppedData.add(segment);
      return;
    }
    if (op === 0xfc0d) {
      this.droppedElements.add(segment);
      return;
    }
    const count = Number(pop(frame));
    const from = Number(pop(frame));
    const to = Number(pop(frame));
    this.charge(op >= 0xfc0c ? BigInt(count) : BigInt(count) / 8n);
    this.move(op, operands, { count, from, to });
  }

  private move(
    op: number,
    [segment = 0, second = 0]: readonly number[],
    { count, from, to }: { count: number; from: number; to: number },
  ): void {
    switch (op) {
      case 0xfc08: {
        const bytes = this.droppedData.has(segment)
          ? new Uint8Array(0)
          : present(this.module.data[segment], 'segment').bytes;
        this.within(from, count, bytes.length);
        this.within(to, count);
        this.memory.set(bytes.subarray(from, from + count), to);
        return;
      }
      case 0xfc0a:
        this.within(from, count);
        this.within(to, count);
        this.memory.copyWithin(to, from, from + count);
        return;
      case 0xfc0b:
        this.within(to, count);
        this.memory.fill(from & 0xff, to, to + count);
        return;
      case 0xfc0c: {
        const entries = this.droppedElements.has(segment)
          ? []
          : present(this.module.elements[segment], 'segment').entries;
        this.within(from, count, entries.length);
        this.within(to, count, this.table(second).length);
        this.table(second).splice(to, count, ...entries.slice(from, from + count));
        return;
      }
      default:
        this.within(from, count, this.table(second).length);
        this.within(to, count, this.table(segment).length);
        this.table(segment).splice(to, count, ...this.table(second).slice(from, from + count));
    }
  }
}

// Size in bytes, whether it is sign-extended, and the width of the result, from 0x28 on.
const LOADS: readonly (readonly [number, boolean, number])[] = [
  [4, false, 32],
  [8, false, 64],
  [4, false, 32],
  [8, false, 64],
  [1, true, 32],
  [1, false, 32],
  [2, true, 32],
  [2, false, 32],
  [1, true, 64],
  [1, false, 64],
  [2, true, 64],
  [2, false, 64],
  [4, true, 64],
  [4, false, 64],
];

// Size in bytes, from 0x36 on.
const STORES: readonly number[] = [4, 8, 4, 8, 1, 2, 1, 2, 4];

function branch(frame: Frame, { op, operands }: Instruction): Flow {
  if (op === 0x0f) return RETURN;
  if (op === 0x0c) return operands[0] ?? 0;
  const chosen = Number(pop(frame));
  if (op === 0x0d) return chosen === 0 ? undefined : (operands[0] ?? 0);
  return operands[Math.min(chosen, operands.length - 1)] ?? 0;
}

function pop(frame: Frame): bigint {
  return present(frame.stack.pop(), 'operand');
}

function present<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) {
    throw new Error(`reference interpreter: no such ${what}`);
  }
  return thing;
}

function sameType(
  left: { parameters: readonly number[]; results: readonly number[] },
  right: { parameters: readonly number[]; results: readonly number[] },
): boolean {
  return left.parameters.join() === right.parameters.join() && left.results.join() === right.results.join();
}
