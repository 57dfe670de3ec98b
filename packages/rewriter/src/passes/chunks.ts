// Counted loops that are paid by the chunk. Around the loop goes another one, which computes how many turns are
// certain (no more than a chunk), pays them, and sets the value of the counter at which the loop's test, changed
// to an equality, ends the chunk; then it asks the original test whether to go on:
//
//   loop i … i < n … end   →   loop
//                                turns = min(ceil((n - i) / step), chunk), or 0 unless i < n
//                                end = i + turns * step; pay turns * cost
//                                loop i … i != end … end
//                                i < n br_if 0
//                              end
//
// Any number of turns that the loop is certain to make is right, because the outer loop asks again: so nothing
// depends on what happens where numbers wrap. The step is a constant: the turns that a local one makes are
// too dear to divide out for the few that such loops mostly have.

import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import type { CountedLoop, Fixed, Relation } from './counted-loops.ts';

/** What the code for one loop's chunks works with. */
export interface ChunkLocals {
  /** How many turns are certain. */
  readonly turns: number;
  /** Where the chunk ends. */
  readonly end: number;
}

/** The arithmetic of i32 or i64, by opcode. */
interface Arithmetic {
  readonly constant: number;
  readonly eq: number;
  readonly ltUnsigned: number;
  readonly add: number;
  readonly sub: number;
  readonly mul: number;
  readonly divUnsigned: number;
  readonly shrUnsigned: number;
  readonly compare: Readonly<Record<Relation, readonly [unsigned: number, signed: number]>>;
}

const ARITHMETIC_32: Arithmetic = {
  constant: op.I32_CONST,
  eq: 0x46,
  ltUnsigned: 0x49,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  divUnsigned: 0x6e,
  shrUnsigned: 0x76,
  compare: { ne: [0x47, 0x47], lt: [0x49, 0x48], gt: [0x4b, 0x4a], le: [0x4d, 0x4c], ge: [0x4f, 0x4e] },
};
const ARITHMETIC_64: Arithmetic = {
  constant: op.I64_CONST,
  eq: 0x51,
  ltUnsigned: 0x54,
  add: 0x7c,
  sub: 0x7d,
  mul: 0x7e,
  divUnsigned: 0x80,
  shrUnsigned: 0x88,
  compare: { ne: [0x52, 0x52], lt: [0x54, 0x53], gt: [0x56, 0x55], le: [0x58, 0x57], ge: [0x5a, 0x59] },
};

/** Writes the code around and inside one loop that is paid by the chunk. */
export class ChunkWriter {
  private readonly counted: CountedLoop;
  private readonly locals: ChunkLocals;
  private readonly out: Writer;
  private readonly of: Arithmetic;

  constructor(counted: CountedLoop, locals: ChunkLocals, out: Writer) {
    this.counted = counted;
    this.locals = locals;
    this.out = out;
    this.of = counted.is64 ? ARITHMETIC_64 : ARITHMETIC_32;
  }

  /** Opens the outer loop and finds out how many turns the next chunk has; `most` is a chunk. */
  open(most: number): void {
    const { out, counted } = this;
    out.raw(op.LOOP, op.EMPTY_BLOCK);
    this.turns(counted.step.type === 'constant' ? counted.step.value : 1n, most);
  }

  /** Pushes what the chunk costs, as i64. */
  price(cost: number): void {
    const { out, counted } = this;
    this.get(this.locals.turns);
    if (!counted.is64) {
      out.u8(op.I64_EXTEND_I32_U);
    }
    out.u8(op.I64_CONST);
    out.s32(cost);
    out.u8(op.I64_MUL);
    if (counted.shape === 'bottom') {
      out.u8(op.I64_CONST);
      out.s32(cost);
      out.u8(op.I64_ADD);
    }
  }

  /** After the price is paid: what the inner loop may escape to. */
  enter(): void {
    if (this.counted.shape === 'escape') {
      this.out.raw(op.BLOCK, op.EMPTY_BLOCK);
    }
  }

  /** In place of the bound. */
  bound(): void {
    this.get(this.locals.end);
  }

  /** In place of the comparison: whether the chunk goes on, or does not. */
  compare(): void {
    const { out, of, counted } = this;
    out.u8(counted.goesOnIfTrue ? of.compare.ne[0] : of.eq);
  }

  /** Behind the loop: goes on with the next chunk, or falls out of the outer loop. */
  close(): void {
    const { out, counted } = this;
    if (counted.shape === 'escape') {
      out.u8(op.END);
    }
    this.get(counted.counter);
    this.goesOn();
    out.raw(op.BR_IF, 0, op.END);
  }

  // turns = min(distance, most * step), divided by the step and rounded up.
  private turns(step: bigint, most: number): void {
    const { out, of, locals, counted } = this;
    const isInclusive = counted.relation === 'le' || counted.relation === 'ge';
    this.distance(isInclusive || counted.relation === 'ne');
    this.set(locals.turns);
    this.clamp(BigInt(most) * step - (isInclusive ? step : 0n));
    if (step > 1n) {
      if (!isInclusive) {
        this.number(step - 1n);
        out.u8(of.add);
      }
      this.divide(step);
    }
    if (isInclusive) {
      this.number(1n);
      out.u8(of.add);
      this.zeroUnlessItGoesOn();
    }
    this.set(locals.turns);
    this.tested();
    this.get(locals.turns);
    if (step > 1n) {
      this.number(step);
      out.u8(of.mul);
    }
    out.u8(counted.isDown ? of.sub : of.add);
    this.set(locals.end);
  }

  // How far the tested value is from the bound, in the direction of the step; 0 if the test fails at once.
  private distance(isSure: boolean): void {
    const { out, of, counted } = this;
    const isDown =
      counted.relation === 'ne' ? counted.isDown : counted.relation === 'gt' || counted.relation === 'ge';
    if (isDown) {
      this.tested();
      this.fixed(counted.bound);
    } else {
      this.fixed(counted.bound);
      this.tested();
    }
    out.u8(of.sub);
    if (!isSure) {
      this.zeroUnlessItGoesOn();
    }
  }

  private zeroUnlessItGoesOn(): void {
    this.number(0n);
    this.tested();
    this.goesOn();
    this.out.u8(op.SELECT);
  }

  // The smaller one of the turns and a number.
  private clamp(most: bigint): void {
    const { out, of, locals } = this;
    this.get(locals.turns);
    this.number(most);
    this.get(locals.turns);
    this.number(most);
    out.raw(of.ltUnsigned, op.SELECT);
  }

  private divide(step: bigint): void {
    const { out, of } = this;
    const isPower = (step & (step - 1n)) === 0n;
    this.number(isPower ? BigInt(step.toString(2).length - 1) : step);
    out.u8(isPower ? of.shrUnsigned : of.divUnsigned);
  }

  // What the test will see first.
  private tested(): void {
    const { out, of, counted } = this;
    this.get(counted.counter);
    if (counted.seesStep) {
      this.fixed(counted.step);
      out.u8(counted.isDown ? of.sub : of.add);
    }
  }

  // Compares the value on the stack with the bound.
  private goesOn(): void {
    const { out, of, counted } = this;
    this.fixed(counted.bound);
    out.u8(of.compare[counted.relation][counted.isSigned ? 1 : 0]);
  }

  private fixed(operand: Fixed): void {
    if (operand.type === 'local') {
      this.get(operand.local);
    } else {
      this.number(operand.value);
    }
  }

  private number(value: bigint): void {
    const { out, of, counted } = this;
    out.u8(of.constant);
    out.s64(counted.is64 ? value : BigInt.asIntN(32, value));
  }

  private get(local: number): void {
    this.out.u8(op.LOCAL_GET);
    this.out.u32(local);
  }

  private set(local: number): void {
    this.out.u8(op.LOCAL_SET);
    this.out.u32(local);
  }
}
