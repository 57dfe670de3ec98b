import { describe, expect, it } from 'vitest';

import { assembleWat, guestWat } from '../test/wat.ts';
import { canonicalNan } from './passes/canonical-nan.ts';
import { prepareThrough } from './prepare.ts';

function prepareBytes(wat: string): Uint8Array {
  const prepared = prepareThrough([canonicalNan], assembleWat(wat), { maxMemoryPages: 1 });
  if (prepared.type === 'refused') {
    throw new Error(`${prepared.code} at ${prepared.offset}: ${prepared.message}`);
  }
  return prepared.bytes;
}

/** How many values a function makes canonical: each has a branch over the rare case, and functions here have no other. */
function canonicalised(body: string, signature = ''): number {
  const empty = prepareBytes(guestWat(`(func ${signature} unreachable)`));
  const bytes = prepareBytes(guestWat(`(func ${signature} ${body})`));
  const count = (module: Uint8Array) =>
    module.filter((byte, at) => byte === 0x66 && module[at + 1] === 0x0d).length;
  return count(bytes) - count(empty);
}

const LOADED = 'i32.const 0 f64.load';
const MADE = `${LOADED} f64.sqrt`;

describe('what is made canonical', () => {
  it('is nothing that only arithmetic and comparisons read', () => {
    expect(canonicalised(`${MADE} f64.const 1 f64.add f64.const 2 f64.lt drop`)).toBe(0);
    expect(canonicalised(`(local f64) ${MADE} local.set 0 local.get 0 ${LOADED} f64.mul drop`)).toBe(0);
    expect(canonicalised(`${MADE} i32.trunc_sat_f64_s drop`)).toBe(0);
  });

  it('is no copy, and no integer that was converted', () => {
    expect(canonicalised(`i32.const 8 ${LOADED} f64.store ${MADE} drop`)).toBe(0);
    expect(canonicalised(`i32.const 8 i32.const 7 f64.convert_i32_s f64.store ${MADE} drop`)).toBe(0);
  });

  it('is a sum behind the loop that adds it up, not in each turn', () => {
    const sum = `(local f64 i32)
      loop local.get 0 ${LOADED} f64.add local.set 0 local.get 1 i32.const 1 i32.sub local.tee 1 br_if 0 end
      i32.const 8 local.get 0 f64.store`;
    expect(canonicalised(sum)).toBe(1);
  });

  it('is not what a local held before it was written again', () => {
    const reused = `(local f64) ${LOADED} local.set 0 i32.const 8 local.get 0 f64.store
      ${MADE} local.set 0 i32.const 16 local.get 0 f64.store
      loop ${LOADED} local.set 0 i32.const 24 local.get 0 f64.store i32.const 1 br_if 0 end`;
    expect(canonicalised(reused)).toBe(1);
  });

  it('is nothing in code that never runs', () => {
    expect(canonicalised(`i32.const 8 unreachable f64.sqrt f64.store ${MADE} drop`)).toBe(0);
    expect(canonicalised(`return block i32.const 8 ${MADE} f64.store end ${MADE} drop`)).toBe(0);
  });

  it('is the same in a function whose locals are too many to follow', () => {
    const locals = 2_100;
    const writes = Array.from({ length: locals }, (_, local) => `f64.const 1 local.set ${local}`).join(' ');
    const blocks = 'block end '.repeat(1_000);
    const body = `(local ${'f64 '.repeat(locals)}) ${writes} ${blocks} ${MADE} local.set 7
      i32.const 8 local.get 7 f64.store i32.const 8 local.get 8 f64.store`;
    expect(canonicalised(body)).toBe(1);
    const mixed = `${body} ${LOADED} local.set 7 i32.const 8 local.get 7 f64.store`;
    expect(canonicalised(mixed)).toBe(1);
  });
});

describe('what would take long to follow', () => {
  it('is followed more coarsely: tables of many branches over many locals', () => {
    const [locals, depth, tables] = [200, 100, 60];
    const writes = Array.from({ length: locals }, (_, local) => `f64.const 1 local.set ${local}`).join(' ');
    const table = `i32.const 0 br_table ${Array.from({ length: depth }, (_, label) => label).join(' ')}`;
    const body = `(local ${'f64 '.repeat(locals)}) ${writes} ${'block '.repeat(depth)}
      ${`block ${table} end `.repeat(tables)} ${'end '.repeat(depth)} ${MADE} local.set 7 i32.const 8 local.get 7 f64.store`;
    expect(canonicalised(body)).toBe(1);
  });
});

describe('stores side by side in a loop', () => {
  const add = (at: number, from = 0) => `local.get ${from} f64.load offset=${at} f64.const 1 f64.add`;
  const move = (at: number) => `local.get 0 ${add(at)} f64.store offset=${at}`;
  const loop = (body: string) => `(local i32 i32) loop ${body} local.get 1 br_if 0 end`;
  // The check of a group, and one more for each of its stores where there is a NaN.
  const group = (stores: number) => 1 + stores;

  it('share a check', () => {
    expect(canonicalised(loop(`${move(0)} ${move(8)} ${move(16)}`))).toBe(group(3));
    expect(canonicalised(loop(Array.from({ length: 9 }, (_, place) => move(place * 8)).join(' ')))).toBe(
      group(6) + group(3),
    );
  });

  it('do not where one may be seen by a load in between', () => {
    expect(canonicalised(loop(`${move(0)} ${move(4)}`))).toBe(2);
    expect(canonicalised(loop(`${move(0)} local.get 0 ${add(8, 1)} f64.store offset=8`))).toBe(2);
    expect(canonicalised(loop(`${move(0)} local.get 1 local.set 0 ${move(8)}`))).toBe(2);
    expect(canonicalised(loop(`${move(0)} local.get 0 i32.load drop ${move(8)}`))).toBe(2);
  });

  it('do not where another store or control flow comes between', () => {
    expect(canonicalised(loop(`${move(0)} local.get 0 i32.const 1 i32.store ${move(8)}`))).toBe(2);
    expect(canonicalised(loop(`${move(0)} block end ${move(8)}`))).toBe(2);
  });

  it('do not outside loops, nor in a function that calls', () => {
    expect(canonicalised(`(local i32) ${move(0)} ${move(8)}`)).toBe(2);
    expect(canonicalised(`${loop(`${move(0)} ${move(8)}`)} i32.const 0 call 0 drop`)).toBe(2);
  });
});
