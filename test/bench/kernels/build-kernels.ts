// Makes the modules of the bench: compiled, and in the forms that are measured.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStream, main as compile } from 'assemblyscript/asc';
import { editionPasses, type MeterStrategy, prepareAnyImports } from '@trine/rewriter/testing';
import wabt from 'wabt';
import { rootDir } from '../../support/processes.ts';
import type { ModuleInfo } from './kernel-list.ts';

/** The forms of a module, in the order in which they are measured. */
export interface Forms {
  readonly original: Uint8Array;
  /** Fuel, call depth, growth. */
  readonly metered: Uint8Array;
  /** As it runs on nodes: NaNs are canonical, too. */
  readonly prepared: Uint8Array;
}

export async function readOriginal({ file }: { readonly file: string }): Promise<Uint8Array> {
  const bytes = await readFile(join(rootDir, file));
  if (file.endsWith('.as')) return compileAssembly(bytes.toString());
  return file.endsWith('.wat') ? assembleText(bytes.toString()) : new Uint8Array(bytes);
}

export async function buildForms(info: ModuleInfo, strategy: MeterStrategy): Promise<Forms> {
  const original = await readOriginal(info);
  await assertListed(info, original);
  const passes = editionPasses(strategy);
  const withoutNan = passes.filter(({ name }) => name !== 'canonical-nan');
  return {
    // The sandbox runs nothing that lacks the rewriter's globals: without passes it has them, and its own code.
    original: info.program === 'python' ? prepareAnyImports([], original) : original,
    metered: prepareAnyImports(withoutNan, original),
    prepared: prepareAnyImports(passes, original),
  };
}

// A kernel that nobody lists would not be measured.
async function assertListed(info: ModuleInfo, original: Uint8Array): Promise<void> {
  if (info.program !== 'export') return;
  const module = await WebAssembly.compile(original as Uint8Array<ArrayBuffer>);
  const missing = WebAssembly.Module.exports(module)
    .filter(({ kind, name }) => kind === 'function' && name !== 'alloc' && name !== 'run')
    .map(({ name }) => name)
    .filter((name) => !(name in info.kernels));
  if (missing.length > 0) throw new Error(`${info.file}: ${missing.join()} are not in kernel-list.ts.`);
}

const ASSEMBLYSCRIPT_FLAGS =
  '--runtime stub --use abort= --noAssert -O3 --enable simd --initialMemory 256'.split(' ');

async function compileAssembly(source: string): Promise<Uint8Array> {
  const stderr = createMemoryStream();
  const written = new Map<string, Uint8Array>();
  const { error } = await compile(['kernels.ts', '-o', 'kernels.wasm', ...ASSEMBLYSCRIPT_FLAGS], {
    stderr,
    readFile: (name) => (name.endsWith('kernels.ts') ? source : null),
    writeFile: (name, contents) => {
      written.set(name, typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
    },
    listFiles: () => [],
  });
  const module = written.get('kernels.wasm');
  if (error !== null || module === undefined)
    throw new Error(`The kernels do not compile.\n${stderr.toString()}`);
  return module;
}

async function assembleText(text: string): Promise<Uint8Array> {
  const parsed = (await wabt()).parseWat('kernels.wat', text, { tail_call: true });
  try {
    return Uint8Array.from(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}
