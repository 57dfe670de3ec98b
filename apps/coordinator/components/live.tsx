'use client';
/**
 * One stream for the whole page. Browsers allow about six streams an origin on HTTP/1.1, so every part that
 * wants to be live reads the query cache, and this is the only thing that writes to it. A hidden tab hangs up:
 * nobody is looking, and its place goes to one that is looked at.
 */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { createContext, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { useTRPC } from '../lib/api.ts';
import { createPacer } from '../lib/pacer.ts';

export type Liveness = 'connecting' | 'live' | 'lost' | 'hidden';

const LivenessContext = createContext<Liveness>('connecting');
export const useLiveness = (): Liveness => useContext(LivenessContext);

/** Least time between two rounds of refetching: the stream itself may tick four times a second. */
const REFRESH_MS = 1_000;

export function LiveProvider({ children }: { readonly children: React.ReactNode }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const visible = usePageVisible();
  const refresh = useRefresh(queries);
  const subscription = useSubscription(
    trpc.cluster.live.subscriptionOptions(undefined, {
      enabled: visible,
      onData: (live) => {
        queries.setQueryData(trpc.cluster.overview.queryKey(), live.overview);
        refresh({ jobs: live.jobsChanged, nodes: live.nodesChanged });
      },
    }),
  );
  useRevival(subscription);
  const liveness = visible ? LIVENESS[subscription.status] : 'hidden';
  return <LivenessContext value={liveness}>{children}</LivenessContext>;
}

/** tRPC's own words for a stream: `pending` is one that is open and waits for its next event. */
const LIVENESS = { idle: 'connecting', connecting: 'connecting', pending: 'live', error: 'lost' } as const;

/** Pause before a stream that ended with an error is asked for again; lost links are resumed by tRPC itself. */
const REVIVE_MS = 3_000;

function useRevival({ status, reset }: { readonly status: string; readonly reset: () => void }): void {
  useEffect(() => {
    if (status !== 'error') return undefined;
    const timer = setTimeout(reset, REVIVE_MS);
    return () => clearTimeout(timer);
  }, [status, reset]);
}

interface Changes {
  readonly jobs: readonly string[];
  readonly nodes: boolean;
}

/** Marks what changed as stale, at most once a `REFRESH_MS`; only what is on screen is fetched again. */
function useRefresh(queries: QueryClient): (changes: Changes) => void {
  const trpc = useTRPC();
  const waiting = useRef<{ jobs: Set<string>; nodes: boolean }>({ jobs: new Set(), nodes: false });
  const pacer = useMemo(
    () =>
      createPacer(REFRESH_MS, () => {
        const { jobs, nodes } = waiting.current;
        waiting.current = { jobs: new Set(), nodes: false };
        const stale = nodes ? [trpc.nodes.pathFilter()] : [];
        const ofJobs = [...jobs].map((job) => trpc.jobs.get.queryFilter({ job: job }));
        const lists =
          jobs.size > 0 ? [trpc.jobs.list.pathFilter(), trpc.jobs.disagreements.pathFilter()] : [];
        for (const filter of [...stale, ...ofJobs, ...lists]) void queries.invalidateQueries(filter);
      }),
    [queries, trpc],
  );
  useEffect(() => () => pacer.close(), [pacer]);
  return (changes) => {
    if (changes.jobs.length === 0 && !changes.nodes) return;
    for (const job of changes.jobs) waiting.current.jobs.add(job);
    waiting.current.nodes ||= changes.nodes;
    pacer.ask();
  };
}

function usePageVisible(): boolean {
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    const read = (): void => setVisible(document.visibilityState === 'visible');
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, []);
  return visible;
}
