// Damaged guests: whatever the bytes, an answer and never an exception; what is accepted is valid before and
// after, and is still metered exactly.

import { prepare } from '@trine/rewriter';
import { describe, expect, it } from 'vitest';

import { mutate } from './mutate.ts';
import { createRandom, makeModule, makeVectorModule } from './random-modules.ts';
import { runReference } from './reference/run.ts';
import { runModule } from './run-module.ts';

const SEEDS = 150;
const MUTANTS = 60;
const FUEL = 20_000n;
const MAX_PAGES = 4;

describe('damaged modules', () => {
  it('are refused in words or accepted as what they are', () => {
    const seen = { accepted: 0, refused: 0, completed: 0, stricter: 0 };
    for (let seed = 0; seed < SEEDS; seed++) {
      const original = makeModule(seed);
      const random = createRandom(seed + 1_000_000);
      for (let mutant = 0; mutant < MUTANTS; mutant++) {
        const bytes = mutate(original, random);
        const name = `seed ${seed}, mutant ${mutant}`;
        const valid = WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
        const answer = prepare(bytes, { maxMemoryPages: MAX_PAGES });
        if (answer.type === 'refused') {
          expect(answer.code, `${name}: ${answer.message}`).not.toBe('internal');
          // What an engine accepts is refused only for a reason of our own, never as malformed or mistyped.
          expect({ name, code: answer.code, valid }).not.toMatchObject({ code: 'invalid', valid: true });
          seen.stricter += valid ? 1 : 0;
          seen.refused += 1;
          continue;
        }
        seen.accepted += 1;
        const after = WebAssembly.validate(answer.bytes as Uint8Array<ArrayBuffer>);
        const plain = answer.report.foldedConstants === 0;
        expect({ name, valid: valid || !plain, after }).toEqual({ name, valid: true, after: true });
        seen.completed += checkRun(name, bytes, answer.bytes);
      }
    }
    console.log(seen);
    expect(seen.accepted).toBeGreaterThan(500);
    expect(seen.refused).toBeGreaterThan(500);
    expect(seen.completed).toBeGreaterThan(100);
  });

  it('with vectors are refused or accepted as what they are, too', () => {
    const seen = { accepted: 0, refused: 0, completed: 0 };
    for (let seed = 0; seed < SEEDS; seed++) {
      const original = makeVectorModule(seed);
      const random = createRandom(seed + 2_000_000);
      for (let mutant = 0; mutant < MUTANTS; mutant++) {
        const bytes = mutate(original, random);
        const name = `seed ${seed}, mutant ${mutant}`;
        const valid = WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
        const answer = prepare(bytes, { maxMemoryPages: MAX_PAGES });
        if (answer.type === 'refused') {
          expect(answer.code, `${name}: ${answer.message}`).not.toBe('internal');
          expect({ name, code: answer.code, valid }).not.toMatchObject({ code: 'invalid', valid: true });
          seen.refused += 1;
          continue;
        }
        const plain = answer.report.foldedConstants === 0;
        const after = WebAssembly.validate(answer.bytes as Uint8Array<ArrayBuffer>);
        expect({ name, valid: valid || !plain, after }).toEqual({ name, valid: true, after: true });
        seen.accepted += 1;
        seen.completed += checkRun(name, bytes, answer.bytes);
      }
    }
    console.log(seen);
    expect(seen.accepted).toBeGreaterThan(500);
    expect(seen.refused).toBeGreaterThan(500);
  });
});

function checkRun(name: string, original: Uint8Array, prepared: Uint8Array): number {
  const reference = runReference(original, { fuel: FUEL, maxPages: MAX_PAGES });
  const run = runModule(prepared, FUEL);
  if (reference.outcome !== 'completed' && run.outcome !== 'completed') {
    return 0;
  }
  const { outcome, fuel, digestHex } = reference;
  expect({ name, ...run }).toEqual({ name, outcome, fuel, digestHex });
  return 1;
}
