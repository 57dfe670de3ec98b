// Call hooks change neither what a guest answers nor its fuel, and see every call however it is made.
import { prepare } from '@trine/rewriter';
import { type GuestEnd, runGuest } from '@trine/sandbox';
import { expect, test } from 'vitest';
import { assembleText } from '../bundle.testing.ts';
import { frameTotals, type FuelProfile, recordProfile } from '../fuel-profile.ts';
import { installHooks, withCallHooks } from './call-hooks.ts';
import { functionNamer, outlineOf } from './outline.ts';

const FUEL = 100_000n;

const guest = (body: string, more = ''): string => `(module
  (import "trine" "progress" (func $progress (param i32 i32)))
  (memory (export "memory") 1)
  ${more}
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param $at i32) (param $length i32) (result i64)
    ${body}))`;

interface Compared {
  readonly plain: GuestEnd;
  readonly hooked: GuestEnd;
  readonly profile: FuelProfile;
  /** Calls by name. */
  readonly calls: Readonly<Record<string, number>>;
}

async function compare(text: string, fuel = FUEL): Promise<Compared> {
  const original = await assembleText(text);
  const prepared = prepare(original);
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const recorder = recordProfile(Number(fuel));
  const hooks = { functions: prepared.report.functions, fuel };
  const hooked = runBytes(withCallHooks(prepared.bytes, hooks), fuel, (exports) =>
    installHooks(exports, recorder),
  );
  const profile = recorder.finish(Number(hooked.fuel));
  const nameOf = functionNamer(outlineOf(original));
  const calls = profile.functions.map(({ index, calls }) => [nameOf(index), calls] as const);
  return { plain: runBytes(prepared.bytes, fuel), hooked, profile, calls: Object.fromEntries(calls) };
}

function runBytes(
  bytes: Uint8Array,
  fuel: bigint,
  onOpened?: (exports: WebAssembly.Exports) => void,
): GuestEnd {
  const module = new WebAssembly.Module(new Uint8Array(bytes));
  const limits = { fuel, memoryBytes: 1_048_576, outputBytes: 64 };
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  return runGuest(
    { module, abi: 'trine-1', input: Uint8Array.of(5), limits },
    { ...hooks, ...(onOpened === undefined ? {} : { onOpened }) },
  );
}

const TABLE = `(table 2 funcref) (elem (i32.const 0) $twice $pair)
  (func $twice (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $pair (param i32) (result i32) (i32.add (call $twice (local.get 0)) (call $twice (local.get 0))))`;

const CASES: readonly (readonly [string, string, Readonly<Record<string, number>>])[] = [
  ['no table', guest('(i64.const 0)'), { alloc: 1, run: 1 }],
  [
    'calls through a table, and imports',
    guest(
      `(call $progress (i32.const 1) (i32.const 2))
       (i64.extend_i32_u (i32.and (i32.const 0) (call_indirect (param i32) (result i32) (i32.const 3) (i32.const 1))))`,
      TABLE,
    ),
    { alloc: 1, run: 1, pair: 1, twice: 2 },
  ],
  [
    'several results',
    guest(
      '(call $two) (i64.add) (i64.const 0) (i64.mul)',
      '(func $two (result i64 i64) (i64.const 1) (i64.const 2))',
    ),
    { alloc: 1, run: 1, two: 1 },
  ],
  [
    'a start function, and an early return',
    guest('(call $seen) (i64.const 0)', '(func $seen (return)) (start $seen)'),
    { alloc: 1, run: 1, seen: 2 },
  ],
  [
    'two tables, and a function that is put into one at run time',
    guest(
      `(table.set $second (i32.const 1) (ref.func $three))
       (call_indirect $second (result i64) (i32.const 1))`,
      '(table 1 funcref) (table $second 2 funcref) (elem declare func $three) (func $three (result i64) (i64.const 3))',
    ),
    { alloc: 1, run: 1, three: 1 },
  ],
  [
    'tail calls',
    guest(
      '(call $first)',
      '(func $first (result i64) (return_call $last)) (func $last (result i64) (i64.const 5))',
    ),
    { alloc: 1, run: 1, first: 1, last: 1 },
  ],
  ['a trap', guest('(call $bad) (i64.const 0)', '(func $bad unreachable)'), { alloc: 1, run: 1, bad: 1 }],
  [
    'an endless loop',
    guest('(call $spin) (i64.const 0)', '(func $spin (loop $again (br $again)))'),
    { alloc: 1, run: 1, spin: 1 },
  ],
];

test.each(CASES)('%s', async (_name, text, expected) => {
  const { plain, hooked, profile, calls } = await compare(text);
  expect(hooked).toEqual(plain);
  expect(calls).toEqual(expected);
  expect(profile.functions.reduce((sum, { self }) => sum + self, 0)).toBe(Number(plain.fuel));
  expect(frameTotals(profile.root).get(profile.root)).toBe(Number(plain.fuel));
});

test('a function called in place of another one is called by whoever called that, and is charged for itself', async () => {
  const { profile } = await compare(
    guest(
      '(i64.add (call $first) (call $after))',
      `(func $first (result i64) nop (drop (i32.const 1)) (return_call $last))
       (func $last (result i64) (i64.add (i64.const 5) (i64.const 6)))
       (func $after (result i64) (i64.const 7))`,
    ),
  );
  const [first, last, after] = [1, 2, 3];
  const run = [...profile.root.children.values()].find(({ children }) => children.size > 0);
  expect([...(run?.children.keys() ?? [])]).toEqual([first, last, after]);
  expect([...(run?.children.values() ?? [])].map(({ self, children }) => [self, children.size])).toEqual([
    [3, 0],
    [3, 0],
    [1, 0],
  ]);
});

const TURNS = 15_000;

test.each([
  [
    'to itself',
    `(func $turn (param i32) (result i64)
       (if (i32.eqz (local.get 0)) (then (return (i64.const 0))))
       (return_call $turn (i32.sub (local.get 0) (i32.const 1))))`,
    { alloc: 1, run: 1, turn: TURNS + 1 },
  ],
  [
    'through a table, in a ring of two',
    `(table 2 funcref) (elem (i32.const 0) $turn $other) (type $ring (func (param i32) (result i64)))
     (func $turn (param i32) (result i64)
       (if (i32.eqz (local.get 0)) (then (return (i64.const 0))))
       (return_call_indirect (type $ring) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))
     (func $other (param i32) (result i64)
       (if (i32.eqz (local.get 0)) (then (return (i64.const 0))))
       (return_call_indirect (type $ring) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))`,
    { alloc: 1, run: 1, turn: TURNS / 2 + 1, other: TURNS / 2 },
  ],
])('a chain of tail calls %s is followed to its end', async (_name, functions, expected) => {
  const { plain, hooked, profile, calls } = await compare(
    guest(`(call $turn (i32.const ${TURNS}))`, functions),
    1_000_000n,
  );
  expect(plain.outcome).toBe('completed');
  expect(hooked).toEqual(plain);
  expect(calls).toEqual(expected);
  expect(profile.functions.reduce((sum, { self }) => sum + self, 0)).toBe(Number(plain.fuel));
});

test('a tail call of the host leaves no trace for the next call', async () => {
  const { plain, hooked, profile, calls } = await compare(
    guest(
      '(call $tell) (call $plain)',
      `(table 1 funcref) (elem (i32.const 0) $progress)
       (func $tell (return_call_indirect (param i32 i32) (i32.const 1) (i32.const 2) (i32.const 0)))
       (func $plain (result i64) (i64.const 0))`,
    ),
  );
  expect(hooked).toEqual(plain);
  expect(calls).toEqual({ alloc: 1, run: 1, tell: 1, plain: 1 });
  const run = [...profile.root.children.values()].find(({ children }) => children.size > 0);
  expect(run?.children.size).toBe(2);
});

test('recursion ends at the same call with hooks and without', async () => {
  const { plain, hooked, calls } = await compare(
    guest('(call $deep)', '(func $deep (result i64) (i64.add (call $deep) (i64.const 1)))'),
  );
  expect(plain.outcome).toBe('trapped');
  expect(hooked).toMatchObject({ outcome: 'trapped', fuel: plain.fuel });
  expect(calls['deep']).toBeGreaterThan(1_000);
});

test('a hundred thousand functions are hooked', async () => {
  const many = Array.from({ length: 90_000 }, () => '(func)').join('');
  const { plain, hooked, calls } = await compare(guest('(i64.const 0)', many));
  expect(hooked).toEqual(plain);
  expect(calls).toEqual({ alloc: 1, run: 1 });
});
