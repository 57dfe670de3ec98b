'use client';
/** All jobs the caller may see, by state. */
import type { JobState } from '@trine/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { failureOf, useTRPC } from '../../lib/api.ts';
import { counted } from '../../lib/format.ts';
import { JOB_LOOKS } from '../../lib/states.ts';
import { NoJobs } from '../dashboard.tsx';
import { JobList } from '../job-list.tsx';
import { Empty, Loading, PageHead, Panel, Trouble } from '../layout.tsx';

const PAGE = 50;
const FILTERS: readonly (JobState | undefined)[] = [
  undefined,
  'running',
  'finished',
  'preparing',
  'cancelled',
  'refused',
];

export function JobsPage() {
  const trpc = useTRPC();
  const [state, setState] = useState<JobState | undefined>(undefined);
  const [count, setCount] = useState(PAGE);
  const jobs = useQuery(trpc.jobs.list.queryOptions({ state, count }, { placeholderData: keepPreviousData }));
  return (
    <>
      <PageHead
        title="Jobs"
        lead="A job is one WebAssembly module and many inputs. Public jobs and your own are shown."
      />
      <div className="mb-4 flex flex-wrap gap-2" role="group" aria-label="Show jobs that are">
        {FILTERS.map((filter) => (
          <button
            key={filter ?? 'all'}
            type="button"
            aria-pressed={filter === state}
            onClick={() => setState(filter)}
            className="min-h-9 rounded-full border border-line bg-surface px-3.5 text-sm text-ink-2 aria-pressed:border-accent-line aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent"
          >
            {filter === undefined ? 'all' : JOB_LOOKS[filter].word}
          </button>
        ))}
      </div>
      <Panel
        title={state === undefined ? 'All jobs' : `Jobs ${JOB_LOOKS[state].word}`}
        flush
        aside={jobs.data === undefined ? '' : counted(jobs.data.length, 'job')}
      >
        {jobs.data === undefined ? (
          jobs.failureReason === null ? (
            <Loading what="jobs" />
          ) : (
            <Trouble title="No jobs to show now" message={failureOf(jobs.failureReason).message} />
          )
        ) : jobs.data.length === 0 ? (
          <None state={state} />
        ) : (
          <JobList jobs={jobs.data} />
        )}
        {jobs.data?.length === count ? (
          <div className="px-4 py-3 sm:px-5">
            <button type="button" className="button" onClick={() => setCount(Math.min(1_000, count + PAGE))}>
              Show older jobs
            </button>
          </div>
        ) : null}
      </Panel>
    </>
  );
}

function None({ state }: { readonly state: JobState | undefined }) {
  if (state === undefined) return <NoJobs />;
  return (
    <Empty title={`No job is ${JOB_LOOKS[state].word}`}>
      <p>Choose “all” to see the others.</p>
    </Empty>
  );
}
