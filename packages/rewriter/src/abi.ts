// The ABIs `trine-1` and `wasi-1`: what a guest may import and must export, and the names the rewriter adds.

import type { FunctionType, ModuleExport, WasmModule } from './module.ts';
import { I32, I64, typeName } from './opcodes.ts';
import { refuse } from './refusals.ts';
import { WASI_CALL_PARAMETERS, WASI_MODULE } from './wasi-calls.ts';

/** The ABI that a prepared module follows. */
export type GuestAbi = 'trine-1' | 'wasi-1';

/** Export name of the mutable i64 global that holds the fuel left; set it before a run, read it after. Below zero: out of fuel. */
export const FUEL_GLOBAL = 'trine:fuel';

/** Export name of the mutable i32 global that is 1 when the machine refused memory within the limit: the run is aborted. */
export const ABORT_GLOBAL = 'trine:aborted';

/** Export name of what was the start function; call it first in the task, where it is metered. */
export const START_EXPORT = 'trine:start';

const RESERVED_PREFIX = 'trine:';

interface Signature {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

const IMPORT_MODULE = 'trine';
const IMPORTS: Readonly<Record<string, Signature>> = {
  progress: { parameters: [I32, I32], results: [] },
  log: { parameters: [I32, I32], results: [] },
};

const ALWAYS: Readonly<Record<string, Signature>> = { alloc: { parameters: [I32], results: [I32] } };
const RUN: Readonly<Record<string, Signature>> = { run: { parameters: [I32, I32], results: [I64] } };
const STEPS: Readonly<Record<string, Signature>> = {
  start: { parameters: [I32, I32], results: [] },
  step: { parameters: [], results: [I32] },
  output: { parameters: [], results: [I64] },
};
const COMMAND: Readonly<Record<string, Signature>> = { _start: { parameters: [], results: [] } };

/**
 * Which ABI a module is meant for: a WASI command begins at `_start` or imports from WASI. What offers the exports
 * of `trine-1` is taken at its word, whatever else it exports.
 */
export function abiOf(module: WasmModule): GuestAbi {
  const names = new Set(module.exports.map(({ name }) => name));
  if (names.has('alloc') && (names.has('run') || names.has('step'))) return 'trine-1';
  return names.has('_start') || module.imports.some((entry) => entry.module === WASI_MODULE)
    ? 'wasi-1'
    : 'trine-1';
}

/** Refuses imports outside the ABI. */
export function checkImports(module: WasmModule, abi: GuestAbi): void {
  for (const { module: from, name, type, offset } of module.imports) {
    const wanted = abi === 'wasi-1' ? wasiCall(from, name) : trineImport(from, name);
    if (wanted === undefined) {
      refuse('unknown-import', offset, `The module imports "${from}"."${name}"; ${allowed(abi, from)}`);
    }
    if (!hasSignature(module.types[type], wanted)) {
      refuse('import-wrong-signature', offset, `The import "${from}"."${name}" must be ${describe(wanted)}.`);
    }
  }
}

const trineImport = (from: string, name: string): Signature | undefined =>
  from === IMPORT_MODULE && Object.hasOwn(IMPORTS, name) ? IMPORTS[name] : undefined;

function wasiCall(from: string, name: string): Signature | undefined {
  const letters =
    from === WASI_MODULE && Object.hasOwn(WASI_CALL_PARAMETERS, name)
      ? WASI_CALL_PARAMETERS[name]
      : undefined;
  if (letters === undefined) return undefined;
  const parameters = Array.from(letters, (letter) => (letter === 'I' ? I64 : I32));
  return { parameters, results: name === 'proc_exit' ? [] : [I32] };
}

function allowed(abi: GuestAbi, from: string): string {
  if (abi === 'trine-1') return 'a guest may import only "trine"."progress" and "trine"."log".';
  return from === 'wasi_unstable'
    ? `that is WASI before preview 1; a WASI command may import only from "${WASI_MODULE}".`
    : `a WASI command may import only the functions of "${WASI_MODULE}".`;
}

/** Refuses exports that break the ABI. Returns whether the guest works in steps. */
export function checkExports(module: WasmModule, abi: GuestAbi): boolean {
  const exports = new Map(module.exports.map((entry) => [entry.name, entry]));
  for (const { name, offset } of module.exports) {
    if (name.startsWith(RESERVED_PREFIX)) {
      refuse('reserved-export', offset, `The export "${name}" begins with "trine:", which is reserved.`);
    }
  }
  const memory = exports.get('memory');
  if (memory?.kind !== 'memory') {
    refuse(
      'abi-missing-export',
      memory?.offset ?? module.bytes.length,
      'The module must export its memory as "memory".',
    );
  }
  if (abi === 'wasi-1') {
    checkFunctions(module, exports, COMMAND);
    return false;
  }
  const isStep = !exports.has('run') && exports.has('step');
  checkFunctions(module, exports, { ...ALWAYS, ...(isStep ? STEPS : RUN) });
  return isStep;
}

function checkFunctions(
  module: WasmModule,
  exports: ReadonlyMap<string, ModuleExport>,
  wanted: Readonly<Record<string, Signature>>,
): void {
  for (const [name, signature] of Object.entries(wanted)) {
    const found = exports.get(name);
    if (found?.kind !== 'function') {
      refuse(
        'abi-missing-export',
        found?.offset ?? module.bytes.length,
        `The module must export the function "${name}", ${describe(signature)}.`,
      );
    }
    if (!hasSignature(module.types[module.functions[found.index] ?? -1], signature)) {
      refuse('abi-wrong-signature', found.offset, `The export "${name}" must be ${describe(signature)}.`);
    }
  }
}

function hasSignature(type: FunctionType | undefined, wanted: Signature): boolean {
  return (
    type !== undefined &&
    sameList(type.parameters, wanted.parameters) &&
    sameList(type.results, wanted.results)
  );
}

function sameList(found: Uint8Array, wanted: readonly number[]): boolean {
  return found.length === wanted.length && wanted.every((type, index) => type === found[index]);
}

function describe({ parameters, results }: Signature): string {
  const names = (types: readonly number[]): string => types.map(typeName).join(', ');
  return `(${names(parameters)}) -> (${names(results)})`;
}
