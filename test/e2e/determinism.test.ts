/**
 * The promise that everything else stands on: the same prepared bytes give the same outcome, output and fuel in Node
 * and in Chromium. The guests' cases, the hostile modules and 200 seeded random modules, traps and out-of-fuel included.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepare } from '@trine/rewriter';
import { GUEST_NAMES, loadCases, loadGuest } from '@trine/wasm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { makeModule, makeVectorModule, MODULE_SEEDS } from '../fuzz/random-modules.ts';
import { runModule } from '../fuzz/run-module.ts';
import { base64, type GuestPage, startGuestPage } from '../support/guest-page.ts';
import { rootDir } from '../support/processes.ts';
import type { PageRun } from './pages/run-guests.ts';

const WALL_MS = 30_000;
/** Of one random module. */
const FUEL = 1_000_000n;

let guests: GuestPage;

beforeAll(async () => {
  guests = await startGuestPage();
});

afterAll(() => guests?.close());

const pageRun = (prepared: Uint8Array, input: Uint8Array, fuel: bigint): PageRun => ({
  module: base64(prepared),
  input: base64(input),
  fuel: fuel.toString(),
  memoryBytes: 1_048_576,
  outputBytes: 65_536,
  wallMs: WALL_MS,
});

describe.each(GUEST_NAMES)('%s', (name) => {
  test('gives its known answers in Node and in Chromium', async () => {
    const { manifest, module } = await loadGuest(name);
    const { memoryBytes, outputBytes } = manifest.limits;
    const prepared = prepare(module, { maxMemoryPages: memoryBytes / 65_536 });
    if (prepared.type === 'refused') throw new Error(prepared.message);
    const { cases } = await loadCases(name);
    expect(cases.length).toBeGreaterThan(3);
    const runs = cases.map((one) => {
      const input = Uint8Array.from(Buffer.from(one.inputHex, 'hex'));
      const fuel = BigInt(one.fuelLimit ?? manifest.limits.fuel);
      return { ...pageRun(prepared.bytes, input, fuel), abi: manifest.abi, memoryBytes, outputBytes };
    });
    const results = await guests.runBoth(runs);
    const seen = results.map((result) => ({
      outcome: result.outcome,
      outputDigest: createHash('sha256').update(Buffer.from(result.output, 'base64')).digest('hex'),
      fuel: result.fuel,
    }));
    expect(seen).toEqual(cases.map(({ outcome, outputDigest, fuel }) => ({ outcome, outputDigest, fuel })));
  });
});

test('hostile modules end the same way in Node and in Chromium', async () => {
  const folder = join(rootDir, 'wasm', 'hostile');
  const assembler = await wabt();
  const runs: PageRun[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.wat'))) {
    const text = await readFile(join(folder, file), 'utf8');
    const parsed = assembler.parseWat(file, text, {
      threads: true,
      simd: true,
      tail_call: true,
      bulk_memory: true,
      reference_types: true,
    });
    const prepared = prepare(parsed.toBinary({}).buffer, { maxMemoryPages: 16 });
    parsed.destroy();
    if (prepared.type === 'refused') continue;
    const { abi } = prepared.report;
    const input = new Uint8Array(abi === 'wasi-1' ? 0 : 4);
    runs.push({ ...pageRun(prepared.bytes, input, 5_000_000n), abi });
  }
  expect(runs.length).toBeGreaterThan(10);
  const results = await guests.runBoth(runs);
  expect(results.map((result) => result.outcome)).not.toContain('aborted');
});

test.each([
  ['plain', makeModule],
  ['with vectors', makeVectorModule],
])(
  `${MODULE_SEEDS} random modules, %s, leave the same answer, memory and fuel in Node and in Chromium`,
  async (_kind, make) => {
    const modules = Array.from({ length: MODULE_SEEDS }, (_, seed) => {
      const prepared = prepare(make(seed), { maxMemoryPages: 16 });
      if (prepared.type === 'refused') throw new Error(`seed ${seed} was refused: ${prepared.message}`);
      return prepared.bytes;
    });
    const inNode = modules.map((module) => {
      const run = runModule(module, FUEL);
      return `${run.outcome} ${run.fuel} ${run.digestHex}`;
    });
    const inChromium = await guests.page.evaluate(([list, fuel]) => window.runModules(list, fuel), [
      modules.map(base64),
      FUEL.toString(),
    ] as const);
    expect(inChromium).toEqual(inNode);
    // The seeds are fixed, so this says that the set holds every kind and not only the easy one.
    for (const outcome of ['completed', 'trapped', 'out-of-fuel']) {
      expect(inNode.filter((line) => line.startsWith(outcome)).length, outcome).toBeGreaterThan(5);
    }
  },
);
