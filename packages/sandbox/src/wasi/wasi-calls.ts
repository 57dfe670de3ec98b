// Every function of `wasi_snapshot_preview1`, in three groups: those that work, those that would change a read-only
// tree, and those that a task cannot have. docs/GUESTS.md lists them; a test holds it to this table.
import { descriptorCalls } from './descriptor-calls.ts';
import { ERRNO, type Errno } from './errno.ts';
import type { HostCall, HostCalls } from './host-call.ts';
import { CALL_FUEL } from './limits.ts';
import { pathCalls } from './path-calls.ts';
import { pollCalls } from './poll-calls.ts';
import { processCalls } from './process-calls.ts';
import type { WasiRun } from './wasi-run.ts';

/** The module that WASI commands import from. */
export const WASI_MODULE = 'wasi_snapshot_preview1';

/** Calls that work. */
const WORKING: HostCalls = { ...processCalls, ...descriptorCalls, ...pathCalls, ...pollCalls };

/** Calls that answer EROFS: what a task is given cannot be changed. */
const CHANGING: readonly string[] = [
  'fd_allocate',
  'fd_filestat_set_size',
  'fd_filestat_set_times',
  'path_create_directory',
  'path_filestat_set_times',
  'path_link',
  'path_remove_directory',
  'path_rename',
  'path_symlink',
  'path_unlink_file',
];

/** Calls that answer ENOSYS. */
const UNSUPPORTED: readonly string[] = [
  'fd_fdstat_set_rights',
  'proc_raise',
  'sock_accept',
  'sock_recv',
  'sock_send',
  'sock_shutdown',
];

export type WasiSupport = 'works' | 'read-only' | 'unsupported';

/** What each call does: `read-only` answers EROFS, `unsupported` ENOSYS. */
export const WASI_CALLS: Readonly<Record<string, WasiSupport>> = {
  ...group(Object.keys(WORKING), 'works'),
  ...group(CHANGING, 'read-only'),
  ...group(UNSUPPORTED, 'unsupported'),
};

function group(names: readonly string[], support: WasiSupport): Readonly<Record<string, WasiSupport>> {
  return Object.fromEntries(names.map((name) => [name, support]));
}

/** The host functions of one run. `running` answers it; no call comes before it is there. */
export function wasiImports(running: () => WasiRun): WebAssembly.ModuleImports {
  const refuse = (names: readonly string[], errno: Errno): HostCalls =>
    Object.fromEntries(names.map((name) => [name, () => errno]));
  const calls = { ...WORKING, ...refuse(CHANGING, ERRNO.rofs), ...refuse(UNSUPPORTED, ERRNO.nosys) };
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, bound(running, call)]));
}

function bound(running: () => WasiRun, call: HostCall): (...given: (number | bigint)[]) => number {
  return (...given) => {
    const run = running();
    run.charge(CALL_FUEL);
    run.memory.refresh();
    const unsigned = given.map((value) => (typeof value === 'number' ? value >>> 0 : value));
    return call(run, unsigned as never);
  };
}
