/** The fleet as pages see it: rows of the registry with what this process knows of who is here now. */
import type { NodeId } from '@trine/protocol';
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
import type { NodeView, OverviewView, TaskView } from '../views.ts';
import type { Activity } from './activity.ts';
import { createLiveHub } from './live-hub.ts';

export interface ClusterOptions {
  /** What is stopped, why, and what to do; empty when nothing is. */
  readonly notice: () => string;
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
/** How long the number of known nodes is good for. */
const KNOWN_MS = 10_000;

export function createClusterService(options: ClusterOptions): ClusterService {
  const countNodes = countedNodes(options);
  const overview = async (): Promise<OverviewView> => readOverview(options, await countNodes());
  const hub = createLiveHub({ announcements: options.announcements, overview });
  return {
    overview,
    live: (signal) => hub.watch(signal),
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

/** Every node that ever joined is a row to read, so it is not read with each tick. */
function countedNodes({ store, nowMs }: ClusterOptions): () => Promise<number> {
  let atMs = -Infinity;
  let count = 0;
  return async () => {
    if (nowMs() - atMs >= KNOWN_MS) {
      count = (await store.views.nodes(CONTROL_PLANE_LIMITS.nodesShown.value)).length;
      atMs = nowMs();
    }
    return count;
  };
}

async function readOverview(options: ClusterOptions, nodesKnown: number): Promise<OverviewView> {
  const { views } = options.store;
  const totals = await views.totals();
  const running = await views.jobs({
    key: undefined,
    publicOnly: false,
    state: 'running',
    count: RUNNING_COUNTED,
    before: undefined,
  });
  const here = presence(options.gateway.seats);
  const notice = options.notice();
  return {
    coordinator: options.coordinator,
    ...(notice === '' ? {} : { notice }),
    ...here,
    nodesKnown: Math.max(nodesKnown, here.nodesOnline),
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
