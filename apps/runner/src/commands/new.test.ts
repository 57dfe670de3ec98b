// `trine new` from the built bundle: what it makes is built by the real compiler and run by the real command.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildBundle, type Bundle, type Ran, runProgram } from '../bundle.testing.ts';
import { ASSEMBLYSCRIPT_VERSION } from '../templates/assemblyscript.ts';
import { SAMPLE_INPUT_HEX, SAMPLE_OUTPUT_HEX } from '../templates/template.ts';

const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

let bundle: Bundle;

beforeAll(async () => {
  bundle = await buildBundle();
}, 60_000);

afterAll(() => bundle.close());

const within = (name: string): string => join(bundle.dir, name);

/** Runs the built guest under its manifest's limits and expects the sample's answer. */
async function expectSample(name: string): Promise<void> {
  const [module, manifest, output] = [`${name}.wasm`, 'manifest.json', 'out.bin'].map((file) =>
    join(name, file),
  ) as [string, string, string];
  const input = ['--input-hex', SAMPLE_INPUT_HEX, '--manifest', manifest];
  expect(await bundle.run('run', module, ...input, '-o', output)).toMatchObject({ code: 0, stderr: '' });
  expect((await readFile(within(output))).toString('hex')).toBe(SAMPLE_OUTPUT_HEX);
  expect((await bundle.run('run', module, ...input)).stdout).toContain('steps 111');
  const trapped = await bundle.run('run', module, '--input-hex', `ff${'ff'.repeat(7)}`, '--json');
  expect(JSON.parse(trapped.stdout)).toMatchObject({ outcome: 'trapped' });
  const flame = await bundle.run('flame', module, ...input, '-o', join(name, 'flame.svg'));
  expect(flame.stdout).toMatch(/\brun\b/);
  expect(flame.stdout).not.toContain('no names');
}

test('assemblyscript: builds from npm packages and runs', async () => {
  const made = await bundle.run('new', 'assemblyscript', 'steps-as');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toContain('npm run build');
  const text = await readFile(within('steps-as/package.json'), 'utf8');
  const { scripts } = JSON.parse(text) as { readonly scripts: { readonly build: string } };
  const [program, ...args] = scripts.build.split(' ');
  expect(program).toBe('asc');
  await symlink(MODULES, within('steps-as/node_modules'));
  const asc = join(MODULES, 'assemblyscript', 'bin', 'asc.js');
  const built = await runProgram(process.execPath, [asc, ...args], within('steps-as'));
  expect(built).toMatchObject({ code: 0, stderr: '' });
  await expectSample('steps-as');
});

test('the AssemblyScript that the template asks for is the one it was tried with', async () => {
  const text = await readFile(join(MODULES, 'assemblyscript', 'package.json'), 'utf8');
  expect((JSON.parse(text) as { readonly version: string }).version).toBe(ASSEMBLYSCRIPT_VERSION);
});

const works = (program: string, args: readonly string[]): boolean => spawnSync(program, args).status === 0;

const clang = ['clang', 'clang-19'].find((name) => works(name, ['--target=wasm32', '--version']));
const canLink = ['wasm-ld', 'wasm-ld-19'].some((name) => works(name, ['--version']));

test.runIf(clang !== undefined && canLink)('c: builds and runs (where clang and lld are)', async () => {
  expect(await bundle.run('new', 'c', 'steps-c')).toMatchObject({ code: 0, stderr: '' });
  expect(await build('steps-c', {})).toMatchObject({ code: 0, stderr: '' });
  await expectSample('steps-c');
});

// More than one rustc may be installed; any with the target will do.
const rustc = ['rustc', '/usr/bin/rustc'].find((name) => {
  const { stdout, status } = spawnSync(name, ['--print', 'sysroot'], { encoding: 'utf8' });
  return status === 0 && existsSync(join(stdout.trim(), 'lib/rustlib/wasm32-unknown-unknown'));
});

test.runIf(rustc !== undefined)('rust: builds and runs (where rustc has the target)', async () => {
  expect(await bundle.run('new', 'rust', 'steps-rust')).toMatchObject({ code: 0, stderr: '' });
  const built = await build('steps-rust', rustc === undefined ? {} : { RUSTC: rustc });
  expect(built).toMatchObject({ code: 0, stderr: '' });
  await expectSample('steps-rust');
});

const build = (name: string, env: Readonly<Record<string, string>>): Promise<Ran> =>
  runProgram('./build.sh', [], within(name), env);

test('names that no folder or package may have, unknown languages and full folders are refused', async () => {
  expect(await bundle.run('new', 'c', 'twice')).toMatchObject({ code: 0 });
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['c', 'twice'], 'not empty'],
    [['c', '../out'], 'no name for a guest'],
    [['c', 'Upper'], 'no name for a guest'],
    [['c', ''], 'no name for a guest'],
    [['cobol', 'one'], 'assemblyscript, c, rust'],
  ];
  for (const [args, words] of cases) {
    const ran = await bundle.run('new', ...args);
    expect([args, ran.code, ran.stdout]).toEqual([args, 2, '']);
    expect(ran.stderr).toContain(words);
  }
});

test('for programs: folder, files and the commands that come next', async () => {
  const ran = await bundle.run('new', 'rust', 'told', '--json');
  expect(JSON.parse(ran.stdout)).toMatchObject({
    folder: 'told',
    files: ['guest.rs', 'build.sh', 'manifest.json', 'README.md', '.gitignore'],
    commands: expect.arrayContaining(['cd told', './build.sh']),
  });
});
