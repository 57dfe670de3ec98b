// Hand-made modules in the shape that the rewriter gives, for this package's own tests.
import wabt from 'wabt';
import type { RunLimits, RunRequest } from './guest-thread.ts';

/** Everything a guest may vary; the default answers an empty output. */
export interface GuestText {
  readonly memory?: string;
  readonly alloc?: string;
  /** `none` leaves the export out, as a step guest does. */
  readonly run?: string;
  readonly more?: string;
}

export const LIMITS: RunLimits = { fuel: 1_000n, memoryBytes: 1_048_576, outputBytes: 64 };

/** The i64 a guest answers for an output, as a constant expression. */
export function answer(pointer: number, length: number): string {
  return `(i64.const ${(BigInt(pointer) << 32n) | BigInt(length)})`;
}

/** Spends fuel and stops when there is none, as metered code does. */
export function spend(fuel: number): string {
  return `(global.set $fuel (i64.sub (global.get $fuel) (i64.const ${fuel})))
    (if (i64.lt_s (global.get $fuel) (i64.const 0)) (then unreachable))`;
}

/** A loop that never ends; with `spend(…)` inside, fuel ends it. */
export function endless(body = ''): string {
  return `(loop $again ${body} (br $again)) unreachable`;
}

export async function compileText(text: string): Promise<WebAssembly.Module> {
  const tools = await wabt();
  const parsed = tools.parseWat('guest.wat', text);
  try {
    return new WebAssembly.Module(new Uint8Array(parsed.toBinary({}).buffer));
  } finally {
    parsed.destroy();
  }
}

export function compileGuest(guest: GuestText): Promise<WebAssembly.Module> {
  return compileText(`(module
    (import "trine" "progress" (func $progress (param i32 i32)))
    (import "trine" "log" (func $log (param i32 i32)))
    (memory (export "memory") ${guest.memory ?? '1 16'})
    (global $fuel (export "trine:fuel") (mut i64) (i64.const 0))
    (global $aborted (export "trine:aborted") (mut i32) (i32.const 0))
    (func (export "alloc") (param $size i32) (result i32) ${guest.alloc ?? '(i32.const 1024)'})
    ${guest.run === 'none' ? '' : runFunction(guest.run ?? answer(0, 0))}
    ${guest.more ?? ''})`);
}

function runFunction(body: string): string {
  return `(func (export "run") (param $input i32) (param $length i32) (result i64) ${body})`;
}

export async function requestFor(guest: GuestText, change: Partial<RunRequest> = {}): Promise<RunRequest> {
  const base = { abi: 'trine-1', input: new Uint8Array(0), limits: LIMITS } as const;
  return { ...base, module: await compileGuest(guest), ...change };
}
