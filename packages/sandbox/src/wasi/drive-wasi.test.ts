// WASI commands from `_start` to their outcome: exit codes, traps, limits and fuel, in modules shaped as the rewriter
// shapes them.
import { encodeWasiInput, encodeWasiOutput, parseWasiOutput } from '@trine/protocol';
import { expect, test } from 'vitest';
import type { RunLimits } from '../guest-thread.ts';
import { type GuestEnd, runGuest } from '../run-guest.ts';
import { compileText, endless, spend } from '../wat-guests.testing.ts';
import { CALL_FUEL, VECTOR_FUEL } from './limits.ts';

const LIMITS: RunLimits = { fuel: 100_000n, memoryBytes: 131_072, outputBytes: 200 };
const WRITE = '(call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))';

async function run(
  start: string,
  limits: Partial<RunLimits> = {},
  input: Uint8Array = new Uint8Array(0),
): Promise<GuestEnd> {
  const module = await compileText(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (memory (export "memory") 1 4)
    ;; a vector of the eight bytes at 32
    (data (i32.const 0) "\\20\\00\\00\\00\\08\\00\\00\\00")
    (data (i32.const 32) "8 bytes\\n")
    (global $fuel (export "trine:fuel") (mut i64) (i64.const 0))
    (global $aborted (export "trine:aborted") (mut i32) (i32.const 0))
    (func (export "_start") ${start}))`);
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  return runGuest({ module, abi: 'wasi-1', input, limits: { ...LIMITS, ...limits } }, hooks);
}

test('a command that returns has exit code 0, and its streams', async () => {
  const end = await run(`(drop ${WRITE}) ${spend(5)}`);
  expect(end).toMatchObject({ outcome: 'completed', fuel: BigInt(CALL_FUEL + VECTOR_FUEL + 1 + 5) });
  expect(parseWasiOutput(end.output)).toEqual({
    exitCode: 0,
    stdout: new TextEncoder().encode('8 bytes\n'),
    stderr: new Uint8Array(0),
  });
});

test('a command that exits has completed, whatever its code', async () => {
  for (const code of [0, 1, 255, -1]) {
    const end = await run(`(call $proc_exit (i32.const ${code})) unreachable`);
    expect(end).toMatchObject({ outcome: 'completed', fuel: BigInt(CALL_FUEL) });
    expect(parseWasiOutput(end.output)?.exitCode).toBe(code >>> 0);
  }
});

test('a trap is a trap, and nothing of the output is kept', async () => {
  expect(await run(`(drop ${WRITE}) unreachable`)).toMatchObject({
    outcome: 'trapped',
    output: new Uint8Array(0),
  });
});

test('an endless flood ends at the output’s limit, an endless exchange of nothing at the fuel’s', async () => {
  const flood = await run(endless(`(drop ${WRITE})`));
  expect(flood).toMatchObject({
    outcome: 'trapped',
    reason: 'stdout and stderr over the limit of 200 bytes',
  });
  expect(flood.fuel).toBe(26n * BigInt(CALL_FUEL + VECTOR_FUEL + 1));
  const idle = await run(endless('(drop (call $random_get (i32.const 0) (i32.const 0)))'));
  expect(idle).toMatchObject({ outcome: 'out-of-fuel', fuel: LIMITS.fuel });
});

test('the limit of the output is that of its bytes, exit code and all', async () => {
  const size = encodeWasiOutput({ exitCode: 0, stdout: new Uint8Array(8), stderr: new Uint8Array(0) }).length;
  expect(await run(`(drop ${WRITE})`, { outputBytes: size })).toMatchObject({ outcome: 'completed' });
  expect(await run(`(drop ${WRITE})`, { outputBytes: size - 1 })).toMatchObject({ outcome: 'trapped' });
});

test('a host call that fuel does not reach for ends exactly at the limit', async () => {
  const end = await run('(drop (call $random_get (i32.const 0) (i32.const 65536)))', { fuel: 1_000n });
  expect(end).toMatchObject({ outcome: 'out-of-fuel', fuel: 1_000n, output: new Uint8Array(0) });
});

test('an input that says nothing traps, the same everywhere', async () => {
  const end = await run('', {}, Uint8Array.of(1, 2, 3));
  expect(end).toMatchObject({ outcome: 'trapped', fuel: 0n });
  expect(end.reason).toContain('the input is not a WASI task');
  expect(await run('', {}, encodeWasiInput({ args: ['a'] }))).toMatchObject({ outcome: 'completed' });
});
