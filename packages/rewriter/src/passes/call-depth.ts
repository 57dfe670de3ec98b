// Call depth: recursion ends in a trap at the same call on every machine, before any engine's own stack does.
//
// A global holds how many bytes of the budget are left. A function that calls takes its frame off before it
// first can, where ways that end without a call need not come by; it keeps the rest in a local, and puts that
// into the global before each call. Nothing is given back at returns, branches or falls through the end: the
// caller writes its own figure before it calls again. The host's calls come through wrappers that begin with
// the whole budget (see assemble.ts).
//
// A tail call's frame takes the place of its caller's, so the callee is given what the caller began with:
// where no other call has written the global since, that is there already.
//
// A function that calls nothing costs nothing, unless its frame is large: then it only checks.

import {
  CALL_BUDGET_BYTES,
  FRAME_BASE_BYTES,
  FRAME_SLOT_BYTES,
  LEAF_FRAME_BYTES_MAX,
  WIDE_FRAME_BASES,
  WIDE_FRAME_SLOT_BYTES,
} from '../limits.ts';
import type { InstructionColumns, ScannedFunction } from '../instructions.ts';
import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import type { Pass, PassInput } from './pass.ts';

const ENTER = 0;
const BEFORE_CALL = 1;
const BEFORE_RETURN_CALL = 2;

/**
 * What one frame of a function is charged: its locals, the most operands it holds at once, and once more its
 * parameters and results, which callers hand over on the stack when registers run out.
 */
export function frameBytes({ type, locals, operands, isWide }: ScannedFunction): number {
  const slots = locals + operands + type.parameters.length + type.results.length;
  return isWide
    ? FRAME_BASE_BYTES * WIDE_FRAME_BASES + WIDE_FRAME_SLOT_BYTES * slots
    : FRAME_BASE_BYTES + FRAME_SLOT_BYTES * slots;
}

/** The pass that bounds call depth. */
export const callDepth: Pass = {
  name: 'call-depth',
  plan(input, edits) {
    const { scanned, layout } = input;
    const { columns } = scanned;
    const bytes = frameBytes(scanned);
    const calls = hasGuestCall(input);
    if (!calls && bytes <= LEAF_FRAME_BYTES_MAX) {
      return () => undefined;
    }
    const first = calls && bytes <= LEAF_FRAME_BYTES_MAX ? beforeCalls(input) : 0;
    edits.push(columns.at[first] ?? 0, ENTER, bytes);
    const count = calls ? columns.landmarkCount : 0;
    for (let place = 0; place < count; place++) {
      const index = columns.landmarks[place] ?? 0;
      if (isGuestCall(columns, index, input)) {
        edits.push(columns.at[index] ?? 0, BEFORE_CALL, 0);
      } else if (isReturnCall(columns, index)) {
        edits.push(columns.at[index] ?? 0, BEFORE_RETURN_CALL, bytes);
      }
    }
    const left = input.locals.local(op.I32);
    return (kind, value, out) =>
      kind === ENTER
        ? writeEnter(value, left, layout.depthGlobal, out)
        : writeCall(left, kind === BEFORE_CALL ? 0 : value, { global: layout.depthGlobal, out });
  },
};

/**
 * The last instruction that every way to a call comes by, and no more than once: the call itself, or the block
 * around it that is not around all calls, or the outermost loop around them.
 */
function beforeCalls(input: PassInput): number {
  const { columns } = input.scanned;
  const open: number[] = [];
  // The blocks around the first call, and how many of them are around all calls so far, and still open.
  let path: readonly number[] | undefined;
  let first = 0;
  let common = 0;
  let alive = 0;
  for (let place = 0; place < columns.landmarkCount; place++) {
    const index = columns.landmarks[place] ?? 0;
    const code = columns.op[index];
    if (code === op.BLOCK || code === op.LOOP || code === op.IF) {
      open.push(index);
    } else if (code === op.ELSE) {
      alive = Math.min(alive, open.length - 1);
    } else if (code === op.END) {
      open.pop();
      alive = Math.min(alive, open.length);
    } else if (isGuestCall(columns, index, input) || isReturnCall(columns, index)) {
      if (path === undefined) {
        path = [...open];
        first = index;
        alive = path.length;
        common = alive;
      }
      common = Math.min(common, alive);
      if (common === 0) break;
    }
  }
  return placeOn(path ?? [], common, { first, columns });
}

function placeOn(
  path: readonly number[],
  common: number,
  { first, columns }: { readonly first: number; readonly columns: InstructionColumns },
): number {
  const loop = path.slice(0, common).find((index) => columns.op[index] === op.LOOP);
  return loop ?? path[common] ?? first;
}

function hasGuestCall(input: PassInput): boolean {
  const { columns } = input.scanned;
  for (let place = 0; place < columns.landmarkCount; place++) {
    if (isGuestCall(columns, columns.landmarks[place] ?? 0, input)) {
      return true;
    }
  }
  return false;
}

function isReturnCall(columns: InstructionColumns, index: number): boolean {
  const code = columns.op[index];
  return columns.dead[index] === 0 && (code === op.RETURN_CALL || code === op.RETURN_CALL_INDIRECT);
}

// Imports run on the host's share of the stack and cannot call back.
function isGuestCall(columns: InstructionColumns, index: number, input: PassInput): boolean {
  const code = columns.op[index];
  if (columns.dead[index] !== 0) {
    return false;
  }
  return (
    code === op.CALL_INDIRECT ||
    (code === op.CALL && (columns.value[index] ?? 0) >= input.layout.importedFunctions)
  );
}

function writeEnter(bytes: number, left: number, global: number, out: Writer): void {
  out.u8(op.GLOBAL_GET);
  out.u32(global);
  out.u8(op.I32_CONST);
  out.s32(bytes);
  out.u8(op.I32_SUB);
  out.u8(op.LOCAL_TEE);
  out.u32(left);
  out.raw(op.I32_CONST, 0, op.I32_LT_S, op.IF, op.EMPTY_BLOCK, op.UNREACHABLE, op.END);
}

// `givenBack` is what of its own frame a function hands on.
function writeCall(
  left: number,
  givenBack: number,
  { global, out }: { readonly global: number; readonly out: Writer },
): void {
  out.u8(op.LOCAL_GET);
  out.u32(left);
  if (givenBack > 0) {
    out.u8(op.I32_CONST);
    out.s32(givenBack);
    out.u8(op.I32_ADD);
  }
  out.u8(op.GLOBAL_SET);
  out.u32(global);
}

/** Gives the whole budget to a call from the host. */
export function writeWholeBudget(global: number, out: Writer): void {
  out.u8(op.I32_CONST);
  out.s32(CALL_BUDGET_BYTES);
  out.u8(op.GLOBAL_SET);
  out.u32(global);
}
