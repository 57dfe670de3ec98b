/**
 * What comes out of a task of the ABI `wasi-1`: one deterministic CBOR item, `{exitCode: number, stdout: bytes, stderr:
 * bytes}`. An entry of its own, light enough for a page.
 */
import { CborCursor, CborMistake } from './cbor-cursor.ts';

/** What a WASI command leaves. */
export interface WasiOutput {
  /** What `proc_exit` was given, 0 when `_start` returned. */
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** Reads an output, or `undefined` for bytes that are none. */
export function parseWasiOutput(bytes: Uint8Array): WasiOutput | undefined {
  const output: { -readonly [K in keyof WasiOutput]: WasiOutput[K] } = {
    exitCode: -1,
    stdout: NO_BYTES,
    stderr: NO_BYTES,
  };
  let seen = 0;
  try {
    const cursor = new CborCursor(bytes);
    cursor.map(3, (key) => {
      seen += 1;
      if (key === 'exitCode') output.exitCode = cursor.uint();
      else if (key === 'stdout') output.stdout = cursor.bytes();
      else if (key === 'stderr') output.stderr = cursor.bytes();
      else throw new CborMistake('another field');
    });
    return seen === 3 && cursor.rest().length === 0 ? output : undefined;
  } catch (error) {
    if (error instanceof CborMistake) return undefined;
    throw error;
  }
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
