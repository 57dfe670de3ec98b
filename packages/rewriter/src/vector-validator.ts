// The validator's part for vectors: types and lanes.

import { OperandStack } from './operand-stack.ts';
import { refuse, refuseFeature } from './refusals.ts';
import * as simd from './simd.ts';

/** Validates vector instructions, and the memory arguments that they share with others. */
export class VectorValidator extends OperandStack {
  /** Returns the instruction's code behind the prefix. */
  protected vector(): number {
    const code = this.reader.u32();
    const instruction = simd.SIMD_INSTRUCTIONS.get(code);
    if (instruction === undefined) {
      if (code >= simd.RELAXED) {
        refuseFeature('relaxed-simd', this.instruction, `Instruction 0xfd ${code}`);
      }
      return refuse('malformed', this.instruction, `There is no instruction 0xfd ${code}.`);
    }
    this.isWide = true;
    this.vectorImmediate(code, instruction);
    const { operands, result, gives } = instruction;
    this.makesNan ||= gives === simd.GIVES_F32 || gives === simd.GIVES_F64;
    for (let index = operands.length - 1; index >= 0; index--) {
      this.pop(operands[index] ?? 0);
    }
    if (result !== 0) {
      this.push(result);
    }
    return code;
  }

  protected vectorImmediate(code: number, { immediate, alignment, lanes }: simd.SimdInstruction): void {
    if (immediate === simd.MEMORY || immediate === simd.MEMORY_AND_LANE) {
      this.memoryArgument(alignment);
    }
    if (immediate === simd.LANE || immediate === simd.MEMORY_AND_LANE) {
      this.lane(lanes);
    }
    if (code === simd.SHUFFLE) {
      for (let place = 0; place < 16; place++) {
        this.lane(32);
      }
    }
    if (code === simd.V128_CONST) {
      this.reader.skip(16);
    }
  }

  protected lane(lanes: number): void {
    if (this.reader.u8() >= lanes) {
      refuse('invalid', this.instruction, `A vector has only ${lanes} lanes of this size.`);
    }
  }

  protected memoryArgument(naturalAlignment: number): void {
    this.needMemory();
    const offset = this.reader.position;
    const alignment = this.reader.u32();
    if (alignment >= 0x40 && alignment < 0x80) {
      refuseFeature('multi-memory', offset, 'A memory index');
    }
    if (alignment > naturalAlignment) {
      refuse('invalid', offset, 'The alignment is larger than the access.');
    }
    this.reader.u32();
  }

  protected needMemory(): void {
    if (this.module.memory === undefined) {
      refuse('invalid', this.instruction, 'The module has no memory.');
    }
  }
}
