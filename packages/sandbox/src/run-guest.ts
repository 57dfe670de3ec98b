// Runs one prepared guest on the calling thread through its ABI's driver, and classifies how it ends.
//
// Determinism: everything but `aborted` must follow from module, input and limits alone. So each step asks, in
// this order: did the machine fail (any throw that is no WebAssembly trap, or the module's own "memory refused"
// flag)? Is the fuel gone? Did it trap? Only then is what the guest answered looked at. A guest that breaks the
// ABI (null allocation, pointer outside its memory, output too long) has trapped by definition.
import { type Abi, portableSha256, type Sha256 } from '@trine/protocol';
import { type CheckpointAnswer, createCheckpointer } from './checkpoint/checkpointer.ts';
import { driveTrine } from './drive-trine.ts';
import { driveWasi } from './wasi/drive-wasi.ts';
import type { DriverFactory, GuestDriver, GuestHooks } from './guest-driver.ts';
import { attempt, type Failure, type Guest, openInstance } from './guest-instance.ts';
import { PREPARED_EXPORTS, type RunRequest, type RunResult } from './guest-thread.ts';
import { CHECKPOINT_BYTES_MAX, FUEL_MAX } from './limits.ts';

/** How a guest ended; the wall time is its caller's to measure. */
export type GuestEnd = Omit<RunResult, 'wallMs'>;

/** How guests of each ABI are driven. */
const DRIVERS: Readonly<Record<Abi, DriverFactory>> = { 'trine-1': driveTrine, 'wasi-1': driveWasi };

/** A run between two steps, its caller's to go on with. */
export interface GuestRun {
  /** Goes on by one step, or to the end where there are none. `undefined`: there is more to do. Never throws. */
  advance(): GuestEnd | undefined;
  /** Steps done so far; 0 for guests that do not work in steps. */
  steps(): number;
  /** Takes the state after `advance` said that there is more to do; none of more than `bytesMax`. */
  takeCheckpoint(bytesMax?: number): CheckpointAnswer;
}

export type OpenedRun =
  | { readonly type: 'opened'; readonly run: GuestRun }
  | { readonly type: 'ended'; readonly end: GuestEnd };

/** Runs a guest to its end and blocks the thread meanwhile. Never throws. */
export function runGuest(request: RunRequest, hooks: GuestHooks): GuestEnd {
  const opened = openRun(request, hooks, portableSha256);
  if (opened.type === 'ended') return opened.end;
  for (;;) {
    const end = opened.run.advance();
    if (end !== undefined) return end;
  }
}

/** Opens a run; of a guest that begins nothing has run yet. `sha256` is how checkpoints are hashed. */
export function openRun(request: RunRequest, hooks: GuestHooks, sha256: Sha256): OpenedRun {
  const driver = DRIVERS[request.abi](request, hooks);
  const guest = openGuest(request, driver, hooks);
  if ('outcome' in guest) return { type: 'ended', end: guest };
  const take = createCheckpointer(request, sha256);
  const run: GuestRun = {
    advance: () => advance(guest, driver, request),
    steps: () => driver.rest?.()?.steps ?? 0,
    takeCheckpoint: (bytesMax = CHECKPOINT_BYTES_MAX) =>
      take(driver.rest?.(), { fuel: request.limits.fuel - guest.fuel.value, bytesMax }),
  };
  return { type: 'opened', run };
}

/** A new one each time: an output's buffer is transferred to the owner, which empties it here. */
const noOutput = (): Uint8Array => new Uint8Array(0);

function openGuest(request: RunRequest, driver: GuestDriver, hooks: GuestHooks): Guest | GuestEnd {
  const { limits } = request;
  if (limits.fuel < 0n || limits.fuel > FUEL_MAX) return aborted(`the fuel limit ${limits.fuel} is no i64`);
  const opened = openInstance(request, request.exports ?? PREPARED_EXPORTS, driver.imports);
  if (opened.type === 'machine') return aborted(opened.reason);
  if (opened.type === 'trap')
    return { outcome: 'trapped', output: noOutput(), fuel: 0n, reason: opened.reason };
  const guest = opened.value;
  guest.fuel.value = limits.fuel;
  hooks.onOpened?.(guest.exports);
  const ready = attempt(() => driver.opened(guest));
  return ready.type === 'value' ? guest : aborted(ready.reason);
}

function advance(guest: Guest, driver: GuestDriver, request: RunRequest): GuestEnd | undefined {
  const answer = attempt(() => driver.advance());
  const failure = answer.type === 'value' ? undefined : answer;
  const stopped = machineFailure(guest, failure) ?? outOfFuel(guest, request);
  if (stopped !== undefined) return stopped;
  if (answer.type === 'value' && answer.value === undefined) return undefined;
  return (
    memoryOverLimit(guest, request) ?? {
      outcome: failure === undefined ? 'completed' : 'trapped',
      output: (answer.type === 'value' ? answer.value : undefined) ?? noOutput(),
      fuel: request.limits.fuel - guest.fuel.value,
      reason: failure?.reason ?? 'completed',
    }
  );
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
