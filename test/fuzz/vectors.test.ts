// Guests with vectors. The reference interpreter has none, so engines are the oracle: the one at hand, and
// one that chooses other NaNs (a pass changes every NaN that arithmetic makes). Where neither shows in what
// is left, the prepared module must also do what its original does.

import { createScrambleNan, editionPasses, prepareThrough, prepareWith } from '@trine/rewriter/testing';
import { beforeAll, describe, expect, it } from 'vitest';

import { makeVectorModule } from './random-modules.ts';
import { type ModuleRun, runModule, runOriginal } from './run-module.ts';

const SEEDS = 300;
const FUEL = 50_000n;
const MAX_PAGES = 4;
const SALTS = [1, 2, 100];

type Passes = Parameters<typeof prepareThrough>[0];

interface Case {
  readonly seed: number;
  readonly original: Uint8Array;
  readonly isPlain: boolean;
  readonly prepared: Uint8Array;
  readonly run: ModuleRun;
}

const EDITION_PASSES = editionPasses('cached');
const WITHOUT_NAN = EDITION_PASSES.filter(({ name }) => name !== 'canonical-nan');

function prepareSeed(
  seed: number,
  passes: Passes,
): { readonly bytes: Uint8Array; readonly isPlain: boolean } {
  const prepared = prepareThrough(passes, makeVectorModule(seed), { maxMemoryPages: MAX_PAGES });
  if (prepared.type === 'refused') {
    throw new Error(`seed ${seed}: ${prepared.code} at ${prepared.offset}: ${prepared.message}`);
  }
  return { bytes: prepared.bytes, isPlain: prepared.report.foldedConstants === 0 };
}

function runSeed(seed: number, passes: Passes): ModuleRun {
  return runModule(prepareSeed(seed, passes).bytes, FUEL);
}

/** Whether the run looks the same whatever NaNs the engine chooses, although none is made canonical. */
function hidesItsNans(seed: number): boolean {
  const { digestHex } = runSeed(seed, WITHOUT_NAN);
  return SALTS.every(
    (salt) => runSeed(seed, [createScrambleNan(salt), ...WITHOUT_NAN]).digestHex === digestHex,
  );
}

const cases: Case[] = [];

beforeAll(() => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const original = makeVectorModule(seed);
    const { bytes: prepared, isPlain } = prepareSeed(seed, EDITION_PASSES);
    cases.push({ seed, original, isPlain, prepared, run: runModule(prepared, FUEL) });
  }
}, 300_000);

describe('random modules with vectors', () => {
  it('are valid, before and after', () => {
    for (const { seed, original, isPlain, prepared } of cases) {
      const before = WebAssembly.validate(original as Uint8Array<ArrayBuffer>) || !isPlain;
      const after = WebAssembly.validate(prepared as Uint8Array<ArrayBuffer>);
      expect({ seed, before, after }).toEqual({ seed, before: true, after: true });
    }
  });

  it('do the same whatever NaNs the engine chooses', () => {
    let shown = 0;
    for (const { seed, run } of cases) {
      for (const salt of SALTS) {
        const other = runSeed(seed, [createScrambleNan(salt), ...EDITION_PASSES]);
        expect({ seed, salt, ...other }).toEqual({ seed, salt, ...run });
      }
      shown += hidesItsNans(seed) ? 0 : 1;
    }
    console.log(`${shown} of ${SEEDS} modules show NaNs unless they are made canonical`);
    expect(shown).toBeGreaterThan(SEEDS / 5);
  }, 300_000);

  it('do what their originals do where no NaN is shown', () => {
    let compared = 0;
    for (const { seed, original, isPlain, run } of cases) {
      if (run.outcome === 'completed' && isPlain && hidesItsNans(seed)) {
        // A scalar parameter's payload counts as arithmetic's; lanes and integers in vectors never change.
        const { digestHex } = seed % 2 === 0 ? runSeed(seed, WITHOUT_NAN) : run;
        expect({ seed, digestHex: runOriginal(original) }).toEqual({ seed, digestHex });
        compared += 1;
      }
    }
    console.log(`${compared} compared with their originals`);
    expect(compared).toBeGreaterThan(SEEDS / 10);
  }, 300_000);

  it('cost the same under every strategy', () => {
    for (const { seed, original, run } of cases) {
      if (run.outcome === 'completed') {
        for (const strategy of ['blocks', 'merged'] as const) {
          const other = prepareWith(strategy, original, { maxMemoryPages: MAX_PAGES });
          const bytes = other.type === 'prepared' ? other.bytes : new Uint8Array(0);
          expect({ seed, strategy, ...runModule(bytes, FUEL) }).toEqual({ seed, strategy, ...run });
        }
      }
    }
  });
});
