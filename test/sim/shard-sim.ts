/**
 * One shard, its loop, a gateway and a swarm on one simulated clock. Messages take time, get lost with
 * their link and are repeated; nodes leave and return; the coordinator dies before or after a commit.
 * The store is a ledger that survives it. Promises are checked after every batch.
 */
import type { JobId, LeaseId, NodeId } from '@trine/protocol';
import {
  apply,
  type JobSpec,
  nextDeadlineMs,
  invariantViolations,
  recoveryEffects,
  restoreShard,
  type Shard,
  shardDigestRows,
  type ShardEffect,
  type ShardEvent,
  takeChanges,
} from '@trine/scheduler';
import {
  artifact,
  auditLedger,
  createLedger,
  type Ledger,
  printRows,
  readStored,
  TEST_CONTEXT,
  writeChanges,
} from '@trine/scheduler/testing';
import { type Chance, createChance } from './chance.ts';
import { answerOf, type SimNode } from './sim-node.ts';
import { createTimeline, type Timeline } from './timeline.ts';

export interface Faults {
  /** Probability that a message to or from a node is lost; what matters is repeated. */
  readonly lost: number;
  /** Probability that a report arrives twice. */
  readonly doubled: number;
  /** Probability that a run takes longer than its lease. */
  readonly slow: number;
  /** Probability, at each second, that a node goes away for a while. */
  readonly leaves: number;
  /** Probability, at each second, that the coordinator dies and starts again. */
  readonly crashes: number;
}

interface SimOptions {
  readonly seed: number;
  readonly nodes: readonly SimNode[];
  readonly jobs: readonly JobSpec[];
  readonly faults: Faults;
  /** Simulated time after which the run counts as stuck. */
  readonly untilMs: number;
}

export interface SimReport {
  readonly ledger: Ledger;
  readonly events: number;
  readonly batches: number;
  readonly restarts: number;
  readonly simulatedMs: number;
  /** Jobs that have not ended. */
  readonly unfinished: number;
}

/** What the gateway knows of a node's session; gone with the coordinator. */
interface Presence {
  readonly session: number;
  /** Leases counted as `leases.ts` says, and slots on offer. */
  leases: number;
  offered: number;
}

interface Sim {
  readonly options: SimOptions;
  readonly chance: Chance;
  readonly time: Timeline;
  readonly ledger: Ledger;
  readonly nodes: ReadonlyMap<NodeId, SimNode>;
  shard: Shard;
  /** Raised by every restart: whatever an earlier coordinator had planned is dropped. */
  life: number;
  inbox: ShardEvent[];
  batchPlanned: boolean;
  presence: Map<NodeId, Presence>;
  groups: number;
  demand: number;
  frames: number;
  events: number;
  batches: number;
  restarts: number;
}

const NETWORK_MS = 40;
const COMMIT_MS = 3;
const REPEAT_MS = 2_000;
const RUN_MS = 2_000;
const LINK_GRACE_MS = 5_000;

/** Runs until every job has ended or time is up. Throws at the first broken promise. */
export function simulateShard(options: SimOptions): SimReport {
  const ledger = createLedger(TEST_CONTEXT.shard);
  const sim: Sim = {
    options,
    ledger,
    chance: createChance(options.seed),
    time: createTimeline(),
    nodes: new Map(options.nodes.map((node) => [node.node, node])),
    shard: restoreShard(TEST_CONTEXT, readStored(ledger)),
    life: 0,
    inbox: [],
    batchPlanned: false,
    presence: new Map(),
    groups: 0,
    demand: 0,
    frames: 0,
    events: 0,
    batches: 0,
    restarts: 0,
  };
  for (const spec of options.jobs) tell(sim, { type: 'job-submitted', spec });
  for (const node of options.nodes) sim.time.after(sim.chance.below(3_000), () => connect(sim, node));
  everySecond(sim);
  while (unfinished(sim) > 0 && sim.time.nowMs() < options.untilMs && sim.time.step());
  checkAll(sim);
  const { events, batches, restarts } = sim;
  return { ledger, events, batches, restarts, simulatedMs: sim.time.nowMs(), unfinished: unfinished(sim) };
}

const unfinished = ({ ledger, options }: Sim): number =>
  options.jobs.filter(({ job }) => ledger.jobs.get(job)?.finishedAtMs === undefined).length;

// ── the coordinator ──────────────────────────────────────────────────────────────────────────────────

/** Plans an action of this coordinator's life; its death cancels it. */
function later(sim: Sim, delayMs: number, action: () => void): void {
  const { life } = sim;
  sim.time.after(delayMs, () => {
    if (sim.life === life) action();
  });
}

function tell(sim: Sim, event: ShardEvent): void {
  sim.inbox.push(event);
  planBatch(sim, COMMIT_MS);
}

function planBatch(sim: Sim, delayMs: number): void {
  if (sim.batchPlanned) return;
  sim.batchPlanned = true;
  later(sim, delayMs, () => commit(sim));
}

/** One batch: whatever arrived is applied, stored, and only then spoken of. */
function commit(sim: Sim): void {
  const events = sim.inbox;
  sim.inbox = [];
  sim.batchPlanned = false;
  const began: ShardEvent = { type: 'batch-began', atMs: sim.time.nowMs(), entropy: sim.chance.bytes(16) };
  const effects = [began, ...events].flatMap((event) => apply(sim.shard, event));
  sim.events += events.length + 1;
  sim.batches += 1;
  writeChanges(sim.ledger, takeChanges(sim.shard));
  check(sim);
  if (sim.chance.happens(sim.options.faults.crashes / 50)) return restart(sim);
  for (const effect of effects) perform(sim, effect);
  checkSlots(sim);
  const due = nextDeadlineMs(sim.shard);
  if (due !== undefined) later(sim, Math.max(0, due - sim.time.nowMs()), () => planBatch(sim, 0));
}

/** Memory, presence and every message under way are gone; the ledger stays. Nodes come back by themselves. */
function restart(sim: Sim): void {
  sim.life += 1;
  sim.restarts += 1;
  sim.inbox = [];
  sim.batchPlanned = false;
  sim.presence = new Map();
  sim.groups = 0;
  sim.demand = 0;
  sim.shard = restoreShard(TEST_CONTEXT, readStored(sim.ledger));
  for (const effect of recoveryEffects(sim.shard)) perform(sim, effect);
  for (const spec of sim.options.jobs) {
    if (!sim.ledger.jobs.has(spec.job)) tell(sim, { type: 'job-submitted', spec });
  }
  for (const node of sim.options.nodes) {
    if (node.online) sim.time.after(200 + sim.chance.below(3_000), () => connect(sim, node));
  }
  everySecond(sim);
}

function everySecond(sim: Sim): void {
  later(sim, 1_000, () => {
    const { crashes, leaves } = sim.options.faults;
    for (const node of sim.options.nodes) {
      if (node.online && sim.chance.happens(leaves)) leave(sim, node);
    }
    if (sim.chance.happens(crashes)) restart(sim);
    else everySecond(sim);
  });
}

function perform(sim: Sim, effect: ShardEffect): void {
  switch (effect.type) {
    case 'prepare-module':
      return later(sim, 50, () => prepared(sim, effect.job));
    case 'load-inputs':
      return later(sim, 5, () => loaded(sim, effect));
    case 'publish-demand':
      sim.demand = effect.leases;
      return offerAll(sim);
    case 'grant-leases':
      return granted(sim, effect);
    case 'refuse-slots':
      return adjust(sim, effect.node, effect.session, (presence) => {
        presence.offered -= effect.count;
      });
    case 'free-slots':
      return freed(sim, effect);
    case 'record-results':
      return toNode(sim, effect.node, (node) => forget(node, effect.leases));
    case 'abandon-leases':
      return toNode(sim, effect.node, (node) => forget(node, effect.leases));
    case 'reject-result':
    case 'announce-counters':
    case 'announce-verdict':
    case 'announce-task':
    case 'announce-job':
    case 'announce-result':
      return undefined;
  }
}

function prepared(sim: Sim, job: JobId): void {
  const code = { module: artifact('module').digest, edition: '1' };
  tell(sim, { type: 'job-prepared', job, module: artifact('prepared'), code });
}

function loaded(
  sim: Sim,
  { job, from, count }: Extract<ShardEffect, { readonly type: 'load-inputs' }>,
): void {
  const inputs = Array.from({ length: count }, (_, i) => {
    const bytes = Uint8Array.of((from + i) & 255, (from + i) >> 8);
    return { type: 'inline', bytes, digest: TEST_CONTEXT.sha256(bytes) } as const;
  });
  tell(sim, { type: 'inputs-loaded', job, from, inputs });
}

// ── the gateway ──────────────────────────────────────────────────────────────────────────────────────

function adjust(sim: Sim, node: NodeId, session: number, change: (presence: Presence) => void): void {
  const presence = sim.presence.get(node);
  if (presence?.session === session) change(presence);
}

function granted(sim: Sim, effect: Extract<ShardEffect, { readonly type: 'grant-leases' }>): void {
  adjust(sim, effect.node, effect.session, (presence) => {
    presence.offered -= effect.grants.length;
    presence.leases += effect.grants.length;
  });
  toNode(sim, effect.node, (node) => {
    if (node.session !== effect.session) return;
    for (const grant of effect.grants) run(sim, node, grant);
  });
}

function freed(sim: Sim, effect: Extract<ShardEffect, { readonly type: 'free-slots' }>): void {
  adjust(sim, effect.node, effect.session, (presence) => {
    presence.leases -= effect.count;
  });
  offer(sim, effect.node);
}

function offerAll(sim: Sim): void {
  for (const node of sim.presence.keys()) offer(sim, node);
}

function offer(sim: Sim, id: NodeId): void {
  const [presence, node] = [sim.presence.get(id), sim.nodes.get(id)];
  if (presence === undefined || node === undefined || sim.demand === 0) return;
  const count = node.capacity - presence.leases - presence.offered;
  if (count <= 0) return;
  presence.offered += count;
  const { owner, group } = node;
  const { session } = presence;
  tell(sim, { type: 'slots-offered', offer: { node: id, session, owner, group, labels: [], count } });
}

function refreshFleet(sim: Sim): void {
  const groups = new Set([...sim.presence.keys()].map((node) => sim.nodes.get(node)?.group)).size;
  if (groups === sim.groups) return;
  sim.groups = groups;
  tell(sim, { type: 'fleet-changed', groups });
}

// ── the nodes ────────────────────────────────────────────────────────────────────────────────────────

/** A message of the coordinator's to a node; a lost one is healed by repeats, deadlines and hellos. */
function toNode(sim: Sim, id: NodeId, receive: (node: SimNode) => void): void {
  const node = sim.nodes.get(id);
  if (node === undefined || sim.chance.happens(sim.options.faults.lost)) return;
  later(sim, sim.chance.below(NETWORK_MS), () => {
    if (node.online) receive(node);
  });
}

/** The moment the coordinator accepts a new session: its hello is the first it hears of it. */
function connect(sim: Sim, node: SimNode): void {
  node.online = true;
  node.session += 1;
  const { session } = node;
  const held = [...node.running.keys(), ...node.unrecorded.keys()];
  sim.presence.set(node.node, { session, leases: held.length, offered: 0 });
  tell(sim, { type: 'node-said-hello', node: node.node, session, held });
  refreshFleet(sim);
  offer(sim, node.node);
  for (const lease of node.unrecorded.keys()) report(sim, node, lease);
}

/** The node vanishes; now and then it forgets what it was doing. */
function leave(sim: Sim, node: SimNode): void {
  const { session } = node;
  node.online = false;
  if (sim.chance.happens(0.3)) node.running.clear();
  later(sim, LINK_GRACE_MS, () => {
    if (sim.presence.get(node.node)?.session !== session || node.session !== session) return;
    sim.presence.delete(node.node);
    tell(sim, { type: 'node-lost', node: node.node, session, reason: 'the link is silent' });
    refreshFleet(sim);
  });
  sim.time.after(1_000 + sim.chance.below(15_000), () => connect(sim, node));
}

const forget = (node: SimNode, leases: readonly LeaseId[]): void => {
  for (const lease of leases) {
    node.running.delete(lease);
    node.unrecorded.delete(lease);
  }
};

/** Running goes on whatever becomes of the coordinator. */
function run(sim: Sim, node: SimNode, grant: Parameters<typeof answerOf>[1]): void {
  node.running.set(grant.lease, grant);
  const slow = sim.chance.happens(sim.options.faults.slow);
  const runMs = slow ? grant.deadlineMs + 1 + sim.chance.below(5_000) : 1 + sim.chance.below(RUN_MS);
  sim.time.after(runMs, () => {
    if (!node.running.delete(grant.lease)) return;
    node.unrecorded.set(grant.lease, answerOf(node, grant, sim.chance.unit()));
    report(sim, node, grant.lease);
  });
}

/** Says the result until it is recorded. */
function report(sim: Sim, node: SimNode, lease: LeaseId): void {
  const result = node.unrecorded.get(lease);
  if (result === undefined || !node.online) return;
  const { session, owner, group } = node;
  const copies = sim.chance.happens(sim.options.faults.doubled) ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    if (sim.chance.happens(sim.options.faults.lost)) continue;
    later(sim, sim.chance.below(NETWORK_MS), () => {
      sim.frames += 1;
      const frame = {
        id: artifact(`frame ${sim.frames}`).digest,
        root: new Uint8Array(32),
        signature: new Uint8Array(64),
        leaves: 1,
      };
      tell(sim, {
        type: 'results-reported',
        node: node.node,
        owner,
        group,
        session,
        frame,
        results: [result],
      });
    });
  }
  sim.time.after(REPEAT_MS, () => {
    if (node.session === session) report(sim, node, lease);
  });
}

// ── promises ─────────────────────────────────────────────────────────────────────────────────────────

function check(sim: Sim): void {
  const found = invariantViolations(sim.shard);
  if (found.length > 0) fail(sim, found);
  if (sim.chance.happens(0.02)) checkAll(sim);
}

/** The rows too, and that recovery would find what memory holds. */
function checkAll(sim: Sim): void {
  const found = auditLedger(sim.ledger);
  if (found.length > 0) fail(sim, found);
  const recovered = restoreShard(TEST_CONTEXT, readStored(sim.ledger));
  if (printRows(shardDigestRows(recovered)) !== printRows(shardDigestRows(sim.shard))) {
    fail(sim, ['recovered state differs from memory']);
  }
}

/** The gateway's count of a node's leases is the shard's, whenever no message between them is under way. */
function checkSlots(sim: Sim): void {
  if (sim.inbox.some(({ type }) => type === 'node-said-hello' || type === 'node-lost')) return;
  for (const [node, { leases }] of sim.presence) {
    const live = sim.shard.nodeLeases.get(node)?.size ?? 0;
    if (leases !== live) fail(sim, [`the gateway counts ${leases} leases of ${node}, the shard ${live}`]);
  }
}

function fail(sim: Sim, found: readonly string[]): never {
  throw new Error(
    `seed ${sim.options.seed}, batch ${sim.batches}, ${sim.time.nowMs()} ms:\n${found.join('\n')}`,
  );
}
