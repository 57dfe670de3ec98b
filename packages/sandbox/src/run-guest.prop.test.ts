// Whatever a guest answers, the run ends with an outcome and never with an exception.
import { assert, integer, nat, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';
import { runGuest } from './run-guest.ts';
import { compileGuest, LIMITS } from './wat-guests.testing.ts';

test('any pair of pointers either lies inside memory and limits, or has trapped', async () => {
  // The input carries the answers: the address that alloc gives is fixed, run reads its answer from there.
  const module = await compileGuest({ alloc: '(i32.const 128)', run: '(i64.load (local.get $input))' });
  const anywhere = oneof(nat(70_000), integer({ min: 0, max: 0xffff_ffff }));
  assert(
    property(anywhere, oneof(nat(80), integer({ min: 0, max: 0xffff_ffff })), (pointer, length) => {
      const input = new Uint8Array(8);
      new DataView(input.buffer).setBigUint64(0, (BigInt(pointer) << 32n) | BigInt(length), true);
      const hooks = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
      const result = runGuest({ module, abi: 'trine-1', input, limits: LIMITS }, hooks);
      const inside = length <= LIMITS.outputBytes && pointer + length <= 65_536;
      expect(result.outcome).toBe(inside ? 'completed' : 'trapped');
      expect(result.output.length).toBe(inside ? length : 0);
    }),
  );
});
