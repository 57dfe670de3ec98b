// Drives one prepared guest through its ABI on the calling thread, and classifies how it ends.
//
// Determinism: everything but `aborted` must follow from module, input and limits alone. So each step asks, in
// this order: did the machine fail (any throw that is no WebAssembly trap, or the module's own "memory refused"
// flag)? Is the fuel gone? Did it trap? Only then is what the guest answered looked at. A guest that breaks the
// ABI (null allocation, pointer outside its memory, output too long) has trapped by definition.
import { PREPARED_EXPORTS, type PreparedExports, type RunRequest, type RunResult } from './guest-thread.ts';
import { FUEL_MAX, LOG_LINE_BYTES_MAX, LOG_LINES_MAX, PROGRESS_INTERVAL_MS } from './limits.ts';

/** How a guest ended; the wall time is its caller's to measure. */
export type GuestEnd = Omit<RunResult, 'wallMs'>;

/** What a run needs of its surroundings. */
export interface GuestHooks {
  /** Monotonic milliseconds; throttles progress and is invisible to the guest. */
  readonly now: () => number;
  readonly onProgress: (done: number, total: number) => void;
  readonly onLog: (text: string) => void;
  /** Sees the instance before anything of it runs: for tools that watch a guest, never for a node. */
  readonly onOpened?: (exports: WebAssembly.Exports) => void;
}

/** Runs a guest to its end and blocks the thread meanwhile. Never throws. */
export function runGuest(request: RunRequest, hooks: GuestHooks): GuestEnd {
  const names = request.exports ?? PREPARED_EXPORTS;
  const guest = openGuest(request, names, hooks);
  if ('outcome' in guest) return guest;
  const answer = attempt(() => drive(guest, request));
  const output = answer.type === 'value' ? answer.value : noOutput();
  const failure = answer.type === 'value' ? undefined : answer;
  return (
    machineFailure(guest, failure) ??
    outOfFuel(guest, request) ??
    memoryOverLimit(guest, request) ?? {
      outcome: failure === undefined ? 'completed' : 'trapped',
      output,
      fuel: request.limits.fuel - guest.fuel.value,
      reason: failure?.reason ?? 'completed',
    }
  );
}

interface Guest {
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  readonly fuel: WebAssembly.Global<'i64'>;
  readonly aborted: WebAssembly.Global<'i32'> | undefined;
  readonly start: GuestFunction | undefined;
}

type GuestFunction = (...args: number[]) => unknown;
type Failure =
  | { readonly type: 'trap'; readonly reason: string }
  | { readonly type: 'machine'; readonly reason: string };
type Attempt<T> = { readonly type: 'value'; readonly value: T } | Failure;

/** A guest broke the ABI: the same as a trap of its own, but with better words. */
class AbiBreach extends Error {}

/** A new one each time: an output's buffer is transferred to the owner, which empties it here. */
const noOutput = (): Uint8Array => new Uint8Array(0);

function openGuest(request: RunRequest, names: PreparedExports, hooks: GuestHooks): Guest | GuestEnd {
  const { limits } = request;
  if (limits.fuel < 0n || limits.fuel > FUEL_MAX) return aborted(`the fuel limit ${limits.fuel} is no i64`);
  const slot: { memory?: WebAssembly.Memory } = {};
  const opened = attempt(() => new WebAssembly.Instance(request.module, guestImports(slot, hooks)));
  if (opened.type === 'machine') return aborted(opened.reason);
  // Nothing has run yet, so a trap here is a data or element segment outside its memory or table.
  if (opened.type === 'trap')
    return { outcome: 'trapped', output: noOutput(), fuel: 0n, reason: opened.reason };
  const { exports } = opened.value;
  const { memory } = exports;
  const fuel = exports[names.fuel];
  if (!(fuel instanceof WebAssembly.Global)) return aborted(`no global ${names.fuel}: not a prepared module`);
  if (!(memory instanceof WebAssembly.Memory)) return aborted('no exported memory: not a prepared module');
  slot.memory = memory;
  fuel.value = limits.fuel;
  hooks.onOpened?.(exports);
  const flag = exports[names.aborted];
  return {
    exports,
    memory,
    fuel: fuel as WebAssembly.Global<'i64'>,
    aborted: flag instanceof WebAssembly.Global ? (flag as WebAssembly.Global<'i32'>) : undefined,
    start: exportedFunction(exports, names.start),
  };
}

function drive(guest: Guest, request: RunRequest): Uint8Array {
  const { exports } = guest;
  const run = exportedFunction(exports, 'run');
  guest.start?.();
  const input = placeInput(guest, request.input);
  if (run !== undefined) {
    return copyOutput(guest, run(input, request.input.length), request.limits.outputBytes);
  }
  // A guest without `run` works in steps.
  const step = requireFunction(exports, 'step');
  requireFunction(exports, 'start')(input, request.input.length);
  while (stepGoesOn(step())) if (guest.fuel.value < 0n) break;
  return copyOutput(guest, requireFunction(exports, 'output')(), request.limits.outputBytes);
}

function stepGoesOn(answer: unknown): boolean {
  if (answer === 1) return true;
  if (answer === 0) return false;
  throw new AbiBreach(`step answered ${String(answer)}; it may answer 1 (more) or 0 (done)`);
}

function placeInput(guest: Guest, input: Uint8Array): number {
  const pointer = asUnsigned(requireFunction(guest.exports, 'alloc')(input.length));
  if (pointer === 0) throw new AbiBreach(`alloc(${input.length}) returned 0`);
  const available = guest.memory.buffer.byteLength;
  if (pointer + input.length > available) {
    throw new AbiBreach(`alloc(${input.length}) returned ${pointer}, which ends outside ${available} bytes`);
  }
  new Uint8Array(guest.memory.buffer).set(input, pointer);
  return pointer;
}

function copyOutput(guest: Guest, answer: unknown, lengthMax: number): Uint8Array {
  if (typeof answer !== 'bigint') throw new AbiBreach('the guest did not answer an i64');
  const bits = BigInt.asUintN(64, answer);
  const pointer = Number(bits >> 32n);
  const length = Number(bits & 0xffff_ffffn);
  if (length > lengthMax) throw new AbiBreach(`output over the limit of ${lengthMax} bytes`);
  const available = guest.memory.buffer.byteLength;
  if (pointer + length > available) {
    throw new AbiBreach(`output of ${length} bytes at ${pointer} ends outside ${available} bytes`);
  }
  return new Uint8Array(guest.memory.buffer, pointer, length).slice();
}

function machineFailure(guest: Guest, failure: Failure | undefined): GuestEnd | undefined {
  if (failure?.type === 'machine') return aborted(failure.reason);
  const flagged = guest.aborted !== undefined && guest.aborted.value !== 0;
  return flagged ? aborted('the machine refused memory that the limits allow') : undefined;
}

function outOfFuel(guest: Guest, { limits }: RunRequest): GuestEnd | undefined {
  if (guest.fuel.value >= 0n) return undefined;
  const reason = `out of fuel at the limit of ${limits.fuel}`;
  return { outcome: 'out-of-fuel', output: noOutput(), fuel: limits.fuel, reason };
}

// Memory only ever grows, so one look at the end sees what the guest had at any time.
function memoryOverLimit(guest: Guest, { limits }: RunRequest): GuestEnd | undefined {
  const size = guest.memory.buffer.byteLength;
  if (size <= limits.memoryBytes) return undefined;
  const reason = `memory of ${size} bytes is over the limit of ${limits.memoryBytes} bytes`;
  return { outcome: 'trapped', output: noOutput(), fuel: limits.fuel - guest.fuel.value, reason };
}

function aborted(reason: string): GuestEnd {
  return { outcome: 'aborted', output: noOutput(), fuel: 0n, reason };
}

/** Engines throw `RuntimeError` for traps and something else (RangeError, InternalError) when they fail. */
function attempt<T>(body: () => T): Attempt<T> {
  try {
    return { type: 'value', value: body() };
  } catch (error) {
    const type = error instanceof WebAssembly.RuntimeError || error instanceof AbiBreach ? 'trap' : 'machine';
    return { type, reason: error instanceof Error ? error.message : String(error) };
  }
}

function exportedFunction(exports: WebAssembly.Exports, name: string): GuestFunction | undefined {
  const value = exports[name];
  return typeof value === 'function' ? (value as GuestFunction) : undefined;
}

function requireFunction(exports: WebAssembly.Exports, name: string): GuestFunction {
  const found = exportedFunction(exports, name);
  if (found === undefined) throw new TypeError(`no export ${name}: not a prepared trine-1 module`);
  return found;
}

function asUnsigned(value: unknown): number {
  return Number(value) >>> 0;
}

function guestImports(slot: { memory?: WebAssembly.Memory }, hooks: GuestHooks): WebAssembly.Imports {
  let progressAt = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return {
    trine: {
      progress: (done: number, total: number): void => {
        const now = hooks.now();
        if (now - progressAt < PROGRESS_INTERVAL_MS) return;
        progressAt = now;
        hooks.onProgress(done, total);
      },
      // A range outside the memory is dropped: logging must not be able to change how a run ends.
      log: (pointer: number, length: number): void => {
        if (lines >= LOG_LINES_MAX || slot.memory === undefined) return;
        const start = pointer >>> 0;
        const size = length >>> 0;
        if (start + size > slot.memory.buffer.byteLength) return;
        lines += 1;
        const cut = Math.min(size, LOG_LINE_BYTES_MAX);
        hooks.onLog(new TextDecoder().decode(new Uint8Array(slot.memory.buffer, start, cut)));
      },
    },
  };
}
