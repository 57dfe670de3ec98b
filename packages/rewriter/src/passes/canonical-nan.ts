// NaN: the bits of a NaN that arithmetic made are the engine's choice, so they are replaced by the canonical
// ones wherever the guest could see them: at float stores, reinterpretations to integers, writes of globals
// and the sign operand of copysign. Arithmetic itself stays untouched. Copies keep their payload as long as
// they can be followed: from a load, a constant or a reinterpreted integer, through locals, to where they are
// shown. What comes from a parameter, a call or a block's result is taken for arithmetic's. Results of exported functions are canonicalised by their wrappers; no import takes a float.

import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import type { LocalAllocator } from '../edits.ts';
import type { Pass } from './pass.ts';

/** The pass that makes NaNs canonical where they can be seen. */
export const canonicalNan: Pass = {
  name: 'canonical-nan',
  plan(input, edits) {
    const { columns, taint } = input.scanned;
    const scratch = scratchLocals(input.locals);
    for (let index = 0; index < columns.count; index++) {
      const source = columns.source[index] ?? 0;
      if (source !== 0 && columns.dead[index] === 0 && taint.isTainted(source)) {
        const type = shownType(columns.op[index] ?? 0, columns.value[index] ?? 0, input.globalTypes);
        edits.push(columns.at[index] ?? 0, type, scratch(type));
      }
    }
    return writeCanonical;
  },
};

/** At most one scratch local of each float type, asked for when first needed. */
export function scratchLocals(locals: LocalAllocator): (type: number) => number {
  const known = new Map<number, number>();
  return (type) => {
    const local = known.get(type) ?? locals.local(type);
    known.set(type, local);
    return local;
  };
}

function shownType(code: number, value: number, globalTypes: readonly number[]): number {
  if (code === op.GLOBAL_SET) {
    return globalTypes[value] ?? op.F64;
  }
  const operands = op.PLAIN.operands[code];
  return (operands === 2 ? op.PLAIN.second[code] : op.PLAIN.first[code]) ?? op.F64;
}

/** Replaces the float on top of the stack by the canonical NaN if it is a NaN. */
export function writeCanonical(type: number, scratch: number, out: Writer): void {
  out.u8(op.LOCAL_TEE);
  out.u32(scratch);
  if (type === op.F32) {
    out.raw(op.F32_CONST, 0, 0, 0xc0, 0x7f);
  } else {
    out.raw(op.F64_CONST, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f);
  }
  out.u8(op.LOCAL_GET);
  out.u32(scratch);
  out.u8(op.LOCAL_GET);
  out.u32(scratch);
  out.raw(type === op.F32 ? op.F32_EQ : op.F64_EQ, op.SELECT);
}
