'use client';
/** Follows a job's result log by its own sequence, page by page, as the live stream says it grew. */
import type { ResultView } from './views.ts';
import { useEffect, useRef } from 'react';
import { type ApiClient, useTRPCClient } from './api.ts';

/** Results one request asks for: a page of inline outputs stays about a megabyte. */
const PAGE_RESULTS = 200;
/** Pause before a page that failed is asked for again. */
const RETRY_MS = 2_000;

export interface ResultLogOptions {
  readonly job: string;
  /** Last sequence known to exist; the hook reads up to it. */
  readonly until: number;
  /** Called with each page in order, each result once. */
  readonly onResults: (results: readonly ResultView[]) => Promise<void> | void;
}

export function useResultLog({ job, until, onResults }: ResultLogOptions): void {
  const client = useTRPCClient();
  const follower = useRef<Follower | undefined>(undefined);
  const handler = useRef(onResults);
  useEffect(() => {
    handler.current = onResults;
  }, [onResults]);
  useEffect(() => {
    const made = createFollower(client, job, (results) => handler.current(results));
    follower.current = made;
    return () => made.close();
  }, [client, job]);
  useEffect(() => follower.current?.readUntil(until), [client, job, until]);
}

interface Follower {
  readonly readUntil: (sequence: number) => void;
  readonly close: () => void;
}

function createFollower(client: ApiClient, job: string, onResults: ResultLogOptions['onResults']): Follower {
  const gone = new AbortController();
  let last = 0;
  let wanted = 0;
  let reading = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const read = async (): Promise<void> => {
    while (last < wanted && !gone.signal.aborted) {
      const page = await client.jobs.resultsPage.query(
        { job, after: last, count: PAGE_RESULTS },
        { signal: gone.signal },
      );
      const newest = page.at(-1)?.sequence;
      if (newest === undefined) return;
      last = newest;
      await onResults(page);
    }
  };
  const readUntil = (sequence: number): void => {
    wanted = Math.max(wanted, sequence);
    if (reading || gone.signal.aborted) return;
    reading = true;
    read()
      .catch(() => {
        // The coordinator is away, as the page's live sign says; the log waits where it was read to.
        retry = setTimeout(() => readUntil(wanted), RETRY_MS);
      })
      .finally(() => {
        reading = false;
      });
  };
  return {
    readUntil,
    close: () => {
      clearTimeout(retry);
      gone.abort();
    },
  };
}
