// A hand-made step guest in the shape that the rewriter gives, for this package's own tests.
import { digestOf } from '@trine/protocol';
import type { RunRequest } from './guest-thread.ts';
import { compileText, spend } from './wat-guests.testing.ts';

/** What may vary: how many steps it says it needs (default 5), and what else is in the module. */
export interface StepGuestText {
  readonly steps?: number;
  /** `none` leaves out what the rewriter adds for checkpoints. */
  readonly state?: 'none';
  readonly more?: string;
  readonly stepBody?: string;
}

export const STEP_LIMITS = { fuel: 1_000_000n, memoryBytes: 1_048_576, outputBytes: 64 };

const STATE = `(global (export "trine:words") i32 (i32.const 2))
  (func (export "trine:read") (param i32) (result i64)
    (if (result i64) (local.get 0) (then (i64.extend_i32_u (global.get $small))) (else (global.get $sum))))
  (func (export "trine:write") (param i32 i64)
    (if (local.get 0)
      (then (global.set $small (i32.wrap_i64 (local.get 1))))
      (else (global.set $sum (local.get 1)))))
  (table $table (export "trine:table:0") 1 4 funcref)
  (table (export "trine:functions") funcref (elem $one))
  (func $one)`;

/**
 * Each step adds the input's first byte to a global, writes the count of steps into a page of its own and puts a
 * function into a table; the output is the sum.
 */
export async function stepRequest(guest: StepGuestText = {}): Promise<RunRequest> {
  const module = await compileText(`(module
    (memory (export "memory") 1 16)
    (global $fuel (export "trine:fuel") (mut i64) (i64.const 0))
    (global $aborted (export "trine:aborted") (mut i32) (i32.const 0))
    (global $sum (mut i64) (i64.const 0))
    (global $small (mut i32) (i32.const 0))
    ${guest.state === 'none' ? '(table $table 1 4 funcref) (elem declare func $one) (func $one)' : STATE}
    (func (export "alloc") (param i32) (result i32) ${spend(1)} (i32.const 8))
    (func (export "start") (param i32 i32)
      ${spend(3)} (drop (memory.grow (i32.const 3))) (data.drop 0))
    (func (export "step") (result i32)
      ${spend(5)}
      (global.set $small (i32.add (global.get $small) (i32.const 1)))
      (global.set $sum (i64.add (global.get $sum) (i64.load8_u (i32.const 8))))
      (i32.store8 (i32.mul (i32.rem_u (global.get $small) (i32.const 4)) (i32.const 65536)) (global.get $small))
      (table.set $table (i32.const 0) (ref.func $one))
      ${guest.stepBody ?? ''}
      (i32.lt_u (global.get $small) (i32.const ${guest.steps ?? 5})))
    (func (export "output") (result i64)
      ${spend(7)} (i64.store (i32.const 16) (global.get $sum)) (i64.const ${(16n << 32n) | 8n}))
    (data "text")
    ${guest.more ?? ''})`);
  const input = Uint8Array.of(9);
  return {
    module,
    abi: 'trine-1',
    input,
    limits: STEP_LIMITS,
    task: {
      code: { module: digestOf(Uint8Array.of(1)), edition: 'hand-made' },
      inputDigest: digestOf(input),
    },
  };
}
