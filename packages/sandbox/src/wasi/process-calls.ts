// Host calls about the process itself: arguments, variables, exit, clocks and randomness.
import { ERRNO, type Errno } from './errno.ts';
import { GuestExit, type HostCalls } from './host-call.ts';
import type { WasiRun } from './wasi-run.ts';

/** Ids of clocks. */
export const CLOCK = { realtime: 0, monotonic: 1, processTime: 2, threadTime: 3 } as const;

const CLOCK_RESOLUTION_NS = 1n;

export const processCalls = {
  args_sizes_get: (run: WasiRun, [count, size]: readonly [number, number]): Errno =>
    putSizes(run, argTexts(run), [count, size]),
  args_get: (run: WasiRun, [pointers, buffer]: readonly [number, number]): Errno =>
    putTexts(run, argTexts(run), [pointers, buffer]),
  environ_sizes_get: (run: WasiRun, [count, size]: readonly [number, number]): Errno =>
    putSizes(run, environmentTexts(run), [count, size]),
  environ_get: (run: WasiRun, [pointers, buffer]: readonly [number, number]): Errno =>
    putTexts(run, environmentTexts(run), [pointers, buffer]),

  proc_exit: (_run: WasiRun, [exitCode]: readonly [number]): Errno => {
    throw new GuestExit(exitCode);
  },
  sched_yield: (): Errno => ERRNO.success,

  clock_res_get({ memory }: WasiRun, [clock, answer]: readonly [number, number]): Errno {
    if (clock > CLOCK.threadTime) return ERRNO.inval;
    if (!memory.has(answer, 8)) return ERRNO.fault;
    memory.setU64(answer, CLOCK_RESOLUTION_NS);
    return ERRNO.success;
  },
  clock_time_get(run: WasiRun, [clock, , answer]: readonly [number, bigint, number]): Errno {
    const time = timeOf(run, clock);
    if (time === undefined) return ERRNO.inval;
    if (!run.memory.has(answer, 8)) return ERRNO.fault;
    run.memory.setU64(answer, time);
    return ERRNO.success;
  },

  random_get(run: WasiRun, [pointer, size]: readonly [number, number]): Errno {
    if (!run.memory.has(pointer, size)) return ERRNO.fault;
    run.randomise(run.memory.bytes(pointer, size));
    return ERRNO.success;
  },
} satisfies HostCalls;

/** What a clock shows, or `undefined` for one that does not exist. */
export function timeOf(run: WasiRun, clock: number): bigint | undefined {
  switch (clock) {
    case CLOCK.realtime:
      return run.realtimeNs();
    case CLOCK.monotonic:
      return run.monotonicNs();
    case CLOCK.processTime:
    case CLOCK.threadTime:
      return run.computedNs();
    default:
      return undefined;
  }
}

const encoder = new TextEncoder();

const argTexts = ({ task }: WasiRun): readonly Uint8Array[] =>
  task.args.map((arg) => encoder.encode(`${arg}\0`));
const environmentTexts = ({ task }: WasiRun): readonly Uint8Array[] =>
  task.env.map(([name, value]) => encoder.encode(`${name}=${value}\0`));

type Places = readonly [first: number, second: number];

function putSizes(run: WasiRun, texts: readonly Uint8Array[], [count, size]: Places): Errno {
  const { memory } = run;
  run.chargeBytes(bytesOf(texts));
  if (!memory.has(count, 4) || !memory.has(size, 4)) return ERRNO.fault;
  memory.setU32(count, texts.length);
  memory.setU32(size, bytesOf(texts));
  return ERRNO.success;
}

function putTexts(run: WasiRun, texts: readonly Uint8Array[], [pointers, buffer]: Places): Errno {
  const { memory } = run;
  const total = bytesOf(texts);
  run.chargeBytes(total + texts.length * 4);
  if (!memory.has(pointers, texts.length * 4) || !memory.has(buffer, total)) return ERRNO.fault;
  let at = buffer;
  for (const [index, text] of texts.entries()) {
    memory.setU32(pointers + index * 4, at);
    memory.write(at, text);
    at += text.length;
  }
  return ERRNO.success;
}

const bytesOf = (texts: readonly Uint8Array[]): number => texts.reduce((sum, { length }) => sum + length, 0);
