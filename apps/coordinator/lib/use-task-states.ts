'use client';
/** The states of a job's tasks, kept fresh while the job moves. */
import type { JobView } from './views.ts';
import { useEffect, useMemo, useRef, useState } from 'react';
import { type ApiClient, useTRPCClient } from './api.ts';
import { createPacer } from './pacer.ts';
import { codeOf, GRID_TASKS_MAX, type IndexRange, rangesToRefresh } from './task-grid.ts';

/** States one request asks for. */
const PAGE_TASKS = 50_000;
/** Least time between two rounds of asking. */
const REFRESH_MS = 1_500;

/** A fresh array after each round; empty until the first answer. */
export function useTaskStates(job: JobView): Uint8Array {
  const client = useTRPCClient();
  const [states, setStates] = useState<Uint8Array>(() => new Uint8Array(0));
  const kept = useRef<Uint8Array | undefined>(undefined);
  const total = Math.min(job.tasks.total, GRID_TASKS_MAX);
  const pacer = useMemo(
    () =>
      createPacer(REFRESH_MS, () => {
        const known = kept.current?.length === total ? kept.current : undefined;
        const next = known ?? new Uint8Array(total);
        const ranges = known === undefined ? [{ from: 0, count: total }] : rangesToRefresh(known);
        readStates(client, job.id, { ranges, into: next }).then(
          () => {
            kept.current = next;
            setStates(next.slice());
          },
          // The coordinator is away: the page's live sign says so, and the next change asks again.
          () => {},
        );
      }),
    [client, job.id, total],
  );
  useEffect(() => () => pacer.close(), [pacer]);
  const { waiting, running, verified, disputed, abandoned } = job.tasks;
  useEffect(() => pacer.ask(), [pacer, job.state, waiting, running, verified, disputed, abandoned]);
  return states;
}

interface Reading {
  readonly ranges: readonly IndexRange[];
  readonly into: Uint8Array;
}

async function readStates(client: ApiClient, job: string, { ranges, into }: Reading): Promise<void> {
  for (const range of ranges) {
    const end = Math.min(into.length, range.from + range.count);
    for (let from = range.from; from < end; from += PAGE_TASKS) {
      const page = await client.jobs.taskStates.query({ job, from, count: Math.min(PAGE_TASKS, end - from) });
      // A task that has not begun has no row.
      for (const { index, state } of page) if (index < into.length) into[index] = codeOf(state);
    }
  }
}
