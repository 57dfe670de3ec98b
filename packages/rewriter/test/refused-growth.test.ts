// A machine that refuses memory within the limit: the run must end with the abort flag, not with a -1.

import { execFileSync } from 'node:child_process';

import { expect, it } from 'vitest';

import { prepare } from '../src/index.ts';
import { assembleWat, guestWat } from './wat.ts';

// An engine that never gives more than 10 pages, whatever the module's maximum.
const ENGINE_PAGES = '--wasm-max-mem-pages=10';

const SCRIPT = `
  const bytes = Buffer.from(process.argv[1], 'base64');
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  exports['trine:fuel'].value = 10n ** 9n;
  const grow = (pages) => {
    try { return exports.grow(pages); } catch (error) { return error.message; }
  };
  const said = [grow(4), grow(15), exports['trine:aborted'].value, grow(8), exports['trine:aborted'].value];
  console.log(JSON.stringify(said));
`;

it('aborts where the machine, not the limit, stops growth', () => {
  const guest = guestWat('(func (export "grow") (param i32) (result i32) local.get 0 memory.grow)');
  const prepared = prepare(assembleWat(guest), { maxMemoryPages: 16 });
  const bytes = prepared.type === 'prepared' ? prepared.bytes : new Uint8Array(0);
  const said = execFileSync(process.execPath, [
    ENGINE_PAGES,
    '-e',
    SCRIPT,
    Buffer.from(bytes).toString('base64'),
  ]);
  expect(JSON.parse(said.toString())).toEqual([1, -1, 0, 'unreachable', 1]);
});
