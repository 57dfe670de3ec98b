// Prepared guests against the reference interpreter and against their originals, over seeded random modules, with
// vectors and without. What a prepared module does on an engine is what its original does in the standard's
// deterministic profile, payloads of NaNs included.

import { prepare } from '@trine/rewriter';
import { createScrambleNan, editionPasses, prepareThrough, prepareWith } from '@trine/rewriter/testing';
import { beforeAll, describe, expect, it } from 'vitest';

import { createRandom, makeModule, makeNanModule, makeVectorModule, MODULE_SEEDS } from './random-modules.ts';
import { type ReferenceRun, runPreparedReference, runReference } from './reference/run.ts';
import { chooseAnyNan } from './reference/values.ts';
import { type ModuleRun, runModule, runOriginal } from './run-module.ts';

const FUEL = 100_000n;
const MAX_PAGES = 4;
/** How much too high the charge of a trap may be. */
const TRAP_AHEAD_MAX = 1n << 20n;
/** Seeds of NaNs that the interpreter chooses, and how many modules it runs prepared: it is slow. */
const NAN_SEEDS = [1, 2];
const INTERPRETED = 60;
const SALTS = [1, 2, 100];

interface Case {
  readonly seed: number;
  readonly original: Uint8Array;
  readonly prepared: Uint8Array;
  /** Whether engines without extended constants compile the original. */
  readonly isPlain: boolean;
  readonly run: ModuleRun;
  readonly reference: ReferenceRun;
}

type Passes = Parameters<typeof prepareThrough>[0];

const EDITION_PASSES = editionPasses('counted');
const WITHOUT_NAN = EDITION_PASSES.filter(({ name }) => name !== 'canonical-nan');

function prepareSeed(
  seed: number,
  original: Uint8Array,
): { readonly bytes: Uint8Array; readonly isPlain: boolean } {
  const prepared = prepare(original, { maxMemoryPages: MAX_PAGES });
  if (prepared.type === 'refused') {
    throw new Error(`seed ${seed}: ${prepared.code} at ${prepared.offset}: ${prepared.message}`);
  }
  return { bytes: prepared.bytes, isPlain: prepared.report.foldedConstants === 0 };
}

function prepareBytes(passes: Passes, original: Uint8Array): Uint8Array {
  const prepared = prepareThrough(passes, original, { maxMemoryPages: MAX_PAGES });
  return prepared.type === 'prepared' ? prepared.bytes : new Uint8Array(0);
}

/** The original in the reference interpreter, with NaNs that a seed chooses. */
function runWithNans(original: Uint8Array, nanSeed: number): ReferenceRun {
  const chooseNan = chooseAnyNan(createRandom(nanSeed));
  return runReference(original, { fuel: FUEL, maxPages: MAX_PAGES, chooseNan });
}

describe.each([
  ['random modules', makeModule],
  ['random modules with vectors', makeVectorModule],
  ['random modules full of NaNs', makeNanModule],
] as const)('%s', (_, make) => {
  const cases: Case[] = [];

  beforeAll(() => {
    for (let seed = 0; seed < MODULE_SEEDS; seed++) {
      const original = make(seed);
      const { bytes: prepared, isPlain } = prepareSeed(seed, original);
      cases.push({
        seed,
        original,
        prepared,
        isPlain,
        run: runModule(prepared, FUEL),
        reference: runReference(original, { fuel: FUEL, maxPages: MAX_PAGES }),
      });
    }
  }, 300_000);

  it('are valid, before and after', () => {
    for (const { original, prepared, isPlain } of cases) {
      expect(WebAssembly.validate(original as Uint8Array<ArrayBuffer>) || !isPlain).toBe(true);
      expect(WebAssembly.validate(prepared as Uint8Array<ArrayBuffer>)).toBe(true);
    }
  });

  it('end in every way that the tests below need', () => {
    const count = (outcome: ModuleRun['outcome']) =>
      cases.filter(({ run }) => run.outcome === outcome).length;
    console.log(
      `completed ${count('completed')}, trapped ${count('trapped')}, out of fuel ${count('out-of-fuel')}`,
    );
    expect(count('completed')).toBeGreaterThan(60);
    expect(count('trapped')).toBeGreaterThan(20);
    expect(count('out-of-fuel')).toBeGreaterThan(5);
    expect(count('aborted')).toBe(0);
  });

  it('complete exactly when the reference does, with its fuel, and leave what it leaves', () => {
    for (const { seed, run, reference } of cases) {
      if (reference.outcome === 'completed' || run.outcome === 'completed') {
        const { outcome, fuel, digestHex } = reference;
        expect({ seed, ...run }).toEqual({ seed, outcome, fuel, digestHex });
      }
    }
  });

  it('trap only where the reference traps or runs out', () => {
    for (const { seed, run, reference } of cases) {
      if (run.outcome === 'trapped') {
        expect({ seed, ends: ['trapped', 'too-deep'].includes(reference.outcome) }).toEqual({
          seed,
          ends: true,
        });
      }
    }
  });

  it('charge a trap no less than what was executed, and hardly more', () => {
    let compared = 0;
    for (const { seed, run, reference } of cases) {
      if (run.outcome === 'trapped' && reference.outcome === 'trapped') {
        const ahead = run.fuel - reference.fuel;
        expect({ seed, within: ahead >= 0n && ahead <= TRAP_AHEAD_MAX }).toEqual({ seed, within: true });
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(20);
  });

  it('do what their originals do on the engine where no NaN is shown', () => {
    let compared = 0;
    for (const { seed, original, isPlain, run, reference } of cases) {
      if (run.outcome === 'completed' && isPlain) {
        const isHidden = NAN_SEEDS.every(
          (nanSeed) => runWithNans(original, nanSeed).digestHex === reference.digestHex,
        );
        if (isHidden) {
          expect({ seed, digestHex: runOriginal(original) }).toEqual({ seed, digestHex: run.digestHex });
          compared += 1;
        }
      }
    }
    console.log(`${compared} compared with their originals`);
    expect(compared).toBeGreaterThan(30);
  });

  it('do the same in an interpreter that picks random NaNs, which tells when they are not made canonical', () => {
    let compared = 0;
    let shown = 0;
    for (const { seed, original, prepared, run } of cases.slice(0, INTERPRETED)) {
      const open = prepareBytes(WITHOUT_NAN, original);
      for (const nanSeed of NAN_SEEDS) {
        const runAs = (bytes: Uint8Array) =>
          runPreparedReference(bytes, {
            fuel: FUEL / 10n,
            maxPages: MAX_PAGES,
            chooseNan: chooseAnyNan(createRandom(nanSeed)),
          });
        const short = run.fuel <= FUEL / 10n ? run : runModule(prepared, FUEL / 10n);
        const interpreted = runAs(prepared);
        if (interpreted.outcome === 'too-deep' || interpreted.outcome === 'too-long') {
          continue;
        }
        expect({ seed, nanSeed, ...interpreted }).toEqual({ seed, nanSeed, ...short });
        compared += 1;
        const other = runAs(open);
        shown += 'digestHex' in other && other.digestHex !== short.digestHex ? 1 : 0;
      }
    }
    console.log(`${compared} runs compared, ${shown} of them show NaNs unless they are made canonical`);
    expect(compared).toBeGreaterThan(INTERPRETED);
    expect(shown).toBeGreaterThan(10);
  });

  it('do the same on the engine whatever NaNs it chooses', () => {
    for (const { seed, original, run } of cases) {
      for (const salt of SALTS) {
        const other = prepareBytes([createScrambleNan(salt), ...EDITION_PASSES], original);
        expect({ seed, salt, ...runModule(other, FUEL) }).toEqual({ seed, salt, ...run });
      }
    }
  });

  it('cost the same under every strategy', () => {
    for (const { seed, original, run } of cases) {
      if (run.outcome === 'completed') {
        for (const strategy of ['blocks', 'merged', 'cached'] as const) {
          const other = prepareWith(strategy, original, { maxMemoryPages: MAX_PAGES });
          const bytes = other.type === 'prepared' ? other.bytes : new Uint8Array(0);
          expect({ seed, strategy, ...runModule(bytes, FUEL) }).toEqual({ seed, strategy, ...run });
        }
      }
    }
  });

  it('run out exactly when given less fuel than they need', () => {
    for (const { seed, prepared, run } of cases) {
      if (run.outcome === 'completed' && run.fuel > 0n) {
        expect({ seed, ...runModule(prepared, run.fuel) }).toEqual({ seed, ...run });
        const short = runModule(prepared, run.fuel - 1n);
        expect({ seed, outcome: short.outcome, fuel: short.fuel }).toEqual({
          seed,
          outcome: 'out-of-fuel',
          fuel: run.fuel - 1n,
        });
      }
    }
  });

  it('are prepared to the same bytes every time', () => {
    for (const { seed, original, prepared } of cases) {
      expect({ seed, same: sameBytes(prepareSeed(seed, original).bytes, prepared) }).toEqual({
        seed,
        same: true,
      });
    }
  });
});

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
