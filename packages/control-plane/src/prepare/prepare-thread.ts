/**
 * The thread that prepares one module and ends. A file of its own, bundled for a running coordinator, because
 * a module from a stranger must neither hold up the coordinator's loop nor take its memory.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { prepare } from '@trine/rewriter';

/** What the thread is started with. */
export interface PrepareRequest {
  readonly module: Uint8Array;
  readonly maxMemoryPages: number;
}

const { module, maxMemoryPages } = workerData as PrepareRequest;
parentPort?.postMessage(prepare(module, { maxMemoryPages }));
