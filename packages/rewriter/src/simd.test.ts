import { describe, expect, it } from 'vitest';

import { assembleWat, guestWat } from '../test/wat.ts';
import { prepare } from './index.ts';
import { F32, F64, I32, I64, V128 } from './opcodes.ts';
import { BYTES, LANE, MEMORY, MEMORY_AND_LANE, SIMD_INSTRUCTIONS, type SimdInstruction } from './simd.ts';

const CONSTANTS: ReadonlyMap<number, readonly number[]> = new Map([
  [I32, [0x41, 0]],
  [I64, [0x42, 0]],
  [F32, [0x43, 0, 0, 0, 0]],
  [F64, [0x44, 0, 0, 0, 0, 0, 0, 0, 0]],
  [V128, [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)]],
]);

function immediateOf({ immediate, alignment }: SimdInstruction, lane: number): readonly number[] {
  if (immediate === MEMORY) return [alignment, 0];
  if (immediate === MEMORY_AND_LANE) return [alignment, 0, lane];
  if (immediate === LANE) return [lane];
  return immediate === BYTES ? Array.from({ length: 16 }, () => lane) : [];
}

// A guest whose first function has this code after no locals, and leaves nothing.
function guestOf(code: readonly number[]): Uint8Array {
  const guest = assembleWat(guestWat(`(func ${'nop '.repeat(100)})`));
  const body = guest.findIndex(
    (byte, index) => byte === 1 && guest.subarray(index, index + 90).every((one) => one === 1),
  );
  const copy = guest.slice();
  copy.set(code, body);
  return copy;
}

function codeOf(code: number, instruction: SimdInstruction, lane: number): readonly number[] {
  const opcode = code < 0x80 ? [0xfd, code] : [0xfd, (code & 0x7f) | 0x80, code >> 7];
  const operands = instruction.operands.flatMap((type) => CONSTANTS.get(type) ?? []);
  const drop = instruction.result === 0 ? [] : [0x1a];
  return [...operands, ...opcode, ...immediateOf(instruction, lane), ...drop];
}

describe('vector instructions', () => {
  it('are the 236 of the standard', () => {
    expect(SIMD_INSTRUCTIONS.size).toBe(236);
  });

  it.each([...SIMD_INSTRUCTIONS.keys()])('0xfd %i is typed as engines type it', (code) => {
    const instruction = SIMD_INSTRUCTIONS.get(code);
    if (instruction === undefined) throw new Error('no such instruction');
    const guest = guestOf(codeOf(code, instruction, 0));
    expect(WebAssembly.validate(Uint8Array.from(guest))).toBe(true);
    const prepared = prepare(guest);
    expect(prepared).toMatchObject({ type: 'prepared' });
    expect(prepared.type === 'prepared' && WebAssembly.validate(Uint8Array.from(prepared.bytes))).toBe(true);
  });

  it('keep to the lanes that there are', () => {
    for (const [code, instruction] of SIMD_INSTRUCTIONS) {
      const lanes = code === 0x0d ? 32 : instruction.lanes;
      if (instruction.immediate === LANE || instruction.immediate === MEMORY_AND_LANE || code === 0x0d) {
        const last = guestOf(codeOf(code, instruction, lanes - 1));
        const over = guestOf(codeOf(code, instruction, lanes));
        expect([code, WebAssembly.validate(Uint8Array.from(last)), prepare(last).type]).toEqual([
          code,
          true,
          'prepared',
        ]);
        expect([code, WebAssembly.validate(Uint8Array.from(over))]).toEqual([code, false]);
        expect(prepare(over)).toMatchObject({ type: 'refused', code: 'invalid' });
      }
    }
  });

  it('are no others', () => {
    for (let code = 0; code < 0x100; code++) {
      if (!SIMD_INSTRUCTIONS.has(code)) {
        const guest = guestOf([0xfd, (code & 0x7f) | 0x80, code >> 7]);
        expect(WebAssembly.validate(Uint8Array.from(guest))).toBe(false);
        expect(prepare(guest)).toMatchObject({ type: 'refused', code: 'malformed' });
      }
    }
  });
});
