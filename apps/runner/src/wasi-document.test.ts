// What docs/GUESTS.md says of WASI commands: every call is in its table with what it answers, and the path from C to a
// verified job is walked where Debian’s clang is.
import { WASI_CALL_PARAMETERS } from '@trine/rewriter';
import { WASI_CALLS } from '@trine/sandbox';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram } from './bundle.testing.ts';
import { createStranger, type Stranger } from './stranger.testing.ts';

const document = await readFile(new URL('../../../docs/GUESTS.md', import.meta.url), 'utf8');
const section = /^## WASI commands[^]*?(?=^## )/m.exec(document)?.[0] ?? '';

let stranger: Stranger;

beforeAll(async () => {
  stranger = await createStranger();
}, 60_000);

afterAll(() => stranger.close());

test('the rewriter accepts exactly the calls that the sandbox has', () => {
  expect(Object.keys(WASI_CALLS).sort()).toEqual(Object.keys(WASI_CALL_PARAMETERS).sort());
});

test('each call is in one row, with what it answers', () => {
  const table = /\| call \| answers \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(section)?.[1] ?? '';
  const rows = [...table.matchAll(/^\| (.*) \| (.*) \|$/gm)];
  const said = rows.flatMap(([, names = '', answer = '']) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => [name, supportOf(answer)] as const),
  );
  expect(said).toHaveLength(Object.keys(WASI_CALLS).length);
  expect(Object.fromEntries(said)).toEqual(WASI_CALLS);
});

function supportOf(answer: string): string {
  if (answer === 'EROFS') return 'read-only';
  return answer === 'ENOSYS' ? 'unsupported' : 'works';
}

const CLANG = ['/usr/bin/clang-19', '/usr/bin/wasm-ld-19', '/usr/lib/wasm32-wasi/libc.a'];

/** The section's program and its shell lines, with the job's id put in. */
function scriptOf(): string {
  const block = (kind: string): string =>
    new RegExp(`^\`\`\`${kind}\\n([^\`]*)^\`\`\`$`, 'm').exec(section)?.[1] ?? '';
  return `set -eu\ncat > count.c <<'END'\n${block('c')}END\n${block('bash')}`.replace(
    '<job>',
    '$(trine jobs --json | node -p "JSON.parse(fs.readFileSync(0))[0].id")',
  );
}

test.runIf(CLANG.every((path) => existsSync(path)))(
  'every command of the path from C to a verified job',
  { timeout: 120_000 },
  async () => {
    await stranger.join();
    const { bundle, env } = stranger;
    const ran = await runProgram('/bin/sh', ['-c', scriptOf()], bundle.dir, env);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('good morning\nAnna: 4 words in task none\n');
    expect(ran.stdout).toContain('5 of 5 verified');
    const expected = 'good morning\nAnna: 4 words in task 3\n';
    expect(await readFile(join(bundle.dir, 'counts', '3.stdout'), 'utf8')).toBe(expected);
    expect(section).toContain(expected);
  },
);
