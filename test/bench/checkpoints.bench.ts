/**
 * What checkpoints cost: the first one of a large memory, the next ones when few pages have changed, going on from one,
 * and a real guest that is taken apart, each against a limit measured in the same run (hashing or copying as many
 * bytes, the same task in one go). Minima of several runs; SHA-256 by the platform as in Node, and portable as in a page.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { digestOf, portableSha256, type Sha256 } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import {
  type GuestRun,
  openRun,
  PAGE_BYTES,
  runGuest,
  type RunRequest,
  type TakenCheckpoint,
} from '@trine/sandbox';
import { loadGuest } from '@trine/wasm';
import wabt from 'wabt';
import { rootDir } from '../support/processes.ts';
import { printTable } from './table.ts';

const MIB = 1_048_576;
const MEMORY_BYTES = 64 * MIB;
/** Half of the memory is used, the rest zeros. */
const USED_BYTES = MEMORY_BYTES / 2;
/** Pages that one step changes. */
const CHANGED = 16;
const RUNS = 7;
const EXPONENT = 2_281;

const quiet = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
const native: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

const LARGE = `(module (memory (export "memory") ${MEMORY_BYTES / PAGE_BYTES}) (global $steps (mut i32) (i32.const 0))
  (func (export "alloc") (param i32) (result i32) (i32.const 16))
  (func (export "start") (param i32 i32) (memory.fill (i32.const 0) (i32.const 7) (i32.const ${USED_BYTES})))
  (func (export "step") (result i32) (local $page i32)
    (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
    (loop $next
      (i32.store (i32.mul (local.get $page) (i32.const ${PAGE_BYTES})) (global.get $steps))
      (br_if $next
        (i32.lt_u (local.tee $page (i32.add (local.get $page) (i32.const 1))) (i32.const ${CHANGED}))))
    (i32.const 1))
  (func (export "output") (result i64) (i64.const 0)))`;

export async function bench(): Promise<number> {
  const large = await largeRequest();
  const rows = [measureLarge(large, native), measureLarge(large, portableSha256)] as const;
  const apart = await measureApart();
  const names = ['SHA-256 by the platform', 'portable SHA-256'];
  printTable(
    `checkpoints of ${MEMORY_BYTES / MIB} MiB of memory, ${USED_BYTES / MIB} MiB of them used, milliseconds`,
    [
      ['', 'hashing as much', 'first', `next, ${CHANGED} pages changed`, 'share of the first', 'going on'],
      ...rows.map((row, index) => [
        names[index] ?? '',
        row.hashMs,
        row.firstMs,
        row.nextMs,
        row.nextMs / row.firstMs,
        row.resumeMs,
      ]),
    ],
  );
  printTable(`2^${EXPONENT} − 1 in ${apart.steps} steps, milliseconds`, [
    ['in one go', apart.wholeMs, ''],
    [
      'a checkpoint after each step',
      apart.watchedMs,
      `${(apart.watchedMs / apart.wholeMs).toFixed(3)} times as long`,
    ],
    [
      'each step in a fresh instance',
      apart.hoppedMs,
      `${(apart.hoppedMs / apart.wholeMs).toFixed(3)} times as long`,
    ],
  ]);
  const [platform, portable] = rows;
  const shareOf = ({ nextMs, firstMs }: LargeFigures) => round(nextMs / firstMs);
  const line = {
    bench: 'checkpoints',
    platform: { firstToHash: round(platform.firstMs / platform.hashMs), nextToFirst: shareOf(platform) },
    portable: { firstToHash: round(portable.firstMs / portable.hashMs), nextToFirst: shareOf(portable) },
    watched: round(apart.watchedMs / apart.wholeMs),
    hopped: round(apart.hoppedMs / apart.wholeMs),
  };
  console.log(JSON.stringify(line));
  return 0;
}

interface LargeFigures {
  readonly hashMs: number;
  readonly firstMs: number;
  readonly nextMs: number;
  readonly resumeMs: number;
}

function measureLarge(request: RunRequest, sha256: Sha256): LargeFigures {
  const bytes = new Uint8Array(USED_BYTES).fill(7);
  let last: TakenCheckpoint | undefined;
  const firstMs = best(() => {
    const run = opened(request, sha256);
    run.advance();
    return () => (last = taken(run));
  });
  const run = opened(request, sha256);
  run.advance();
  taken(run);
  const nextMs = best(() => {
    run.advance();
    return () => (last = taken(run));
  });
  const resume = last?.bytes ?? new Uint8Array(0);
  return {
    hashMs: best(() => () => sha256(bytes)),
    firstMs,
    nextMs,
    resumeMs: best(() => () => opened({ ...request, resume }, sha256)),
  };
}

async function measureApart() {
  const guest = await loadGuest('mersenne', pathToFileURL(join(rootDir, 'wasm', 'guests', '/')));
  const input = new Uint8Array(Uint32Array.of(EXPONENT).buffer);
  const request = requestOf(guest.module, input);
  let steps = 0;
  const wholeMs = best(() => () => runGuest(request, quiet));
  const watchedMs = best(() => () => {
    const run = opened(request, native);
    steps = 0;
    while (run.advance() === undefined) {
      taken(run);
      steps += 1;
    }
  });
  const hoppedMs = best(() => () => {
    let run = opened(request, native);
    while (run.advance() === undefined) run = opened({ ...request, resume: taken(run).bytes }, native);
  });
  return { steps, wholeMs, watchedMs, hoppedMs };
}

async function largeRequest(): Promise<RunRequest> {
  const parsed = (await wabt()).parseWat('large.wat', LARGE, { bulk_memory: true });
  const module = parsed.toBinary({}).buffer;
  parsed.destroy();
  return requestOf(module, new Uint8Array(1));
}

function requestOf(original: Uint8Array, input: Uint8Array): RunRequest {
  const prepared = prepare(original);
  if (prepared.type === 'refused') throw new Error(prepared.message);
  return {
    module: new WebAssembly.Module(Uint8Array.from(prepared.bytes)),
    abi: 'trine-1',
    input,
    limits: { fuel: 1_000_000_000_000n, memoryBytes: 268_435_456, outputBytes: 64 },
    task: {
      code: { module: digestOf(original), edition: prepared.report.edition },
      inputDigest: digestOf(input),
    },
  };
}

function opened(request: RunRequest, sha256: Sha256): GuestRun {
  const answer = openRun(request, quiet, sha256);
  if (answer.type === 'ended') throw new Error(answer.end.reason);
  return answer.run;
}

function taken(run: GuestRun): TakenCheckpoint {
  const answer = run.takeCheckpoint();
  if (answer.type === 'refused') throw new Error(answer.message);
  return answer.checkpoint;
}

/** The shortest of several times of what `setUp` answers. */
function best(setUp: () => () => unknown): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < RUNS; count += 1) {
    const work = setUp();
    const startedMs = performance.now();
    work();
    shortest = Math.min(shortest, performance.now() - startedMs);
  }
  return shortest;
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
