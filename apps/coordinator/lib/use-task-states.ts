'use client';
/** The states of a job's tasks, kept fresh while the job moves. */
import { useEffect, useRef, useState } from 'react';
import { type ApiClient, useTRPCClient } from './api.ts';
import { codeOf, GRID_TASKS_MAX, type IndexRange, rangesToRefresh } from './task-grid.ts';
import type { JobView } from './views.ts';

/** States one request asks for. */
const PAGE_TASKS = 50_000;
/** Pause between two rounds of asking, and before a round that failed is tried again. */
const REFRESH_MS = 1_500;

/** A fresh array after each round; empty until the first answer. */
export function useTaskStates(job: JobView): Uint8Array {
  const client = useTRPCClient();
  const [states, setStates] = useState<Uint8Array>(() => new Uint8Array(0));
  const reader = useRef<StatesReader | undefined>(undefined);
  const total = Math.min(job.tasks.total, GRID_TASKS_MAX);
  useEffect(() => {
    const made = createStatesReader({ client, job: job.id, total, onStates: setStates });
    reader.current = made;
    return () => made.close();
  }, [client, job.id, total]);
  const { waiting, running, verified, disputed, abandoned } = job.tasks;
  useEffect(
    () => reader.current?.ask(),
    [client, job.id, total, job.state, waiting, running, verified, disputed, abandoned],
  );
  return states;
}

interface StatesReader {
  /** Something changed: read again, soon. */
  readonly ask: () => void;
  readonly close: () => void;
}

interface StatesReaderOptions {
  readonly client: ApiClient;
  readonly job: string;
  readonly total: number;
  readonly onStates: (states: Uint8Array) => void;
}

/** One round at a time, a pause after each, and another round when something changed meanwhile. */
function createStatesReader({ client, job, total, onStates }: StatesReaderOptions): StatesReader {
  const gone = new AbortController();
  const states = new Uint8Array(total);
  let isComplete = false;
  let isBusy = false;
  let isAsked = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const round = async (): Promise<void> => {
    const ranges = isComplete ? rangesToRefresh(states) : [{ from: 0, count: total }];
    await readStates(client, { job, ranges, into: states, signal: gone.signal });
    isComplete = true;
    if (!gone.signal.aborted) onStates(states.slice());
  };
  const begin = (): void => {
    isAsked = false;
    isBusy = true;
    round()
      // The coordinator is away, as the page's live sign says.
      .catch(() => {
        isAsked = true;
      })
      .finally(() => {
        if (!gone.signal.aborted) timer = setTimeout(rest, REFRESH_MS);
      });
  };
  const rest = (): void => {
    isBusy = false;
    if (isAsked) begin();
  };
  return {
    ask: () => {
      isAsked = true;
      if (!isBusy && !gone.signal.aborted) begin();
    },
    close: () => {
      clearTimeout(timer);
      gone.abort();
    },
  };
}

interface Reading {
  readonly job: string;
  readonly ranges: readonly IndexRange[];
  readonly into: Uint8Array;
  readonly signal: AbortSignal;
}

async function readStates(client: ApiClient, { job, ranges, into, signal }: Reading): Promise<void> {
  for (const range of ranges) {
    const end = Math.min(into.length, range.from + range.count);
    for (let from = range.from; from < end; from += PAGE_TASKS) {
      const count = Math.min(PAGE_TASKS, end - from);
      const page = await client.jobs.taskStates.query({ job, from, count }, { signal });
      // A task that has not begun has no row.
      for (const { index, state } of page) if (index < into.length) into[index] = codeOf(state);
    }
  }
}
