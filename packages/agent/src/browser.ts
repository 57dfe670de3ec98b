/**
 * The page's side of the agent: starts its Worker, drives it through Comlink, shows what it says, and lends it the
 * one thing that only pages have, `RTCPeerConnection`.
 */
import { proxy, type Remote, wrap } from 'comlink';
import type { AgentService, AgentWorkerSettings } from './browser/agent-service.ts';
import { lendPeers } from './browser/lend-peers.ts';
import type { AgentView } from './view.ts';

export type { AgentPhase, AgentView, ThreadView } from './view.ts';

export interface AgentWorkerOptions extends Pick<AgentWorkerSettings, 'threads' | 'token' | 'name'> {
  /** Where the prebuilt Worker is served, e.g. `/workers/agent.<hash>.js`. */
  readonly agentUrl: string;
  /** Where the prebuilt guest thread is served. */
  readonly guestUrl: string;
  /** The coordinator. Default: where the page came from. */
  readonly origin?: string;
}

/** An agent in a Worker of its own. Nothing runs before `start`. */
export interface RemoteAgent {
  /** Begins, or begins again. Resolves when it is connecting. */
  start(): Promise<void>;
  /** Gives all work back at once and ends the threads; resolves when none burns CPU. */
  stop(reason?: string): Promise<void>;
  /** Gives all work back and takes none; the session stays. */
  pause(reason: string): Promise<void>;
  resume(): Promise<void>;
  setThreads(threads: number): Promise<void>;
  /** Calls back with each new view, at most four a second. Answers the function that ends it. */
  listen(listener: (view: AgentView) => void): () => void;
  /** Ends the Worker at once. Leases still held move to others after a few seconds. Safe to call twice. */
  close(): void;
}

/** How long the Worker may take to read its storage and say that it is there. */
const OPEN_MS = 15_000;

/** Starts the Worker. Rejects with a sentence when it cannot be started. */
export async function connectAgentWorker(options: AgentWorkerOptions): Promise<RemoteAgent> {
  const worker = new Worker(options.agentUrl, { name: 'trine-agent' });
  const service = wrap<AgentService>(worker);
  try {
    await openInTime(worker, service, options);
  } catch (error) {
    worker.terminate();
    throw error;
  }
  return new WorkerAgent(worker, service);
}

/** A Comlink call to a Worker that failed never settles, so it is raced with the failure and with time. */
async function openInTime(
  worker: Worker,
  service: Remote<AgentService>,
  options: AgentWorkerOptions,
): Promise<void> {
  const settings: AgentWorkerSettings = {
    origin: options.origin ?? location.origin,
    guestUrl: new URL(options.guestUrl, location.href).href,
    threads: options.threads,
    token: options.token,
    name: options.name,
  };
  const opened = service.open(settings, proxy(lendPeers()));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The agent’s thread did not answer.')), OPEN_MS);
    worker.addEventListener('error', (event) => {
      reject(new Error(event.message || 'The agent’s thread was refused or could not be read.'));
    });
    opened.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

class WorkerAgent implements RemoteAgent {
  readonly #worker: Worker;
  readonly #service: Remote<AgentService>;
  readonly #listeners = new Set<(view: AgentView) => void>();
  #watching = false;
  #latest: AgentView | undefined;

  constructor(worker: Worker, service: Remote<AgentService>) {
    this.#worker = worker;
    this.#service = service;
    worker.addEventListener('error', (event) => this.#failed(event.message));
  }

  start(): Promise<void> {
    return this.#service.start();
  }

  stop(reason = 'stopped by its person'): Promise<void> {
    return this.#service.stop(reason);
  }

  pause(reason: string): Promise<void> {
    return this.#service.pause(reason);
  }

  resume(): Promise<void> {
    return this.#service.resume();
  }

  setThreads(threads: number): Promise<void> {
    return this.#service.setThreads(threads);
  }

  listen(listener: (view: AgentView) => void): () => void {
    this.#listeners.add(listener);
    if (this.#latest !== undefined) listener(this.#latest);
    if (!this.#watching) {
      this.#watching = true;
      void this.#service.watch(proxy((view: AgentView) => this.#tell(view)));
    }
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
    this.#worker.terminate();
  }

  /** A Worker that failed answers nothing any more: its person must not be left looking at an old view. */
  #failed(message: string): void {
    if (this.#latest === undefined) return;
    const reason = `the agent’s thread failed (${message || 'no reason given'}); reload the page to go on`;
    this.#tell({ ...this.#latest, phase: 'refused', reason, threads: [], link: undefined });
  }

  #tell(view: AgentView): void {
    this.#latest = view;
    for (const listener of this.#listeners) listener(view);
  }
}
