// Every hostile module is refused by the rewriter or contained by the sandbox, as its own first lines say:
// `;; expect: refused <code>` or `;; expect: <outcome>`, and for a completed one `;; output: <hex>`.
// Those whose size is the trick are built by a file of the same folder, which says the same.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Prepared, prepare } from '@trine/rewriter';
import type { GuestThread, RunResult } from '@trine/sandbox';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { createNodeThreads } from '@trine/sandbox/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import wabt from 'wabt';
import { GENERATED } from './hostile/generated.ts';

const FOLDER = new URL('./hostile/', import.meta.url);
const LIMITS = { fuel: 5_000_000n, memoryBytes: 1_048_576, outputBytes: 4_096 };
const FEATURES = { threads: true, simd: true, tail_call: true, bulk_memory: true, reference_types: true };

const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.wat'));
let outdir = '';
let thread: GuestThread;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-hostile-'));
  thread = createNodeThreads({ entry: await buildGuestThread({ platform: 'node', outdir }) })();
});

afterAll(async () => {
  await thread.close();
  await rm(outdir, { recursive: true });
});

test('there are hostile modules to try', () => {
  expect(files.length).toBeGreaterThanOrEqual(75);
});

test.each(files)('%s', async (name) => {
  const text = await readFile(new URL(name, FOLDER), 'utf8');
  await endsAs(headerLine(text, 'expect'), await assemble(name, text), () => headerLine(text, 'output'));
});

test.each(Object.entries(GENERATED))('%s', async (_name, { expect: expected, size, build }) => {
  await endsAs(expected, build(size), () => '');
});

test('every generated module has its file, and every file its module', async () => {
  const sources = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts'));
  const tricks = sources.filter((name) => name !== 'generated.ts' && name !== 'module-bytes.ts');
  expect(tricks).toEqual(Object.keys(GENERATED).map((name) => `${name}.ts`));
});

/** Twice the same: refused in words, or run in the thread to the outcome, by the same fuel. */
async function endsAs(expected: string, module: Uint8Array, outputHex: () => string): Promise<void> {
  const prepared = prepare(module, { maxMemoryPages: LIMITS.memoryBytes / 65_536 });
  if (prepared.type === 'refused') {
    expect(`refused ${prepared.code}`, prepared.message).toBe(expected);
    return;
  }
  const results = [await run(prepared), await run(prepared)];
  for (const result of results) {
    expect(result.outcome, result.reason).toBe(expected);
    expect(result.fuel).toBe(results[0]?.fuel);
    expect(result.fuel).toBeLessThanOrEqual(LIMITS.fuel);
    if (result.outcome === 'completed') {
      expect(Buffer.from(result.output).toString('hex')).toBe(outputHex());
    }
  }
}

test('the thread that all of them ran in still works', async () => {
  const text = await readFile(new URL('log-outside.wat', FOLDER), 'utf8');
  const prepared = prepare(await assemble('log-outside.wat', text), { maxMemoryPages: 16 });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  expect(await run(prepared)).toMatchObject({ outcome: 'completed' });
});

async function run(prepared: Extract<Prepared, { type: 'prepared' }>): Promise<RunResult> {
  const module = new WebAssembly.Module(Uint8Array.from(prepared.bytes));
  const { abi } = prepared.report;
  const input = abi === 'wasi-1' ? new Uint8Array(0) : Uint8Array.of(1, 2, 3);
  const request = { module, abi, input, limits: LIMITS };
  return thread.run(request, { wallMs: 30_000 });
}

async function assemble(name: string, text: string): Promise<Uint8Array> {
  const parsed = (await wabt()).parseWat(name, text, FEATURES);
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

function headerLine(text: string, key: string): string {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`;; ${key}:`));
  if (line === undefined) throw new Error(`The module's header does not say "${key}".`);
  return line.slice(key.length + 4).trim();
}
