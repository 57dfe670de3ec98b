// Stores that share a check for NaNs wait for one another, which nothing may tell: loops of stores and loads through
// the same few addresses, overlapping and unaligned, over memory full of NaNs with payloads. Held against the
// reference interpreter, which stores at once.

import { createScrambleNan, editionPasses, prepareThrough } from '@trine/rewriter/testing';
import { expect, it } from 'vitest';

import { F64, guestWith, I32, list, signed, sized, V128 } from './module-writer.ts';
import { createRandom } from './random-modules.ts';
import { runReference } from './reference/run.ts';
import { runModule } from './run-module.ts';

const SEEDS = 250;
const LIMITS = { fuel: 100_000n, maxPages: 1 };
const PASSES = editionPasses('counted');
const BASE = 2048;
// Locals of `run` behind its parameters: two addresses, a counter, an integer, a float, a vector.
const [P, Q, COUNT, SUM, X, V] = [2, 3, 4, 5, 6, 7];

type Random = (below: number) => number;

function get(local: number): number[] {
  return [0x20, local];
}

function offset(random: Random): number[] {
  return [0, random(random(6) > 0 ? 3 : 12) * (random(4) === 0 ? 4 : 8)];
}

function address(random: Random): number[] {
  const local = random(3) === 0 ? Q : P;
  return random(12) === 0 ? [...get(local), 0x41, 4, 0x6a, 0x22, local] : get(local);
}

function float(random: Random, depth: number): number[] {
  switch (random(depth > 0 ? 5 : 3)) {
    case 0:
      return get(X);
    case 1:
    case 2:
      return [...address(random), 0x2b, ...offset(random)];
    case 3:
      return [...float(random, depth - 1), 0x9a];
    default:
      return [...float(random, depth - 1), ...float(random, depth - 1), 0xa0 + random(3)];
  }
}

function vector(random: Random): number[] {
  const loaded = () => (random(2) === 0 ? get(V) : [...address(random), 0xfd, 0, ...offset(random)]);
  const add = random(3) > 0 ? [0xfd, 0xf0, 1] : [0xfd, 0xe4, 1];
  return random(4) === 0 ? loaded() : [...loaded(), ...loaded(), ...add];
}

// A sum, so that its store may wait.
function sum(random: Random): number[] {
  return [...float(random, 0), ...float(random, 0), 0xa0];
}

// Stores that may wait, and now and then something that must not.
function burst(random: Random): number[] {
  const code: number[] = [];
  for (let count = 3 + random(4); count > 0; count--) {
    const kind = random(7);
    if (kind === 0) code.push(...get(P), ...get(SUM), 0x36, ...offset(random));
    else if (kind === 1) code.push(...get(P), 0x41, 4 + random(2) * 4, 0x6a, 0x21, P);
    else code.push(...get(P), ...sum(random), 0x39, ...offset(random));
  }
  return code;
}

function statement(random: Random): number[] {
  switch (random(20)) {
    case 0:
      return [...get(SUM), ...address(random), 0x28, ...offset(random), 0x73, 0x21, SUM];
    case 1:
      return [...address(random), ...get(SUM), 0x36, ...offset(random)];
    case 2:
      return [...float(random, 2), 0x21, X];
    case 3:
      return [...vector(random), 0x21, V];
    case 4:
      return [...get(P), 0x41, random(3) * 4, 0x6a, 0x21, random(3) === 0 ? Q : P];
    case 5:
      return [...address(random), ...float(random, 1), 0xb6, 0x38, ...offset(random)];
    case 6:
    case 7:
    case 8:
      return [...address(random), ...vector(random), 0xfd, 0x0b, ...offset(random)];
    case 9:
      return [...get(SUM), 0x04, 0x40, ...statement(random), 0x0b];
    case 10:
    case 11:
    case 12:
    case 13:
      return [...address(random), ...float(random, 2), 0x39, ...offset(random)];
    default:
      return burst(random);
  }
}

function guestOf(seed: number): Uint8Array {
  const random = createRandom(seed);
  const body = Array.from({ length: 4 + random(12) }, () => statement(random)).flat();
  const code = [
    [0x41, ...signed(BigInt(BASE)), 0x21, P, 0x41, ...signed(BigInt(BASE + random(6) * 4)), 0x21, Q],
    [0x41, 1 + random(3), 0x21, COUNT, 0x03, 0x40, ...body],
    [0x20, COUNT, 0x41, 1, 0x6b, 0x22, COUNT, 0x0d, 0, 0x0b],
    [...get(SUM), 0xad, 0x0b],
  ].flat();
  const locals = list([
    [4, I32],
    [1, F64],
    [1, V128],
  ]);
  const data = Array.from({ length: 30 }, () =>
    random(3) > 0
      ? [
          random(256),
          random(256),
          random(256),
          random(256),
          random(256),
          random(256),
          0xf8,
          0x7f + random(2) * 128,
        ]
      : [0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
  ).flat();
  return guestWith(
    [...locals, ...code],
    [{ id: 11, bytes: list([[0, 0x41, ...signed(BigInt(BASE)), 0x0b, ...sized(data)]]) }],
  );
}

function prepareOf(seed: number, guest: Uint8Array, passes: typeof PASSES): Uint8Array {
  const prepared = prepareThrough(passes, guest, { maxMemoryPages: 1 });
  if (prepared.type === 'refused') throw new Error(`seed ${seed}: ${prepared.message}`);
  return prepared.bytes;
}

it('stores that wait for one another leave what they leave at once', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const guest = guestOf(seed);
    const { outcome, fuel, digestHex } = runReference(guest, LIMITS);
    expect({ seed, outcome }).toEqual({ seed, outcome: 'completed' });
    const run = runModule(prepareOf(seed, guest, PASSES), LIMITS.fuel);
    expect({ seed, ...run }).toEqual({ seed, outcome, fuel, digestHex });
    for (const salt of [1, 2]) {
      const scrambled = prepareOf(seed, guest, [createScrambleNan(salt), ...PASSES]);
      expect({ seed, salt, ...runModule(scrambled, LIMITS.fuel) }).toEqual({ seed, salt, ...run });
    }
  }
});
