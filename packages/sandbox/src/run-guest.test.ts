// Every way a guest can end, on the test's own thread.
import { expect, test } from 'vitest';
import type { RunRequest } from './guest-thread.ts';
import { LOG_LINE_BYTES_MAX, LOG_LINES_MAX, PROGRESS_INTERVAL_MS } from './limits.ts';
import { type GuestEnd, runGuest } from './run-guest.ts';
import {
  answer,
  compileGuest,
  compileText,
  endless,
  type GuestText,
  LIMITS,
  requestFor,
  spend,
} from './wat-guests.testing.ts';

const quiet = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };

async function end(guest: GuestText, change: Partial<RunRequest> = {}): Promise<GuestEnd> {
  return runGuest(await requestFor(guest, change), quiet);
}

const ECHO = `${spend(7)} (i64.or (i64.shl (i64.extend_i32_u (local.get $input)) (i64.const 32))
  (i64.extend_i32_u (local.get $length)))`;

test('a guest that answers has completed: its output is a copy, its fuel is what it spent', async () => {
  const input = new TextEncoder().encode('three dots');
  const result = await end({ run: ECHO }, { input });
  expect(result).toEqual({ outcome: 'completed', output: input, fuel: 7n, reason: 'completed' });
});

test('an empty input is still given a place, and an empty output may lie at the very end of memory', async () => {
  expect(await end({ run: answer(65_536, 0) })).toMatchObject({
    outcome: 'completed',
    output: new Uint8Array(0),
  });
});

test('a trap is an outcome with its fuel', async () => {
  const result = await end({ run: `${spend(11)} unreachable` });
  expect(result).toMatchObject({ outcome: 'trapped', fuel: 11n, output: new Uint8Array(0) });
});

test('fuel below zero is out of fuel, reported as exactly the limit, trapped or not', async () => {
  const loud = await end({ run: endless(spend(3)) });
  expect(loud).toMatchObject({ outcome: 'out-of-fuel', fuel: LIMITS.fuel });
  const silent = await end({ run: `(global.set $fuel (i64.const -5)) ${answer(0, 4)}` });
  expect(silent).toMatchObject({ outcome: 'out-of-fuel', fuel: LIMITS.fuel, output: new Uint8Array(0) });
});

test('fuel that is exactly used up has completed', async () => {
  expect(await end({ run: `${spend(1_000)} ${answer(0, 0)}` })).toMatchObject({
    outcome: 'completed',
    fuel: 1_000n,
  });
});

test.each<[string, GuestText, Partial<RunRequest>, string]>([
  ['alloc answers 0', { alloc: '(i32.const 0)' }, {}, 'returned 0'],
  ['alloc answers a place past the memory', { alloc: '(i32.const 65537)' }, {}, 'outside 65536'],
  [
    'alloc answers a place as a negative i32',
    { alloc: '(i32.const -4)' },
    { input: new Uint8Array(8) },
    '4294967292',
  ],
  ['the input is larger than the memory', {}, { input: new Uint8Array(70_000) }, 'outside 65536'],
  ['the output ends one byte past the memory', { run: answer(65_536, 1) }, {}, 'outside 65536'],
  ['the output wraps past 2^32', { run: answer(0xffff_ffff, 2) }, {}, 'outside 65536'],
  ['the output is over its limit', { run: answer(0, 65) }, {}, 'output over the limit of 64 bytes'],
  ['every bit of the answer is set', { run: '(i64.const -1)' }, {}, 'output over the limit of 64 bytes'],
  ['the memory is over its limit', { memory: '17' }, {}, 'over the limit of 1048576 bytes'],
  ['a data segment misses the memory', { more: '(data (i32.const 65536) "x")' }, {}, 'data segment'],
])('%s: trapped', async (_name, guest, change, words) => {
  const result = await end(guest, change);
  expect(result).toMatchObject({ outcome: 'trapped', output: new Uint8Array(0) });
  expect(result.reason).toContain(words);
});

test('memory grown past the limit is trapped even when the guest goes on to answer', async () => {
  const result = await end({ memory: '1 64', run: `(drop (memory.grow (i32.const 16))) ${answer(0, 0)}` });
  expect(result).toMatchObject({ outcome: 'trapped', fuel: 0n });
});

test('a host stack overflow aborts: it depends on the engine', async () => {
  const result = await end({
    run: '(call $deep)',
    more: '(func $deep (result i64) (i64.add (call $deep) (i64.const 1)))',
  });
  expect(result).toMatchObject({ outcome: 'aborted', fuel: 0n });
});

test('memory that the machine refused aborts, whatever the trap that follows looks like', async () => {
  const result = await end({
    run: '(global.set $aborted (i32.const 1)) (global.set $fuel (i64.const -1)) unreachable',
  });
  expect(result).toMatchObject({ outcome: 'aborted', fuel: 0n });
});

test('the former start function runs first, on the task’s fuel', async () => {
  const start = `(global $seen (mut i32) (i32.const 0))
    (func (export "trine:start") ${spend(5)} (global.set $seen (i32.const 1)))`;
  const run = `(i32.store (i32.const 8) (global.get $seen)) ${answer(8, 4)}`;
  expect(await end({ run, more: start })).toMatchObject({ fuel: 5n, output: Uint8Array.of(1, 0, 0, 0) });
  const loop = `(func (export "trine:start") ${endless(spend(1))})`;
  expect(await end({ more: loop })).toMatchObject({ outcome: 'out-of-fuel' });
});

const STEPS = (stepAnswer: string): string => `(global $left (mut i32) (i32.const 0))
  (func (export "start") (param $at i32) (param $length i32) (global.set $left (i32.load8_u (local.get $at))))
  (func (export "step") (result i32) ${spend(1)}
    (global.set $left (i32.sub (global.get $left) (i32.const 1))) ${stepAnswer})
  (func (export "output") (result i64) (i32.store (i32.const 16) (global.get $left)) ${answer(16, 4)})`;

test('a step guest is driven until it says done', async () => {
  const more = STEPS('(i32.gt_s (global.get $left) (i32.const 0))');
  const result = await end({ run: 'none', more }, { input: Uint8Array.of(9) });
  expect(result).toMatchObject({ outcome: 'completed', fuel: 9n, output: new Uint8Array(4) });
});

test('a guest that exports run is run, whatever else it exports', async () => {
  const result = await end({ run: answer(0, 3), more: STEPS('unreachable') });
  expect(result).toMatchObject({ outcome: 'completed', fuel: 0n, output: new Uint8Array(3) });
});

test('a step guest that never ends runs out of fuel; one that answers nonsense has trapped', async () => {
  expect(await end({ run: 'none', more: STEPS('(i32.const 1)') })).toMatchObject({
    outcome: 'out-of-fuel',
    fuel: 1_000n,
  });
  expect(await end({ run: 'none', more: STEPS('(i32.const 2)') })).toMatchObject({
    outcome: 'trapped',
    fuel: 1n,
  });
});

test('what never met the rewriter is not run', async () => {
  const text =
    '(module (memory (export "memory") 1) (func (export "run") (param i32 i32) (result i64) (i64.const 0)))';
  const bare = {
    module: await compileText(text),
    abi: 'trine-1',
    input: new Uint8Array(0),
    limits: LIMITS,
  } as const;
  expect(runGuest(bare, quiet)).toMatchObject({ outcome: 'aborted' });
  const foreign = await compileText('(module (import "env" "time" (func)))');
  expect(runGuest({ ...bare, module: foreign }, quiet)).toMatchObject({ outcome: 'aborted' });
});

test('a fuel limit that no i64 holds is refused before anything runs', async () => {
  const result = await end({}, { limits: { ...LIMITS, fuel: 1n << 63n } });
  expect(result).toMatchObject({ outcome: 'aborted' });
});

test('progress is passed on once an interval, whatever the guest does', async () => {
  const module = await compileGuest({
    run: `(local $i i32)
      (loop $again
        (call $progress (local.get $i) (i32.const 100))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
      ${answer(0, 0)}`,
  });
  let clockMs = 0;
  const seen: number[] = [];
  const hooks = {
    ...quiet,
    now: () => (clockMs += PROGRESS_INTERVAL_MS / 10),
    onProgress: (done: number) => seen.push(done),
  };
  runGuest({ module, abi: 'trine-1', input: new Uint8Array(0), limits: LIMITS }, hooks);
  expect(seen).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
});

test('log lines are cut and counted, and a line outside the memory is dropped', async () => {
  const module = await compileGuest({
    run: `(local $i i32)
      (call $log (i32.const -1) (i32.const 4)) (call $log (i32.const 0) (i32.const -1))
      (loop $again
        (call $log (i32.const 0) (i32.const 5000))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
      ${answer(0, 0)}`,
  });
  const lines: string[] = [];
  const hooks = { ...quiet, onLog: (text: string) => lines.push(text) };
  const result = runGuest({ module, abi: 'trine-1', input: new Uint8Array(0), limits: LIMITS }, hooks);
  expect(result.outcome).toBe('completed');
  expect(lines).toHaveLength(LOG_LINES_MAX);
  expect(lines.every((line) => line.length === LOG_LINE_BYTES_MAX)).toBe(true);
});
