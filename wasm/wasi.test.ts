// The WASI test programs are committed; where their compilers are, their source gives the same bytes.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const FOLDER = fileURLToPath(new URL('./wasi/', import.meta.url));

/** What each compiler is known by: Debian's own, and its libraries for WASI. */
const TOOLCHAINS = [
  {
    language: 'c',
    module: 'tour.wasm',
    needs: ['/usr/bin/clang-19', '/usr/bin/wasm-ld-19', '/usr/lib/wasm32-wasi/libc.a'],
  },
  {
    language: 'rust',
    module: 'words.wasm',
    needs: ['/usr/bin/rustc', '/usr/bin/wasm-ld-14', '/usr/lib/rustlib/wasm32-wasi'],
  },
] as const;

const isHere = ({ needs }: (typeof TOOLCHAINS)[number]): boolean => needs.every((path) => existsSync(path));

test.each(TOOLCHAINS)('$module is a module', async ({ module }) => {
  expect(WebAssembly.validate(await readFile(join(FOLDER, module)))).toBe(true);
});

test.each(TOOLCHAINS.filter(isHere))('$module is what its source gives', async ({ language, module }) => {
  const out = await mkdtemp(join(tmpdir(), 'trine-wasi-'));
  try {
    await promisify(execFile)(join(FOLDER, 'build.sh'), [out, language]);
    const [built, committed] = await Promise.all(
      [out, FOLDER].map((folder) => readFile(join(folder, module))),
    );
    expect(built?.equals(committed ?? new Uint8Array(0))).toBe(true);
  } finally {
    await rm(out, { recursive: true });
  }
});
