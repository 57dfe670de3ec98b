// Fuel: every instruction costs 1, but block, loop, else, end and nop, which only give structure. A completed
// run is charged exactly what it executed; a run that has used up its fuel stops by `unreachable` with the
// fuel global below zero, at a loop head, at a function's entry or at a bulk instruction.
//
// Four strategies give the same totals on completed runs, which is how they are tested. `counted` is the
// edition's (fuel-plan.ts has its rules); the others are simple enough to be believed, and slow. They charge by
// *regions*: instructions that run equally often. A region is charged once, where it begins.
//   blocks  a region is a basic block, and every charge is checked;
//   merged  code after a block belongs to the region before it, unless a branch inside leaves further than
//           the block itself; only loop heads and function entries check;
//   cached  merged, and a function with loops keeps the fuel in a local, written back before calls, returns
//           and `unreachable`, and read again after calls.
// What a trap leaves in the global depends on nothing but the module and its input. Under `counted` it is never
// above the fuel that is truly left, and at most 2^20 below: what is paid ahead in the function that traps
// (2^16), a chunk of turns (2^16, and as much held back for their choices), what a purse takes (2^18) and may
// pay on a turn (2^16), and one and a half times its frame's bytes for each function that waits for a call
// (450 KiB in all). A trap ends as out-of-fuel when what is left does not pay for what was begun. Under
// `cached` a local's charges are lost by a trap.
//
// At one offset the order must be: read the fuel after a call, charge the region that begins, write it back
// for the next call. Edits are appended in that order as the walk goes.

import type { EditList, EditWriter } from '../edits.ts';
import { type InstructionColumns, TO_FUNCTION } from '../instructions.ts';
import { BULK_BYTES_PER_FUEL_LOG2 } from '../limits.ts';
import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import { createCountedMeter } from './meter-counted.ts';
import type { Pass, PassInput } from './pass.ts';

/** How charges are placed; the totals of completed runs are the same. */
export type MeterStrategy = 'blocks' | 'merged' | 'cached' | 'counted';

// Kinds of edits. Charges carry the cost; the dynamic ones take the operand on top of the stack.
const CHARGE = 0;
const CHARGE_AND_CHECK = 1;
const ENTER = 2;
const WRITE_BACK = 3;
const READ_AGAIN = 4;
const CHARGE_BYTES = 5;
const CHARGE_ENTRIES = 6;

// The region of code that never runs.
const NO_REGION = -1;

/** The metering pass. */
export function createMeter(strategy: MeterStrategy): Pass {
  if (strategy === 'counted') {
    return createCountedMeter();
  }
  return {
    name: `meter-${strategy}`,
    plan(input, edits) {
      const loops = strategy === 'cached' && hasLoop(input.scanned.columns);
      const cache = loops ? input.locals.local(op.I64) : undefined;
      const walk = new RegionWalk(input, edits, strategy, cache !== undefined);
      walk.run();
      return writerOf(input, cache, walk.usesBulk ? input.locals.local(op.I32) : 0);
    },
  };
}

function hasLoop(columns: InstructionColumns): boolean {
  for (let place = 0; place < columns.landmarkCount; place++) {
    const index = columns.landmarks[place] ?? 0;
    if (columns.op[index] === op.LOOP && columns.dead[index] === 0) {
      return true;
    }
  }
  return false;
}

/** One walk over one body. Frames are columns, because nesting may be deep. */
class RegionWalk {
  usesBulk = false;
  private readonly columns: InstructionColumns;
  private readonly edits: EditList;
  private readonly strategy: MeterStrategy;
  private readonly cached: boolean;

  // The edit that charges the current region.
  private region = NO_REGION;
  // For each open frame: the region it was opened in, and the outermost frame that a branch inside aims at.
  private readonly frameRegions: number[] = [];
  private readonly frameAims: number[] = [];

  constructor(input: PassInput, edits: EditList, strategy: MeterStrategy, cached: boolean) {
    this.columns = input.scanned.columns;
    this.edits = edits;
    this.strategy = strategy;
    this.cached = cached;
  }

  run(): void {
    const { columns } = this;
    this.openRegion(columns.at[0] ?? 0, ENTER);
    let walked = 0;
    for (let place = 0; place < columns.landmarkCount; place++) {
      const index = columns.landmarks[place] ?? 0;
      this.cost(index - walked);
      this.visit(columns.op[index] ?? 0, index, columns.at[index] ?? 0);
      walked = index + 1;
    }
  }

  private visit(code: number, index: number, at: number): void {
    switch (code) {
      case op.NOP:
        return;
      case op.BLOCK:
        return this.openFrame();
      case op.LOOP:
        this.openFrame();
        return this.openRegionAfter(index, CHARGE_AND_CHECK);
      case op.IF:
        this.cost();
        this.openFrame();
        return this.openRegionAfter(index, CHARGE);
      case op.ELSE:
        this.region = this.frameRegions.at(-1) ?? NO_REGION;
        return this.openRegionAfter(index, CHARGE);
      case op.END:
        return this.closeFrame(index, at);
      case op.BR:
      case op.BR_TABLE:
      case op.RETURN:
        return this.leave(index, at);
      case op.RETURN_CALL:
      case op.RETURN_CALL_INDIRECT:
        return this.leaveByCall(at);
      case op.BR_IF:
        this.branch(index, at);
        return this.openRegionAfter(index, CHARGE);
      case op.UNREACHABLE:
        this.cost();
        this.writeBack(at);
        this.region = NO_REGION;
        return;
      default:
        this.cost();
        if (isCall(code)) {
          this.writeBack(at);
          this.readAgain(index);
        } else if (code >= op.MEMORY_INIT) {
          this.bulk(code, at);
        }
    }
  }

  private cost(instructions = 1): void {
    if (this.region !== NO_REGION) {
      this.edits.value[this.region] = (this.edits.value[this.region] ?? 0) + instructions;
    }
  }

  private openRegion(at: number, kind: number): void {
    const checked = this.strategy === 'blocks' && kind === CHARGE ? CHARGE_AND_CHECK : kind;
    this.region = this.edits.push(at, checked, 0);
  }

  // A region opens behind an instruction, unless the code there never runs.
  private openRegionAfter(index: number, kind: number): void {
    if (this.region !== NO_REGION) {
      this.openRegion(this.columns.at[index + 1] ?? 0, kind);
    }
  }

  private openFrame(): void {
    this.frameRegions.push(this.region);
    this.frameAims.push(Number.MAX_SAFE_INTEGER);
  }

  private closeFrame(index: number, at: number): void {
    const before = this.frameRegions.pop();
    const aim = this.frameAims.pop();
    if (before === undefined || aim === undefined) {
      this.writeBack(at);
      return;
    }
    const frame = this.frameRegions.length;
    if (frame > 0) {
      this.aimAt(aim);
    }
    this.region = before;
    if (this.strategy === 'blocks' || aim < frame) {
      this.openRegionAfter(index, CHARGE);
    }
  }

  private aimAt(frame: number): void {
    const innermost = this.frameAims.length - 1;
    const aim = this.frameAims[innermost];
    if (aim !== undefined && frame < aim) {
      this.frameAims[innermost] = frame;
    }
  }

  private branch(index: number, at: number): void {
    this.cost();
    if (this.region === NO_REGION) {
      return;
    }
    const depth = this.columns.value[index] ?? 0;
    if (depth === TO_FUNCTION) {
      this.aimAt(-1);
      this.writeBack(at);
    } else {
      this.aimAt(this.frameRegions.length - 1 - depth);
    }
  }

  private leave(index: number, at: number): void {
    this.branch(index, at);
    this.region = NO_REGION;
  }

  private leaveByCall(at: number): void {
    this.cost();
    if (this.region !== NO_REGION) {
      this.aimAt(-1);
      this.writeBack(at);
      this.region = NO_REGION;
    }
  }

  private writeBack(at: number): void {
    if (this.cached && this.region !== NO_REGION) {
      this.edits.push(at, WRITE_BACK, 0);
    }
  }

  private readAgain(index: number): void {
    if (this.cached && this.region !== NO_REGION) {
      this.edits.push(this.columns.at[index + 1] ?? 0, READ_AGAIN, 0);
    }
  }

  private bulk(code: number, at: number): void {
    if (code === op.MEMORY_INIT || code === op.MEMORY_COPY || code === op.MEMORY_FILL) {
      this.usesBulk = true;
      this.edits.push(at, CHARGE_BYTES, 0);
    } else if (code === op.TABLE_INIT || code === op.TABLE_COPY || code === op.TABLE_FILL) {
      this.usesBulk = true;
      this.edits.push(at, CHARGE_ENTRIES, 0);
    }
  }
}

// Growth is a call of an appended function that charges for what it adds.
function isCall(code: number): boolean {
  return code === op.CALL || code === op.CALL_INDIRECT || code === op.MEMORY_GROW || code === op.TABLE_GROW;
}

function writerOf(input: PassInput, cache: number | undefined, count: number): EditWriter {
  const fuel = new FuelWriter(input.layout.fuelGlobal, cache);
  return (kind, value, out) => {
    switch (kind) {
      case CHARGE:
        return fuel.charge(value, out);
      case CHARGE_AND_CHECK:
        return fuel.chargeAndCheck(value, out);
      case ENTER:
        return fuel.enter(value, out);
      case WRITE_BACK:
        return fuel.writeBack(out);
      case READ_AGAIN:
        return fuel.readAgain(out);
      default:
        return fuel.chargeOperand(count, kind === CHARGE_BYTES ? BULK_BYTES_PER_FUEL_LOG2 : 0, out);
    }
  };
}

/** Code over the fuel, wherever it is at the moment: in the global, or in a local that caches it. */
class FuelWriter {
  private readonly global: number;
  private readonly cache: number | undefined;

  constructor(global: number, cache: number | undefined) {
    this.global = global;
    this.cache = cache;
  }

  /** At the function's entry; one that begins with a loop leaves the check to it. */
  enter(cost: number, out: Writer): void {
    if (cost > 0) {
      out.u8(op.GLOBAL_GET);
      out.u32(this.global);
      subtract(cost, out);
      this.setAndCheck(out);
    } else {
      this.readAgain(out);
    }
  }

  charge(cost: number, out: Writer): void {
    if (cost > 0) {
      this.get(out);
      subtract(cost, out);
      this.set(out);
    }
  }

  chargeAndCheck(cost: number, out: Writer): void {
    this.get(out);
    if (cost > 0) {
      subtract(cost, out);
    }
    this.setAndCheck(out);
  }

  /** Charges by the i32 on top of the stack, divided by a power of two, leaves it there, and checks. */
  chargeOperand(count: number, shift: number, out: Writer): void {
    out.u8(op.LOCAL_TEE);
    out.u32(count);
    this.get(out);
    out.u8(op.LOCAL_GET);
    out.u32(count);
    out.u8(op.I64_EXTEND_I32_U);
    if (shift > 0) {
      out.raw(op.I64_CONST, shift, op.I64_SHR_U);
    }
    out.u8(op.I64_SUB);
    this.setAndCheck(out);
  }

  // Stops when the fuel that is on the stack is below zero.
  private setAndCheck(out: Writer): void {
    if (this.cache === undefined) {
      this.set(out);
      this.get(out);
    } else {
      out.u8(op.LOCAL_TEE);
      out.u32(this.cache);
    }
    out.raw(op.I64_CONST, 0, op.I64_LT_S, op.IF, op.EMPTY_BLOCK);
    this.writeBack(out);
    out.raw(op.UNREACHABLE, op.END);
  }

  writeBack(out: Writer): void {
    if (this.cache !== undefined) {
      this.get(out);
      out.u8(op.GLOBAL_SET);
      out.u32(this.global);
    }
  }

  readAgain(out: Writer): void {
    if (this.cache !== undefined) {
      out.u8(op.GLOBAL_GET);
      out.u32(this.global);
      this.set(out);
    }
  }

  private get(out: Writer): void {
    out.u8(this.cache === undefined ? op.GLOBAL_GET : op.LOCAL_GET);
    out.u32(this.cache ?? this.global);
  }

  private set(out: Writer): void {
    out.u8(this.cache === undefined ? op.GLOBAL_SET : op.LOCAL_SET);
    out.u32(this.cache ?? this.global);
  }
}

function subtract(cost: number, out: Writer): void {
  out.u8(op.I64_CONST);
  out.s32(cost);
  out.u8(op.I64_SUB);
}
