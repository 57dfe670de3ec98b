/** The modules of `wasm/hostile` by name, as they were written: assembled from text or built. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GENERATED } from '@trine/wasm/hostile';
import wabt from 'wabt';
import { rootDir } from './processes.ts';

export async function hostileModule(name: string): Promise<Uint8Array> {
  const generated = GENERATED[name];
  if (generated !== undefined) return generated.build(generated.size);
  return assembleGuest(await readFile(join(rootDir, 'wasm', 'hostile', `${name}.wat`), 'utf8'));
}

export async function assembleGuest(text: string): Promise<Uint8Array> {
  const features = { bulk_memory: true, tail_call: true, reference_types: true };
  const parsed = (await wabt()).parseWat('guest.wat', text, features);
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}

/** A guest that writes 64 MiB and then does what `more` says. */
export const fillingGuest = (more: string): Promise<Uint8Array> =>
  assembleGuest(`(module
    (memory (export "memory") 1024)
    (func (export "alloc") (param i32) (result i32) (i32.const 16))
    (func (export "run") (param i32 i32) (result i64)
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864)) ${more} (i64.const 0)))`);
