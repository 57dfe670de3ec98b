/** The fleet as pages see it: rows of the registry with what this process knows of who is here now. */
import type { JobId, NodeId } from '@trine/protocol';
import { TrineError } from '@trine/protocol';
import type { NodeCounters } from '@trine/scheduler';
import type { Announcements } from '../announcements.ts';
import type { Caller } from '../caller.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Seat } from '../gateway/seat.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import { nameOfNode } from '../node-directory.ts';
import type { ClusterService, JobService } from '../services.ts';
import type { NodeRow, Store } from '../store/store.ts';
import type { LiveView, NodeView, OverviewView, TaskView } from '../views.ts';
import type { Activity } from './activity.ts';

export interface ClusterOptions {
  readonly store: Pick<Store, 'views'>;
  readonly gateway: Pick<Gateway, 'seats' | 'seat'>;
  readonly activity: Activity;
  readonly announcements: Announcements;
  readonly jobs: Pick<JobService, 'task'>;
  readonly coordinator: OverviewView['coordinator'];
  readonly nowMs: () => number;
}

/** Running jobs are counted up to here. */
const RUNNING_COUNTED = 1_000;

export function createClusterService(options: ClusterOptions): ClusterService {
  const overview = cached(options.nowMs, () => readOverview(options));
  return {
    overview,
    live: (signal) => liveViews(options, overview, signal),
    nodes: async () => {
      const rows = await options.store.views.nodes(CONTROL_PLANE_LIMITS.nodesShown.value);
      return nodeViews(options, rows);
    },
    node: async (caller, node) => {
      const row = await options.store.views.node(node);
      const [view] = row === undefined ? [] : await nodeViews(options, [row]);
      if (view === undefined)
        throw new TrineError('not-found', `No node ${node} has joined this coordinator.`);
      return { ...view, recent: await recentTasks(options, caller, node) };
    },
  };
}

/** One reading serves everyone who asks within a tick. */
function cached<T>(nowMs: () => number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly atMs: number; readonly value: Promise<T> } | undefined;
  return () => {
    const atMs = nowMs();
    if (last === undefined || atMs - last.atMs >= CONTROL_PLANE_LIMITS.liveMs.value) {
      const value = read();
      last = { atMs, value };
      value.catch(() => {
        last = undefined;
      });
    }
    return last.value;
  };
}

async function readOverview(options: ClusterOptions): Promise<OverviewView> {
  const { views } = options.store;
  const totals = await views.totals();
  const running = await views.jobs({
    key: undefined,
    publicOnly: false,
    state: 'running',
    count: RUNNING_COUNTED,
    before: undefined,
  });
  const known = await views.nodes(CONTROL_PLANE_LIMITS.nodesShown.value);
  return {
    coordinator: options.coordinator,
    ...presence(options.gateway.seats),
    nodesKnown: known.length,
    jobs: { running: running.length, total: totals.jobs },
    tasks: {
      total: totals.tasks,
      verified: totals.verified,
      disputed: totals.disputed,
      abandoned: totals.abandoned,
    },
    invalidResults: totals.invalidResults,
    fuel: totals.fuel.toString(),
    throughput: options.activity.throughput(),
  };
}

function presence(
  seats: Iterable<Seat>,
): Pick<OverviewView, 'nodesOnline' | 'ownersOnline' | 'leases' | 'capacity'> {
  const here = [...seats].filter((seat) => !seat.isGone);
  return {
    nodesOnline: here.length,
    ownersOnline: new Set(here.map((seat) => seat.row.owner)).size,
    leases: sum(here.map((seat) => seat.leases.size)),
    capacity: sum(here.map((seat) => seat.capacity)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

async function nodeViews(options: ClusterOptions, rows: readonly NodeRow[]): Promise<readonly NodeView[]> {
  const counters = await options.store.views.counters(rows.map((row) => row.node));
  const byNode = new Map(counters.map((entry) => [entry.node, entry]));
  return rows.map((row) => nodeView(row, byNode.get(row.node), options.gateway.seat(row.node)));
}

function nodeView(stored: NodeRow, counters: NodeCounters | undefined, seat: Seat | undefined): NodeView {
  const row = seat?.row ?? stored;
  const online = seat !== undefined && !seat.isGone;
  return {
    id: row.node,
    name: nameOfNode(row, row.node),
    agent: row.profile.agent,
    owner: row.owner,
    ownerName: row.ownerName,
    hasToken: row.token !== undefined,
    label: row.label,
    online,
    state: online ? stateOf(seat) : 'offline',
    link: seat?.session.linkKind,
    linkNote: linkNote(seat),
    leases: seat?.leases.size ?? 0,
    capacity: seat?.capacity ?? 0,
    profile: row.profile,
    verdicts: {
      valid: counters?.valid ?? 0,
      invalid: counters?.invalid ?? 0,
      inconclusive: counters?.inconclusive ?? 0,
      late: counters?.late ?? 0,
      unanswered: counters?.unanswered ?? 0,
    },
    credit: (counters?.credit ?? 0n).toString(),
    figures: figuresOf(seat),
    firstSeenAtMs: row.firstSeenAtMs,
    lastSeenAtMs: Math.max(stored.lastSeenAtMs, seat?.heartbeatAtMs ?? 0),
  };
}

/** The node's own words where it gave some, else what can be seen from here. */
function stateOf(seat: Seat): string {
  if (seat.isSuspended) return 'link lost; waiting for it to come back';
  if (seat.leases.size > 0) return seat.heartbeat?.state ?? `working on ${seat.leases.size} leases`;
  if (seat.capacity === 0) return seat.capacityReason || 'lends nothing now';
  return seat.idleReason === '' ? 'ready' : `idle: ${seat.idleReason}`;
}

function linkNote(seat: Seat | undefined): string {
  if (seat === undefined || seat.session.linkKind === 'webrtc') return '';
  return seat.row.profile.webrtc ?? seat.linkNote;
}

const figuresOf = (seat: Seat | undefined): NodeView['figures'] => ({
  cpuPercent: seat?.heartbeat?.cpuPercent,
  memoryUsedBytes: seat?.heartbeat?.memoryUsedBytes,
  temperatureCelsius: seat?.heartbeat?.temperatureCelsius,
  batteryPercent: seat?.heartbeat?.batteryPercent,
  fuelPerSecond: seat?.heartbeat?.fuelPerSecond,
  atMs: seat?.heartbeat === undefined ? undefined : seat.heartbeatAtMs,
});

async function recentTasks(
  options: ClusterOptions,
  caller: Caller,
  node: NodeId,
): Promise<readonly TaskView[]> {
  const seen = new Set<string>();
  const tasks: TaskView[] = [];
  for (const { job, index } of options.activity.recentOf(node)) {
    if (seen.has(`${job}/${index}`)) continue;
    seen.add(`${job}/${index}`);
    // Tasks of jobs that the caller may not see are left out.
    const view = await options.jobs.task(caller, job, index).catch(() => undefined);
    if (view !== undefined) tasks.push(view);
  }
  return tasks;
}

/** A first view at once, then one a tick for as long as something changes. */
async function* liveViews(
  { announcements }: ClusterOptions,
  overview: () => Promise<OverviewView>,
  signal: AbortSignal,
): AsyncGenerator<LiveView, void, undefined> {
  const changes = createChanges();
  const stop = announcements.listen(({ job }) => changes.add(job));
  signal.addEventListener('abort', changes.wake);
  try {
    yield { overview: await overview(), jobsChanged: [], nodesChanged: false };
    for (;;) {
      await changes.some();
      await pause(CONTROL_PLANE_LIMITS.liveMs.value, signal);
      if (signal.aborted) return;
      const { jobs, nodes } = changes.take();
      yield { overview: await overview(), jobsChanged: jobs, nodesChanged: nodes };
    }
  } finally {
    stop();
    signal.removeEventListener('abort', changes.wake);
  }
}

function createChanges() {
  const jobs = new Set<JobId>();
  let nodes = false;
  let wake = (): void => {};
  let isAwake = false;
  return {
    add(job: JobId | undefined): void {
      if (job === undefined) nodes = true;
      else jobs.add(job);
      isAwake = true;
      wake();
    },
    wake: (): void => {
      isAwake = true;
      wake();
    },
    some: (): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
        if (isAwake) resolve();
      }),
    take(): { readonly jobs: readonly JobId[]; readonly nodes: boolean } {
      const taken = { jobs: [...jobs], nodes };
      jobs.clear();
      nodes = false;
      isAwake = false;
      return taken;
    },
  };
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
