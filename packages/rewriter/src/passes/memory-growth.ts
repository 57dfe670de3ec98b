// Memory: `memory.grow` becomes a call of one appended function. Growth past the memory's maximum answers -1,
// as the standard says. Growth within it that fails anyway is the machine's fault: the guest must not see a
// -1 that depends on it, so the abort flag is set and the run stops. Pages that were added are charged.

import { PAGE_FUEL } from '../limits.ts';
import type { Layout } from '../edits.ts';
import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import type { Pass } from './pass.ts';

const CALL_GROW = 0;
const INSTRUCTION_BYTES = 2;

/** The pass that routes memory growth through the appended function. */
export const memoryGrowth: Pass = {
  name: 'memory-growth',
  plan(input, edits) {
    const { columns } = input.scanned;
    for (let index = 0; index < columns.count; index++) {
      if (columns.op[index] === op.MEMORY_GROW) {
        edits.push(columns.at[index] ?? 0, CALL_GROW, 0, INSTRUCTION_BYTES);
      }
    }
    return (_kind, _value, out) => {
      out.u8(op.CALL);
      out.u32(input.layout.growFunction);
    };
  },
};

/**
 * The body of the appended function, of type (i32 pages) -> i32: what `memory.grow` answers. `maxPages` is
 * the prepared memory's maximum.
 */
export function writeGrowBody(layout: Layout, maxPages: number, out: Writer): void {
  const [pages, before] = [0, 1];
  out.raw(1, 1, op.I32);
  out.raw(op.LOCAL_GET, pages, op.MEMORY_GROW, 0, op.LOCAL_TEE, before);
  out.raw(op.I32_CONST, 0x7f, op.I32_EQ, op.IF, op.EMPTY_BLOCK);
  writeFailed(layout, maxPages, out);
  out.u8(op.ELSE);
  writeCharge(layout, out);
  out.raw(op.END, op.LOCAL_GET, before, op.END);
}

// memory.size + pages <= maxPages, in 64 bits so that the sum cannot wrap: the machine refused.
function writeFailed(layout: Layout, maxPages: number, out: Writer): void {
  out.raw(op.MEMORY_SIZE, 0, op.I64_EXTEND_I32_U, op.LOCAL_GET, 0, op.I64_EXTEND_I32_U, op.I64_ADD);
  out.u8(op.I64_CONST);
  out.s32(maxPages);
  out.raw(op.I64_LE_U, op.IF, op.EMPTY_BLOCK, op.I32_CONST, 1, op.GLOBAL_SET);
  out.u32(layout.abortGlobal);
  out.raw(op.UNREACHABLE, op.END);
}

// fuel -= pages * PAGE_FUEL, then the check.
function writeCharge(layout: Layout, out: Writer): void {
  out.u8(op.GLOBAL_GET);
  out.u32(layout.fuelGlobal);
  out.raw(op.LOCAL_GET, 0, op.I64_EXTEND_I32_U, op.I64_CONST);
  out.s32(PAGE_FUEL);
  out.raw(op.I64_MUL, op.I64_SUB, op.GLOBAL_SET);
  out.u32(layout.fuelGlobal);
  out.u8(op.GLOBAL_GET);
  out.u32(layout.fuelGlobal);
  out.raw(op.I64_CONST, 0, op.I64_LT_S, op.IF, op.EMPTY_BLOCK, op.UNREACHABLE, op.END);
}
