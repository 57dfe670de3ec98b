/**
 * What the scheduler alone costs: `apply` and the taking of changes, without store, network or signatures, for a hundred,
 * ten thousand and a million nodes that keep as many tasks of one job of 10⁸ in flight, three leases each. Every world is
 * a process of its own with a heap of its own; they take turns, so whatever else the machine does meets all of them.
 *
 * The ratio sets an event at the largest world against one at the smallest, fastest batches of both. What grows
 * with nodes or tasks shows there as hundreds or thousands; caches and long heap pages alone make it a few.
 * Recovery is from rows at hand to a shard that decides; reading them from Postgres is not part of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { invariantViolations, restoreShard, shardDigestRows, type StoredShard } from '@trine/scheduler';
import { type BatchTime, CONTEXT, ShardWorld } from './shard-world.ts';
import { type Cell, printTable } from './table.ts';

const SIZES = '100,10000,1000000';
/** The least a world may have: a batch of nodes must be distinct. */
const SIZE_MIN = 100;
const HEAP_MB = '14000';
/** Turns of all worlds, and batches a turn: enough that some of a busy machine's go undisturbed. */
const TURNS = 12;
const BATCHES_A_TURN = 50;
/** Share of the nodes that fall silent at once. */
const LOST_SHARE = 0.05;
/** Nodes to lose in a world, at least. */
const LOSSES_MIN = 1_000;
/** Invariants read everything several times; larger worlds are left out. */
const CHECKED_NODES_MAX = 10_000;

interface Cost {
  /** µs an event: of the fastest batch, the middle one, all together. */
  readonly fastest: number;
  readonly median: number;
  readonly mean: number;
}

interface Built {
  readonly bytesANode: number;
  readonly bytesATask: number;
  readonly tasksInFlight: number;
  readonly grant: Cost;
}

interface Lost {
  readonly turnover: Cost;
  readonly lost: Cost;
  readonly again: Cost;
  /** µs of one event that looks at the whole fleet, while many tasks wait for a second try. */
  readonly fleetMicros: number;
  readonly faults: readonly string[];
}

interface Recovered {
  readonly recoveryMs: number;
  readonly recoveredTasks: number;
  readonly faults: readonly string[];
}

export async function bench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string', default: SIZES },
      'heap-mb': { type: 'string', default: HEAP_MB },
    },
  });
  const worlds = values.nodes.split(',').map((size) => startWorld(Number(size), values['heap-mb']));
  try {
    const built: { readonly world: WorldProcess; readonly figures: Built }[] = [];
    for (const world of worlds) {
      console.error(`Building a shard with ${world.nodes} nodes …`);
      built.push({ world, figures: await world.ask<Built>('build') });
    }
    for (let turn = 0; turn < TURNS; turn += 1) for (const world of worlds) await world.ask('turn');
    const figures: Figures[] = [];
    for (const { world, figures: before } of built) {
      const lost = await world.ask<Lost>('lose');
      console.error(`Recovering a shard with ${world.nodes} nodes …`);
      const recovered = await world.ask<Recovered>('recover');
      const faults = [...lost.faults, ...recovered.faults];
      figures.push({ nodes: world.nodes, ...before, ...lost, ...recovered, faults });
    }
    return report(figures);
  } finally {
    for (const world of worlds) world.close();
  }
}

// ── one world's process ──────────────────────────────────────────────────────────────────────────────

interface WorldProcess {
  readonly nodes: number;
  ask<T>(what: Ask): Promise<T>;
  close(): void;
}

type Ask = 'build' | 'turn' | 'lose' | 'recover';

function startWorld(nodes: number, heapMb: string): WorldProcess {
  if (!Number.isInteger(Math.log10(nodes)) || nodes < SIZE_MIN) {
    throw new Error(`--nodes has ${nodes}: give powers of ten from ${SIZE_MIN}.`);
  }
  const code = `(await import(${JSON.stringify(import.meta.url)})).serveWorld(${nodes})`;
  const flags = ['--expose-gc', `--max-old-space-size=${heapMb}`, '--input-type=module', '--eval', code];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const gone = once(child, 'exit').then(([code]): never => {
    throw new Error(`The process of ${nodes} nodes ended with ${String(code)}.`);
  });
  gone.catch(() => undefined);
  return {
    nodes,
    ask: async <T>(what: Ask) => (await Promise.race([answerOf(child, what), gone])) as T,
    close: () => void child.kill('SIGKILL'),
  };
}

function answerOf(child: ChildProcess, what: Ask): Promise<unknown> {
  const answer = new Promise<unknown>((resolve) => child.once('message', resolve));
  child.send(what);
  return answer;
}

/** Runs in a process of its own and answers its parent; ends with it. */
export function serveWorld(nodes: number): void {
  let world = new ShardWorld(nodes);
  const turnover: BatchTime[] = [];
  const answers: Readonly<Record<Ask, () => unknown>> = {
    build: () => build(world),
    turn() {
      for (let i = 0; i < BATCHES_A_TURN; i += 1) turnover.push(world.turnOver());
      return 'done';
    },
    lose: () => ({ turnover: costOf(turnover), ...loseSome(world), faults: faultsOf(world) }),
    recover() {
      const rows = shardDigestRows(world.shard);
      // A coordinator that recovers has no other copy, so the old one must not burden its garbage collector.
      world = new ShardWorld(SIZE_MIN);
      return recover(rows);
    },
  };
  process.on('disconnect', () => process.exit(0));
  process.on('message', (what: Ask) => void process.send?.(answers[what]()));
}

function build(world: ShardWorld): Built {
  const empty = bytesInUse();
  world.introduce();
  const introduced = bytesInUse();
  const grants = world.fill();
  const filled = bytesInUse();
  const tasksInFlight = tasksOf(world);
  return {
    bytesANode: (introduced - empty) / world.nodes,
    bytesATask: (filled - introduced) / tasksInFlight,
    tasksInFlight,
    grant: costOf(grants),
  };
}

const faultsOf = ({ nodes, shard }: ShardWorld): readonly string[] =>
  nodes <= CHECKED_NODES_MAX ? invariantViolations(shard) : [];

/** A twentieth of the nodes falls silent at once and others take their place; several times where that is few. */
function loseSome(world: ShardWorld): Pick<Lost, 'lost' | 'again' | 'fleetMicros'> {
  const silent = Math.round(world.nodes * LOST_SHARE);
  const [lost, again, fleet]: [BatchTime[], BatchTime[], BatchTime[]] = [[], [], []];
  for (let losses = 0; losses < LOSSES_MIN; losses += silent) {
    lost.push(...world.loseNext(silent));
    fleet.push(world.play([{ type: 'fleet-changed', groups: world.nodes - silent }]));
    world.goBack(silent);
    again.push(...world.offerAll(silent));
    world.play([{ type: 'fleet-changed', groups: world.nodes }]);
    // So that no task fails too often.
    if (silent < LOSSES_MIN) world.turnOverAll();
  }
  return { lost: costOf(lost), again: costOf(again), fleetMicros: costOf(fleet).median };
}

function recover(rows: StoredShard): Recovered {
  bytesInUse();
  const beganMs = performance.now();
  const { leases, deadlines } = restoreShard(CONTEXT, rows);
  const recoveryMs = performance.now() - beganMs;
  const replicas = rows.tasks.flatMap((task) => task.replicas);
  const live = replicas.filter(({ ended }) => ended === undefined).length;
  const isWhole = leases.size === replicas.length && deadlines.live === live;
  const faults = isWhole ? [] : ['leases are missing after the recovery'];
  return { recoveryMs, recoveredTasks: rows.tasks.length, faults };
}

const tasksOf = ({ shard }: ShardWorld): number =>
  [...shard.jobs.values()].reduce((sum, job) => sum + job.tasks.size, 0);

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function costOf(times: readonly BatchTime[]): Cost {
  const each = times.map(({ events, micros }) => micros / events).sort((a, b) => a - b);
  const [events, micros] = times.reduce(([n, us], time) => [n + time.events, us + time.micros], [0, 0]);
  return { fastest: each[0] ?? 0, median: each[each.length >> 1] ?? 0, mean: micros / events };
}

// ── words and figures ────────────────────────────────────────────────────────────────────────────────

interface Figures extends Built, Lost, Recovered {
  readonly nodes: number;
}

function report(all: readonly Figures[]): number {
  const row = (name: string, of: (figures: Figures) => number): readonly Cell[] => [name, ...all.map(of)];
  const costs = (name: string, of: (figures: Figures) => Cost): readonly (readonly Cell[])[] => [
    row(`${name}, µs: fastest batch`, (figures) => of(figures).fastest),
    row('  middle batch', (figures) => of(figures).median),
    row('  mean', (figures) => of(figures).mean),
  ];
  printTable('scheduler alone: one job of 10⁸ tasks, each with three leases', [
    row('nodes', ({ nodes }) => nodes),
    row('tasks in flight', ({ tasksInFlight }) => tasksInFlight),
    row('events a second', (figures) => perSecond(figures)),
    ...costs('report or offer of three', ({ turnover }) => turnover),
    ...costs('first offer of three slots', ({ grant }) => grant),
    ...costs('node lost, a twentieth at once', ({ lost }) => lost),
    ...costs('offer while those wait', ({ again }) => again),
    row('fleet changes while those wait, µs', ({ fleetMicros }) => fleetMicros),
    row('bytes a node', ({ bytesANode }) => bytesANode),
    row('bytes a task in flight', ({ bytesATask }) => bytesATask),
    row('tasks recovered', ({ recoveredTasks }) => recoveredTasks),
    row('recovery, ms', ({ recoveryMs }) => recoveryMs),
  ]);
  const faults = all.flatMap(({ nodes, faults: found }) => found.map((fault) => `${nodes} nodes: ${fault}`));
  for (const fault of faults) console.log(`FAULT  ${fault}`);
  console.log(`\n${JSON.stringify(lineOf(all))}`);
  return faults.length === 0 ? 0 : 1;
}

/** By the middle batch: at half the time it is faster. */
const perSecond = ({ turnover }: Figures): number => Math.round(1_000_000 / turnover.median);

function lineOf(all: readonly Figures[]) {
  const [small, large] = [all[0], all.at(-1)];
  const ratio = (of: (figures: Figures) => number): number | undefined =>
    small === undefined || large === undefined ? undefined : rounded(of(large) / of(small));
  return {
    bench: 'scheduler',
    nodes: all.map(({ nodes }) => nodes),
    eventsPerSecond: all.map(perSecond),
    costRatio: ratio(({ turnover }) => turnover.fastest),
    costRatioMedian: ratio(({ turnover }) => turnover.median),
    lostRatio: ratio(({ lost }) => lost.median),
    bytesANode: all.map(({ bytesANode }) => Math.round(bytesANode)),
    bytesATask: all.map(({ bytesATask }) => Math.round(bytesATask)),
    recoveryMs: all.map(({ recoveryMs }) => Math.round(recoveryMs)),
  };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
