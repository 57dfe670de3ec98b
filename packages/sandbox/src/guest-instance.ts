// One instance of a prepared module: opened with its fuel, called so that a trap, a broken ABI and a machine that
// fails can be told apart.
import type { PreparedExports, RunRequest } from './guest-thread.ts';

/** An opened guest and the exports that the rewriter added. */
export interface Guest {
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  /** Fuel left; negative means out of fuel. */
  readonly fuel: WebAssembly.Global<'i64'>;
  readonly aborted: WebAssembly.Global<'i32'> | undefined;
  /** The former start function: first in the task. */
  readonly start: GuestFunction | undefined;
}

export type GuestFunction = (...args: number[]) => unknown;

/** What stopped an attempt: the guest by its own doing, or the machine under it. */
export type Failure =
  | { readonly type: 'trap'; readonly reason: string }
  | { readonly type: 'machine'; readonly reason: string };
export type Attempt<T> = { readonly type: 'value'; readonly value: T } | Failure;

/** A guest broke the ABI: the same as a trap of its own, but with better words. */
export class AbiBreach extends Error {}

/** Engines throw `RuntimeError` for traps and something else (RangeError, InternalError) when they fail. */
export function attempt<T>(body: () => T): Attempt<T> {
  try {
    return { type: 'value', value: body() };
  } catch (error) {
    const type = error instanceof WebAssembly.RuntimeError || error instanceof AbiBreach ? 'trap' : 'machine';
    return { type, reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Instantiates a prepared module; nothing of it runs. So a trap here is a data or element segment outside its
 * memory or table. Fuel is left as the module has it: none.
 */
export function openInstance(
  { module }: RunRequest,
  names: PreparedExports,
  imports: WebAssembly.Imports,
): Attempt<Guest> {
  const opened = attempt(() => new WebAssembly.Instance(module, imports));
  if (opened.type !== 'value') return opened;
  const { exports } = opened.value;
  const { memory } = exports;
  const fuel = exports[names.fuel];
  const flag = exports[names.aborted];
  if (!(fuel instanceof WebAssembly.Global)) return unprepared(`no global ${names.fuel}`);
  if (!(memory instanceof WebAssembly.Memory)) return unprepared('no exported memory');
  const guest: Guest = {
    exports,
    memory,
    fuel: fuel as WebAssembly.Global<'i64'>,
    aborted: flag instanceof WebAssembly.Global ? (flag as WebAssembly.Global<'i32'>) : undefined,
    start: exportedFunction(exports, names.start),
  };
  return { type: 'value', value: guest };
}

export function exportedFunction(exports: WebAssembly.Exports, name: string): GuestFunction | undefined {
  const value = exports[name];
  return typeof value === 'function' ? (value as GuestFunction) : undefined;
}

/** A missing function is no trap: such a module never met the rewriter. */
export function requireFunction({ exports }: Guest, name: string): GuestFunction {
  const found = exportedFunction(exports, name);
  if (found === undefined) throw new TypeError(`no export ${name}: not a prepared module`);
  return found;
}

function unprepared(what: string): Failure {
  return { type: 'machine', reason: `${what}: not a prepared module` };
}
