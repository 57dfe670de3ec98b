// Whatever numbers a guest hands to a host call, it answers an error number or ends the run: no exception of the
// machine's, nothing outside the guest's memory, no work that is not paid for.
import { array, assert, bigInt, constantFrom, integer, oneof, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { AbiBreach } from '../guest-instance.ts';
import { GuestExit } from './host-call.ts';
import { CALL_FUEL } from './limits.ts';
import { WASI_CALLS } from './wasi-calls.ts';
import { createHost, type Host, PAGE } from './wasi-host.testing.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const INPUT = {
  args: ['a', 'b'],
  env: { A: 'b' },
  stdin: bytes('input'),
  files: { 'a/b': bytes('1'), c: bytes('') },
};
const NAMES = Object.keys(WASI_CALLS).sort();

/** Parameters that are i64, by the place that they have in a call. */
const WIDE: Readonly<Record<string, readonly number[]>> = {
  clock_time_get: [1],
  fd_advise: [1, 2],
  fd_pread: [3],
  fd_readdir: [3],
  fd_seek: [1],
  path_open: [5, 6],
};

const number = oneof(
  integer({ min: 0, max: 8 }),
  integer({ min: 0, max: 4_096 }),
  integer({ min: PAGE - 100, max: PAGE + 8 }),
  integer(),
  constantFrom(-1, -8, 2 ** 31 - 1, -(2 ** 31), 1_024),
);
const wide = oneof(bigInt({ min: 0n, max: 10n }), bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }));
const calls = array(tuple(constantFrom(...NAMES), array(number, { minLength: 9, maxLength: 9 }), wide), {
  minLength: 1,
  maxLength: 12,
});

/** Calls once; false when the call ended the run. */
function callOnce(host: Host, name: string, numbers: readonly number[], big: bigint): boolean {
  const given = numbers.map((value, place) => ((WIDE[name] ?? []).includes(place) ? big : value));
  const before = host.fuel.value;
  try {
    const errno = host.call(name, ...given);
    expect(Number.isInteger(errno) && errno >= 0 && errno <= 76).toBe(true);
  } catch (error) {
    expect(error instanceof AbiBreach || error instanceof GuestExit).toBe(true);
    return false;
  }
  expect(before - host.fuel.value).toBeGreaterThanOrEqual(BigInt(CALL_FUEL));
  return true;
}

test('any calls with any numbers over any memory', () => {
  assert(
    property(calls, integer({ min: 0, max: 255 }), (sequence, filling) => {
      const host = createHost(INPUT, 4_096);
      new Uint8Array(host.memory.buffer).fill(filling);
      // Small numbers in a low place make pointers and lengths that lie inside.
      for (let at = 0; at < 1_024; at += 4) host.view().setUint32(at, (at * filling) % 2_048, true);
      for (const [name, numbers, big] of sequence) if (!callOnce(host, name, numbers, big)) return;
      expect(host.run.output.bytes('stdout').length).toBeLessThanOrEqual(4_096);
    }),
    { numRuns: 1_000 },
  );
});

test('the same calls leave the same memory, fuel and output', () => {
  const digest = (host: Host): string =>
    `${host.fuel.value} ${host.stdout()} ${Buffer.from(host.memory.buffer).toString('base64')}`;
  assert(
    property(calls, (sequence) => {
      const [one, other] = [createHost(INPUT, 4_096), createHost(INPUT, 4_096)];
      for (const host of [one, other]) {
        for (const [name, numbers, big] of sequence) if (!callOnce(host, name, numbers, big)) break;
      }
      expect(digest(one)).toBe(digest(other));
    }),
    { numRuns: 200 },
  );
});
