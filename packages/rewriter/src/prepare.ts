// The border of the rewriter: any bytes in, a prepared module or a refusal out, never an exception.

import { abiOf, checkExports, checkImports, FUEL_GLOBAL, type GuestAbi, START_EXPORT } from './abi.ts';
import { assemble } from './assemble.ts';
import { EDITION, editionPasses } from './edition.ts';
import { MEMORY_PAGES_DEFAULT, MEMORY_PAGES_MAX, MODULE_BYTES_MAX } from './limits.ts';
import type { WasmModule } from './module.ts';
import { parseModule } from './parse-module.ts';
import type { MeterStrategy } from './passes/meter.ts';
import type { Pass } from './passes/pass.ts';
import { assertLimit, Refusal, type RefusalCode, refuse } from './refusals.ts';

/** What a job may ask of the rewriter. */
export interface PrepareOptions {
  /** The job's memory limit in pages of 64 KiB: the prepared module can never have more. Default 4,096. */
  readonly maxMemoryPages: number;
}

/** What is known of a prepared module. */
export interface PrepareReport {
  readonly edition: string;
  /** Which one the module is meant for, by its exports and imports. */
  readonly abi: GuestAbi;
  /** Export name of the fuel global. */
  readonly fuelGlobal: string;
  /** Export name of the former start function, absent without one. */
  readonly startExport?: string;
  /** The host imports in use, by name, each once. */
  readonly imports: readonly string[];
  /** Whether the guest exports `start`, `step` and `output` instead of `run`. */
  readonly isStep: boolean;
  readonly originalBytes: number;
  readonly preparedBytes: number;
  readonly memoryMinPages: number;
  readonly memoryMaxPages: number;
  /** Functions that the guest defines. */
  readonly functions: number;
  /** Constant expressions that were computed, because not every engine can: without any, engines also accept the original. */
  readonly foldedConstants: number;
  /** The largest frame that call depth is charged for. */
  readonly largestFrameBytes: number;
}

/** A prepared module, or the reason why there is none: `offset` is a byte of the original. */
export type Prepared =
  | { readonly type: 'prepared'; readonly bytes: Uint8Array; readonly report: PrepareReport }
  | {
      readonly type: 'refused';
      readonly code: RefusalCode;
      readonly offset: number;
      readonly message: string;
    };

/**
 * Validates a guest and rewrites it so that it runs the same everywhere: metered, with bounded memory and
 * call depth, and canonical NaNs. Never throws, whatever the bytes; the same bytes and options always give
 * the same answer.
 */
export function prepare(module: Uint8Array, options: Partial<PrepareOptions> = {}): Prepared {
  return prepareWith('counted', module, options);
}

/** `prepare` with another way of placing fuel charges: tests compare them, nothing else may. */
export function prepareWith(
  strategy: MeterStrategy,
  module: Uint8Array,
  options: Partial<PrepareOptions> = {},
): Prepared {
  return prepareThrough(editionPasses(strategy), module, options);
}

/** `prepare` with other passes: tests add and leave out some, nothing else may. */
export function prepareThrough(
  passes: readonly Pass[],
  module: Uint8Array,
  options: Partial<PrepareOptions> = {},
): Prepared {
  try {
    return prepareOrThrow(passes, module, options.maxMemoryPages ?? MEMORY_PAGES_DEFAULT);
  } catch (error) {
    if (error instanceof Refusal) {
      return { type: 'refused', code: error.code, offset: error.offset, message: error.message };
    }
    // Out of memory, or a bug of ours that strange bytes have found: still no exception for the caller.
    const reason = error instanceof Error ? error.message : String(error);
    return { type: 'refused', code: 'internal', offset: 0, message: `The rewriter failed: ${reason}` };
  }
}

function prepareOrThrow(passes: readonly Pass[], bytes: Uint8Array, maxMemoryPages: number): Prepared {
  assertLimit('module-bytes', bytes.length, MODULE_BYTES_MAX, 0);
  checkHeader(bytes);
  const module = parseModule(bytes);
  const abi = abiOf(module);
  checkImports(module, abi);
  const isStep = checkExports(module, abi);
  const maxPages = boundMemory(module, maxMemoryPages);
  const assembly = assemble(module, { passes, maxPages, isStep });
  return {
    type: 'prepared',
    bytes: assembly.bytes,
    report: {
      edition: EDITION,
      abi,
      fuelGlobal: FUEL_GLOBAL,
      ...(module.start === undefined ? {} : { startExport: START_EXPORT }),
      imports: [...new Set(module.imports.map(({ name }) => name))],
      isStep,
      originalBytes: bytes.length,
      preparedBytes: assembly.bytes.length,
      memoryMinPages: module.memory?.min ?? 0,
      memoryMaxPages: maxPages,
      functions: module.bodies.length,
      foldedConstants: module.folded.length,
      largestFrameBytes: assembly.largestFrameBytes,
    },
  };
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

function checkHeader(bytes: Uint8Array): void {
  for (const [offset, byte] of HEADER.entries()) {
    if (bytes[offset] !== byte) {
      refuse('not-wasm', offset, 'The bytes are no WebAssembly module: they do not begin with its header.');
    }
  }
}

// The maximum becomes the lower of the module's own and the job's, so growth past either answers -1.
function boundMemory(module: WasmModule, maxMemoryPages: number): number {
  const limit = Math.max(0, Math.min(Math.floor(maxMemoryPages) || 0, MEMORY_PAGES_MAX));
  assertLimit('memory-pages', module.memory?.min ?? 0, limit, module.memory?.offset ?? 0);
  return Math.min(module.memory?.max ?? limit, limit);
}
