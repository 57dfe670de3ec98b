// Damaged guests: whatever the bytes, an answer and never an exception; what is accepted is valid before and
// after, and is still metered exactly.

import { prepare } from '@trine/rewriter';
import { describe, expect, it } from 'vitest';

import { createRandom, makeModule, makeVectorModule } from './random-modules.ts';
import { runReference } from './reference/run.ts';
import { runModule } from './run-module.ts';

const SEEDS = 150;
const MUTANTS = 60;
const FUEL = 20_000n;
const MAX_PAGES = 4;

// Bytes that mean something often: opcodes, types, LEB128 edges.
const TELLING = [
  0, 1, 2, 3, 4, 5, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x1a, 0x20, 0x40, 0x6a, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xfc,
  0xff,
];

/** A copy of `bytes` with a few bytes changed, removed, doubled or inserted. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  const copy = [...bytes];
  for (let count = 1 + random(3); count > 0; count--) {
    const at = 8 + random(copy.length - 8);
    const byte = random(2) === 0 ? random(256) : (TELLING[random(TELLING.length)] ?? 0);
    switch (random(10)) {
      case 0:
        copy.splice(at, 1);
        break;
      case 1:
        copy.splice(at, 0, byte);
        break;
      case 2:
        copy.splice(at, 0, ...copy.slice(at, at + random(8)));
        break;
      case 3:
        copy.length = random(20) === 0 ? at : copy.length;
        break;
      default:
        copy[at] = byte;
    }
  }
  return Uint8Array.from(copy);
}

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
