/**
 * What has changed, told to whoever waits for it inside this process. Hints only: a listener reads the store for
 * the truth, so a missed or doubled announcement costs a query and nothing else.
 */
import type { JobId } from '@trine/protocol';

export interface Announcements {
  /** A job, one of its tasks, or its result log changed. */
  job(job: JobId): void;
  /** A node came, went or changed. */
  nodes(): void;
  /** Calls back at each change until the returned function is called. */
  listen(listener: (change: { readonly job: JobId | undefined }) => void): () => void;
  /** Resolves at the job's next change after this call, after `timeoutMs`, or when the signal aborts. */
  waitForJob(job: JobId, options: { readonly signal: AbortSignal; readonly timeoutMs: number }): Waiting;
}

export interface Waiting {
  readonly changed: Promise<void>;
  /** Stops waiting; `changed` resolves. */
  stop(): void;
}

export function createAnnouncements(): Announcements {
  const listeners = new Set<(change: { readonly job: JobId | undefined }) => void>();
  const waiting = new Map<JobId, Set<() => void>>();
  const tell = (job: JobId | undefined): void => {
    for (const listener of listeners) listener({ job });
  };
  return {
    job(job) {
      const stops = waiting.get(job);
      waiting.delete(job);
      for (const stop of stops ?? []) stop();
      tell(job);
    },
    nodes: () => tell(undefined),
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    waitForJob: (job, options) => waitForJob(waiting, job, options),
  };
}

function waitForJob(
  waiting: Map<JobId, Set<() => void>>,
  job: JobId,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Waiting {
  let stop = (): void => {};
  const changed = new Promise<void>((resolve) => {
    const timer = setTimeout(() => stop(), timeoutMs);
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      const stops = waiting.get(job);
      stops?.delete(stop);
      if (stops?.size === 0) waiting.delete(job);
      resolve();
    };
    waiting.set(job, (waiting.get(job) ?? new Set()).add(stop));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  return { changed, stop: () => stop() };
}
