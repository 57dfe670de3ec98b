// Counted loops of every shape, relation and step, around the ends of both number ranges: what they leave and
// what they cost must be what the strategy `blocks` says, which knows nothing of counting.

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { assembleWat, guestWat } from '../../test/wat.ts';
import { FUEL_GLOBAL } from '../abi.ts';
import { prepareWith } from '../prepare.ts';
import type { MeterStrategy } from './meter.ts';

const FUEL = 20_000n;
const RUNS = 250;

interface LoopCase {
  readonly shape: 'bottom' | 'top' | 'escape';
  readonly type: 'i32' | 'i64';
  readonly relation: string;
  readonly step: bigint;
  readonly isSwapped: boolean;
  readonly start: bigint;
  readonly isKnownStart: boolean;
  readonly bound: bigint;
  readonly isKnownBound: boolean;
  readonly isVaried: boolean;
}

const around = (bits: number) =>
  fc
    .tuple(
      fc.constantFrom(
        0n,
        1n << BigInt(bits - 1),
        -(1n << BigInt(bits - 1)),
        (1n << BigInt(bits)) - 1n,
        5_000n,
      ),
      fc.bigInt({ min: -40n, max: 40n }),
    )
    .map(([middle, away]) => BigInt.asIntN(bits, middle + away));

const loopCase = fc.constantFrom<'i32' | 'i64'>('i32', 'i64').chain((type) =>
  fc.record<LoopCase>({
    type: fc.constant(type),
    shape: fc.constantFrom('bottom', 'top', 'escape'),
    relation: fc.constantFrom('ne', 'lt_s', 'lt_u', 'le_s', 'le_u', 'gt_s', 'gt_u', 'ge_s', 'ge_u'),
    step: fc.constantFrom(1n, -1n, 2n, -2n, 3n, 7n, -8n, 4096n, 1n << 20n, -(1n << 31n)),
    isSwapped: fc.boolean(),
    start: around(type === 'i32' ? 32 : 64),
    isKnownStart: fc.boolean(),
    bound: around(type === 'i32' ? 32 : 64),
    isKnownBound: fc.boolean(),
    isVaried: fc.boolean(),
  }),
);

// Function f (start, bound): the turns it made, in memory at 8; it stores beyond memory after 3,000 of them.
function watOf(one: LoopCase): string {
  const { type, shape } = one;
  const bound = one.isKnownBound ? `${type}.const ${one.bound}` : 'local.get 1';
  const operands = one.isSwapped ? `${bound} local.get 0` : `local.get 0 ${bound}`;
  const test = `${operands} ${type}.${one.relation}`;
  const varied = one.isVaried
    ? 'local.get 2 i32.const 3 i32.and if local.get 3 i32.const 5 i32.add local.set 3 end'
    : '';
  const body = `${varied} i32.const 8 local.get 2 i32.const 1 i32.add local.tee 2 i32.store
    local.get 2 i32.const 22 i32.mul i32.load drop
    local.get 0 ${type}.const ${one.step} ${type}.add local.set 0`;
  const loops = {
    bottom: `loop ${body} ${test} br_if 0 end`,
    top: `loop ${test} if ${body} br 1 end end`,
    escape: `block loop ${test} i32.eqz br_if 1 ${body} br 0 end end`,
  };
  const enter = one.isKnownStart ? `${type}.const ${one.start} local.set 0` : '';
  return guestWat(`(func (export "f") (param ${type} ${type}) (result ${type}) (local i32 i32)
    ${enter} ${loops[shape]} local.get 3 i32.const 1 i32.add drop local.get 0)`);
}

interface Ended {
  readonly answer: unknown;
  readonly turns: number;
  readonly fuel: bigint;
}

function run(one: LoopCase, strategy: MeterStrategy, fuel: bigint): Ended {
  const prepared = prepareWith(strategy, assembleWat(watOf(one)));
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  const { exports } = new WebAssembly.Instance(module, {});
  const left = exports[FUEL_GLOBAL] as WebAssembly.Global;
  left.value = fuel;
  const convert = one.type === 'i32' ? Number : BigInt;
  const answer = outcomeOf(
    () => (exports['f'] as (...values: unknown[]) => unknown)(convert(one.start), convert(one.bound)),
    left,
  );
  const memory = new DataView((exports['memory'] as WebAssembly.Memory).buffer);
  return { answer, turns: memory.getInt32(8, true), fuel: fuel - (left.value as bigint) };
}

function outcomeOf(call: () => unknown, left: WebAssembly.Global): unknown {
  let answer: unknown = 'trapped';
  try {
    answer = call();
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
  }
  return (left.value as bigint) < 0n ? 'out of fuel' : answer;
}

it('cost and leave what the same loops do that are charged block by block', () => {
  const seen = { completed: 0, trapped: 0, outOfFuel: 0 };
  fc.assert(
    fc.property(loopCase, (one) => {
      for (const fuel of [FUEL, 1_000_000n]) {
        const plain = run(one, 'blocks', fuel);
        const counted = run(one, 'counted', fuel);
        if (plain.answer === 'trapped') {
          seen.trapped += 1;
          expect(counted.turns).toBe(plain.turns);
          expect(counted.fuel).toBeGreaterThanOrEqual(plain.fuel - 40n);
          expect(counted.fuel).toBeLessThan(plain.fuel + (1n << 20n));
        } else if (plain.answer === 'out of fuel') {
          seen.outOfFuel += 1;
          expect(counted.answer).toBe('out of fuel');
        } else {
          seen.completed += 1;
          expect(counted).toEqual(plain);
          expect(run(one, 'counted', plain.fuel).answer).toEqual(plain.answer);
          expect(run(one, 'counted', plain.fuel - 1n).fuel).toBeGreaterThan(plain.fuel - 1n);
        }
      }
    }),
    { numRuns: RUNS },
  );
  expect(Math.min(seen.completed, seen.trapped, seen.outOfFuel)).toBeGreaterThan(20);
});
