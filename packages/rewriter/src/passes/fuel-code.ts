// The code that the strategy `counted` inserts: payments out of the global or out of the purse, checks, and what
// goes between the two. The purse is an i64 local that holds the low bits of the fuel while a loop runs; global
// and purse together are the fuel, and the purse holds at least the reserve behind each check.

import type { Layout } from '../edits.ts';
import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';

/** The purse takes what the fuel is above a multiple of this: the most that a trap's charge is too high by it. */
const PURSE_LOG2 = 18;
const PURSE_MASK = (1 << PURSE_LOG2) - 1;

/**
 * What a purse is opened with, besides the reserve: a few turns of most loops. Not checked for, because the head
 * does that when it is spent; that much may a loop run on behind the end of the fuel.
 */
const PURSE_ADVANCE = 1 << 12;

export interface FuelPlaces {
  /** The fuel global. */
  readonly global: number;
  /** The least that the purse holds behind a check. */
  readonly reserve: number;
  /** Locals: the purse, a scratch i64. */
  readonly purse: number;
  readonly scratch: number;
  /** The function that fills a purse. */
  readonly refillFunction: number;
}

/**
 * Where a purse is filled: by a call, in place, or in the loop around. A call in a loop costs registers on each
 * turn, even one that is hardly ever made, and so, a little, does code in place.
 */
export type FillPlace = 'call' | 'here' | 'outside';

/** Functions that the prepared module has more: for bytes, for entries, for purses. */
export const FUEL_FUNCTIONS = 3;

/** The body of an appended function of type (i32) -> i32 that pays its operand by a power of two, and answers it. */
export function writePayBody({ fuelGlobal }: Layout, shift: number, out: Writer): void {
  out.raw(0, op.GLOBAL_GET);
  out.u32(fuelGlobal);
  out.raw(op.LOCAL_GET, 0, op.I64_EXTEND_I32_U, op.I64_CONST, shift, op.I64_SHR_U, op.I64_SUB, op.GLOBAL_SET);
  out.u32(fuelGlobal);
  out.u8(op.GLOBAL_GET);
  out.u32(fuelGlobal);
  stopBelow(0, out);
  out.raw(op.LOCAL_GET, 0, op.END);
}

/** The body of the appended function of type (i64 purse, i64 reserve) -> i64: the purse, filled. */
export function writeRefillBody({ fuelGlobal }: Layout, out: Writer): void {
  out.u8(0);
  writeRefill({ global: fuelGlobal, purse: 0, push: () => out.raw(op.LOCAL_GET, 1) }, out);
  out.raw(op.LOCAL_GET, 0, op.END);
}

// All fuel goes into the global; then its low bits go into the purse, no less than the reserve that `push`
// leaves on the stack.
function writeRefill(
  { global, purse, push }: { readonly global: number; readonly purse: number; readonly push: () => void },
  out: Writer,
): void {
  out.u8(op.GLOBAL_GET);
  out.u32(global);
  out.u8(op.LOCAL_GET);
  out.u32(purse);
  out.raw(op.I64_ADD, op.LOCAL_TEE);
  out.u32(purse);
  out.u8(op.GLOBAL_SET);
  out.u32(global);
  out.u8(op.LOCAL_GET);
  out.u32(purse);
  stopBelow(0, out);
  out.u8(op.GLOBAL_GET);
  out.u32(global);
  out.u8(op.LOCAL_GET);
  out.u32(purse);
  push();
  out.u8(op.I64_SUB);
  number(PURSE_MASK, out);
  out.u8(op.I64_AND);
  push();
  out.raw(op.I64_ADD, op.LOCAL_TEE);
  out.u32(purse);
  out.raw(op.I64_SUB, op.GLOBAL_SET);
  out.u32(global);
}

export class FuelCode {
  private readonly at: FuelPlaces;

  constructor(places: FuelPlaces) {
    this.at = places;
  }

  /** Pays `amount`; a negative one is given back. */
  pay(amount: number, inPurse: boolean, out: Writer): void {
    if (amount === 0) return;
    this.get(inPurse, out);
    subtract(amount, out);
    this.set(inPurse, out);
  }

  /**
   * Pays from the global, then stops if what was executed is more than the fuel: `balance` of what was paid
   * was not executed yet.
   */
  payAndCheck(amount: number, balance: number, out: Writer): void {
    this.get(false, out);
    if (amount !== 0) {
      subtract(amount, out);
      this.teeToGlobal(out);
    }
    stopBelow(-balance, out);
  }

  /** Pays what `push` leaves on the stack, and stops if it cannot be paid; then a purse holds `more` than the reserve. */
  payComputed(
    { inPurse, more }: { readonly inPurse: boolean; readonly more: number },
    out: Writer,
    push: () => void,
  ): void {
    this.get(inPurse, out);
    push();
    out.u8(op.I64_SUB);
    if (inPurse) {
      this.set(true, out);
      this.checkPurse('call', out, more);
    } else {
      this.teeToGlobal(out);
      stopBelow(0, out);
    }
  }

  /** Pays `amount` and opens the purse with an advance: a loop of few turns never fills it. */
  openPurse(amount: number, out: Writer): void {
    const advance = this.at.reserve + PURSE_ADVANCE;
    this.pay(amount + advance, false, out);
    number(advance, out);
    this.set(true, out);
  }

  /** Leaves nothing in the purse. */
  emptyPurse(out: Writer): void {
    number(0, out);
    this.set(true, out);
  }

  /** Fills the purse, which is empty, or stops if there is no fuel left. */
  refillPurse(out: Writer): void {
    number(0, out);
    this.callRefill(this.at.reserve, out);
  }

  // On the stack is what the purse holds.
  private callRefill(reserve: number, out: Writer): void {
    number(reserve, out);
    out.u8(op.CALL);
    out.u32(this.at.refillFunction);
    this.set(true, out);
  }

  /** Puts the purse into the global, less `amount`. */
  closePurse(amount: number, out: Writer): void {
    this.get(false, out);
    this.get(true, out);
    out.u8(op.I64_ADD);
    if (amount !== 0) {
      subtract(amount, out);
    }
    this.set(false, out);
  }

  private teeToGlobal(out: Writer): void {
    out.u8(op.LOCAL_TEE);
    out.u32(this.at.scratch);
    this.set(false, out);
    out.u8(op.LOCAL_GET);
    out.u32(this.at.scratch);
  }

  /** Fills the purse if it holds less than the reserve and `more`; stops if there is no fuel left. */
  checkPurse(where: FillPlace, out: Writer, more = 0): void {
    const reserve = this.at.reserve + more;
    this.get(true, out);
    number(reserve, out);
    out.u8(op.I64_LT_S);
    if (where === 'outside') {
      return out.raw(op.BR_IF, 1);
    }
    out.raw(op.IF, op.EMPTY_BLOCK);
    if (where === 'here') {
      this.fillInPlace(out);
    } else {
      this.get(true, out);
      this.callRefill(reserve, out);
    }
    out.u8(op.END);
  }

  // What the function that refills does.
  private fillInPlace(out: Writer): void {
    const { global, purse, reserve } = this.at;
    writeRefill({ global, purse, push: () => number(reserve, out) }, out);
  }

  private get(inPurse: boolean, out: Writer): void {
    out.u8(inPurse ? op.LOCAL_GET : op.GLOBAL_GET);
    out.u32(inPurse ? this.at.purse : this.at.global);
  }

  private set(inPurse: boolean, out: Writer): void {
    out.u8(inPurse ? op.LOCAL_SET : op.GLOBAL_SET);
    out.u32(inPurse ? this.at.purse : this.at.global);
  }
}

/** Pays for as many bytes or entries as the i32 on top of the stack says, and leaves it there. */
export function payOperand(payFunction: number, out: Writer): void {
  out.u8(op.CALL);
  out.u32(payFunction);
}

// Stops when the fuel on the stack is below a number.
function stopBelow(least: number, out: Writer): void {
  number(least, out);
  out.raw(op.I64_LT_S, op.IF, op.EMPTY_BLOCK, op.UNREACHABLE, op.END);
}

function number(value: number, out: Writer): void {
  out.u8(op.I64_CONST);
  out.s32(value);
}

function subtract(amount: number, out: Writer): void {
  number(amount, out);
  out.u8(op.I64_SUB);
}
