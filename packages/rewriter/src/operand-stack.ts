// The operand stack of the validator: types, where the bits of floats and vectors come from, and which
// instruction pushed them.

import { InstructionColumns } from './instructions.ts';
import { NESTING_MAX, OPERANDS_MAX } from './limits.ts';
import type { WasmModule } from './module.ts';
import * as op from './opcodes.ts';
import { Reader } from './reader.ts';
import { assertLimit, refuse } from './refusals.ts';
import { READS_BITS } from './simd.ts';
import { EXACT, isHarmless, TAINTED } from './taint.ts';

/** What every part of the validator works on: the body's bytes, its columns and the operands. */
export class OperandStack {
  protected readonly module: WasmModule;
  protected readonly reader: Reader;
  protected readonly columns = new InstructionColumns();

  protected readonly types = new Uint8Array(OPERANDS_MAX);
  protected readonly sources = new Int32Array(OPERANDS_MAX);
  // Which instruction pushed the operand.
  protected readonly producers = new Uint32Array(OPERANDS_MAX);
  protected height = 0;
  protected mostOperands = 0;
  protected isWide = false;

  // 1 where the rest of the frame cannot be reached: any type may then be popped at its floor.
  protected readonly framePolymorphic = new Uint8Array(NESTING_MAX + 1);
  protected depth = 0;
  protected floor = 0;

  /** Where the instruction at hand begins. */
  protected instruction = 0;
  protected source = EXACT;

  constructor(module: WasmModule) {
    this.module = module;
    this.reader = new Reader(module.bytes, 0, 0);
  }

  protected push(type: number, source: number): void {
    const height = this.height;
    if (height >= OPERANDS_MAX) {
      assertLimit('operands', height + 1, OPERANDS_MAX, this.instruction);
    }
    this.types[height] = type;
    this.sources[height] = source;
    this.producers[height] = this.columns.count;
    this.height = height + 1;
    if (height >= this.mostOperands) {
      this.mostOperands = height + 1;
    }
  }

  /** The type of the value popped last. */
  protected popped = op.ANY;

  /** Pops a value of type `expected` (`ANY` for whatever is there) and returns its source. */
  protected pop(expected: number): number {
    const height = this.height;
    if (height === this.floor) {
      this.popNothing(expected);
      return EXACT;
    }
    this.height = height - 1;
    const type = this.types[height - 1] ?? 0;
    this.popped = type;
    if (type !== expected && type !== op.ANY && expected !== op.ANY) {
      refuse(
        'invalid',
        this.instruction,
        `An instruction wants ${op.typeName(expected)} and finds ${op.typeName(type)}.`,
      );
    }
    return this.sources[height - 1] ?? EXACT;
  }

  protected popNothing(expected: number): void {
    if (this.framePolymorphic[this.depth] !== 1) {
      refuse(
        'invalid',
        this.instruction,
        `An instruction wants ${op.typeName(expected)} and finds no operand.`,
      );
    }
    this.popped = op.ANY;
  }

  protected popThree(): void {
    this.pop(op.I32);
    this.pop(op.I32);
    this.pop(op.I32);
  }

  protected popAll(types: Uint8Array): void {
    for (let index = types.length - 1; index >= 0; index--) {
      this.popBits(types[index] ?? 0);
    }
  }

  // Pops an operand of which all bits are seen, as far as vectors go.
  protected popBits(type: number): void {
    const height = this.height;
    this.pop(type);
    if (type === op.V128 && this.height < height) {
      this.reads(this.height, READS_BITS);
    }
  }

  /** Notes how the vector at a height of the stack is read. */
  protected reads(height: number, how: number): void {
    const source = this.sources[height] ?? EXACT;
    if (!isHarmless(source)) {
      const { columns } = this;
      const producer = this.producers[height] ?? 0;
      columns.shown += 1;
      columns.pushed[producer] = source;
      columns.reads[producer] = (columns.reads[producer] ?? 0) | how;
    }
  }

  // What comes out of a block or call is not followed further: a float may be tainted, and vectors were made
  // canonical.
  protected pushAll(types: Uint8Array): void {
    for (const type of types) {
      this.isWide ||= type === op.V128;
      this.push(type, isFloat(type) ? TAINTED : EXACT);
    }
  }

  // Checks operands without popping them, as each target of a branch table does.
  protected peekAll(types: Uint8Array): void {
    let height = this.height;
    for (let index = types.length - 1; index >= 0; index--) {
      const expected = types[index] ?? 0;
      if (height === this.floor) {
        this.popNothing(expected);
        continue;
      }
      height -= 1;
      const found = this.types[height] ?? 0;
      if (expected === op.V128) {
        this.reads(height, READS_BITS);
      }
      if (found !== expected && found !== op.ANY) {
        refuse(
          'invalid',
          this.instruction,
          `A branch wants ${op.typeName(expected)} and finds ${op.typeName(found)}.`,
        );
      }
    }
  }
}

/** Whether a value of the type is a float. */
export function isFloat(type: number): boolean {
  return type === op.F32 || type === op.F64;
}
