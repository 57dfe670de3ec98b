// `trine run` and `trine prepare` from the built bundle: outcomes, digests and fuel that can be counted by hand.
import { CONTROL_PLANE_LIMITS } from '@trine/control-plane';
import { prepare } from '@trine/rewriter';
import { FUEL_MAX } from '@trine/sandbox';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assembleText, buildBundle, type Bundle, runProgram } from '../bundle.testing.ts';
import { TASK_DEFAULTS } from '../task-limits.ts';

/** Answers its input. A first byte of 255 traps, 254 loops, 253 logs, 252 answers 64 KiB. */
const ECHO = `(module
  (import "trine" "log" (func $log (param i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 64) "hello\\1b[2J")
  (func (export "alloc") (param i32) (result i32) (i32.const 1024))
  (func (export "run") (param $at i32) (param $length i32) (result i64)
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 255)) (then unreachable))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 254)) (then (loop $again (br $again))))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 253))
      (then (call $log (i32.const 64) (i32.const 9))))
    (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 252)) (then (return (i64.const 65536))))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $length)))))`;

/** `alloc` 1, four tests of 5 each, the answer 7. */
const ECHO_FUEL = String(1 + 4 * 5 + 7);

let bundle: Bundle;
let module = new Uint8Array(0);

beforeAll(async () => {
  [bundle, module] = await Promise.all([buildBundle(), assembleText(ECHO)]);
  await writeFile(join(bundle.dir, 'echo.wasm'), module);
  await writeFile(join(bundle.dir, 'echo.wat'), ECHO);
  await writeFile(join(bundle.dir, 'commented.wat'), `;; echo\n${ECHO}`);
  const once = prepare(module);
  if (once.type === 'prepared') await writeFile(join(bundle.dir, 'once.wasm'), once.bytes);
}, 60_000);

afterAll(() => bundle.close());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hex = (...bytes: readonly number[]): string => Buffer.from(bytes).toString('hex');

async function runJson(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await bundle.run('run', 'echo.wasm', ...args, '--json');
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('defaults are those of a coordinator', () => {
  const { defaultFuel, defaultMemoryBytes, defaultOutputBytes } = CONTROL_PLANE_LIMITS;
  expect(TASK_DEFAULTS).toEqual({
    fuel: BigInt(defaultFuel.value),
    memoryBytes: defaultMemoryBytes.value,
    outputBytes: defaultOutputBytes.value,
  });
});

test('a run prints outcome, digest, fuel and time, and writes its output', async () => {
  const input = Uint8Array.of(1, 2, 3);
  await writeFile(join(bundle.dir, 'input.bin'), input);
  expect(await runJson('--input', 'input.bin', '-o', 'output.bin')).toEqual({
    outcome: 'completed',
    digest: sha256(input),
    fuel: ECHO_FUEL,
    ms: expect.any(Number),
    outputBytes: 3,
    edition: expect.any(String),
  });
  expect(new Uint8Array(await readFile(join(bundle.dir, 'output.bin')))).toEqual(input);
  const people = await bundle.run('run', 'echo.wasm', '--input-hex', '010203');
  expect(people).toMatchObject({ code: 0, stderr: '' });
  expect(people.stdout).toContain('✓ completed');
  expect(people.stdout).toContain(`${ECHO_FUEL} instructions`);
  expect(people.stdout).toContain('010203');
});

test('an output that is text is shown as text, one that would drive a terminal is not', async () => {
  const shown = async (text: string): Promise<string> =>
    (await bundle.run('run', 'echo.wasm', '--input-hex', Buffer.from(text).toString('hex'))).stdout;
  expect(await shown('score\t293.5\nÄhnlich\n')).toMatch(/bytes *\n\nscore\t293.5\nÄhnlich\n$/);
  expect(await shown('\u001b[2J')).not.toContain('\u001b[2J');
});

test('the number of a range task comes after its shared bytes', async () => {
  expect(await runJson('--input-hex', '07', '--index', '258')).toMatchObject({
    digest: sha256(Uint8Array.of(7, 2, 1, 0, 0, 0, 0, 0, 0)),
    outputBytes: 9,
  });
});

test.each<[string, readonly string[], Record<string, unknown>]>([
  [
    'a trap',
    ['--input-hex', hex(255)],
    { outcome: 'trapped', outputBytes: 0, digest: sha256(new Uint8Array()) },
  ],
  [
    'an endless loop',
    ['--input-hex', hex(254), '--fuel', '100000'],
    { outcome: 'out-of-fuel', fuel: '100000' },
  ],
  ['an output over its limit', ['--input-hex', hex(1, 2, 3), '--output-max', '2'], { outcome: 'trapped' }],
  [
    'an endless loop past the clock',
    ['--input-hex', hex(254), '--fuel', '9000000000000000000', '--timeout', '1s'],
    { outcome: 'aborted', fuel: '0' },
  ],
])('%s is an outcome, with exit code 1', async (_name, args, expected) => {
  const ran = await bundle.run('run', 'echo.wasm', ...args, '--json');
  expect(ran.code).toBe(1);
  expect(JSON.parse(ran.stdout)).toMatchObject({ ...expected, reason: expect.any(String) });
});

test('what a guest logs goes beside the answer and drives no terminal', async () => {
  const ran = await bundle.run('run', 'echo.wasm', '--input-hex', hex(253));
  expect(ran.stderr).toBe('guest: hello\uFFFD[2J\n');
});

test('a refused module says why, where, and with which code', async () => {
  await writeFile(join(bundle.dir, 'text.wasm'), 'text');
  for (const command of ['run', 'prepare', 'flame']) {
    const ran = await bundle.run(command, 'text.wasm', '--json');
    expect([command, ran.code]).toEqual([command, 3]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ type: 'refused', code: 'not-wasm', offset: 0 });
  }
  const tight = await bundle.run('run', 'echo.wasm', '--memory', '65536', '--json');
  expect(JSON.parse(tight.stdout)).toMatchObject({ type: 'refused', code: 'limit-memory-pages' });
  expect((await bundle.run('run', 'text.wasm')).stdout).toContain('not-wasm, at byte 0');
});

test.each<[unknown, string]>([
  [{ title: 5 }, 'title must be a text'],
  [{ limits: [] }, 'limits must be an object'],
  [{ limits: { fuel: 5 } }, 'limits.fuel must be a text of decimal digits'],
  [{ limits: { memoryBytes: '1' } }, 'limits.memoryBytes must be a whole number'],
  [{ output: { kind: 'fields' } }, 'output must be a view'],
])('a manifest that says %j is refused by name', async (manifest, sentence) => {
  await writeFile(join(bundle.dir, 'bad.json'), JSON.stringify(manifest));
  const ran = await bundle.run('run', 'echo.wasm', '--input-hex', '00', '--manifest', 'bad.json');
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(`bad.json: ${sentence}`)]);
});

test.each([
  ['folder', ['run', '.'], 2, 'is a folder'],
  ['missing file', ['run', 'none.wasm'], 5, 'there is none'],
  ['device without end', ['run', '/dev/zero'], 3, 'more than 67108864 bytes'],
  ['missing folder', ['prepare', 'echo.wasm', '-o', 'none/prepared.wasm'], 5, 'no such folder'],
  ['fuel that no guest can have', ['run', 'echo.wasm', '--fuel', '9999999999999999999'], 2, String(FUEL_MAX)],
  ['guest without steps', ['run', 'echo.wasm', '--checkpoint', 'x.ckpt'], 2, 'exports no step'],
  ['flag that is not there', ['run', 'echo.wasm', '--bogus'], 2, 'Try `trine run --help`'],
  ['WebAssembly text', ['run', 'echo.wat'], 3, 'wat2wasm'],
  ['commented text', ['inspect', 'commented.wat'], 3, 'wat2wasm'],
  ['prepared module', ['run', 'once.wasm'], 3, 'the module that it was made from'],
  ['memory in bytes', ['run', 'echo.wasm', '--memory', '2'], 3, '--memory <bytes>'],
  ['little fuel', ['run', 'echo.wasm', '--input-hex', '00', '--fuel', '9'], 1, '--fuel <instructions>'],
])('a %s is named, with what to do', async (_name, args, code, sentence) => {
  const ran = await bundle.run(...args);
  expect(ran.stdout + ran.stderr).toContain(sentence);
  expect(ran.code).toBe(code);
});

test('wrong flags are refused in a sentence', async () => {
  const cases: readonly (readonly [readonly string[], number])[] = [
    [['run', 'none.wasm'], 5],
    [['run', 'echo.wasm', '--input', 'none.bin'], 5],
    [['run', 'echo.wasm', '--input-hex', 'abc'], 2],
    [['run', 'echo.wasm', '--input-hex', '00', '--input', 'echo.wasm'], 2],
    [['run', 'echo.wasm', '--fuel', '9999999999999999999'], 2],
    [['run', 'echo.wasm', '--memory', '2000000000'], 2],
    [['prepare', 'echo.wasm', '-o', 'none/prepared.wasm'], 5],
  ];
  for (const [args, code] of cases) {
    const ran = await bundle.run(...args);
    expect([args, ran.code, ran.stdout, ran.stderr]).toEqual([args, code, '', expect.stringMatching(/\w/)]);
  }
});

test('prepare writes the bytes that the rewriter makes, and reports them', async () => {
  const ran = await bundle.run('prepare', 'echo.wasm', '-o', 'prepared.wasm', '--json');
  const expected = prepare(module);
  if (expected.type === 'refused') throw new Error(expected.message);
  const written = new Uint8Array(await readFile(join(bundle.dir, 'prepared.wasm')));
  expect(written).toEqual(expected.bytes);
  expect(JSON.parse(ran.stdout)).toEqual({
    type: 'prepared',
    ...expected.report,
    originalDigest: sha256(module),
    preparedDigest: sha256(written),
    customBytes: expect.any(Number),
  });
  const people = await bundle.run('prepare', 'echo.wasm', '--memory', '131072');
  expect(people.stdout).toContain('trine:fuel');
  expect(people.stdout).toContain('2 to 2 pages');
});

test('a reader that leaves early, like `head`, is no failure', async () => {
  const command = `"${process.execPath}" "${bundle.path}" prepare echo.wasm | true`;
  expect(await runProgram('/bin/sh', ['-c', command], bundle.dir)).toMatchObject({ code: 0, stderr: '' });
});
