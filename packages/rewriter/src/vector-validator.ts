// The validator's part for vectors: types, lanes, and what is known of the NaNs in them (see taint.ts).

import * as op from './opcodes.ts';
import { OperandStack } from './operand-stack.ts';
import { refuse, refuseFeature } from './refusals.ts';
import * as simd from './simd.ts';
import { CLEAN, EXACT, isHarmless, TAINTED, TAINTED_F32X4, TAINTED_F64X2 } from './taint.ts';

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
    const constant = this.vectorImmediate(code, instruction);
    const { operands, reads, gives, result } = instruction;
    const floor = this.height;
    for (let index = operands.length - 1; index >= 0; index--) {
      this.pop(operands[index] ?? 0);
    }
    // In unreachable code operands may be missing, and nothing needs to be known of the others.
    if (floor - this.height < operands.length) {
      this.pushResult(result, EXACT);
    } else if (gives === simd.GIVES_COPIES) {
      this.push(result, this.copiedVector(operands.length, reads));
    } else if (gives === simd.GIVES_REPLACED) {
      this.push(result, this.replacedLane(reads));
    } else {
      this.readVectors(operands, reads);
      this.pushVector(instruction, constant);
    }
    return code;
  }

  protected vectorImmediate(code: number, { immediate, alignment, lanes }: simd.SimdInstruction): number {
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
    return code === simd.V128_CONST ? this.constant(16) : EXACT;
  }

  protected lane(lanes: number): void {
    if (this.reader.u8() >= lanes) {
      refuse('invalid', this.instruction, `A vector has only ${lanes} lanes of this size.`);
    }
  }

  // Moves over a constant and tells whether it is certain to be no NaN, however its lanes are read.
  protected constant(bytes: number): number {
    const { reader } = this;
    reader.skip(bytes);
    for (let end = reader.position; end > reader.position - bytes; end -= 4) {
      const high = ((reader.bytes[end - 1] ?? 0) << 8) | (reader.bytes[end - 2] ?? 0);
      if ((high & 0x7f80) === 0x7f80) {
        return EXACT;
      }
    }
    return CLEAN;
  }

  protected readVectors(operands: readonly number[], how: number): void {
    for (const [place, type] of operands.entries()) {
      if (type === op.V128) {
        this.reads(this.height + place, how);
      }
    }
  }

  protected pushVector({ gives, result }: simd.SimdInstruction, constant: number): void {
    const source = this.sources[this.height] ?? EXACT;
    switch (gives) {
      case simd.GIVES_F32:
        return this.push(result, TAINTED_F32X4);
      case simd.GIVES_F64:
        return this.push(result, TAINTED_F64X2);
      case simd.GIVES_SPLAT: {
        const lanes = this.types[this.height] === op.F32 ? TAINTED_F32X4 : TAINTED_F64X2;
        return this.push(result, source === EXACT ? EXACT : lanes);
      }
      case simd.GIVES_LANE:
        return this.push(result, isHarmless(source) ? EXACT : TAINTED);
      default:
        return this.pushResult(result, constant);
    }
  }

  protected pushResult(type: number, source: number): void {
    if (type !== 0) {
      this.push(type, source);
    }
  }

  // Lanes that keep their bits are tainted when all operands are, as the same lanes; otherwise the operands are
  // made canonical, so that integers among them stay what they are.
  protected copiedVector(operands: number, how: number): number {
    const kind = how === simd.READS_F32 ? TAINTED_F32X4 : TAINTED_F64X2;
    const sources = this.sources.subarray(this.height, this.height + operands);
    if (sources.every((source) => source === kind || source === CLEAN)) {
      return kind;
    }
    for (let place = 0; place < operands; place++) {
      this.reads(this.height + place, simd.READS_BITS);
    }
    return EXACT;
  }

  // The same for the vector that gets another lane, but there the lane can be made canonical by itself.
  protected replacedLane(how: number): number {
    const kind = how === simd.READS_F32 ? TAINTED_F32X4 : TAINTED_F64X2;
    const source = this.sources[this.height] ?? EXACT;
    if (source === kind || source === CLEAN) {
      return kind;
    }
    this.reads(this.height, simd.READS_BITS);
    this.source = this.sources[this.height + 1] ?? EXACT;
    return EXACT;
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
