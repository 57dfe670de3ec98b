/** What happened lately, counted as it passes: for the live view and for Prometheus. */
import type { AgentMessage, JobId, NodeId, TaskState, Verdict } from '@trine/protocol';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { OverviewView } from '../views.ts';

type Progress = Extract<AgentMessage, { readonly type: 'progress' }>;

/** A task that a node touched. */
export interface RecentTask {
  readonly job: JobId;
  readonly index: number;
}

/** Where counts go beside the live view. */
export interface Meter {
  results(count: number, fuel: bigint): void;
  task(state: TaskState): void;
  verdict(verdict: Verdict): void;
  fault(kind: string): void;
}

export interface Activity {
  recorded(fuel: bigint): void;
  task(state: TaskState): void;
  verdict(verdict: Verdict, node: NodeId, task: RecentTask): void;
  progress(message: Progress): void;
  /** Something a stranger or a node did that cannot be accepted. */
  countFault(kind: string): void;
  throughput(): OverviewView['throughput'];
  recentOf(node: NodeId): readonly RecentTask[];
}

const WINDOW_SECONDS = 120;

interface Second {
  readonly second: number;
  verified: number;
  results: number;
  fuel: bigint;
}

export function createActivity(nowMs: () => number, meter: Meter): Activity {
  const seconds: Second[] = [];
  const recent = new Map<NodeId, RecentTask[]>();

  const current = (): Second => {
    const second = Math.floor(nowMs() / 1_000);
    const last = seconds.at(-1);
    if (last !== undefined && last.second >= second) return last;
    const next: Second = { second, verified: 0, results: 0, fuel: 0n };
    seconds.push(next);
    if (seconds.length > WINDOW_SECONDS) seconds.shift();
    return next;
  };

  return {
    recorded(fuel) {
      const now = current();
      now.results += 1;
      now.fuel += fuel;
      meter.results(1, fuel);
    },
    task(state) {
      if (state === 'verified') current().verified += 1;
      meter.task(state);
    },
    verdict(verdict, node, task) {
      meter.verdict(verdict);
      remember(recent, node, task);
    },
    // Shown by the node itself; the coordinator only has to accept it.
    progress: () => undefined,
    countFault: (kind) => meter.fault(kind),
    throughput: () => points(seconds, Math.floor(nowMs() / 1_000)),
    recentOf: (node) => recent.get(node) ?? [],
  };
}

function remember(recent: Map<NodeId, RecentTask[]>, node: NodeId, task: RecentTask): void {
  const tasks = recent.get(node) ?? [];
  recent.delete(node);
  recent.set(node, [task, ...tasks].slice(0, CONTROL_PLANE_LIMITS.recentPerNode.value));
  const [oldest] = recent.keys();
  if (recent.size > CONTROL_PLANE_LIMITS.namesCached.value && oldest !== undefined) recent.delete(oldest);
}

/** One point for each of the last two minutes' seconds, quiet ones included. */
function points(seconds: readonly Second[], now: number): OverviewView['throughput'] {
  const known = new Map(seconds.map((entry) => [entry.second, entry]));
  return Array.from({ length: WINDOW_SECONDS }, (_, index) => {
    const second = now - WINDOW_SECONDS + 1 + index;
    const entry = known.get(second);
    return {
      atMs: second * 1_000,
      verified: entry?.verified ?? 0,
      results: entry?.results ?? 0,
      fuel: (entry?.fuel ?? 0n).toString(),
    };
  });
}
