// The code that the strategy `counted` inserts: payments out of the global or out of the purse, checks, and what
// goes between the two. The purse is an i64 local that holds the low bits of the fuel while a loop runs; global
// and purse together are the fuel, and the purse holds at least the reserve behind each check.

import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';

/** The purse takes what the fuel is above a multiple of this: the most that a trap's charge is too high by it. */
const PURSE_LOG2 = 18;
const PURSE_MASK = (1 << PURSE_LOG2) - 1;

export interface FuelPlaces {
  /** The fuel global. */
  readonly global: number;
  /** The least that the purse holds behind a check. */
  readonly reserve: number;
  /** Locals: the purse, a scratch i64, a scratch i32. */
  readonly purse: number;
  readonly scratch: number;
  readonly count: number;
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

  /** Fills the purse up if it holds less than the reserve, stops if there is no fuel left; then pays. */
  checkPurseAndPay(amount: number, out: Writer): void {
    this.checkPurse(0, out);
    this.pay(amount, true, out);
  }

  /** Pays what `push` leaves on the stack, and stops if it cannot be paid. */
  payComputed(inPurse: boolean, out: Writer, push: () => void): void {
    this.get(inPurse, out);
    push();
    out.u8(op.I64_SUB);
    this.setAndCheck(inPurse, 0, out);
  }

  /** Pays by the i32 on top of the stack, divided by a power of two, and leaves it there. */
  payOperand(shift: number, { inPurse, balance }: { inPurse: boolean; balance: number }, out: Writer): void {
    out.u8(op.LOCAL_TEE);
    out.u32(this.at.count);
    this.get(inPurse, out);
    out.u8(op.LOCAL_GET);
    out.u32(this.at.count);
    out.u8(op.I64_EXTEND_I32_U);
    if (shift > 0) {
      out.raw(op.I64_CONST, shift, op.I64_SHR_U);
    }
    out.u8(op.I64_SUB);
    this.setAndCheck(inPurse, balance, out);
  }

  /** Opens the purse with nothing in it: for the next check to fill. */
  emptyPurse(out: Writer): void {
    number(0, out);
    this.set(true, out);
  }

  /** Stops if there is no fuel left, or moves its low bits to the purse: no less than the reserve. */
  openPurse(balance: number, out: Writer): void {
    const { reserve, purse } = this.at;
    this.get(false, out);
    stopBelow(-balance, out);
    this.get(false, out);
    subtract(reserve, out);
    number(PURSE_MASK, out);
    out.u8(op.I64_AND);
    number(reserve, out);
    out.raw(op.I64_ADD, op.LOCAL_SET);
    out.u32(purse);
    this.get(false, out);
    this.get(true, out);
    out.u8(op.I64_SUB);
    this.set(false, out);
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

  private setAndCheck(inPurse: boolean, balance: number, out: Writer): void {
    if (inPurse) {
      this.set(true, out);
      this.checkPurse(balance, out);
    } else {
      this.teeToGlobal(out);
      stopBelow(-balance, out);
    }
  }

  private teeToGlobal(out: Writer): void {
    out.u8(op.LOCAL_TEE);
    out.u32(this.at.scratch);
    this.set(false, out);
    out.u8(op.LOCAL_GET);
    out.u32(this.at.scratch);
  }

  private checkPurse(balance: number, out: Writer): void {
    this.get(true, out);
    number(this.at.reserve, out);
    out.raw(op.I64_LT_S, op.IF, op.EMPTY_BLOCK);
    this.closePurse(0, out);
    this.openPurse(balance, out);
    out.u8(op.END);
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
