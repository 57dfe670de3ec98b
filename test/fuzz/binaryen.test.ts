// Prepared guests against the reference interpreter, over modules that Binaryen makes of random bytes.

import { prepare } from '@trine/rewriter';
import { prepareWith } from '@trine/rewriter/testing';
import { expect, it } from 'vitest';

import { makeBinaryenModule } from './binaryen-modules.ts';
import { runReference } from './reference/run.ts';
import { runModule } from './run-module.ts';

const SEEDS = 30;
const FUEL = 200_000n;
const MAX_PAGES = 20;

it('agree with the reference, under every strategy', () => {
  const seen = { completed: 0, trapped: 0, outOfFuel: 0, compared: 0 };
  for (let seed = 0; seed < SEEDS; seed++) {
    const original = makeBinaryenModule(seed);
    expect({ seed, valid: WebAssembly.validate(original as Uint8Array<ArrayBuffer>) }).toEqual({
      seed,
      valid: true,
    });
    const prepared = prepare(original, { maxMemoryPages: MAX_PAGES });
    if (prepared.type === 'refused') {
      throw new Error(`seed ${seed}: ${prepared.code} at ${prepared.offset}: ${prepared.message}`);
    }
    const run = runModule(prepared.bytes, FUEL);
    const reference = runReference(original, { fuel: FUEL, maxPages: MAX_PAGES });
    seen.completed += run.outcome === 'completed' ? 1 : 0;
    seen.trapped += run.outcome === 'trapped' ? 1 : 0;
    seen.outOfFuel += run.outcome === 'out-of-fuel' ? 1 : 0;
    if (run.outcome !== 'completed' && reference.outcome !== 'completed') {
      continue;
    }
    seen.compared += 1;
    const { outcome, fuel, digestHex } = reference;
    expect({ seed, ...run }).toEqual({ seed, outcome, fuel, digestHex });
    for (const strategy of ['blocks', 'merged'] as const) {
      const other = prepareWith(strategy, original, { maxMemoryPages: MAX_PAGES });
      expect(other.type === 'prepared' && runModule(other.bytes, FUEL)).toEqual(run);
    }
  }
  console.log(seen);
  expect(seen.compared).toBeGreaterThan(5);
});
