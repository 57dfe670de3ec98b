// The WASI test programs are committed; where their compilers are, their source gives the same bytes. And the clock that
// prepared commands read is their fuel, wherever metering keeps it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseWasiOutput } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import { expect, test } from 'vitest';
import wabt from 'wabt';

const FOLDER = fileURLToPath(new URL('./wasi/', import.meta.url));

/** What each compiler is known by: Debian's own, and its libraries for WASI. */
const TOOLCHAINS = [
  {
    language: 'c',
    module: 'tour.wasm',
    needs: ['/usr/bin/clang-19', '/usr/bin/wasm-ld-19', '/usr/lib/wasm32-wasi/libc.a'],
  },
  {
    language: 'rust',
    module: 'words.wasm',
    needs: ['/usr/bin/rustc', '/usr/bin/wasm-ld-14', '/usr/lib/rustlib/wasm32-wasi'],
  },
] as const;

const isHere = ({ needs }: (typeof TOOLCHAINS)[number]): boolean => needs.every((path) => existsSync(path));

test.each(TOOLCHAINS)('$module is a module', async ({ module }) => {
  expect(WebAssembly.validate(await readFile(join(FOLDER, module)))).toBe(true);
});

test.each(TOOLCHAINS.filter(isHere))('$module is what its source gives', async ({ language, module }) => {
  const out = await mkdtemp(join(tmpdir(), 'trine-wasi-'));
  try {
    await promisify(execFile)(join(FOLDER, 'build.sh'), [out, language]);
    const [built, committed] = await Promise.all(
      [out, FOLDER].map((folder) => readFile(join(folder, module))),
    );
    expect(built?.equals(committed ?? new Uint8Array(0))).toBe(true);
  } finally {
    await rm(out, { recursive: true });
  }
});

const READINGS = 22;

/** Reads processor time before, in and after a loop of loops, and writes all readings. */
const CLOCKS = `(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\20\\00\\00\\00\\b0\\00\\00\\00")
  (global $at (mut i32) (i32.const 32))
  (func $read
    (drop (call $clock (i32.const 2) (i64.const 0) (global.get $at)))
    (global.set $at (i32.add (global.get $at) (i32.const 8))))
  (func (export "_start") (local $outer i32) (local $inner i32)
    (call $read)
    (loop $again
      (local.set $inner (i32.const 100))
      (loop $count (br_if $count (local.tee $inner (i32.sub (local.get $inner) (i32.const 1)))))
      (call $read)
      (br_if $again (i32.lt_u (local.tee $outer (i32.add (local.get $outer) (i32.const 1))) (i32.const 20))))
    (call $read)
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))`;

test('the clock is the fuel spent so far: it goes on between readings, by what was executed, and ends below the total', async () => {
  const parsed = (await wabt()).parseWat('clocks.wat', CLOCKS);
  const prepared = prepare(parsed.toBinary({}).buffer);
  parsed.destroy();
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  const limits = { fuel: 1_000_000n, memoryBytes: 65_536, outputBytes: 1_000 };
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const end = runGuest({ module, abi: 'wasi-1', input: new Uint8Array(0), limits }, hooks);
  const stdout = parseWasiOutput(end.output)?.stdout ?? new Uint8Array(0);
  const view = new DataView(stdout.buffer, stdout.byteOffset, stdout.byteLength);
  const readings = Array.from({ length: READINGS }, (_, index) => view.getBigUint64(index * 8, true));
  const steps = readings.slice(1).map((reading, index) => reading - (readings[index] ?? 0n));
  // A turn of the outer loop: 2 to begin the inner one, 100 turns of 5, 1 + 9 for reading, 7 to go on, and the host's 512.
  for (const step of steps.slice(1, -1)) expect(step).toBe(2n + 500n + 10n + 7n + 512n);
  expect(readings.at(-1)).toBeLessThan(end.fuel);
});
