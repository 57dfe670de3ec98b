'use client';
/** The overview: how fast, how many, what is going on, and where nodes disagreed. */
import type { OverviewView } from '../lib/views.ts';
import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import Link from 'next/link';
import { failureOf, useTRPC } from '../lib/api.ts';
import { counted, formatAgo, formatCount, formatFuel, formatFuelRate, scaled } from '../lib/format.ts';
import { recentRates } from '../lib/throughput.ts';
import { useNow } from '../lib/use-now.ts';
import { DisagreementList } from './disagreements.tsx';
import { JobList, titleOf } from './job-list.tsx';
import { Empty, Loading, PageHead, Panel, Stat, Trouble } from './layout.tsx';
import { TaskBar, TaskLegend } from './task-bar.tsx';

const ThroughputPlot = dynamic(
  () => import('./throughput-plot.tsx').then((module) => module.ThroughputPlot),
  {
    ssr: false,
    loading: () => <div className="h-[230px]" />,
  },
);

/** The stream is silent while nothing changes, but the plot's two minutes go by all the same. */
const LOOK_AGAIN_MS = 2_000;
const RECENT_JOBS = 6;
const RECENT_DISAGREEMENTS = 4;

export function Dashboard() {
  const trpc = useTRPC();
  const overview = useQuery(
    trpc.cluster.overview.queryOptions(undefined, { refetchInterval: LOOK_AGAIN_MS }),
  );
  if (overview.data === undefined) {
    return (
      <>
        <PageHead title="Overview" />
        {overview.failureReason === null ? (
          <Loading what="the overview" />
        ) : (
          <Trouble title="No overview yet" message={failureOf(overview.failureReason).message} />
        )}
      </>
    );
  }
  return (
    <>
      {overview.data.notice === undefined ? null : (
        <Trouble title="Some work is stopped" message={overview.data.notice} />
      )}
      <OverviewHead overview={overview.data} />
      <div className="grid gap-4 sm:gap-6 lg:grid-cols-[minmax(0,1.7fr)_minmax(0,1fr)]">
        <Throughput overview={overview.data} />
        <Tasks overview={overview.data} />
      </div>
      <div className="mt-4 grid gap-4 sm:mt-6 sm:gap-6">
        <RecentJobs />
        <RecentDisagreements />
      </div>
    </>
  );
}

function OverviewHead({ overview }: { readonly overview: OverviewView }) {
  const now = useNow();
  const { coordinator } = overview;
  return (
    <PageHead
      title={coordinator.name}
      lead={
        <p>
          Coordinator {coordinator.version}, started {formatAgo(coordinator.startedAtMs, now)}. Key{' '}
          <span className="code" title={coordinator.key}>
            {coordinator.key.slice(0, 16)}
          </span>
        </p>
      }
    />
  );
}

function Throughput({ overview }: { readonly overview: OverviewView }) {
  const rates = recentRates(overview.throughput);
  const verified = scaled(rates.verifiedPerSecond);
  const results = scaled(rates.resultsPerSecond);
  const summary = `In the last ten seconds ${verified.value} tasks verified and ${results.value} results recorded a second.`;
  return (
    <Panel title="Throughput" aside="last 2 minutes">
      <dl className="mb-4 grid grid-cols-2 gap-4 sm:grid-cols-3">
        <Stat
          label="Verified"
          figure={{ value: verified.value, unit: `${verified.prefix}tasks/s` }}
          tone="accent"
        />
        <Stat label="Results" figure={{ value: results.value, unit: `${results.prefix}results/s` }} />
        <Stat label="Verified work" figure={formatFuelRate(rates.fuelPerSecond)} />
      </dl>
      <ThroughputPlot points={overview.throughput} summary={summary} />
      <p className="mt-2 flex flex-wrap gap-x-5 text-sm text-ink-2">
        <span className="flex items-center gap-2">
          <span className="h-0.5 w-5 bg-accent" /> tasks verified a second
        </span>
        <span className="flex items-center gap-2">
          <span className="w-5 border-t-2 border-dotted border-edge" /> results recorded a second
        </span>
      </p>
    </Panel>
  );
}

function Tasks({ overview }: { readonly overview: OverviewView }) {
  const { tasks } = overview;
  const open = tasks.total - tasks.verified - tasks.disputed - tasks.abandoned;
  const running = Math.min(open, overview.leases);
  const tally = { ...tasks, running, waiting: open - running };
  return (
    <Panel title="Now">
      <dl className="mb-5 grid grid-cols-2 gap-x-4 gap-y-5">
        <Stat
          label="Nodes online"
          figure={{
            value: formatCount(overview.nodesOnline),
            unit: overview.nodesOnline === 1 ? 'node' : 'nodes',
          }}
          note={`${formatCount(overview.nodesKnown)} ever seen`}
        />
        <Stat
          label="Owners online"
          figure={{
            value: formatCount(overview.ownersOnline),
            unit: overview.ownersOnline === 1 ? 'owner' : 'owners',
          }}
          note={overview.ownersOnline < 3 ? 'three are needed' : 'three are enough'}
        />
        <Stat
          label="Leases"
          figure={{ value: formatCount(overview.leases), unit: `of ${formatCount(overview.capacity)} slots` }}
        />
        <Stat label="Fuel verified" figure={formatFuel(overview.fuel)} />
        <Stat
          label="Wrong results caught"
          figure={{
            value: formatCount(overview.invalidResults),
            unit: overview.invalidResults === 1 ? 'result' : 'results',
          }}
          tone={overview.invalidResults > 0 ? 'alarm' : 'ink'}
        />
        <Stat
          label="Jobs running"
          figure={{
            value: formatCount(overview.jobs.running),
            unit: `of ${counted(overview.jobs.total, 'job')}`,
          }}
        />
      </dl>
      <h3 className="mb-2 text-sm text-ink-3">Tasks of all jobs: {formatCount(tasks.total)}</h3>
      <TaskBar tally={tally} />
      <div className="mt-3">
        <TaskLegend tally={tally} />
      </div>
    </Panel>
  );
}

function RecentJobs() {
  const trpc = useTRPC();
  const jobs = useQuery(trpc.jobs.list.queryOptions({ count: RECENT_JOBS }));
  return (
    <Panel
      title="Recent jobs"
      flush
      aside={
        <Link href="/jobs" className="link">
          All jobs
        </Link>
      }
    >
      {jobs.data === undefined ? (
        <Loading what="jobs" />
      ) : jobs.data.length === 0 ? (
        <NoJobs />
      ) : (
        <JobList jobs={jobs.data} />
      )}
    </Panel>
  );
}

/** What to do when there is nothing to compute. */
export function NoJobs() {
  return (
    <Empty title="No job to show yet">
      <p>
        Submit one from a clone of Trine:{' '}
        <code className="code">npx trine submit module.wasm --range 100 --wait</code>. Jobs of a submitter
        show only to their own key, so{' '}
        <Link href="/sign-in" className="link">
          sign in
        </Link>{' '}
        to see yours.
      </p>
    </Empty>
  );
}

function RecentDisagreements() {
  const trpc = useTRPC();
  const jobs = useQuery(trpc.jobs.list.queryOptions({ count: 100 }));
  const found = useQuery(trpc.jobs.disagreements.queryOptions({ count: RECENT_DISAGREEMENTS }));
  const titleById = new Map((jobs.data ?? []).map((job) => [job.id, titleOf(job)]));
  return (
    <Panel title="Recent disagreements" flush aside="who said what">
      {found.data === undefined ? (
        <Loading what="disagreements" />
      ) : found.data.length === 0 ? (
        <Empty title="No two nodes have disagreed">
          <p>
            When results for one task differ, the task appears here with what each node said. Nothing needs
            doing.
          </p>
        </Empty>
      ) : (
        <DisagreementList tasks={found.data} jobTitle={(job) => titleById.get(job)} />
      )}
    </Panel>
  );
}
