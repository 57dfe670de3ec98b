// The operand stack of the validator.

import { InstructionColumns } from './instructions.ts';
import { NESTING_MAX, OPERANDS_MAX, UNREACHABLE_OPERANDS_MAX } from './limits.ts';
import type { WasmModule } from './module.ts';
import * as op from './opcodes.ts';
import { Reader } from './reader.ts';
import { assertLimit, refuse } from './refusals.ts';

/** What every part of the validator works on: the body's bytes, its columns and the operands. */
export class OperandStack {
  protected readonly module: WasmModule;
  protected readonly reader: Reader;
  protected readonly columns = new InstructionColumns();

  protected readonly types = new Uint8Array(OPERANDS_MAX);
  protected height = 0;
  protected mostOperands = 0;
  protected isWide = false;
  protected makesNan = false;

  // 1 where the rest of the frame cannot be reached: any type may then be popped at its floor.
  protected readonly framePolymorphic = new Uint8Array(NESTING_MAX + 1);
  protected depth = 0;
  protected floor = 0;

  // Of all bodies so far: operands that were taken where nothing can be reached, and so need not be there.
  private unreachableOperands = 0;

  /** Where the instruction at hand begins. */
  protected instruction = 0;

  constructor(module: WasmModule) {
    this.module = module;
    this.reader = new Reader(module.bytes, 0, 0);
  }

  protected push(type: number): void {
    const height = this.height;
    if (height >= OPERANDS_MAX) {
      assertLimit('operands', height + 1, OPERANDS_MAX, this.instruction);
    }
    this.types[height] = type;
    this.height = height + 1;
    if (height >= this.mostOperands) {
      this.mostOperands = height + 1;
    }
  }

  /** The type of the value popped last. */
  protected popped = op.ANY;

  /** Pops a value of type `expected` (`ANY` for whatever is there). */
  protected pop(expected: number): void {
    const height = this.height;
    if (height === this.floor) {
      return this.popNothing(expected);
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
      // Nothing is left but what unreachable code may take for anything: the same for all further ones.
      if (this.height === this.floor) {
        this.unreachableOperands += index + 1;
        assertLimit(
          'unreachable-operands',
          this.unreachableOperands,
          UNREACHABLE_OPERANDS_MAX,
          this.instruction,
        );
        return this.popNothing(types[index] ?? 0);
      }
      this.pop(types[index] ?? 0);
    }
  }

  protected pushAll(types: Uint8Array): void {
    for (const type of types) {
      this.isWide ||= type === op.V128;
      this.push(type);
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
