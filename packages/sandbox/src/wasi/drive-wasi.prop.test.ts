// Whatever bytes a WASI task is given, it ends by its own doing and the same way twice: the machine is never to blame.
import { encodeWasiInput } from '@trine/protocol';
import { assert, integer, nat, oneof, property, tuple, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { runGuest } from '../run-guest.ts';
import { compileText } from '../wat-guests.testing.ts';

/** Reads arguments, variables, input and the root's entries into its memory, and writes what came. */
const READER = `(module
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $list (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "\\00\\10\\00\\00\\00\\10\\00\\00")
  (global $fuel (export "trine:fuel") (mut i64) (i64.const 0))
  (global $aborted (export "trine:aborted") (mut i32) (i32.const 0))
  (func (export "_start")
    (drop (call $args (i32.const 8192) (i32.const 16384)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
    (drop (call $environ (i32.const 8192) (i32.const 16384)))
    (drop (call $list (i32.const 3) (i32.const 65536) (i32.const 4096) (i64.const 0) (i32.const 24)))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
    (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))))`;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const WHOLE = encodeWasiInput({
  args: ['a', 'ü'],
  env: { A: 'b', LONG: 'x'.repeat(30) },
  stdin: bytes('input'),
  files: { 'a/b/c': bytes('1'), d: bytes('22') },
});

/** A true input with some bytes changed, and cut or not. */
const spoiled = tuple(
  uint8Array({ minLength: 0, maxLength: 6 }),
  integer({ min: 0, max: 255 }),
  nat(WHOLE.length),
).map(([places, value, cut]) => {
  const input = WHOLE.slice(0, places.length === 0 ? cut : WHOLE.length);
  for (const place of places) input[place % input.length] = value;
  return input;
});

test('any input', async () => {
  const module = await compileText(READER);
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const limits = { fuel: 100_000n, memoryBytes: 131_072, outputBytes: 10_000 };
  assert(
    property(oneof(spoiled, uint8Array({ maxLength: 64 })), (input) => {
      const [one, other] = [1, 2].map(() => runGuest({ module, abi: 'wasi-1', input, limits }, hooks));
      expect(one?.outcome === 'completed' || one?.outcome === 'trapped', one?.reason).toBe(true);
      expect(other).toEqual(one);
    }),
    { numRuns: 200 },
  );
});
