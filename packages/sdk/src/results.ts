/**
 * A job's result log as one async iterable: what is there already comes in pages, what is new by a stream that
 * is opened where the pages ended. Whatever breaks, it goes on from the last sequence number it gave.
 *
 *   paging ──empty page──▶ streaming ──job ended──▶ done
 *     ▲                       │
 *     └── stream lost, or the reader too slow for its bounded queue
 */
import type { ResultView } from '@trine/control-plane/router';
import { type Client, pause } from './client.ts';
import { READ_PATIENCE_MS, RESULTS_PAGE, RESULTS_QUEUE_MAX, RETRY_MS } from './limits.ts';

export interface ResultsFrom {
  readonly job: string;
  readonly after: number;
  /** False: ends where the log ends now. */
  readonly follow: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Yields each entry after `after` once, in order. Ends with the job, or quietly with the signal. */
export async function* readResults(client: Client, from: ResultsFrom): AsyncGenerator<ResultView> {
  const { job, signal } = from;
  const isOver = (): boolean => signal?.aborted === true;
  let after = from.after;
  while (!isOver()) {
    const page = await client.call(
      () => client.api.jobs.resultsPage.query({ job, after, count: RESULTS_PAGE }),
      { patienceMs: READ_PATIENCE_MS, signal },
    );
    for (const result of page) {
      after = result.sequence;
      yield result;
      if (isOver()) return;
    }
    if (page.length > 0) continue;
    if (!from.follow) return;
    const stream = openStream(client, { ...from, after });
    try {
      for await (const result of stream.results) {
        if (result.sequence <= after) continue;
        after = result.sequence;
        yield result;
      }
    } finally {
      stream.close();
    }
    if (stream.ended()) return;
    await pause(RETRY_MS, signal);
  }
}

interface ResultStream {
  /** Entries until the job ended, or the stream was lost or overran. */
  readonly results: AsyncIterable<ResultView>;
  /** True when the coordinator said that this was all. */
  ended(): boolean;
  close(): void;
}

function openStream(client: Client, { job, after, signal }: ResultsFrom): ResultStream {
  const queue: ResultView[] = [];
  let state: 'open' | 'ended' | 'lost' = 'open';
  let wake: () => void = () => undefined;
  const finish = (how: 'ended' | 'lost'): void => {
    if (state === 'open') state = how;
    wake();
  };
  const subscription = client.api.jobs.results.subscribe(
    { job, lastEventId: String(after) },
    {
      onData({ data }) {
        // A slow reader: this stream ends here, and the rest is read as pages.
        if (queue.length >= RESULTS_QUEUE_MAX) finish('lost');
        if (state === 'open') queue.push(data);
        wake();
      },
      onComplete: () => finish('ended'),
      // The stream would come back by itself after seconds; paging on from the last entry is sooner.
      onConnectionStateChange({ state, error }) {
        if (state === 'connecting' && error !== null) finish('lost');
      },
      // Why is told by the next page's request, which fails with a code where this one has none.
      onError: () => finish('lost'),
    },
  );
  const stop = (): void => {
    finish('lost');
    subscription.unsubscribe();
  };
  signal?.addEventListener('abort', stop, { once: true });
  return {
    results: drain(
      queue,
      () => state === 'open',
      (resolve) => {
        wake = resolve;
      },
    ),
    ended: () => state === 'ended',
    close() {
      signal?.removeEventListener('abort', stop);
      stop();
    },
  };
}

async function* drain(
  queue: ResultView[],
  isOpen: () => boolean,
  onWake: (resolve: () => void) => void,
): AsyncGenerator<ResultView> {
  for (;;) {
    const next = queue.shift();
    if (next !== undefined) yield next;
    else if (!isOpen()) return;
    else await new Promise<void>(onWake);
  }
}
