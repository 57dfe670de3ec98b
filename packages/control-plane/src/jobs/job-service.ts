/** Use cases around jobs: who may see which, and where the answers come from. */
import { type JobId, type NodeId, shardOf, TrineError } from '@trine/protocol';
import type { JobRow, TaskRow } from '@trine/scheduler';
import type { Announcements } from '../announcements.ts';
import { type Caller, isOperator, type KeyCaller } from '../caller.ts';
import type { EventSink } from '../event-sink.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { NodeDirectory } from '../node-directory.ts';
import type { JobService, JobsQuery, TaskRange } from '../services.ts';
import type { Store } from '../store/store.ts';
import type { JobView, ResultView, TaskView } from '../views.ts';
import { isMine, jobView, maySee, resultView, taskView, untouchedTask } from './job-views.ts';
import { createSubmission } from './submission.ts';

export interface JobServiceOptions {
  readonly store: Pick<Store, 'registry' | 'views'>;
  readonly sink: EventSink;
  readonly announcements: Announcements;
  readonly directory: NodeDirectory;
  readonly nowMs: () => number;
  /** Throws while the disk has too little room for more work. */
  readonly assertIntake: () => void;
}

/** Rows read from the store at once while a result stream catches up. */
const STREAM_PAGE_ROWS = 200;

export function createJobService(options: JobServiceOptions): JobService {
  const { store, directory } = options;
  const submit = createSubmission(options);
  const visible = (caller: Caller, job: JobId): Promise<JobRow> => visibleJob(options, caller, job);
  const named = async (rows: readonly TaskRow[]): Promise<readonly TaskView[]> => {
    const nodes = await directory.rows(nodesOf(rows));
    return rows.map((row) => taskView(row, nodes));
  };

  return {
    submit: async (caller, request) => {
      options.assertIntake();
      return jobView(await existing(options, await submit(caller, request)), caller);
    },
    get: async (caller, job) => jobView(await visible(caller, job), caller),
    list: (caller, query) => listJobs(options, caller, query),
    cancel: (caller, job) => cancel(options, caller, job),
    tasks: async (caller, range) => {
      await visible(caller, range.job);
      return named(await store.views.tasks(range.job, range.from, range.count));
    },
    task: async (caller, job, index) => {
      const row = await visible(caller, job);
      if (index >= row.spec.inputs.count) throw missing(`Task ${index} of job ${job}`);
      const task = await store.views.task(job, index);
      const [view] = task === undefined ? [] : await named([task]);
      return view ?? untouchedTask(row, index);
    },
    taskStates: async (caller, range: TaskRange) => {
      await visible(caller, range.job);
      return store.views.taskStates(range.job, range.from, range.count);
    },
    disagreements: async (caller, job, count) => {
      if (job !== undefined) await visible(caller, job);
      const rows = await store.views.disagreements(job, count);
      return named(job === undefined ? await visibleTasks(options, caller, rows) : rows);
    },
    resultsPage: async (caller, { job, after, count }) => {
      await visible(caller, job);
      return (await store.views.results(job, after, count)).map((row) => resultView(job, row));
    },
    results: (caller, from) => streamResults(options, caller, from),
  };
}

const missing = (what: string): TrineError =>
  new TrineError('not-found', `${what} is not here, or not yours to see.`);

async function existing({ store }: JobServiceOptions, job: JobId): Promise<JobRow> {
  const row = await store.views.job(job);
  if (row === undefined) throw missing(`Job ${job}`);
  return row;
}

/** Another’s private job and one that never was are the same answer. */
async function visibleJob(options: JobServiceOptions, caller: Caller, job: JobId): Promise<JobRow> {
  const row = await existing(options, job);
  if (!maySee(row, caller)) throw missing(`Job ${job}`);
  return row;
}

async function listJobs(
  { store }: JobServiceOptions,
  caller: Caller,
  query: JobsQuery,
): Promise<readonly JobView[]> {
  const rows = await store.views.jobs({
    ...query,
    key: caller.type === 'key' && !isOperator(caller) ? caller.key : undefined,
    publicOnly: caller.type === 'anonymous',
  });
  return rows.map((row) => jobView(row, caller));
}

async function cancel(options: JobServiceOptions, caller: KeyCaller, job: JobId): Promise<JobView> {
  const row = await visibleJob(options, caller, job);
  if (!isMine(row, caller) && !isOperator(caller)) {
    throw new TrineError(
      'forbidden',
      `Job ${job} belongs to another key; only that key or the operator’s cancels it.`,
    );
  }
  if (row.state === 'cancelled') return jobView(row, caller);
  if (row.state !== 'preparing' && row.state !== 'running') {
    throw new TrineError('wrong-state', `Job ${job} is ${row.state}; there is nothing left to cancel.`);
  }
  const reason = isMine(row, caller) ? 'cancelled by its submitter' : 'cancelled by the operator';
  await options.sink.request(shardOf(job), { type: 'job-cancelled', job, reason });
  return jobView(await existing(options, job), caller);
}

function nodesOf(rows: readonly TaskRow[]): ReadonlySet<NodeId> {
  return new Set(rows.flatMap((row) => row.replicas.map((replica) => replica.node)));
}

async function visibleTasks(
  { store }: JobServiceOptions,
  caller: Caller,
  rows: readonly TaskRow[],
): Promise<readonly TaskRow[]> {
  const seen = new Map<JobId, boolean>();
  for (const { job } of rows) {
    if (seen.has(job)) continue;
    const row = await store.views.job(job);
    seen.set(job, row !== undefined && maySee(row, caller));
  }
  return rows.filter((row) => seen.get(row.job) === true);
}

/** Pages of the log until the job has ended and all was given; between pages it waits to be told of more. */
async function* streamResults(
  options: JobServiceOptions,
  caller: Caller,
  from: Parameters<JobService['results']>[1],
): AsyncGenerator<ResultView, void, undefined> {
  const { job, signal } = from;
  await visibleJob(options, caller, job);
  let after = from.after;
  while (!signal.aborted) {
    const waiting = options.announcements.waitForJob(job, {
      signal,
      timeoutMs: CONTROL_PLANE_LIMITS.resultsPoll.value,
    });
    try {
      const row = await existing(options, job);
      const page = await options.store.views.results(job, after, STREAM_PAGE_ROWS);
      for (const stored of page) yield resultView(job, stored);
      after = page.at(-1)?.entry.sequence ?? after;
      if (page.length > 0) continue;
      if (hasEnded(row) && row.results <= after) return;
      await waiting.changed;
    } finally {
      waiting.stop();
    }
  }
}

const hasEnded = (row: JobRow): boolean => row.state !== 'preparing' && row.state !== 'running';
