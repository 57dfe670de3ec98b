// For tests: an engine that chooses other NaNs. Whatever arithmetic makes a NaN, scalar or in a lane, gets a
// sign and payload of the test's choice. A prepared module must do the same with and without it.

import * as op from '../opcodes.ts';
import { GIVES_F32, GIVES_F64, SIMD_INSTRUCTIONS, V128_CONST } from '../simd.ts';
import type { Writer } from '../writer.ts';
import { scratchLocals } from './canonical-nan.ts';
import type { Pass } from './pass.ts';

const [LANES_F32, LANES_F64] = [1, 2];
const F32X4_EQ = 0x41;
const F64X2_EQ = 0x47;
const BITSELECT = 0x52;

/** A pass to be put before all others: `salt` picks the NaNs. */
export function createScrambleNan(salt: number): Pass {
  return {
    name: 'scramble-nan',
    plan(input, edits) {
      const { columns } = input.scanned;
      const scratch = scratchLocals(input.locals);
      const localOf = new Map<number, number>();
      for (let index = 0; index < columns.count; index++) {
        const kind = columns.dead[index] === 0 ? madeBy(columns.op[index] ?? 0) : 0;
        if (kind !== 0) {
          localOf.set(kind, scratch(kind >= op.F64 ? kind : op.V128));
          edits.push(columns.at[index + 1] ?? 0, kind, (index * 37 + salt) & 0xff);
        }
      }
      return (kind, value, out) => writeScrambled({ kind, local: localOf.get(kind) ?? 0, value }, out);
    },
  };
}

function madeBy(code: number): number {
  if (code >= op.SIMD) {
    const gives = SIMD_INSTRUCTIONS.get(code - op.SIMD)?.gives;
    return gives === GIVES_F32 ? LANES_F32 : gives === GIVES_F64 ? LANES_F64 : 0;
  }
  return op.PLAIN.nan[code] === op.NAN_MAKES ? (op.PLAIN.result[code] ?? 0) : 0;
}

interface Scramble {
  readonly kind: number;
  readonly local: number;
  readonly value: number;
}

function writeScrambled({ kind, local, value }: Scramble, out: Writer): void {
  const sign = (value & 1) === 0 ? 0x7f : 0xff;
  const f32 = [value, 0, 0xc0, sign];
  const f64 = [value, 0, 0, 0, 0, 0, 0xf8, sign];
  out.u8(op.LOCAL_TEE);
  out.u32(local);
  if (kind === op.F32) out.raw(op.F32_CONST, ...f32);
  else if (kind === op.F64) out.raw(op.F64_CONST, ...f64);
  else
    out.raw(
      op.SIMD_PREFIX,
      V128_CONST,
      ...(kind === LANES_F32 ? [...f32, ...f32, ...f32, ...f32] : [...f64, ...f64]),
    );
  for (let count = 0; count < 2; count++) {
    out.u8(op.LOCAL_GET);
    out.u32(local);
  }
  if (kind === op.F32 || kind === op.F64) {
    out.raw(kind === op.F32 ? op.F32_EQ : op.F64_EQ, op.SELECT);
  } else {
    out.raw(op.SIMD_PREFIX, kind === LANES_F32 ? F32X4_EQ : F64X2_EQ, op.SIMD_PREFIX, BITSELECT);
  }
}
