// Which ABI a module is taken for, and what each refuses.
import { expect, test } from 'vitest';
import wabt from 'wabt';
import { prepare, type Prepared } from './prepare.ts';
import { WASI_CALL_PARAMETERS } from './wasi-calls.ts';

const WASI = 'wasi_snapshot_preview1';
const MEMORY = '(memory (export "memory") 1)';
const START = '(func (export "_start"))';
const ALLOC = '(func (export "alloc") (param i32) (result i32) (i32.const 8))';
const RUN = '(func (export "run") (param i32 i32) (result i64) (i64.const 0))';
const CLOSE = `(import "${WASI}" "fd_close" (func (param i32) (result i32)))`;

async function prepared(fields: string): Promise<Prepared> {
  const parsed = (await wabt()).parseWat('abi.wat', `(module ${fields})`);
  try {
    return prepare(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

test.each([
  ['a command', `${CLOSE} ${MEMORY} ${START}`, 'wasi-1'],
  ['a command without imports', `${MEMORY} ${START}`, 'wasi-1'],
  [
    'a command that has a function of its own called run',
    `${MEMORY} ${START} (func (export "run"))`,
    'wasi-1',
  ],
  ['a guest', `${MEMORY} ${ALLOC} ${RUN}`, 'trine-1'],
  ['a guest that can be begun, too', `${MEMORY} ${ALLOC} ${RUN} ${START}`, 'trine-1'],
])('%s', async (_name, fields, abi) => {
  expect(await prepared(fields)).toMatchObject({ type: 'prepared', report: { abi, isStep: false } });
});

test.each([
  ['a command without memory', START, 'abi-missing-export', '"memory"'],
  ['a library', `${CLOSE} ${MEMORY} (func (export "_initialize"))`, 'abi-missing-export', '"_start"'],
  [
    'a command that wants an argument',
    `${MEMORY} (func (export "_start") (param i32))`,
    'abi-wrong-signature',
    '() -> ()',
  ],
  ['WASI in a guest', `${CLOSE} ${MEMORY} ${ALLOC} ${RUN}`, 'unknown-import', 'may import only "trine"'],
  [
    'trine in a command',
    `(import "trine" "log" (func (param i32 i32))) ${MEMORY} ${START}`,
    'unknown-import',
    WASI,
  ],
  [
    'an older WASI',
    `(import "wasi_unstable" "fd_close" (func (param i32) (result i32))) ${MEMORY} ${START}`,
    'unknown-import',
    'before preview 1',
  ],
  [
    'a call that WASI does not have',
    `(import "${WASI}" "toString" (func)) ${MEMORY} ${START}`,
    'unknown-import',
    'toString',
  ],
  [
    'an exit that returns',
    `(import "${WASI}" "proc_exit" (func (param i32) (result i32))) ${MEMORY} ${START}`,
    'import-wrong-signature',
    '(i32) -> ()',
  ],
])('%s is refused', async (_name, fields, code, words) => {
  expect(await prepared(fields)).toMatchObject({
    type: 'refused',
    code,
    message: expect.stringContaining(words),
  });
});

test('every call is accepted with its own type, and refused with one parameter more', async () => {
  const importOf = ([name, letters]: readonly [string, string]): string => {
    const types = Array.from(letters, (letter) => (letter === 'I' ? 'i64' : 'i32')).join(' ');
    const result = name === 'proc_exit' ? '' : '(result i32)';
    return `(import "${WASI}" "${name}" (func (param ${types}) ${result}))`;
  };
  const calls = Object.entries(WASI_CALL_PARAMETERS);
  const all = await prepared(`${calls.map(importOf).join(' ')} ${MEMORY} ${START}`);
  expect(all).toMatchObject({ type: 'prepared', report: { imports: calls.map(([name]) => name) } });
  for (const [name, letters] of calls) {
    const one = await prepared(`${importOf([name, `${letters}i`])} ${MEMORY} ${START}`);
    expect([name, one]).toMatchObject([name, { type: 'refused', code: 'import-wrong-signature' }]);
  }
});
