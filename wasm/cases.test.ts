// Each guest's known answers, through the real rewriter and a real thread: outcome, output and fuel to the unit.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EDITION, prepare } from '@trine/rewriter';
import type { GuestThread } from '@trine/sandbox';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { createNodeThreads } from '@trine/sandbox/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GUEST_NAMES, loadCases, loadGuest } from './src/index.ts';

let outdir = '';
let thread: GuestThread;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-cases-'));
  thread = createNodeThreads({ entry: await buildGuestThread({ platform: 'node', outdir }) })();
});

afterAll(async () => {
  await thread.close();
  await rm(outdir, { recursive: true });
});

describe.each(GUEST_NAMES)('%s', async (name) => {
  const { manifest, module } = await loadGuest(name);
  const { edition, cases } = await loadCases(name);
  const prepared = prepare(module);

  test('its cases are those of this edition (else: npm run bless -w wasm)', () => {
    expect(edition).toBe(EDITION);
    const outcomes = new Set(cases.map((one) => one.outcome));
    expect([...outcomes].sort()).toEqual(['completed', 'out-of-fuel', 'trapped']);
  });

  test.each(cases)('$name', async (one) => {
    if (prepared.type === 'refused') throw new Error(prepared.message);
    const result = await thread.run(
      {
        module: new WebAssembly.Module(Uint8Array.from(prepared.bytes)),
        abi: manifest.abi,
        input: new Uint8Array(Buffer.from(one.inputHex, 'hex')),
        limits: { ...manifest.limits, fuel: BigInt(one.fuelLimit ?? manifest.limits.fuel) },
      },
      { wallMs: 60_000 },
    );
    const outputDigest = createHash('sha256').update(result.output).digest('hex');
    expect({ outcome: result.outcome, outputDigest, fuel: String(result.fuel) }, result.reason).toEqual({
      outcome: one.outcome,
      outputDigest: one.outputDigest,
      fuel: one.fuel,
    });
  });
});
