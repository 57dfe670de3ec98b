// Growth: `memory.grow` and `table.grow` become calls of appended functions. Growth past the maximum answers
// -1, as the standard says. Growth within it that fails anyway is the machine's fault: the guest must not see
// a -1 that depends on it, so the abort flag is set and the run stops. What was added is charged.

import { PAGE_FUEL, TABLE_ENTRIES_MAX } from '../limits.ts';
import type { Layout } from '../edits.ts';
import type { TableType } from '../module.ts';
import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import type { Pass } from './pass.ts';

const GROW_MEMORY = 0;
const GROW_TABLE = 1;
const LOOK_UP = 2;

/** The pass that routes growth through the appended functions, and keeps what works on tables interruptible. */
export const growth: Pass = {
  name: 'growth',
  plan(input, edits) {
    const { columns, end } = input.scanned;
    for (let place = 0; place < columns.landmarkCount; place++) {
      const index = columns.landmarks[place] ?? 0;
      const code = columns.op[index];
      const at = columns.at[index] ?? 0;
      if (code === op.MEMORY_GROW || code === op.TABLE_GROW) {
        const next = index + 1 < columns.count ? (columns.at[index + 1] ?? end) : end;
        const kind = code === op.MEMORY_GROW ? GROW_MEMORY : GROW_TABLE;
        edits.push(at, kind, columns.value[index] ?? 0, next - at);
      } else if (code === op.TABLE_FILL || code === op.TABLE_COPY || code === op.TABLE_INIT) {
        edits.push(at, LOOK_UP, 0);
      }
    }
    return (kind, table, out) => writeGrowth(kind, table, { layout: input.layout, out });
  },
};

function writeGrowth(
  kind: number,
  table: number,
  { layout, out }: { readonly layout: Layout; readonly out: Writer },
): void {
  if (kind === LOOK_UP) {
    out.raw(op.I32_CONST, 0);
  }
  out.u8(op.CALL);
  out.u32(kind === GROW_TABLE ? layout.tableGrowFunction(table) : layout.growFunction);
  if (kind === LOOK_UP) {
    out.u8(op.DROP);
  }
}

/**
 * The body of the appended function that grows memory, of type (i32 pages) -> i32: what `memory.grow`
 * answers. `maxPages` is the prepared memory's maximum.
 */
export function writeGrowBody(layout: Layout, maxPages: number, out: Writer): void {
  out.raw(1, 1, op.I32);
  out.raw(op.LOCAL_GET, 0, op.MEMORY_GROW, 0);
  writeAnswer({ layout, count: 0, max: maxPages, fuelEach: PAGE_FUEL }, out, () =>
    out.raw(op.MEMORY_SIZE, 0),
  );
}

/** The body of the appended function that grows `table`, of type (reference, i32 entries) -> i32. */
export function writeTableGrowBody(
  layout: Layout,
  { table, max }: { readonly table: number; readonly max: number },
  out: Writer,
): void {
  out.raw(1, 1, op.I32);
  out.raw(op.LOCAL_GET, 0, op.LOCAL_GET, 1);
  writeTableInstruction(op.TABLE_GROW, table, out);
  writeAnswer({ layout, count: 1, max, fuelEach: 1 }, out, () =>
    writeTableInstruction(op.TABLE_SIZE, table, out),
  );
}

function writeTableInstruction(code: number, table: number, out: Writer): void {
  out.u8(op.BULK_PREFIX);
  out.u32(code - op.PREFIXED);
  out.u32(table);
}

/** The most entries that each prepared table may have: its own maximum, or an equal share of what is left. */
export function tableMaxima(tables: readonly TableType[]): readonly number[] {
  const declared = tables.reduce((sum, { min }) => sum + min, 0);
  const share = Math.floor((TABLE_ENTRIES_MAX - declared) / Math.max(1, tables.length));
  return tables.map(({ min, max }) => Math.min(max ?? min + share, min + share));
}

interface Growth {
  readonly layout: Layout;
  /** The parameter that says by how much; the first local behind it keeps the answer. */
  readonly count: number;
  readonly max: number;
  readonly fuelEach: number;
}

// On the stack is what the engine answered.
function writeAnswer(growth: Growth, out: Writer, writeSize: () => void): void {
  const answer = growth.count + 1;
  out.raw(op.LOCAL_TEE, answer, op.I32_CONST, 0x7f, op.I32_EQ, op.IF, op.EMPTY_BLOCK);
  writeSize();
  writeFailed(growth, out);
  out.u8(op.ELSE);
  writeCharge(growth, out);
  out.raw(op.END, op.LOCAL_GET, answer, op.END);
}

// size + count <= max, in 64 bits so that the sum cannot wrap: the machine refused.
function writeFailed({ layout, count, max }: Growth, out: Writer): void {
  out.raw(op.I64_EXTEND_I32_U, op.LOCAL_GET, count, op.I64_EXTEND_I32_U, op.I64_ADD);
  out.u8(op.I64_CONST);
  out.s32(max);
  out.raw(op.I64_LE_U, op.IF, op.EMPTY_BLOCK, op.I32_CONST, 1, op.GLOBAL_SET);
  out.u32(layout.abortGlobal);
  out.raw(op.UNREACHABLE, op.END);
}

// fuel -= count * fuelEach, then the check.
function writeCharge({ layout, count, fuelEach }: Growth, out: Writer): void {
  out.u8(op.GLOBAL_GET);
  out.u32(layout.fuelGlobal);
  out.raw(op.LOCAL_GET, count, op.I64_EXTEND_I32_U);
  if (fuelEach !== 1) {
    out.u8(op.I64_CONST);
    out.s32(fuelEach);
    out.u8(op.I64_MUL);
  }
  out.raw(op.I64_SUB, op.GLOBAL_SET);
  out.u32(layout.fuelGlobal);
  out.u8(op.GLOBAL_GET);
  out.u32(layout.fuelGlobal);
  out.raw(op.I64_CONST, 0, op.I64_LT_S, op.IF, op.EMPTY_BLOCK, op.UNREACHABLE, op.END);
}
