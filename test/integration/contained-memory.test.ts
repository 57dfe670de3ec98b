/**
 * A machine that really has no more memory to give, within the limit of the job: the run ends as `aborted`, and is
 * never a −1 that another machine would not have answered. The process and its next guest go on.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '@trine/rewriter';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { assembleGuest } from '../support/hostile-modules.ts';
import { rootDir } from '../support/processes.ts';

/** What the process may write to in all, as Linux counts it: enough for Node, and for half of what the guest takes. */
const DATA_KIB_MAX = 1_048_576;
const MEMORY_BYTES = 2 ** 31;
const PAGE = 65_536;

/** Answers how many pages it has in the end; grows by 16 MiB at a time. */
const TAKER = `(module
  (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 16))
  (func (export "run") (param i32 i32) (result i64)
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 256)) (i32.const -1))))
    (i32.store (i32.const 0) (memory.size))
    (i64.const 4)))`;

const PROGRAM = `
  import { readFileSync } from 'node:fs';
  import { createNodeThreads, isGuestThread, serveNodeGuests } from '@trine/sandbox/node';
  if (isGuestThread()) serveNodeGuests();
  else {
    const thread = createNodeThreads({ entry: new URL(import.meta.url) })();
    const module = new WebAssembly.Module(readFileSync(process.argv[2]));
    const run = (memoryBytes) => thread.run(
      { module, abi: 'trine-1', input: new Uint8Array(0), limits: { fuel: 10n ** 12n, memoryBytes, outputBytes: 16 } },
      { wallMs: 60_000 },
    );
    const ends = [];
    for (let count = 0; count < 3; count += 1) {
      const { outcome, reason, fuel } = await run(${MEMORY_BYTES});
      ends.push({ outcome, reason, fuel: String(fuel) });
    }
    console.log(JSON.stringify(ends));
    await thread.close();
  }`;

test.skipIf(process.platform !== 'linux')('memory that the machine refuses aborts the run', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'trine-contained-memory-'));
  const outfile = join(dir, 'program.mjs');
  await build({
    stdin: { contents: PROGRAM, resolveDir: join(rootDir, 'test'), loader: 'js' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  const prepared = prepare(await assembleGuest(TAKER), { maxMemoryPages: MEMORY_BYTES / PAGE });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const guest = join(dir, 'guest.wasm');
  await writeFile(guest, prepared.bytes);
  const run = (limit: string): unknown => {
    const script = `ulimit -d ${limit} && exec "$0" "$1" "$2"`;
    return JSON.parse(
      execFileSync('/bin/bash', ['-c', script, process.execPath, outfile, guest], {
        timeout: 60_000,
      }).toString(),
    );
  };
  const completed = { outcome: 'completed', reason: 'completed' };
  const aborted = {
    outcome: 'aborted',
    reason: 'the machine refused memory that the limits allow',
    fuel: '0',
  };
  expect(run('unlimited')).toMatchObject([completed, completed, completed]);
  expect(run(String(DATA_KIB_MAX))).toEqual([aborted, aborted, aborted]);
  await rm(dir, { recursive: true });
});
