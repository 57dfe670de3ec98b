// WebAssembly text for tests: assembled and printed by wabt, with the features that guests may use.

import wabtInit from 'wabt';

const wabt = await wabtInit();

// What wabt must know to assemble modules that we then expect to be refused.
const FEATURES = {
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  bulk_memory: true,
  multi_value: true,
  reference_types: true,
  simd: true,
  threads: true,
  tail_call: true,
  exceptions: true,
  memory64: true,
  extended_const: true,
  multi_memory: true,
};

/** Bytes of a module in WebAssembly text, not validated. */
export function assembleWat(text: string): Uint8Array {
  const parsed = wabt.parseWat('test.wat', text, FEATURES);
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

/** A module as WebAssembly text, instructions one a line. */
export function printWat(bytes: Uint8Array): string {
  const module = wabt.readWasm(bytes, FEATURES);
  try {
    return module.toText({ foldExprs: false, inlineExport: false });
  } finally {
    module.destroy();
  }
}

/** A whole guest around `body`: its memory, a bump `alloc`, and `run` unless the body defines one. */
export function guestWat(body: string): string {
  const run = body.includes('"run"') ? '' : '(func (export "run") (param i32 i32) (result i64) i64.const 0)';
  const memory = body.includes('(memory') ? '' : '(memory (export "memory") 1)';
  return `(module ${body} ${memory} (func (export "alloc") (param i32) (result i32) i32.const 16) ${run})`;
}
