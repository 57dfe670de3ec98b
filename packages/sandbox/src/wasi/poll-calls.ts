// `poll_oneoff`: waiting, which is how programs sleep. Files and streams are always ready. When only clocks are
// waited for, the virtual clock jumps to the earliest: sleeping takes no fuel and no time of the machine.
import { ERRNO, type Errno } from './errno.ts';
import type { HostCalls } from './host-call.ts';
import { SUBSCRIPTION_FUEL, SUBSCRIPTIONS_MAX } from './limits.ts';
import { CLOCK, timeOf } from './process-calls.ts';
import type { WasiRun } from './wasi-run.ts';

const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const KIND = { clock: 0, read: 1, write: 2 } as const;
const FLAG_ABSOLUTE = 1;

interface Subscription {
  readonly userData: bigint;
  readonly kind: number;
  /** Nanoseconds until it is ready: 0 for what is ready now. */
  readonly waitNs: bigint;
  readonly error: Errno;
  readonly bytesReady: bigint;
}

export const pollCalls = {
  poll_oneoff(run: WasiRun, [from, to, count, answer]: readonly [number, number, number, number]): Errno {
    const { memory } = run;
    if (count === 0 || count > SUBSCRIPTIONS_MAX) return ERRNO.inval;
    const isInside =
      memory.has(from, count * SUBSCRIPTION_BYTES) &&
      memory.has(to, count * EVENT_BYTES) &&
      memory.has(answer, 4);
    if (!isInside) return ERRNO.fault;
    run.charge(count * SUBSCRIPTION_FUEL);
    // All are read before any event is written: the two ranges may be one.
    const waiting = Array.from({ length: count }, (_, index) =>
      subscriptionAt(run, from + index * SUBSCRIPTION_BYTES),
    );
    const soonest = waiting.reduce((least, { waitNs }) => (waitNs < least ? waitNs : least), FOREVER_NS);
    run.sleep(soonest);
    const ready = waiting.filter(({ waitNs }) => waitNs <= soonest);
    for (const [index, subscription] of ready.entries())
      putEvent(run, to + index * EVENT_BYTES, subscription);
    memory.setU32(answer, ready.length);
    return ERRNO.success;
  },
} satisfies HostCalls;

const FOREVER_NS = (1n << 64n) - 1n;

function subscriptionAt(run: WasiRun, at: number): Subscription {
  const { memory } = run;
  const userData = memory.u64(at);
  const kind = memory.u8(at + 8);
  const base = { userData, kind, waitNs: 0n, error: ERRNO.success, bytesReady: 0n };
  switch (kind) {
    case KIND.clock:
      return { ...base, ...clockWait(run, at + 16) };
    case KIND.read:
    case KIND.write:
      return { ...base, ...readiness(run, memory.u32(at + 16), kind) };
    default:
      return { ...base, error: ERRNO.inval };
  }
}

function clockWait(run: WasiRun, at: number): Pick<Subscription, 'waitNs' | 'error'> {
  const { memory } = run;
  const clock = memory.u32(at);
  // Time spent computing does not go on while a program sleeps.
  const now = clock > CLOCK.monotonic ? undefined : timeOf(run, clock);
  if (now === undefined) return { waitNs: 0n, error: ERRNO.inval };
  const timeout = memory.u64(at + 8);
  const isAbsolute = (memory.u16(at + 24) & FLAG_ABSOLUTE) !== 0;
  if (!isAbsolute) return { waitNs: timeout, error: ERRNO.success };
  return { waitNs: timeout > now ? timeout - now : 0n, error: ERRNO.success };
}

function readiness(run: WasiRun, fd: number, kind: number): Pick<Subscription, 'error' | 'bytesReady'> {
  const opened = run.descriptors.get(fd);
  if (opened === undefined) return { error: ERRNO.badf, bytesReady: 0n };
  if (kind !== KIND.read || opened.type !== 'file') return { error: ERRNO.success, bytesReady: 0n };
  const left = Math.max(0, opened.file.content.length - opened.offset);
  return { error: ERRNO.success, bytesReady: BigInt(left) };
}

function putEvent(
  { memory }: WasiRun,
  at: number,
  { userData, kind, error, bytesReady }: Subscription,
): void {
  memory.fill(at, EVENT_BYTES);
  memory.setU64(at, userData);
  memory.setU16(at + 8, error);
  memory.setU8(at + 10, kind);
  memory.setU64(at + 16, bytesReady);
}
