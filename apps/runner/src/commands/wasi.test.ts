// WASI commands under the author's tools, from the built bundle: their words in, their streams and exit code out.
import { encodeWasiInput } from '@trine/protocol';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assembleText, buildBundle, type Bundle, runProgram } from '../bundle.testing.ts';

const PROGRAMS = fileURLToPath(new URL('../../../../wasm/wasi/', import.meta.url));
const TRINE_GUEST = `(module (memory (export "memory") 1)
  (func (export "alloc") (param i32) (result i32) (i32.const 8))
  (func (export "run") (param i32 i32) (result i64) (i64.const 0)))`;

let bundle: Bundle;

beforeAll(async () => {
  bundle = await buildBundle();
  const at = (name: string): string => join(bundle.dir, name);
  await copyFile(join(PROGRAMS, 'tour.wasm'), at('tour.wasm'));
  await writeFile(at('guest.wasm'), await assembleText(TRINE_GUEST));
  await writeFile(at('in.txt'), 'one\ntwo\n');
  await writeFile(at('one.txt'), 'content');
}, 60_000);

afterAll(() => bundle.close());

test('words, variables, input and files go in, streams and exit code come out', async () => {
  const flags = ['--args', 'tour', 'b c', '--env', 'COLOUR=a=b', 'X=', '--stdin', 'in.txt'];
  const ran = await bundle.run(
    'run',
    'tour.wasm',
    ...flags,
    '--file',
    '/texts/one.txt=one.txt',
    '--',
    '-v',
    '--w',
  );
  expect(ran.code).toBe(0);
  expect(ran.stdout.split('\n')).toEqual([
    'argument 0: guest',
    'argument 1: tour',
    'argument 2: b c',
    'argument 3: -v',
    'argument 4: --w',
    'COLOUR is a=b, NOTHING is not set',
    'standard input: 2 lines, 8 bytes',
    'texts folder 0',
    '  one.txt file 7',
    'the end of one.txt at 7: tent',
    'a file that is not there: refused',
    'above the root: refused',
    '',
  ]);
  expect(ran.stderr).toMatch(
    /^toured 5 arguments\ntrine +completed with exit code 0\ndigest +[0-9a-f]{64}\nfuel/,
  );
});

test('words may stand behind the module, and the command’s own name is told', async () => {
  const ran = await bundle.run('run', 'tour.wasm', '--argv0', 'me', 'tour', 'x');
  expect(ran.stdout).toContain('argument 0: me\nargument 1: tour\nargument 2: x\n');
});

test('its exit code is the command’s; a trap has the tool’s own', async () => {
  const failed = await bundle.run('run', 'tour.wasm', 'fail', '--json');
  expect([failed.code, JSON.parse(failed.stdout)]).toMatchObject([3, { outcome: 'completed', exitCode: 3 }]);
  const trapped = await bundle.run('run', 'tour.wasm', 'trap', '--json');
  expect([trapped.code, JSON.parse(trapped.stdout)]).toMatchObject([1, { outcome: 'trapped' }]);
  expect(trapped.stdout).not.toContain('exitCode');
});

test('what the flags say is what a node would be given', async () => {
  const input = encodeWasiInput({
    args: ['guest', 'tour', 'ü'],
    stdin: new Uint8Array(await readFile(join(bundle.dir, 'in.txt'))),
  });
  await writeFile(join(bundle.dir, 'input.bin'), input);
  const [whole, flags] = await Promise.all([
    bundle.run('run', 'tour.wasm', '--input', 'input.bin', '--index', '4', '--json'),
    bundle.run('run', 'tour.wasm', 'tour', 'ü', '--stdin', 'in.txt', '--index', '4', '--json'),
  ]);
  const report = (text: string) => ({ ...(JSON.parse(text) as object), ms: 0 });
  expect(report(whole.stdout)).toEqual(report(flags.stdout));
});

test('an input that is no whole one is what the command reads', async () => {
  const reports = await Promise.all(
    ['--input', '--stdin'].map(async (flag) => {
      const ran = await bundle.run('run', 'tour.wasm', flag, 'in.txt', '--json', '--args', 'tour');
      return { ...(JSON.parse(ran.stdout) as object), ms: 0 };
    }),
  );
  expect(reports[0]).toEqual(reports[1]);
  const ran = await bundle.run('run', 'tour.wasm', '--input', 'in.txt');
  expect(ran.stdout).toContain('standard input: 2 lines, 8 bytes');
});

test('standard input may be this command’s own', async () => {
  const line = `printf 'a\\nb\\n' | "${process.execPath}" "${bundle.path}" run tour.wasm --stdin -`;
  const ran = await runProgram('/bin/sh', ['-c', line], bundle.dir);
  expect(ran.stdout).toContain('standard input: 2 lines, 4 bytes');
});

test('flags that do not belong are refused in a sentence', async () => {
  const cases: readonly (readonly [readonly string[], number, string])[] = [
    [['run', 'guest.wasm', '--args', 'a'], 2, '--args is for WASI commands'],
    [['run', 'guest.wasm', 'a'], 2, '--args is for WASI commands'],
    [['run', 'tour.wasm', '--input', 'in.txt', '--stdin', 'in.txt'], 2, 'Give the standard input once'],
    [['run', 'tour.wasm', '--input-hex', 'a0', '--stdin', 'in.txt'], 2, 'Give the input once'],
    [['run', 'tour.wasm', '--env', 'novalue'], 2, 'has no “=”'],
    [['run', 'tour.wasm', '--file', '../x=in.txt'], 2, 'has the part “..”'],
    [['run', 'tour.wasm', '--stdin', 'none.txt'], 5, 'cannot be read'],
    [['flame', 'guest.wasm', '--stdin', 'in.txt'], 2, '--stdin is for WASI commands'],
  ];
  for (const [args, code, sentence] of cases) {
    const ran = await bundle.run(...args);
    expect([args, ran.code, ran.stdout, ran.stderr]).toEqual([
      args,
      code,
      '',
      expect.stringContaining(sentence),
    ]);
  }
});

test('flame shows where a command’s fuel goes, its exit included', async () => {
  const [ran, flamed] = await Promise.all([
    bundle.run('run', 'tour.wasm', 'fail', '--json'),
    bundle.run('flame', 'tour.wasm', 'fail', '--json'),
  ]);
  const { fuel } = JSON.parse(ran.stdout) as { fuel: string };
  expect(JSON.parse(flamed.stdout)).toMatchObject({ outcome: 'completed', fuel });
});

test('inspect says which calls will not work', async () => {
  await writeFile(
    join(bundle.dir, 'calls.wasm'),
    await assembleText(`(module
      (import "wasi_snapshot_preview1" "sock_shutdown" (func (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_unlink_file" (func (param i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
      (memory (export "memory") 1) (func (export "_start")))`),
  );
  const people = await bundle.run('inspect', 'calls.wasm');
  expect(people.stdout).toContain('wasi-1');
  expect(people.stdout).toContain('– wasi_snapshot_preview1.sock_shutdown (i32, i32) → (i32) answers ENOSYS');
  expect(people.stdout).toContain('answers EROFS: files are read-only');
  expect(people.stdout).toContain('✓ wasi_snapshot_preview1.fd_close (i32) → (i32)\n');
  const found = await bundle.run('inspect', 'calls.wasm', '--json');
  expect(JSON.parse(found.stdout)).toMatchObject({
    abi: { name: 'wasi-1', missing: [] },
    imports: [
      { name: 'wasi_snapshot_preview1.sock_shutdown', accepted: true, wasi: 'unsupported' },
      { accepted: true, wasi: 'read-only' },
      { accepted: true, wasi: 'works' },
    ],
    preparation: { abi: 'wasi-1' },
  });
});
