// The call budget against real stacks: recursion of every shape must end in our trap, never in the engine's
// own overflow, on a stack as small as the smallest that guests meet (a Chromium Web Worker's, measured at 497 KB, of
// which some belongs to the host).

import { Worker } from 'node:worker_threads';

import { describe, expect, it } from 'vitest';

import { prepare } from '../src/index.ts';
import { assembleWat, guestWat } from './wat.ts';

// Of the stack a Node 20 thread is given, plain recursion was measured to get all but about 216 KB.
const NODE_RESERVE_KB = 216;
const GUEST_STACK_KB = 376;

const repeat = (count: number, code: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => code(index)).join(' ');

// Values that an engine has to keep across the call: each depends on a global that changes.
const fresh = (index: number): string =>
  `global.get $g i64.const ${index} i64.add global.get $g i64.const 7 i64.mul global.set $g`;

const VECTOR = '(global $v (mut v128) (v128.const i64x2 1 2))';
const freshVector = (index: number): string =>
  `global.get $v i64.const ${index} i64x2.splat i64x2.add global.get $v global.get $v i64x2.mul global.set $v`;

const GLOBAL = '(global $g (mut i64) (i64.const 3))';
const SHAPES: Readonly<Record<string, string>> = {
  'no operands': '(func $f call $f) (func $main call $f)',
  'one parameter':
    '(func $f (param i32) (result i32) local.get 0 call $f local.get 0 i32.add) (func $main i32.const 1 call $f drop)',
  'mutual recursion': `(func $f (param i32) (result i32) local.get 0 i32.const 1 i32.add call $h local.get 0 i32.add)
    (func $h (param i32) (result i32) local.get 0 call $f i32.const 3 i32.add) (func $main i32.const 1 call $f drop)`,
  'indirect calls': `(type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (type $t) local.get 0 i32.const 0 call_indirect (type $t) local.get 0 i32.add) (func $main i32.const 1 call $f drop)`,
  ...Object.fromEntries([16, 256, 2000].map((count) => [`${count} locals`, manyLocals(count)])),
  ...Object.fromEntries([16, 256, 2000].map((count) => [`${count} operands`, manyOperands(count)])),
  ...Object.fromEntries([16, 200].map((count) => [`${count} parameters`, manyParameters(count)])),
  'few vectors': manyVectors(3),
  ...Object.fromEntries([16, 256, 2000].map((count) => [`${count} vectors`, manyVectors(count)])),
  ...Object.fromEntries(
    [16, 200].map((count) => [`${count} vector parameters`, manyVectorParameters(count)]),
  ),
  'frames that tail calls change': `(func $f (param i64 i64 i64 i64) (result i64) local.get 0 call $g local.get 1 i64.add)
    (func $g (param i64) (result i64) local.get 0 local.get 0 local.get 0 local.get 0 return_call $f)
    (func $main i64.const 1 call $g drop)`,
  '16 results': `(func $f (param i32) (result ${'i64 '.repeat(16)}) local.get 0 call $f) (func $main i32.const 1 call $f ${'drop '.repeat(16)})`,
};

function manyLocals(count: number): string {
  return `${GLOBAL} (func $f (local ${'i64 '.repeat(count)}) ${repeat(count, (index) => `${fresh(index)} local.set ${index}`)}
    call $f ${repeat(count, (index) => `local.get ${index} global.set $g`)}) (func $main call $f)`;
}

function manyOperands(count: number): string {
  return `${GLOBAL} (func $f ${repeat(count, fresh)} call $f ${repeat(count, () => 'global.set $g')}) (func $main call $f)`;
}

function manyVectors(count: number): string {
  return `${VECTOR} (func $f (local ${'v128 '.repeat(count)}) ${repeat(count, (index) => `${freshVector(index)} local.set ${index}`)}
    call $f ${repeat(count, (index) => `local.get ${index} global.set $v`)}) (func $main call $f)`;
}

function manyVectorParameters(count: number): string {
  return `${VECTOR} (func $f (param ${'v128 '.repeat(count)}) ${repeat(count, (index) => `local.get ${index} i32x4.neg`)} call $f
    ${repeat(count, (index) => `local.get ${index} global.set $v`)}) (func $main ${repeat(count, freshVector)} call $f)`;
}

function manyParameters(count: number): string {
  const parameters = 'i64 '.repeat(count);
  return `${GLOBAL} (func $f (param ${parameters}) ${repeat(count, (index) => `local.get ${index} i64.const 1 i64.add`)} call $f
    ${repeat(count, (index) => `local.get ${index} global.set $g`)}) (func $main ${repeat(count, fresh)} call $f)`;
}

const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(workerData));
  instance.exports['trine:fuel'].value = 10n ** 15n;
  let said = 'returned';
  try { instance.exports.main(); } catch (error) { said = error.name + ': ' + error.message; }
  parentPort.postMessage(said);
`;

async function runOnSmallStack(bytes: Uint8Array): Promise<string> {
  const stackSizeMb = (NODE_RESERVE_KB + GUEST_STACK_KB) / 1024;
  const worker = new Worker(THREAD, { eval: true, workerData: bytes, resourceLimits: { stackSizeMb } });
  try {
    return await new Promise<string>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } finally {
    await worker.terminate();
  }
}

describe('endless recursion on a small stack', () => {
  it.each(Object.keys(SHAPES))('%s', async (name) => {
    const prepared = prepare(assembleWat(guestWat(`${SHAPES[name] ?? ''} (export "main" (func $main))`)));
    expect(prepared.type).toBe('prepared');
    const bytes = prepared.type === 'prepared' ? prepared.bytes : new Uint8Array(0);
    expect(await runOnSmallStack(bytes)).toBe('RuntimeError: unreachable');
  });
});
