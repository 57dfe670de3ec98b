// The reference interpreter against the engine at hand, instruction by instruction: what it gets wrong would otherwise
// look like a fault of the rewriter. Prepared modules hide which NaNs the engine makes.

import { prepare } from '@trine/rewriter';
import { describe, expect, it } from 'vitest';

import { F32, F64, guestWith, I32, I64, signed, V128 } from '../module-writer.ts';
import { LOAD_CODES, type Operator, OPERATORS, STORE_CODES, VECTOR_OPERATORS } from '../operators.ts';
import { createRandom } from '../random-modules.ts';
import { runModule } from '../run-module.ts';
import { runReference } from './run.ts';

const FUEL = 100_000n;
const ROUNDS = 12;
const RESULTS = 2048;

// Bit patterns that instructions treat in a way of their own, beside random ones.
const TELLING: readonly bigint[] = [
  0n,
  1n,
  0x8000_0000_8000_0000n,
  0x7fff_ffff_7fff_ffffn,
  0xffff_ffff_ffff_ffffn,
  0x3f80_0000_bf80_0000n,
  0x7fc0_0000_7f80_0000n,
  0xffc0_1234_7fa0_0001n,
  0x7ff8_0000_0000_0001n,
  0xfff0_0000_0000_0000n,
  0x4f00_0000_cf00_0000n,
  0x3fe0_0000_0000_0000n,
  0x8080_7f7f_80ff_017fn,
  0xc1e0_0000_0020_0000n,
];

function bytesOf(bits: bigint, size: number): number[] {
  return Array.from({ length: size }, (_, place) => Number((bits >> BigInt(place * 8)) & 0xffn));
}

function constantOf(type: number, random: (below: number) => number): number[] {
  const half = () =>
    random(3) > 0
      ? (TELLING[random(TELLING.length)] ?? 0n)
      : (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
  const shifted = half() >> BigInt(random(2) * 32);
  if (type === I32) return [0x41, ...signed(BigInt.asIntN(32, shifted))];
  if (type === I64) return [0x42, ...signed(BigInt.asIntN(64, half()))];
  if (type === F32) return [0x43, ...bytesOf(shifted, 4)];
  if (type === F64) return [0x44, ...bytesOf(half(), 8)];
  return [0xfd, 0x0c, ...bytesOf(half(), 8), ...bytesOf(half(), 8)];
}

// A guest whose `run` is this code.
function guestOf(code: readonly number[]): Uint8Array {
  return guestWith([0, ...code, 0x42, 0, 0x0b]);
}

// The instruction on constants, its result stored where the digest sees it, a few times over.
function codeOf(result: number, { code, operands }: Operator, seed: number): number[] {
  const random = createRandom(seed);
  const store = (STORE_CODES.get(result) ?? [])[0] ?? [];
  return Array.from({ length: ROUNDS }, (_, round) => [
    0x41,
    ...signed(BigInt(RESULTS + round * 16)),
    ...operands.flatMap((type) => constantOf(type, random)),
    ...code,
    ...store,
    0,
    0,
  ]).flat();
}

function check(name: string, code: readonly number[]): 'completed' | 'trapped' {
  const guest = guestOf(code);
  const prepared = prepare(guest);
  if (prepared.type === 'refused') {
    throw new Error(`${name}: ${prepared.message}`);
  }
  const reference = runReference(guest, { fuel: FUEL, maxPages: 1 });
  const run = runModule(prepared.bytes, FUEL);
  const { outcome, digestHex } = reference;
  expect({ name, outcome: run.outcome, digestHex: run.digestHex }).toEqual({ name, outcome, digestHex });
  return run.outcome === 'completed' ? 'completed' : 'trapped';
}

function nameOf({ code }: Operator): string {
  return code.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

describe('every instruction on telling operands', () => {
  it.each([
    ['scalar', OPERATORS],
    ['vector', VECTOR_OPERATORS],
  ] as const)('%s', (_, table) => {
    let seed = 0;
    let completed = 0;
    for (const [result, operators] of table) {
      for (const operator of new Map(operators.map((one) => [nameOf(one), one])).values()) {
        seed += 1;
        completed += check(nameOf(operator), codeOf(result, operator, seed)) === 'completed' ? 1 : 0;
      }
    }
    expect(completed).toBeGreaterThan(table === OPERATORS ? 110 : 200);
  });

  it('that reads memory', () => {
    for (const [result, codes] of LOAD_CODES) {
      for (const code of codes) {
        check(`load ${code.join(' ')}`, codeOf(result, { code: [0x41, 60, ...code, 0, 7], operands: [] }, 1));
      }
    }
  });

  it('that reads or writes one lane', () => {
    for (const size of [0, 1, 2, 3]) {
      for (const lane of [0, (16 >> size) - 1]) {
        check(`load lane ${size}`, laneLoad([0xfd, 0x54 + size, 0, 5, lane]));
        check(`store lane ${size}`, laneStore([0xfd, 0x58 + size, 0, 5, lane]));
      }
    }
  });
});

function laneLoad(code: readonly number[]): number[] {
  const random = createRandom(7);
  return [0x41, ...signed(BigInt(RESULTS)), 0x41, 60, ...constantOf(V128, random), ...code, 0xfd, 0x0b, 0, 0];
}

function laneStore(code: readonly number[]): number[] {
  return [0x41, ...signed(BigInt(RESULTS)), ...constantOf(V128, createRandom(8)), ...code];
}
