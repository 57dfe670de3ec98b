// Real modules against the reference interpreter: the guests that come with Trine, and the bench's kernels as clang
// compiled them. What a prepared run is charged is what the interpreter counts, under every strategy, and
// what it leaves is the same.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type MeterStrategy, prepareWith } from '@trine/rewriter/testing';
import {
  collatzInput,
  FRACTAL_VIEW,
  fractalInputs,
  type GuestName,
  loadCases,
  loadGuest,
  nbodyInput,
  solarSystem,
} from '@trine/wasm';
import { describe, expect, it } from 'vitest';

import { rootDir } from '../support/processes.ts';
import { ReferenceInstance } from './reference/interpreter.ts';

const STRATEGIES: readonly MeterStrategy[] = ['blocks', 'merged', 'cached', 'counted'];
const MAX_PAGES = 64;
const GIVEN = 1_000_000_000n;
/** Longer runs would take the interpreter seconds. */
const CASE_FUEL_MAX = 1_600_000n;
const KERNEL_FUEL_MAX = 1_000_000n;

/** A guest that runs somewhere. */
interface Running {
  /** Calls an export with integers; its one result as unsigned bits, 0 without one. */
  readonly call: (name: string, ...args: readonly number[]) => bigint;
  readonly memory: () => Uint8Array;
  readonly used: () => bigint;
  readonly has: (name: string) => boolean;
}

function inReference(module: Uint8Array, fuel: bigint): Running {
  const guest = new ReferenceInstance(module, { fuel, maxPages: MAX_PAGES, calls: 500 });
  return {
    call: (name, ...args) => {
      const { outcome, results } = guest.invoke(
        name,
        args.map((arg) => BigInt.asUintN(32, BigInt(arg))),
      );
      if (outcome !== 'completed') throw new Error(outcome);
      return results[0] ?? 0n;
    },
    memory: () => guest.memory,
    used: () => guest.fuel,
    has: (name) => guest.module.exports.has(name),
  };
}

function onEngine(module: Uint8Array, strategy: MeterStrategy): Running {
  const prepared = prepareWith(strategy, module, { maxMemoryPages: MAX_PAGES });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const nothing = () => undefined;
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(prepared.bytes as Uint8Array<ArrayBuffer>),
    { trine: { progress: nothing, log: nothing } },
  );
  const fuel = exports['trine:fuel'] as WebAssembly.Global;
  fuel.value = GIVEN;
  return {
    call: (name, ...args) => {
      const found = exports[name];
      if (typeof found !== 'function') throw new Error(`no export "${name}"`);
      const result: unknown = found(...args);
      return typeof result === 'bigint' ? BigInt.asUintN(64, result) : bitsOf(Number(result ?? 0));
    },
    memory: () => new Uint8Array((exports['memory'] as WebAssembly.Memory).buffer),
    used: () => GIVEN - (fuel.value as bigint),
    has: (name) => name in exports,
  };
}

// An i32 as it is. Kernels that answer a float are compared by their memory and fuel.
function bitsOf(result: number): bigint {
  return Number.isInteger(result) ? BigInt.asUintN(32, BigInt(result)) : 0n;
}

/** What a task of the ABI does: the output's bytes and the fuel. */
function runTask(guest: Running, input: Uint8Array): { readonly output: string; readonly fuel: bigint } {
  const at = Number(guest.call('alloc', input.length));
  guest.memory().set(input, at);
  const place = guest.has('run') ? guest.call('run', at, input.length) : runSteps(guest, at, input.length);
  const start = Number(place >> 32n);
  const output = guest.memory().subarray(start, start + Number(place & 0xffff_ffffn));
  return { output: Buffer.from(output).toString('hex'), fuel: guest.used() };
}

function runSteps(guest: Running, at: number, size: number): bigint {
  guest.call('start', at, size);
  while (guest.call('step') === 1n);
  return guest.call('output');
}

const encoder = new TextEncoder();

/** Inputs small enough for the interpreter, beside the guest's cases that are. */
const SMALL_INPUTS: Partial<Readonly<Record<GuestName, readonly Uint8Array[]>>> = {
  fractal: fractalInputs({ ...FRACTAL_VIEW, columns: 1, rows: 1, tileSize: 8, step: 4e-7 / 8 }),
  nbody: [nbodyInput({ bodies: solarSystem(), steps: 40, stepLength: 0.01 })],
  collatz: [collatzInput(27n, 3)],
  alignment: [encoder.encode('>a\nACDEFGHIKLMNPQ\n>b\nACDFGHKKLMWNPQ\n')],
};

describe('the fuel of a guest is what the interpreter counts', () => {
  it.each(['alignment', 'collatz', 'fractal', 'mersenne', 'nbody'] as const)('%s', async (name) => {
    const { module } = await loadGuest(name);
    const { cases } = await loadCases(name);
    const small = cases
      .filter(({ outcome, fuel }) => outcome === 'completed' && BigInt(fuel) <= CASE_FUEL_MAX)
      .map(({ inputHex }) => Uint8Array.from(Buffer.from(inputHex, 'hex')));
    const inputs = [...small, ...(SMALL_INPUTS[name] ?? [])];
    expect(inputs.length).toBeGreaterThan(0);
    for (const input of inputs) {
      const counted = runTask(inReference(module, GIVEN), input);
      for (const strategy of STRATEGIES) {
        expect({ strategy, ...runTask(onEngine(module, strategy), input) }).toEqual({ strategy, ...counted });
      }
    }
  });
});

it('the fuel of compiled kernels is what the interpreter counts', () => {
  const module = new Uint8Array(readFileSync(join(rootDir, 'test/bench/kernels/c/kernels.wasm')));
  const names = WebAssembly.Module.exports(new WebAssembly.Module(module))
    .filter(({ kind, name }) => kind === 'function' && !['alloc', 'run'].includes(name))
    .map(({ name }) => name);
  const counted: string[] = [];
  for (const name of names) {
    const reference = inReference(module, KERNEL_FUEL_MAX);
    const answer = attempt(() => reference.call(name, 1));
    if (answer === undefined) continue;
    for (const strategy of STRATEGIES) {
      const engine = onEngine(module, strategy);
      engine.call(name, 1);
      expect({ name, strategy, fuel: engine.used() }).toEqual({ name, strategy, fuel: reference.used() });
      expect({ name, same: Buffer.compare(engine.memory(), reference.memory()) }).toEqual({ name, same: 0 });
    }
    counted.push(`${name} ${reference.used()}`);
  }
  console.log(`counted ${counted.join(', ')}; of ${names.length}`);
  expect(counted.length).toBeGreaterThan(9);
});

// A kernel that is too long for the interpreter is left out.
function attempt(action: () => bigint): bigint | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Error && error.message === 'too-long') return undefined;
    throw error;
  }
}
