'use client';
/** One job: where it stands and why, its picture, its tasks, who disagreed, what came out. */
import type { JobView } from '../../lib/views.ts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import { failureOf, useTRPC } from '../../lib/api.ts';
import {
  counted,
  figureText,
  formatBytes,
  formatCount,
  formatDuration,
  formatFuel,
  formatMoment,
} from '../../lib/format.ts';
import { useNow } from '../../lib/use-now.ts';
import { JobStateChip } from '../chips.tsx';
import { DisagreementList } from '../disagreements.tsx';
import { titleOf } from '../job-list.tsx';
import { Empty, Loading, PageHead, Panel, Stat, Trouble } from '../layout.tsx';
import { shareVerified, TaskBar } from '../task-bar.tsx';
import { JobPicture } from './job-picture.tsx';
import { ResultList } from './result-list.tsx';
import { TaskDetail } from './task-detail.tsx';
import { TaskGrid } from './task-grid.tsx';

const DISAGREEMENTS_SHOWN = 50;

export function JobPage({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  const job = useQuery(trpc.jobs.get.queryOptions({ job: id }));
  if (job.data !== undefined) return <JobDetail job={job.data} />;
  const cause = job.error ?? job.failureReason;
  if (cause === null) return <Loading what="this job" />;
  const failure = failureOf(cause);
  return (
    <>
      <PageHead title="Job" />
      <div className="panel">
        <Trouble
          title={TROUBLE_TITLES[failure.code] ?? 'This job cannot be shown now'}
          message={failure.message}
        >
          <p className="mt-3 flex flex-wrap gap-4">
            <Link href="/jobs" className="link">
              See all jobs
            </Link>
            <Link href="/sign-in" className="link">
              Sign in
            </Link>
          </p>
        </Trouble>
      </div>
    </>
  );
}

const TROUBLE_TITLES: Readonly<Record<string, string>> = {
  'not-found': 'This job cannot be shown',
  'bad-request': 'This is not the id of a job',
  unauthorized: 'This job shows only to the key that submitted it',
  forbidden: 'This job shows only to the key that submitted it',
};

function JobDetail({ job }: { readonly job: JobView }) {
  const [selected, setSelected] = useState<number | undefined>(undefined);
  const picture = job.manifest.output?.kind === 'image' ? job.manifest.output : undefined;
  return (
    <>
      <PageHead title={titleOf(job)} lead={<JobLead job={job} />} aside={<CancelButton job={job} />} />
      <JobStats job={job} />
      <div className={`mt-4 grid gap-4 sm:mt-6 sm:gap-6 ${picture === undefined ? '' : 'lg:grid-cols-2'}`}>
        {picture === undefined ? null : (
          <Panel title="Picture" aside="fills as tiles are verified">
            <JobPicture job={job} view={picture} title={titleOf(job)} />
          </Panel>
        )}
        <Panel title="Tasks" aside={`${shareVerified(job.tasks)} verified`}>
          <TaskGrid job={job} selected={selected} onSelect={setSelected} />
          {selected === undefined ? null : (
            <TaskDetail job={job} index={selected} onClose={() => setSelected(undefined)} />
          )}
        </Panel>
      </div>
      <div className="mt-4 grid gap-4 sm:mt-6 sm:gap-6">
        <Disagreements job={job} />
        {picture === undefined ? <ResultList job={job} /> : null}
        <About job={job} />
      </div>
    </>
  );
}

function JobLead({ job }: { readonly job: JobView }) {
  return (
    <>
      {job.manifest.summary === undefined ? null : <p>{job.manifest.summary}</p>}
      <p className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1">
        <JobStateChip state={job.state} />
        {job.reason === '' ? null : <span>{job.reason}</span>}
        {job.isMine ? <span className="text-ink-3">submitted with your key</span> : null}
      </p>
    </>
  );
}

function JobStats({ job }: { readonly job: JobView }) {
  const now = useNow();
  const endMs = job.finishedAtMs ?? now;
  const fuel = formatFuel(job.fuel);
  return (
    <section className="panel px-4 py-5 sm:px-5" aria-label="How far">
      <dl className="mb-5 grid grid-cols-2 gap-x-4 gap-y-5 lg:grid-cols-4">
        <Stat
          label="Verified"
          tone="accent"
          figure={{ value: formatCount(job.tasks.verified), unit: `of ${counted(job.tasks.total, 'task')}` }}
        />
        <Stat
          label="Fuel bill"
          figure={fuel}
          note={
            <span title={`${job.fuel} metered instructions`}>metered instructions, counted once a task</span>
          }
        />
        <Stat
          label="Wrong results caught"
          tone={job.invalidResults > 0 ? 'alarm' : 'ink'}
          figure={{
            value: formatCount(job.invalidResults),
            unit: job.invalidResults === 1 ? 'result' : 'results',
          }}
        />
        <Stat
          label={job.finishedAtMs === undefined ? 'Running for' : 'Took'}
          figure={durationFigure(endMs - job.submittedAtMs)}
          note={<span>submitted {formatMoment(job.submittedAtMs)}</span>}
        />
      </dl>
      <TaskBar tally={job.tasks} />
    </section>
  );
}

/** Splits the last unit off, so that it is set like every other figure's. */
function durationFigure(ms: number): { readonly value: string; readonly unit: string } {
  const text = formatDuration(ms);
  const at = text.lastIndexOf(' ');
  return { value: text.slice(0, at), unit: text.slice(at + 1) };
}

function CancelButton({ job }: { readonly job: JobView }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const who = useQuery(trpc.auth.whoAmI.queryOptions());
  const [asking, setAsking] = useState(false);
  const cancel = useMutation(
    trpc.jobs.cancel.mutationOptions({
      onSettled: () => queries.invalidateQueries(trpc.jobs.pathFilter()),
    }),
  );
  const open = job.state === 'running' || job.state === 'preparing';
  if (!open || !(job.isMine || who.data?.role === 'operator')) return null;
  if (!asking) {
    return (
      <button type="button" className="button" onClick={() => setAsking(true)}>
        Cancel job
      </button>
    );
  }
  return (
    <div className="flex flex-wrap items-center gap-2" role="group" aria-label="Cancel this job?">
      <span className="text-sm text-ink-2">Results so far are kept. This cannot be undone.</span>
      <button
        type="button"
        className="button border-alarm text-alarm"
        disabled={cancel.isPending}
        onClick={() => cancel.mutate({ job: job.id })}
      >
        {cancel.isPending ? 'Cancelling…' : 'Cancel it'}
      </button>
      <button type="button" className="button" onClick={() => setAsking(false)}>
        Keep it
      </button>
      {cancel.error === null ? null : <p className="w-full text-alarm">{failureOf(cancel.error).message}</p>}
    </div>
  );
}

function Disagreements({ job }: { readonly job: JobView }) {
  const trpc = useTRPC();
  const found = useQuery(trpc.jobs.disagreements.queryOptions({ job: job.id, count: DISAGREEMENTS_SHOWN }));
  if (found.data === undefined) return null;
  return (
    <Panel
      title="Disagreements"
      flush
      aside={found.data.length === 0 ? '' : `${counted(found.data.length, 'task')} where nodes differed`}
    >
      {found.data.length === 0 ? (
        <Empty title="Every node said the same">
          <p>Tasks whose results differ appear here with who said what.</p>
        </Empty>
      ) : (
        <div
          className="max-h-[34rem] overflow-y-auto"
          tabIndex={0}
          role="region"
          aria-label="List of disagreements"
        >
          <DisagreementList tasks={found.data} />
        </div>
      )}
    </Panel>
  );
}

function About({ job }: { readonly job: JobView }) {
  const rows: readonly (readonly [string, React.ReactNode])[] = [
    [
      'Job',
      <span key="id" className="code">
        {job.id}
      </span>,
    ],
    [
      'Module',
      <span key="module" className="code break-all">
        {job.moduleDigest}
      </span>,
    ],
    ['Module size', formatBytes(job.moduleBytes)],
    ['ABI and edition', `${job.abi}, ${job.edition ?? 'not prepared yet'}`],
    [
      'Agreement',
      `${job.policy.replicas} replicas, ${job.policy.quorum} must be equal, at most ${job.policy.replicasMax}`,
    ],
    ['Timeout', `${formatDuration(job.policy.timeoutMs)} an attempt`],
    [
      'Limits a task',
      `${figureText(formatFuel(job.limits.fuel))}, ${formatBytes(job.limits.memoryBytes)} memory, ${formatBytes(job.limits.outputBytes)} output`,
    ],
    ['Shown to', job.isPublic ? 'anyone' : 'the key that submitted it and the operator'],
  ];
  return (
    <Panel title="About this job">
      <dl className="grid gap-x-6 gap-y-2 text-[0.95rem] sm:grid-cols-[10rem_minmax(0,1fr)]">
        {rows.map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="text-ink-3">{term}</dt>
            <dd className="mb-1 min-w-0 sm:mb-0">{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
