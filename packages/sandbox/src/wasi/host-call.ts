// The shape of a host call. Numbers arrive unsigned; a call answers an error number and throws only to end the run.
import { ERRNO, type Errno } from './errno.ts';
import { VECTOR_FUEL, VECTORS_MAX } from './limits.ts';
import type { WasiRun } from './wasi-run.ts';

/** One function of `wasi_snapshot_preview1`, its parameters as a tuple, without the charge that every call pays. */
export type HostCall = (run: WasiRun, given: never) => Errno;

export type HostCalls = Readonly<Record<string, HostCall>>;

/** `proc_exit` ends the run with an answer: no trap and no failure. */
export class GuestExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Parts of guest memory that one read fills or one write takes. */
export interface Vectors {
  readonly parts: readonly (readonly [pointer: number, size: number])[];
  readonly totalBytes: number;
}

const VECTOR_BYTES = 8;

/** Reads a list of pointers and lengths; all of them lie inside the memory. */
export function readVectors(run: WasiRun, pointer: number, count: number): Vectors | Errno {
  const { memory } = run;
  if (count > VECTORS_MAX) return ERRNO.inval;
  if (!memory.has(pointer, count * VECTOR_BYTES)) return ERRNO.fault;
  run.charge(count * VECTOR_FUEL);
  const parts: (readonly [number, number])[] = [];
  let totalBytes = 0;
  for (let at = pointer; at < pointer + count * VECTOR_BYTES; at += VECTOR_BYTES) {
    const size = memory.u32(at + 4);
    if (!memory.has(memory.u32(at), size)) return ERRNO.fault;
    parts.push([memory.u32(at), size]);
    totalBytes += size;
  }
  return { parts, totalBytes };
}
