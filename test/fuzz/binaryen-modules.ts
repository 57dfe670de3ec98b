// Guests from somebody else's imagination: Binaryen translates random bytes into a valid module, and we add
// the ABI around it. Slower than our own generator (a process a module) and less to the point, but it thinks
// of what we did not.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import binaryen from 'binaryen';

import { createRandom } from './random-modules.ts';

const FLAGS = [
  '--mvp-features',
  '--enable-mutable-globals',
  '--enable-sign-ext',
  '--enable-nontrapping-float-to-int',
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--no-fuzz-oob',
];

const WASM_OPT = join(createRequire(import.meta.url).resolve('binaryen'), '..', 'bin', 'wasm-opt');

/** The guest that Binaryen makes of a seed's random bytes. */
export function makeBinaryenModule(seed: number): Uint8Array {
  return addAbi(translate(seed));
}

function translate(seed: number): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'trine-fuzz-'));
  try {
    const random = createRandom(seed);
    const [input, output] = [join(folder, 'in'), join(folder, 'out.wasm')];
    writeFileSync(
      input,
      Uint8Array.from({ length: 500 + random(3000) }, () => random(256)),
    );
    execFileSync(process.execPath, [WASM_OPT, '--translate-to-fuzz', input, '-o', output, ...FLAGS], {
      stdio: 'pipe',
    });
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function addAbi(bytes: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(
      binaryen.Features.MutableGlobals |
        binaryen.Features.SignExt |
        binaryen.Features.NontrappingFPToInt |
        binaryen.Features.BulkMemory |
        binaryen.Features.Multivalue,
    );
    replaceImports(module);
    const { i32, i64 } = binaryen;
    const targets = exportedFunctions(module);
    module.addFunction('trine_alloc', i32, i32, [], module.i32.const(64));
    module.addFunctionExport('trine_alloc', 'alloc');
    const calls = targets.map((name, index) => callOf(module, name, index));
    const body = module.block(null, [...calls, module.i64.const(64n)], i64);
    module.addFunction('trine_run', binaryen.createType([i32, i32]), i64, [], body);
    module.addFunctionExport('trine_run', 'run');
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

type BinaryenModule = ReturnType<typeof binaryen.readBinary>;

// Binaryen's own logging imports become functions that do nothing, and its other ones answer zero.
function replaceImports(module: BinaryenModule): void {
  const names = Array.from({ length: module.getNumFunctions() }, (_, index) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
  ).filter(({ module: from }) => from !== '');
  for (const { name, params, results } of names) {
    module.removeFunction(name);
    module.addFunction(
      name,
      params,
      results,
      [],
      results === binaryen.none ? module.nop() : constantOf(module, results, 0),
    );
  }
}

function exportedFunctions(module: BinaryenModule): readonly string[] {
  const exports = Array.from({ length: module.getNumExports() }, (_, index) =>
    binaryen.getExportInfo(module.getExportByIndex(index)),
  );
  if (!exports.some(({ name }) => name === 'memory')) {
    module.addMemoryExport('0', 'memory');
  }
  return exports.filter(({ kind }) => kind === binaryen.ExternalFunction).map(({ value }) => value);
}

// Calls a function with small constants and stores a single result where the digest sees it.
function callOf(module: BinaryenModule, name: string, index: number): number {
  const { params, results } = binaryen.getFunctionInfo(module.getFunction(name));
  const args = binaryen.expandType(params).map((type) => constantOf(module, type, index));
  const call = module.call(name, args, results);
  const at = module.i32.const(1024 + index * 8);
  switch (results) {
    case binaryen.i32:
      return module.i32.store(0, 4, at, call);
    case binaryen.i64:
      return module.i64.store(0, 8, at, call);
    case binaryen.f32:
      return module.f32.store(0, 4, at, call);
    case binaryen.f64:
      return module.f64.store(0, 8, at, call);
    default:
      return results === binaryen.none ? call : module.drop(call);
  }
}

function constantOf(module: BinaryenModule, type: number, value: number): number {
  if (type === binaryen.i32) return module.i32.const(value);
  if (type === binaryen.i64) return module.i64.const(BigInt(value));
  return type === binaryen.f32 ? module.f32.const(value / 3) : module.f64.const(value / 3);
}
