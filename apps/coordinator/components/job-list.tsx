'use client';
/** Jobs as rows that read at a glance: name, state with its reason, how far, what it cost. */
import type { JobView } from '../lib/views.ts';
import Link from 'next/link';
import { figureText, formatAgo, formatCount, formatFuel, formatMoment } from '../lib/format.ts';
import { useNow } from '../lib/use-now.ts';
import { JobStateChip } from './chips.tsx';
import { shareVerified, TaskBar } from './task-bar.tsx';

/** What people call a job: its manifest's title, else its name. */
export const titleOf = (job: JobView): string => job.manifest.title ?? job.name;

export function JobList({ jobs }: { readonly jobs: readonly JobView[] }) {
  const now = useNow();
  return (
    <ul>
      {jobs.map((job) => (
        <li key={job.id} className="border-t border-line first:border-t-0">
          <JobRow job={job} nowMs={now} />
        </li>
      ))}
    </ul>
  );
}

function JobRow({ job, nowMs }: { readonly job: JobView; readonly nowMs: number }) {
  return (
    <Link
      href={`/jobs/${job.id}`}
      className="grid gap-x-6 gap-y-2 px-4 py-3.5 hover:bg-sunken sm:grid-cols-[minmax(0,1fr)_17rem] sm:px-5"
    >
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="min-w-0 truncate font-medium">{titleOf(job)}</span>
          <JobStateChip state={job.state} />
        </div>
        <p className="mt-1 text-sm text-ink-3">
          {job.reason === '' ? null : <span className="text-ink-2">{job.reason} · </span>}
          <span title={formatMoment(job.submittedAtMs)}>submitted {formatAgo(job.submittedAtMs, nowMs)}</span>
          {' · '}
          {figureText(formatFuel(job.fuel))}
        </p>
      </div>
      <div className="flex flex-col justify-center gap-1.5">
        <TaskBar tally={job.tasks} slim />
        <p className="figures flex justify-between gap-3 text-sm text-ink-3">
          <span>
            <span className="font-medium text-ink">{formatCount(job.tasks.verified)}</span> of{' '}
            {formatCount(job.tasks.total)} verified
          </span>
          <span className="whitespace-nowrap">{shareVerified(job.tasks)}</span>
        </p>
      </div>
    </Link>
  );
}
