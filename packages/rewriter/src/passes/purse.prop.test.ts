// Loops that keep a purse, left in every way: by branch tables and branches with operands, to nodes that others
// come to as well, to a loop around, to the function's end. What they leave and what they cost must be what the
// strategy `blocks` says, which knows no purse.

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { assembleWat, guestWat } from '../../test/wat.ts';
import { FUEL_GLOBAL } from '../abi.ts';
import { prepareWith } from '../prepare.ts';
import type { MeterStrategy } from './meter.ts';

// More than a purse and an advance, so that a trap never ends as out-of-fuel.
const FUEL = 2_000_000n;
const RUNS = 100;

// Locals: a seed, turns that are left. Each turn draws a number below 8, which is 7 when no turns are left.
const DRAW = `(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 1103515245)) (i32.const 12345)))
  (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
  (select (i32.const 7) (i32.and (i32.shr_u (local.get 0) (i32.const 9)) (i32.const 7)) (i32.le_s (local.get 1) (i32.const 0)))`;
const add = (amount: number) => `(global.set $sum (i32.add (global.get $sum) (i32.const ${amount})))`;
const oddly = (code: string) => `(if (i32.and (local.get 0) (i32.const 1024)) (then ${code}))`;
// Beyond memory where the sum has grown so far.
const STORE = '(i32.store (i32.mul (global.get $sum) (i32.const 500)) (local.get 0))';

// Bodies of a function, by how their loops are left.
const SHAPES: Readonly<Record<string, string>> = {
  'to a node of its own': `(block $out (loop $again
    (block $add (br_table $again $again $again $add $again $add $out $out ${DRAW})) ${add(3)} ${STORE} (br $again)))`,
  'to a node that others come to': `(block $out ${oddly('(br $out)')} (loop $again ${oddly(add(1))}
    (block $add (br_table $again $again $again $add $again $add $add $out ${DRAW})) ${STORE} ${add(3)} (br $again)))
    ${oddly(add(5))}`,
  'to a loop around': `(block $out (loop $around ${add(2)} ${oddly('(call $help)')} (loop $again
    (block $add (br_table $again $again $again $add $again $around $add $out ${DRAW})) ${add(3)} (br $again))))`,
  'to a loop around, with a purse': `(block $out (loop $around ${add(2)} (loop $again
    (block $add (br_table $again $again $again $add $again $around $add $out ${DRAW})) ${STORE} ${add(3)} (br $again))))`,
  'with an operand': `(global.set $sum (block $out (result i32) (loop $again
    (drop (br_if $out (local.get 0) (i32.eq ${DRAW} (i32.const 7)))) ${oddly(add(6))} ${STORE} (br $again)) (unreachable)))`,
  'to the end': `(loop $again (block $add (br_table $again $again $add $add $again $add $add 2 ${DRAW}))
    ${add(3)} (br $again))`,
  'from two loops to one node': `(block $out (loop $again ${oddly(add(7))}
    (block $next (block $add (br_table $again $again $next $add $again $add $again $out ${DRAW})) ${add(3)} (br $again))
    (loop $more (block $add (br_table $more $more $add $add $more $again $out $out ${DRAW})) ${STORE} ${add(2)} (br $more))))
    (loop $last ${oddly(STORE)} (br_if $last (i32.lt_u ${DRAW} (i32.const 6))))`,
  'to a node that others come to later': `(loop $whole (call $help) (block $out
    (drop ${DRAW}) ${oddly('(br $out)')} (loop $again ${oddly(add(1))}
    (block $add (br_table $again $again $again $add $again $add $out $out ${DRAW})) ${STORE} ${add(3)} (br $again)))
    (br_if $whole (i32.gt_s (local.get 1) (i32.const 0))))`,
  'one after another, around calls': `(loop $whole (block $out (loop $again
    (br_table $again $again $again $out $again $out $out $out ${DRAW}))) (call $help) ${STORE}
    (loop $more ${add(1)} (br_if $more (i32.lt_u ${DRAW} (i32.const 5))))
    (br_if $whole (i32.gt_s (local.get 1) (i32.const 0))))`,
};

// Function f (seed, turns): the sum.
const watOf = (shape: string) =>
  guestWat(`(global $sum (mut i32) (i32.const 0)) (func $help ${add(1)})
    (func $body (param i32 i32) ${SHAPES[shape] ?? ''})
    (func (export "f") (param i32 i32) (result i32) (call $body (local.get 0) (local.get 1)) (global.get $sum))`);

const compiled = new Map<string, WebAssembly.Module>();

function compile(shape: string, strategy: MeterStrategy): WebAssembly.Module {
  const key = `${strategy} ${shape}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const prepared = prepareWith(strategy, assembleWat(watOf(shape)));
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  compiled.set(key, module);
  return module;
}

interface Run {
  readonly shape: string;
  readonly seed: number;
  readonly turns: number;
}

function run({ shape, seed, turns }: Run, strategy: MeterStrategy, fuel: bigint) {
  const { exports } = new WebAssembly.Instance(compile(shape, strategy), {});
  const left = exports[FUEL_GLOBAL] as WebAssembly.Global;
  left.value = fuel;
  let answer: unknown = 'trapped';
  try {
    answer = (exports['f'] as (...values: unknown[]) => unknown)(seed, turns);
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
  }
  const used = fuel - (left.value as bigint);
  return { answer: used > fuel ? 'out of fuel' : answer, used };
}

it.each(Object.keys(SHAPES))('cost and leave what they do charged block by block: left %s', (shape) => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 3_000 }), (seed, turns) => {
      const one = { shape, seed, turns };
      const plain = run(one, 'blocks', FUEL);
      const counted = run(one, 'counted', FUEL);
      if (plain.answer === 'trapped') {
        expect(counted.answer).toBe('trapped');
        expect(counted.used).toBeGreaterThanOrEqual(plain.used - 40n);
        expect(counted.used).toBeLessThan(plain.used + (1n << 20n));
        return;
      }
      seen.add('completed');
      expect(counted).toEqual(plain);
      expect(run(one, 'counted', plain.used)).toEqual(plain);
      expect(run(one, 'counted', plain.used - 1n).answer).toBe('out of fuel');
      expect(run(one, 'counted', plain.used / 2n).answer).toBe('out of fuel');
    }),
    { numRuns: RUNS },
  );
  expect(seen).toContain('completed');
});
