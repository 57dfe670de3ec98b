// Golden pairs: `x.wat` is a guest, `x.prepared.wat` what the edition makes of it, as wabt prints it.
// `BLESS=1` accepts what comes out now; the difference is then there to be read.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { prepare } from '../src/index.ts';
import { assembleWat, printWat } from './wat.ts';

const FOLDER = new URL('golden/', import.meta.url);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.wat') && !file.endsWith('.prepared.wat'))
  .map((file) => file.slice(0, -'.wat'.length));

// Originals that some engines refuse, and the edition lowers to what all of them run.
const LOWERED: ReadonlySet<string> = new Set(['constants']);

describe('golden modules', () => {
  it.each(names)('%s', (name) => {
    const original = assembleWat(readFileSync(new URL(`${name}.wat`, FOLDER), 'utf8'));
    const prepared = prepare(original, { maxMemoryPages: 16 });
    if (prepared.type === 'refused') {
      throw new Error(`${prepared.code} at ${prepared.offset}: ${prepared.message}`);
    }
    expect(WebAssembly.validate(Uint8Array.from(original)) || LOWERED.has(name)).toBe(true);
    expect(WebAssembly.validate(Uint8Array.from(prepared.bytes))).toBe(true);
    const printed = printWat(prepared.bytes);
    const file = new URL(`${name}.prepared.wat`, FOLDER);
    if (process.env['BLESS'] === '1') {
      writeFileSync(file, printed);
    }
    expect(existsSync(file), 'run once with BLESS=1').toBe(true);
    expect(printed).toBe(readFileSync(file, 'utf8'));
  });

  it('are there', () => {
    expect(names.length).toBeGreaterThan(5);
  });
});
