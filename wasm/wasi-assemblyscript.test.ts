// A third way to a WASI command, from npm packages alone: AssemblyScript with the shim that its makers publish.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeWasiInput, parseWasiOutput } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { runGuest } from '@trine/sandbox';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const COMPILER = require.resolve('assemblyscript/bin/asc.js');
const CONFIG = require.resolve('@assemblyscript/wasi-shim/asconfig.json');
const FOLDER = fileURLToPath(new URL('./wasi/assembly/', import.meta.url));

/** As its makers say: the compiler's command with the shim's configuration, which it wants by a relative path. */
async function compiled(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'trine-wasi-as-'));
  try {
    const output = join(folder, 'say.wasm');
    const flags = ['--config', relative(FOLDER, CONFIG), '-o', relative(FOLDER, output)];
    await promisify(execFile)(process.execPath, [COMPILER, 'say.ts', ...flags], { cwd: FOLDER });
    return new Uint8Array(await readFile(output));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a command in AssemblyScript', async () => {
  const prepared = prepare(await compiled());
  if (prepared.type === 'refused') throw new Error(prepared.message);
  expect(prepared.report.abi).toBe('wasi-1');
  const input = encodeWasiInput({
    args: ['say', 'a', 'ü'],
    env: { COLOUR: 'red' },
    stdin: new TextEncoder().encode('in put'),
  });
  const limits = { fuel: 1_000_000n, memoryBytes: 16_777_216, outputBytes: 1_000 };
  const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
  const [one, other] = [1, 2].map(() => runGuest({ module, abi: 'wasi-1', input, limits }, hooks));
  expect(other).toEqual(one);
  const output = parseWasiOutput(one?.output ?? new Uint8Array(0));
  expect(new TextDecoder().decode(output?.stdout)).toMatch(
    /^a ü\|red\|in put\n946684800000\n\d+,\d+,\d+,\d+\n$/,
  );
  expect(output?.exitCode).toBe(3);
});
