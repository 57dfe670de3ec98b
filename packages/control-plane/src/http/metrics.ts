/** Prometheus metrics under `trine_`. Gauges are read when they are asked for; counters count as things pass. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter } from '../cluster/activity.ts';

export interface Gauges {
  readonly nodesOnline: () => number;
  readonly leases: () => number;
  readonly capacity: () => number;
  readonly queued: () => number;
  readonly diskFree: () => number;
}

/** One transaction of the shard loop. */
export interface CommitMeasure {
  readonly shards: number;
  readonly events: number;
  readonly tasks: number;
  readonly durationMs: number;
}

export interface Metrics extends Meter {
  readonly registry: Registry;
  /** Figures that come from elsewhere, once there is an elsewhere. */
  watch(gauges: Gauges): void;
  commit(measure: CommitMeasure): void;
  /** Rows or files of a kind that retention removed. */
  trimmed(kind: string, count: number): void;
  request(route: string, status: number, seconds: number): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'trine_' });
  const registers = [registry];
  const results = new Counter({ name: 'trine_results_recorded_total', help: 'Results recorded', registers });
  const fuel = new Counter({
    name: 'trine_fuel_recorded_total',
    help: 'Fuel of recorded results, in metered instructions',
    registers,
  });
  const tasks = new Counter({
    name: 'trine_tasks_total',
    help: 'Tasks that entered a state',
    labelNames: ['state'],
    registers,
  });
  const verdicts = new Counter({
    name: 'trine_verdicts_total',
    help: 'Verdicts on results',
    labelNames: ['verdict'],
    registers,
  });
  const faults = new Counter({
    name: 'trine_node_faults_total',
    help: 'What nodes and strangers sent and was refused',
    labelNames: ['kind'],
    registers,
  });
  const requests = new Histogram({
    name: 'trine_http_seconds',
    help: 'Time to answer HTTP requests; streams count until they end',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const commits = new Histogram({
    name: 'trine_commit_seconds',
    help: 'Time of one commit of the shard loop',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.2, 1],
    registers,
  });
  const batches = new Histogram({
    name: 'trine_batch_events',
    help: 'Events in one commit',
    buckets: [1, 4, 16, 64, 256, 1_024],
    registers,
  });
  const trimmed = new Counter({
    name: 'trine_retention_removed_total',
    help: 'What retention removed',
    labelNames: ['kind'],
    registers,
  });
  return {
    registry,
    trimmed: (kind, count) => trimmed.inc({ kind }, count),
    commit: ({ events, durationMs }) => {
      commits.observe(durationMs / 1_000);
      batches.observe(events);
    },
    watch: (gauges) => watch(registry, gauges),
    results: (count, spent) => {
      results.inc(count);
      fuel.inc(Number(spent));
    },
    task: (state) => tasks.inc({ state }),
    verdict: (verdict) => verdicts.inc({ verdict }),
    fault: (kind) => faults.inc({ kind }),
    request: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
  };
}

function watch(registry: Registry, gauges: Gauges): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(read()) });
  };
  gauge('trine_nodes_online', 'Nodes with a session', gauges.nodesOnline);
  gauge('trine_disk_free_bytes', 'Free bytes on the disk of the data directory', gauges.diskFree);
  gauge('trine_leases', 'Leases that nodes carry now', gauges.leases);
  gauge('trine_events_queued', 'Events that wait for the next batch', gauges.queued);
  gauge('trine_capacity', 'Leases that nodes would carry at once', gauges.capacity);
}
