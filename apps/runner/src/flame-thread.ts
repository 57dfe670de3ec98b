/** A thread that runs one guest with call hooks: deep stacks need room, and a person must be able to stop it. */
import { LIMITS } from '@trine/protocol';
import type { GuestAbi } from '@trine/rewriter';
import { type GuestEnd, runGuest, type RunLimits } from '@trine/sandbox';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { FLAME_ROLE } from './flame-role.ts';
import { type FuelProfile, recordProfile } from './fuel-profile.ts';
import { installHooks } from './wasm/call-hooks.ts';

export interface FlameRequest {
  /** Prepared bytes with call hooks. */
  readonly bytes: Uint8Array;
  readonly abi: GuestAbi;
  readonly input: Uint8Array;
  readonly limits: RunLimits;
}

export interface FlameResult {
  readonly end: GuestEnd;
  readonly profile: FuelProfile;
}

/** Hooks put a frame of their own between any two of the guest's, so this is four times a guest thread's stack. */
const FLAME_STACK_MB = 16;

/** In the thread: runs the guest of `workerData` and posts how it went. */
export function serveFlame(): void {
  const { bytes, abi, input, limits } = (workerData as { readonly request: FlameRequest }).request;
  const recorder = recordProfile(Number(limits.fuel));
  const end = runGuest(
    { module: new WebAssembly.Module(new Uint8Array(bytes)), abi, input, limits },
    {
      now: () => performance.now(),
      onProgress: () => undefined,
      onLog: () => undefined,
      onOpened: (exports) => installHooks(exports, recorder),
    },
  );
  const result: FlameResult = { end, profile: recorder.finish(Number(end.fuel)) };
  parentPort?.postMessage(result);
}

/** Runs a guest with hooks in a thread of its own. Rejects when the thread fails or the time is over. */
export async function runFlame(request: FlameRequest, wallMs: number): Promise<FlameResult> {
  const worker = new Worker(new URL(import.meta.url), {
    name: 'trine-flame',
    workerData: { role: FLAME_ROLE, request },
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: { stackSizeMb: FLAME_STACK_MB },
  });
  const bound = setTimeout(() => void worker.terminate(), Math.min(wallMs, LIMITS.taskTimeoutMaxMs.value));
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error(`the guest did not end within ${wallMs} ms`)));
    });
  } finally {
    clearTimeout(bound);
    await worker.terminate();
  }
}
