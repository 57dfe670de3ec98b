/**
 * Modules that npm's packages cannot compile are committed. Each has a digest and, beside it, its source and a
 * `build.sh`, which gives the same bytes where the very compiler and library are (Debian 12 has them); elsewhere that
 * half is skipped. Those of `wasm/wasi` are compiled again by their own test.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rootDir, sourceFiles } from './sources.ts';

/** What the modules were made with. Another compiler's bytes are as good, and others. */
const COMPILER = '19.1.7';
const WASI_LIBRARY = '0.0~git20220510.9886d3d-2';
const MODULE_BYTES_MAX = 200_000;

// What fuzzing has kept has no source, and its digest in its name.
const modules = sourceFiles(/\.wasm$/)
  .map(({ path }) => path)
  .filter((path) => !path.startsWith('test/regression/fuzz/'));

test('there are committed modules, each small, with its digest', async () => {
  expect(modules).toContain('test/bench/kernels/c/kernels.wasm');
  for (const path of modules) {
    const module = await readFile(join(rootDir, path));
    expect(module.length, path).toBeLessThan(MODULE_BYTES_MAX);
    expect(createHash('sha256').update(module).digest('hex'), path).toBe(await writtenDigest(path));
  }
});

const printed = (program: string, ...args: readonly string[]): string =>
  spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '';
const hasCompiler = ['clang-19', 'wasm-ld-19'].every((program) =>
  printed(program, '--version').includes(` ${COMPILER}`),
);
const hasLibrary = printed('dpkg-query', '-W', '-f', '${Version}', 'wasi-libc') === WASI_LIBRARY;
const needsLibrary = (path: string): boolean =>
  readFileSync(join(rootDir, dirname(path), 'build.sh'), 'utf8').includes('wasm32-wasi');
const compiledHere = modules.filter((path) => !path.startsWith('wasm/wasi/'));

describe.skipIf(!hasCompiler).each(compiledHere)('%s', (path) => {
  test.skipIf(needsLibrary(path) && !hasLibrary)('is what its source compiles to', async () => {
    const out = await mkdtemp(join(tmpdir(), 'trine-rebuild-'));
    try {
      execFileSync('sh', [join(rootDir, dirname(path), 'build.sh'), out], { stdio: 'pipe' });
      const rebuilt = await readFile(join(out, basename(path)));
      expect(rebuilt.equals(await readFile(join(rootDir, path)))).toBe(true);
    } finally {
      await rm(out, { recursive: true });
    }
  });
});

/** A guest's is in its manifest, another module's in a file beside it. */
async function writtenDigest(path: string): Promise<unknown> {
  const manifest = join(rootDir, dirname(path), 'manifest.json');
  if (existsSync(manifest)) {
    const { moduleDigest } = JSON.parse(await readFile(manifest, 'utf8')) as { moduleDigest?: unknown };
    return moduleDigest;
  }
  return (await readFile(join(rootDir, `${path}.sha256`), 'utf8')).split(' ')[0];
}
