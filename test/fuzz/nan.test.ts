// NaNs, way by way: no bit that an engine chose can be seen, and NaNs that are only copied keep their bits. The oracle
// is the reference interpreter, with the NaNs of the standard's deterministic profile and with random ones.

import { editionPasses, prepareThrough } from '@trine/rewriter/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import wabt from 'wabt';

import { COPIES, guestOf, SINKS } from './nan-cases.ts';
import { createRandom } from './random-modules.ts';
import { runPreparedReference, runReference } from './reference/run.ts';
import { chooseAnyNan } from './reference/values.ts';
import { runModule } from './run-module.ts';

const LIMITS = { fuel: 10_000n, maxPages: 1 };
const NAN_SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const PASSES = editionPasses('counted');
const WITHOUT_NAN = PASSES.filter(({ name }) => name !== 'canonical-nan');

let assembler: Awaited<ReturnType<typeof wabt>>;
beforeAll(async () => {
  assembler = await wabt();
});

function assemble(wat: string): Uint8Array {
  const parsed = assembler.parseWat('guest.wat', wat, { tail_call: true, simd: true });
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

function prepareOf(guest: Uint8Array, passes: Parameters<typeof prepareThrough>[0]): Uint8Array {
  const prepared = prepareThrough(passes, guest, { maxMemoryPages: LIMITS.maxPages });
  if (prepared.type === 'refused') {
    throw new Error(prepared.message);
  }
  return prepared.bytes;
}

/** What a prepared guest does with each seed of NaNs. */
function digestsOf(prepared: Uint8Array): ReadonlySet<string> {
  const runs = NAN_SEEDS.map((seed) =>
    runPreparedReference(prepared, { ...LIMITS, chooseNan: chooseAnyNan(createRandom(seed)) }),
  );
  return new Set(runs.map((run) => ('digestHex' in run ? `${run.outcome} ${run.digestHex}` : run.outcome)));
}

/** What a guest leaves behind by the standard: held against its prepared form, under all NaNs and on the engine. */
function expectSame(guest: Uint8Array): ReturnType<typeof runReference> {
  const expected = runReference(guest, LIMITS);
  expect(expected.outcome).toBe('completed');
  const prepared = prepareOf(guest, PASSES);
  expect(digestsOf(prepared)).toEqual(new Set([`completed ${expected.digestHex}`]));
  expect(runModule(prepared, LIMITS.fuel)).toMatchObject({
    outcome: 'completed',
    digestHex: expected.digestHex,
  });
  return expected;
}

describe('a NaN that arithmetic made is canonical behind', () => {
  it.each(SINKS.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const guest = assemble(guestOf(one));
    const expected = expectSame(guest);
    // The check can fail: without the pass, this way alone shows what was chosen.
    expect(digestsOf(prepareOf(guest, WITHOUT_NAN))).not.toEqual(
      new Set([`completed ${expected.digestHex}`]),
    );
  });
});

describe('a NaN that is only copied keeps its bits through', () => {
  it.each(COPIES.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const guest = assemble(guestOf(one));
    const expected = expectSame(guest);
    // Something with a payload is there.
    const first = new DataView(expected.memory.buffer).getUint32(0, true);
    expect(first & 0xfffff).not.toBe(0);
  });
});
