// Guest threads in Node: worker_threads with nothing of the process in them.
import { nodeEndpoint } from './node-endpoint.ts';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ThreadFactory } from './guest-thread.ts';
import { THREAD_YOUNG_HEAP_MB, THREAD_STACK_MB } from './limits.ts';
import { createGuestThread, type PlatformThread } from './owned-thread.ts';
import { GUEST_ROLE } from './serve-node.ts';

export { GUEST_ROLE, isGuestThread, serveNodeGuests } from './serve-node.ts';

/** How Node guest threads are started. */
export interface NodeThreadOptions {
  /**
   * The bundled file of the guest thread (from `buildGuestThread`), or the program's own bundle if that calls
   * `serveNodeGuests()` where `isGuestThread()` says so. An absolute path or a `file:` URL.
   */
  readonly entry: URL | string;
}

/** Makes guest threads on `worker_threads`: no environment, no arguments, a small heap, no way to print. */
export function createNodeThreads(options: NodeThreadOptions): ThreadFactory {
  const { entry } = options;
  const url = entry instanceof URL || entry.startsWith('file:') ? new URL(entry) : pathToFileURL(entry);
  return () => createGuestThread(() => startNodeThread(url));
}

function startNodeThread(entry: URL): PlatformThread {
  const worker = new Worker(entry, {
    name: 'trine-guest',
    workerData: { role: GUEST_ROLE },
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxYoungGenerationSizeMb: THREAD_YOUNG_HEAP_MB,
      stackSizeMb: THREAD_STACK_MB,
    },
  });
  const failed = new Promise<string>((resolve) => {
    worker.once('error', (error: unknown) => resolve(`the guest thread failed: ${describe(error)}`));
    worker.once('exit', (code) => resolve(`the guest thread ended by itself with code ${code}`));
  });
  return {
    endpoint: nodeEndpoint(worker),
    failed,
    async terminate() {
      await worker.terminate();
    },
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
