/**
 * A world that random steps drive: nodes of several owners that answer, lie, fall silent, repeat, give back,
 * come back and forge, with recoveries between. Steps are numbers, so a failing run shrinks to a short one.
 */
import { digestOf, LIMITS, type JobId, type LeaseId, type NodeId } from '@trine/protocol';
import type { OwnerId, QuorumGroup } from '@trine/protocol';
import { apply } from '../apply.ts';
import { takeChanges } from '../changes.ts';
import type { LeaseGrant, ShardEffect } from '../effects.ts';
import type { NodeResult, ShardEvent } from '../events.ts';
import { restoreShard } from '../restore.ts';
import type { Shard } from '../state.ts';
import { createLedger, type Ledger, readStored, writeChanges } from './ledger.ts';
import { artifact, TEST_CONTEXT, testJob } from './scenario.ts';

export const STEP_KINDS = [
  'offer',
  'answer',
  'repeat',
  'return',
  'lose',
  'hello',
  'forge',
  'wait',
  'fleet',
  'submit',
  'cancel',
  'recover',
] as const;

/** One step: its kind, and three numbers it may draw on. */
export interface Step {
  readonly kind: (typeof STEP_KINDS)[number];
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

interface Held {
  readonly node: NodeId;
  readonly grant: LeaseGrant;
}

export interface RandomWorld {
  shard: Shard;
  readonly ledger: Ledger;
  /** Leases granted and not yet answered by their node, whether the shard still counts them or not. */
  held: Held[];
  readonly sent: { readonly node: NodeId; readonly result: NodeResult }[];
  readonly sessions: Map<NodeId, number>;
  timeMs: number;
  jobs: number;
  frames: number;
  batches: number;
}

/** Four owners with two nodes each, and three with one. */
export const NODES: readonly NodeId[] = 'a1 a2 b1 b2 c1 c2 d1 d2 e1 f1 g1'
  .split(' ')
  .map((name) => name as NodeId);

export function createRandomWorld(): RandomWorld {
  const ledger = createLedger(TEST_CONTEXT.shard);
  const shard = restoreShard(TEST_CONTEXT, readStored(ledger));
  return {
    shard,
    ledger,
    held: [],
    sent: [],
    sessions: new Map(),
    timeMs: 0,
    jobs: 0,
    frames: 0,
    batches: 0,
  };
}

const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % list.length];

/** The events of one step; a step that makes no sense now has none. */
export function eventsOf(world: RandomWorld, { kind, a, b, c }: Step): readonly ShardEvent[] {
  const node = pick(NODES, a) ?? NODES[0];
  if (node === undefined) return [];
  switch (kind) {
    case 'offer':
      return [{ type: 'slots-offered', offer: { ...whoIs(world, node), labels: [], count: 1 + (b % 4) } }];
    case 'answer':
      return answer(world, a, b);
    case 'repeat':
      return repeat(world, a, b);
    case 'return':
      return giveBack(world, a);
    case 'lose':
      return [{ type: 'node-lost', node, session: sessionOf(world, node), reason: 'silent' }];
    case 'hello':
      return [hello(world, node, { keeps: b % 3 === 0 ? c : 0, renews: b % 4 !== 0 })];
    case 'forge':
      return forge(world, node, b);
    case 'wait':
      return [batch(world, [10, 1_000, 20_000, 70_000][b % 4] ?? 10)];
    case 'fleet':
      return [{ type: 'fleet-changed', groups: b % 8 }];
    case 'submit':
      return submit(world, b, c);
    case 'cancel':
      return c % 4 === 0
        ? [{ type: 'job-cancelled', job: jobName(b % (world.jobs + 1)), reason: 'enough' }]
        : [];
    case 'recover':
      return [];
  }
  return [];
}

/** Applies an event, stores what changed, and learns from the effects what nodes now hold. */
export function play(world: RandomWorld, event: ShardEvent): readonly ShardEffect[] {
  const effects = apply(world.shard, event);
  writeChanges(world.ledger, takeChanges(world.shard));
  for (const effect of effects) learn(world, effect);
  return effects;
}

function learn(world: RandomWorld, effect: ShardEffect): void {
  if (effect.type !== 'grant-leases') return;
  for (const grant of effect.grants) world.held.push({ node: effect.node, grant });
}

/** What the gateway says after a recovery: the fleet, and a hello of every node with what it holds. */
export function reintroduce(world: RandomWorld, groups: number): readonly ShardEvent[] {
  const hellos = NODES.map((node) => hello(world, node, { keeps: 0, renews: false }));
  return [batch(world, 10), { type: 'fleet-changed', groups }, ...hellos];
}

export function batch(world: RandomWorld, elapsedMs: number): ShardEvent {
  world.timeMs += elapsedMs;
  world.batches += 1;
  const entropy = Uint8Array.of(world.batches & 255, world.batches >> 8, 7);
  return { type: 'batch-began', atMs: world.timeMs, entropy };
}

const sessionOf = (world: RandomWorld, node: NodeId): number => world.sessions.get(node) ?? 1;

const whoIs = (world: RandomWorld, node: NodeId) => ({
  node,
  session: sessionOf(world, node),
  owner: `o${node[0]}` as OwnerId,
  group: `owner:${node[0]}` as QuorumGroup,
});

const jobName = (number: number): JobId => `job${number}` as JobId;

/** Small jobs with policies that make every end likely. */
function submit(world: RandomWorld, b: number, c: number): readonly ShardEvent[] {
  if (world.jobs >= 5) return [];
  world.jobs += 1;
  const job = jobName(world.jobs);
  const policy = pick([[], ['replicas', '2'], ['max', '3'], ['fails', '2'], ['quorum', '3']], c) ?? [];
  const spec = testJob(job, 1 + (b % 6), [...policy, 'timeout', '60', 'priority', `${b % 2}`]);
  const module = artifact('prepared');
  return [
    { type: 'job-submitted', spec },
    { type: 'job-prepared', job, module, code: { module: spec.module.digest, edition: '1' } },
  ];
}

function answer(world: RandomWorld, a: number, b: number): readonly ShardEvent[] {
  const held = pick(world.held, a);
  if (held === undefined) return [];
  world.held = world.held.filter((other) => other !== held);
  const result = resultFor(held.grant, b % 10);
  world.sent.push({ node: held.node, result });
  return [report(world, held.node, result)];
}

/** The truth, or one of a few lies, so that liars also agree now and then. */
function resultFor(grant: LeaseGrant, mood: number): NodeResult {
  const said = mood < 3 ? 'truth' : `lie ${mood}`;
  const output = Uint8Array.from(`${said} ${grant.index}`, (letter) => letter.charCodeAt(0));
  return {
    lease: grant.lease,
    grant: grant.grant,
    outcome: mood === 9 ? 'aborted' : mood === 8 ? 'trapped' : 'completed',
    outputDigest: digestOf(output),
    outputBytes: output.length,
    output,
    fuel: BigInt(grant.index + 1),
    wallMs: 1,
    reason: '',
    leaf: 0,
  };
}

function report(world: RandomWorld, node: NodeId, result: NodeResult): ShardEvent {
  world.frames += 1;
  const id = artifact(`frame ${world.frames}`).digest;
  const frame = { id, root: new Uint8Array(32), signature: new Uint8Array(64), leaves: 1 };
  return { type: 'results-reported', ...whoIs(world, node), frame, results: [result] };
}

function repeat(world: RandomWorld, a: number, b: number): readonly ShardEvent[] {
  const sent = pick(world.sent, a);
  if (sent === undefined) return [];
  const result = b % 3 === 0 ? { ...sent.result, fuel: sent.result.fuel + 1n } : sent.result;
  return [report(world, sent.node, result)];
}

/** Gives a lease back; now and then the node answers it all the same. */
function giveBack(world: RandomWorld, a: number): readonly ShardEvent[] {
  const held = pick(world.held, a);
  if (held === undefined) return [];
  if (a % 3 !== 0) world.held = world.held.filter((other) => other !== held);
  const { node, grant } = held;
  const session = sessionOf(world, node);
  return [{ type: 'leases-returned', node, session, leases: [grant.lease], reason: 'paused' }];
}

/** With `keeps` a number, every lease whose number it divides is forgotten; zero keeps all. */
function hello(
  world: RandomWorld,
  node: NodeId,
  { keeps, renews }: { readonly keeps: number; readonly renews: boolean },
): ShardEvent {
  const session = sessionOf(world, node) + (renews ? 1 : 0);
  world.sessions.set(node, session);
  const own = world.held.filter((held) => held.node === node).map((held) => held.grant.lease);
  const held = keeps === 0 ? own : own.filter((lease) => lease % (1 + (keeps % 3)) !== 0);
  return { type: 'node-said-hello', node, session, held };
}

/** Answers another's lease, a lease that never was, or its own with another grant. */
function forge(world: RandomWorld, node: NodeId, b: number): readonly ShardEvent[] {
  const victim = pick(world.held, b);
  if (victim === undefined) return [];
  const result = resultFor(victim.grant, b % 9);
  const unknown = (result.lease + (b % 5) * 1_000 * LIMITS.shards.value) as LeaseId;
  const forged =
    b % 2 === 0 ? { ...result, lease: unknown } : { ...result, grant: artifact('another grant').digest };
  return [report(world, node, victim.node === node && b % 2 === 0 ? { ...forged, fuel: 99n } : forged)];
}
