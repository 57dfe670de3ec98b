'use client';
/** What the lent time is for: a picture that fills, and jobs anyone may look at. */
import type { JobView } from '../../lib/views.ts';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTRPC } from '../../lib/api.ts';
import { formatCount } from '../../lib/format.ts';
import { JobStateChip } from '../chips.tsx';
import { JobPicture } from '../jobs/job-picture.tsx';
import { titleOf } from '../job-list.tsx';
import { Empty, Loading, Panel } from '../layout.tsx';
import { TaskBar } from '../task-bar.tsx';

const JOBS_SHOWN = 4;

export function Encouragement() {
  const trpc = useTRPC();
  const jobs = useQuery(trpc.jobs.list.queryOptions({ count: 20 }));
  const open = (jobs.data ?? []).filter((job) => job.isPublic);
  const pictured = open.find((job) => job.manifest.output?.kind === 'image');
  return (
    <Panel
      title="What is being computed"
      aside={
        <Link href="/jobs" className="link">
          All jobs
        </Link>
      }
      flush
    >
      {jobs.data === undefined ? (
        <Loading what="public jobs" />
      ) : open.length === 0 ? (
        <Empty title="No public job at the moment">
          <p>You can start all the same: this device waits, at no cost, and begins when a job arrives.</p>
        </Empty>
      ) : (
        <>
          {pictured === undefined ? null : <PicturedJob job={pictured} />}
          <ul>
            {open.slice(0, JOBS_SHOWN).map((job) => (
              <li key={job.id} className="border-t border-line first:border-t-0">
                <SmallJob job={job} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function PicturedJob({ job }: { readonly job: JobView }) {
  const output = job.manifest.output;
  if (output?.kind !== 'image') return null;
  return (
    <div className="px-4 pb-4 sm:px-5">
      <JobPicture job={job} view={output} title={titleOf(job)} />
    </div>
  );
}

function SmallJob({ job }: { readonly job: JobView }) {
  return (
    <Link href={`/jobs/${job.id}`} className="block px-4 py-3 hover:bg-sunken sm:px-5">
      <div className="mb-2 flex items-center justify-between gap-3">
        <span className="truncate font-medium">{titleOf(job)}</span>
        <JobStateChip state={job.state} />
      </div>
      <TaskBar tally={job.tasks} slim />
      <p className="mt-1.5 text-sm text-ink-3">
        <span className="font-medium text-ink">{formatCount(job.tasks.verified)}</span> of{' '}
        {formatCount(job.tasks.total)} tasks verified
      </p>
    </Link>
  );
}
