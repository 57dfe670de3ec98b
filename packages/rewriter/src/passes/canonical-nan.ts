// NaN: the bits of a NaN that arithmetic made are the engine's choice, so they are replaced by the canonical
// ones wherever the guest could see them: at float stores, reinterpretations to integers, writes of globals
// and the sign operand of copysign. Arithmetic itself stays untouched. Copies keep their payload as long as
// they can be followed: from a load, a constant or a reinterpreted integer, through locals, to where they are
// shown. What comes from a parameter, a call or a block's result is taken for arithmetic's.
// Vectors are canonical wherever it is not certain that they are read as lanes of the kind that made them. Results of exported functions are canonicalised by their wrappers; no import takes a float.

import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import type { LocalAllocator } from '../edits.ts';
import { F32X4_REPLACE_LANE, READS_F32, READS_F64, V128_CONST } from '../simd.ts';
import { EXACT, TAINTED_F32X4, TAINTED_F64X2 } from '../taint.ts';
import type { Pass, PassInput } from './pass.ts';

/** The pass that makes NaNs canonical where they can be seen. */
export const canonicalNan: Pass = {
  name: 'canonical-nan',
  plan(input, edits) {
    const { columns, taint } = input.scanned;
    if (columns.shown === 0) {
      return writeCanonical;
    }
    const scratch = scratchLocals(input.locals);
    for (let index = 0; index < columns.count; index++) {
      if (columns.dead[index] !== 0) {
        continue;
      }
      const source = columns.source[index] ?? EXACT;
      if (source !== EXACT) {
        const shown = shownBefore(input, index, source);
        if (shown !== NOT_SHOWN) {
          edits.push(columns.at[index] ?? 0, shown, scratch(shown >= op.F64 ? shown : op.V128));
        }
      }
      const reads = columns.reads[index] ?? 0;
      if (reads !== 0) {
        const kind = taint.vectorTaint(columns.pushed[index] ?? EXACT);
        if (kind !== EXACT && (reads & ~(kind === TAINTED_F32X4 ? READS_F32 : READS_F64)) !== 0) {
          edits.push(columns.at[index + 1] ?? 0, kind, scratch(op.V128));
        }
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

const NOT_SHOWN = 0;

// The type, or the kind of vector, of the operand that must be canonical before an instruction.
function shownBefore(input: PassInput, index: number, source: number): number {
  const { columns, taint } = input.scanned;
  const code = columns.op[index] ?? 0;
  const value = columns.value[index] ?? 0;
  if (code === op.LOCAL_SET || code === op.LOCAL_TEE) {
    const kind = taint.vectorTaint(source);
    return kind !== EXACT && taint.isMixed(value) ? kind : NOT_SHOWN;
  }
  return taint.isTainted(source) ? shownType(code, value, input.globalTypes) : NOT_SHOWN;
}

function shownType(code: number, value: number, globalTypes: readonly number[]): number {
  if (code === op.GLOBAL_SET) {
    return globalTypes[value] ?? op.F64;
  }
  if (code >= op.SIMD) {
    return code === op.SIMD + F32X4_REPLACE_LANE ? op.F32 : op.F64;
  }
  const operands = op.PLAIN.operands[code];
  return (operands === 2 ? op.PLAIN.second[code] : op.PLAIN.first[code]) ?? op.F64;
}

/**
 * Replaces the float on top of the stack by the canonical NaN if it is a NaN. For a vector, `type` is the
 * kind of its taint, and each of its lanes is replaced so.
 */
export function writeCanonical(type: number, scratch: number, out: Writer): void {
  if (type === TAINTED_F32X4 || type === TAINTED_F64X2) {
    return writeCanonicalVector(type, scratch, out);
  }
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

const F32_NAN = [0, 0, 0xc0, 0x7f];
const F64_NAN = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
const F32X4_EQ = 0x41;
const F64X2_EQ = 0x47;
const BITSELECT = 0x52;

// A lane that is no NaN equals itself, which makes a mask that picks it.
function writeCanonicalVector(kind: number, scratch: number, out: Writer): void {
  const isF32 = kind === TAINTED_F32X4;
  out.u8(op.LOCAL_TEE);
  out.u32(scratch);
  out.raw(op.SIMD_PREFIX, V128_CONST);
  out.raw(...(isF32 ? [...F32_NAN, ...F32_NAN, ...F32_NAN, ...F32_NAN] : [...F64_NAN, ...F64_NAN]));
  out.u8(op.LOCAL_GET);
  out.u32(scratch);
  out.u8(op.LOCAL_GET);
  out.u32(scratch);
  out.raw(op.SIMD_PREFIX, isF32 ? F32X4_EQ : F64X2_EQ, op.SIMD_PREFIX, BITSELECT);
}
