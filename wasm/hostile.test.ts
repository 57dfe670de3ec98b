// Every hostile module is refused by the rewriter or contained by the sandbox, as its own first lines say:
// `;; expect: refused <code>` or `;; expect: <outcome>`, and for a completed one `;; output: <hex>`.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Prepared, prepare } from '@trine/rewriter';
import type { GuestThread, RunResult } from '@trine/sandbox';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { createNodeThreads } from '@trine/sandbox/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import wabt from 'wabt';

const FOLDER = new URL('./hostile/', import.meta.url);
const LIMITS = { fuel: 20_000_000n, memoryBytes: 1_048_576, outputBytes: 4_096 };
const FEATURES = { threads: true, simd: true, tail_call: true, bulk_memory: true };

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
  expect(files.length).toBeGreaterThanOrEqual(30);
});

test.each(files)('%s', async (name) => {
  const text = await readFile(new URL(name, FOLDER), 'utf8');
  const prepared = prepare(await assemble(name, text), { maxMemoryPages: LIMITS.memoryBytes / 65_536 });
  const expected = headerLine(text, 'expect');
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
      expect(Buffer.from(result.output).toString('hex')).toBe(headerLine(text, 'output'));
    }
  }
});

test('the thread that all of them ran in still works', async () => {
  const text = await readFile(new URL('log-outside.wat', FOLDER), 'utf8');
  const prepared = prepare(await assemble('log-outside.wat', text));
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
