/** Prepares modules one at a time, each in a thread of its own with bounds on time and memory. */
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Abi } from '@trine/protocol';
import type { Prepared } from '@trine/rewriter';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { PrepareRequest } from './prepare-thread.ts';

/** A prepared module or why there is none, the bounds of this machine included. */
export type Preparation =
  | { readonly type: 'prepared'; readonly bytes: Uint8Array; readonly edition: string; readonly abi: Abi }
  | { readonly type: 'refused'; readonly code: string; readonly message: string };

export interface Preparer {
  prepare(request: PrepareRequest): Promise<Preparation>;
  /** Ends the thread under way; waiting requests are refused. */
  close(): Promise<void>;
}

export interface PreparerOptions {
  /** The bundled `prepare-thread`, an absolute path. */
  readonly threadEntry: string;
  /** Wall clock of one module; `CONTROL_PLANE_LIMITS.prepareMs` unless told. */
  readonly timeoutMs?: number;
  /** Heap of one thread; `CONTROL_PLANE_LIMITS.prepareHeapMegabytes` unless told. */
  readonly heapMegabytes?: number;
}

export function createPreparer(options: PreparerOptions): Preparer {
  const timeoutMs = options.timeoutMs ?? CONTROL_PLANE_LIMITS.prepareMs.value;
  const heapMegabytes = options.heapMegabytes ?? CONTROL_PLANE_LIMITS.prepareHeapMegabytes.value;
  let last: Promise<unknown> = Promise.resolve();
  let current: Worker | undefined;
  let isClosed = false;

  const runOne = async (request: PrepareRequest): Promise<Preparation> => {
    if (isClosed) return refusal('shutting-down', 'The coordinator is stopping.');
    const worker = startThread(options.threadEntry, request, heapMegabytes);
    current = worker;
    try {
      return await answerOf(worker, { timeoutMs, heapMegabytes });
    } finally {
      current = undefined;
      await worker.terminate();
    }
  };

  return {
    prepare(request) {
      const answer = last.then(() => runOne(request));
      last = answer.catch(() => undefined);
      return answer;
    },
    async close() {
      isClosed = true;
      await current?.terminate();
      await last;
    },
  };
}

const refusal = (code: string, message: string): Preparation => ({ type: 'refused', code, message });

const startThread = (entry: string, request: PrepareRequest, heapMegabytes: number): Worker =>
  new Worker(pathToFileURL(entry), {
    name: 'trine-prepare',
    workerData: request,
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
  });

interface Bounds {
  readonly timeoutMs: number;
  readonly heapMegabytes: number;
}

/** The thread's answer, or the refusal that its failing or its overrunning means. */
function answerOf(worker: Worker, bounds: Bounds): Promise<Preparation> {
  const { timeoutMs, heapMegabytes } = bounds;
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => resolve(refusal('time', `Preparing the module took longer than ${timeoutMs} ms.`)),
      timeoutMs,
    );
    const settle = (answer: Preparation): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    worker.once('message', (prepared: Prepared) => settle(preparationOf(prepared)));
    worker.once('error', (error: unknown) =>
      settle(refusal('memory', failureSentence(error, heapMegabytes))),
    );
    worker.once('exit', () => settle(refusal('internal', 'The preparing thread ended without an answer.')));
  });
}

const preparationOf = (prepared: Prepared): Preparation =>
  prepared.type === 'prepared'
    ? {
        type: 'prepared',
        bytes: prepared.bytes,
        edition: prepared.report.edition,
        abi: prepared.report.abi,
      }
    : refusal(prepared.code, `${prepared.message} (byte ${prepared.offset})`);

const failureSentence = (error: unknown, heapMegabytes: number): string =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? `Preparing the module needs more than ${heapMegabytes} MB of memory.`
    : `The preparing thread failed: ${error instanceof Error ? error.message : String(error)}`;
