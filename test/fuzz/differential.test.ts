// Prepared guests against the reference interpreter and against their originals, over seeded random modules.

import { prepare } from '@trine/rewriter';
import { createScrambleNan, editionPasses, prepareThrough, prepareWith } from '@trine/rewriter/testing';
import { beforeAll, describe, expect, it } from 'vitest';

import { makeModule, MODULE_SEEDS } from './random-modules.ts';
import { type ReferenceRun, runReference } from './reference/run.ts';
import { type ModuleRun, runModule } from './run-module.ts';

const FUEL = 100_000n;
const MAX_PAGES = 4;

interface Case {
  readonly seed: number;
  readonly original: Uint8Array;
  readonly prepared: Uint8Array;
  /** Whether engines without extended constants compile the original. */
  readonly isPlain: boolean;
  readonly run: ModuleRun;
  readonly reference: ReferenceRun;
}

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

/** An original run without any metering: only for modules that are known to complete. */
function runOriginal(bytes: Uint8Array): {
  memory: Uint8Array;
  answer: bigint;
  hostCalls: readonly string[];
} {
  const hostCalls: string[] = [];
  const note = (name: string) => (first: number, second: number) =>
    hostCalls.push(`${name}(${first},${second})`);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>), {
    trine: { progress: note('progress'), log: note('log') },
  });
  const { memory, run } = instance.exports as {
    memory: WebAssembly.Memory;
    run: (at: number, size: number) => bigint;
  };
  new Uint8Array(memory.buffer).set(
    Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 11) & 0xff),
    64,
  );
  const answer = BigInt.asUintN(64, run(64, 64));
  return { memory: new Uint8Array(memory.buffer), answer, hostCalls };
}

const cases: Case[] = [];

beforeAll(() => {
  for (let seed = 0; seed < MODULE_SEEDS; seed++) {
    const original = makeModule(seed);
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

describe('random modules', () => {
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

  it('complete exactly when the reference does, with its fuel', () => {
    for (const { seed, run, reference } of cases) {
      if (!reference.payloadShown && (reference.outcome === 'completed' || run.outcome === 'completed')) {
        expect({ seed, outcome: run.outcome, fuel: run.fuel }).toEqual({
          seed,
          outcome: reference.outcome,
          fuel: reference.fuel,
        });
      }
    }
  });

  it('trap only where the reference traps or runs out', () => {
    for (const { seed, run, reference } of cases) {
      if (run.outcome === 'trapped' && !reference.payloadShown) {
        expect({ seed, ends: ['trapped', 'too-deep'].includes(reference.outcome) }).toEqual({
          seed,
          ends: true,
        });
      }
    }
  });

  it('leave the memory that the reference leaves', () => {
    let compared = 0;
    for (const { seed, prepared, run, reference } of cases) {
      if (run.outcome === 'completed' && !reference.payloadShown) {
        const memory = memoryAfter(prepared);
        expect({ seed, same: sameBytes(memory, reference.memory) }).toEqual({ seed, same: true });
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  it('do what their originals do where no NaN is shown', () => {
    let compared = 0;
    for (const { seed, original, prepared, isPlain, run, reference } of cases) {
      if (run.outcome === 'completed' && isPlain && !reference.nanShown) {
        const plain = runOriginal(original);
        expect({ seed, answer: plain.answer, hostCalls: plain.hostCalls }).toEqual({
          seed,
          answer: reference.answer,
          hostCalls: reference.hostCalls,
        });
        expect({ seed, same: sameBytes(plain.memory, memoryAfter(prepared)) }).toEqual({ seed, same: true });
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('do the same whatever NaNs the engine chooses', () => {
    for (const { seed, original, run } of cases) {
      for (const salt of [1, 2]) {
        const passes = [createScrambleNan(salt), ...editionPasses('cached')];
        const other = prepareThrough(passes, original, { maxMemoryPages: MAX_PAGES });
        const bytes = other.type === 'prepared' ? other.bytes : new Uint8Array(0);
        expect({ seed, salt, ...runModule(bytes, FUEL) }).toEqual({ seed, salt, ...run });
      }
    }
  });

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

function memoryAfter(prepared: Uint8Array): Uint8Array {
  const nothing = () => undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(prepared as Uint8Array<ArrayBuffer>), {
    trine: { progress: nothing, log: nothing },
  });
  const fuel = exports['trine:fuel'] as WebAssembly.Global;
  fuel.value = FUEL;
  const start = exports['trine:start'];
  if (typeof start === 'function') start();
  const { memory, run } = exports as unknown as {
    memory: WebAssembly.Memory;
    run: (at: number, size: number) => bigint;
  };
  const alloc = exports['alloc'];
  if (typeof alloc === 'function') alloc(64);
  new Uint8Array(memory.buffer).set(
    Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 11) & 0xff),
    64,
  );
  run(64, 64);
  return new Uint8Array(memory.buffer);
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
