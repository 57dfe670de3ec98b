// Every module that a campaign has found something with: it fails no check any more.

import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { type Checked, checkBytes, checkGuest, checkMutant, LONG_FUEL } from './checks.ts';
import { makeModule } from './random-modules.ts';
import { shrink } from './shrink.ts';
import { checkSteps } from './step-checks.ts';

const FOLDER = new URL('../regression/fuzz/', import.meta.url);
const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.wasm'));
const CHECKS: Readonly<Record<string, (module: Uint8Array) => Checked>> = {
  modules: checkGuest,
  vectors: checkGuest,
  loops: checkGuest,
  'long-loops': (module) => checkGuest(module, LONG_FUEL),
  binaryen: checkMutant,
  bytes: checkMutant,
  real: checkBytes,
  steps: checkSteps,
};

it('what campaigns have found is right by now', async () => {
  for (const name of names) {
    const note = JSON.parse(await readFile(new URL(name.replace('.wasm', '.json'), FOLDER), 'utf8')) as {
      readonly kind: string;
    };
    expect({ name, ...CHECKS[note.kind]?.(await readFile(new URL(name, FOLDER))) }).toHaveProperty('ended');
  }
});

describe('the checks', () => {
  it('pass what is right, and find what is not', () => {
    const guest = makeModule(7);
    expect(checkGuest(guest)).toHaveProperty('ended');
    // Its header alone is a module and no guest; cut short it is no module.
    expect(checkGuest(guest.subarray(0, 8))).toMatchObject({ check: 'refused-guest' });
    expect(checkBytes(guest.subarray(0, -1))).toEqual({ ended: 'refused' });
  });

  it('make a failing module smaller and leave it failing', () => {
    const guest = makeModule(7);
    const isValid = (bytes: Uint8Array): boolean => WebAssembly.validate(Uint8Array.from(bytes));
    const small = shrink(guest, isValid);
    expect(small.length).toBeLessThan(guest.length / 2);
    expect(isValid(small)).toBe(true);
    expect(shrink(guest, () => false)).toEqual(guest);
  });
});
