/** One event's turn: the effects it wants, and the marks of what it changed. */
import type { LeaseId, NodeId, Verdict } from '@trine/protocol';
import type { ShardEffect } from './effects.ts';
import type { Counters, Job, Replica, Shard, Task } from './state.ts';

export interface Turn {
  readonly shard: Shard;
  readonly effects: ShardEffect[];
  readonly freed: Map<NodeId, { readonly session: number; count: number }>;
  readonly abandoned: Map<NodeId, Map<string, LeaseId[]>>;
  readonly counted: Set<NodeId>;
  /** Jobs whose demand, or what they wait for, may have changed. */
  readonly jobs: Set<Job>;
  /** Something can be leased now that could not before: refused slots are worth offering again. */
  widened: boolean;
  /** Slots were refused in this turn. */
  refused: boolean;
}

export const createTurn = (shard: Shard): Turn => ({
  shard,
  effects: [],
  freed: new Map(),
  abandoned: new Map(),
  counted: new Set(),
  jobs: new Set(),
  widened: false,
  refused: false,
});

/** Effects that are said once a node and event, however many leases they concern. */
export function flushTurn(turn: Turn): void {
  for (const [node, reasons] of turn.abandoned) {
    for (const [reason, leases] of reasons) {
      turn.effects.push({ type: 'abandon-leases', node, leases, reason });
    }
  }
  for (const [node, { session, count }] of turn.freed) {
    turn.effects.push({ type: 'free-slots', node, session, count });
  }
  for (const node of turn.counted) {
    const counters = turn.shard.counters.get(node);
    if (counters !== undefined) {
      turn.effects.push({ type: 'announce-counters', counters: { node, ...counters } });
    }
  }
}

export function touchJob(turn: Turn, job: Job): void {
  turn.shard.storedTimeMs = turn.shard.timeMs;
  turn.shard.dirty.jobs.add(job);
  turn.jobs.add(job);
}

export function touchTask(turn: Turn, task: Task): void {
  task.changedAtMs = turn.shard.timeMs;
  turn.shard.storedTimeMs = turn.shard.timeMs;
  turn.shard.dirty.tasks.add(task);
}

/** The node's counters, to be changed by the caller. */
export function countersOf(turn: Turn, node: NodeId): Counters {
  const { shard } = turn;
  let counters = shard.counters.get(node);
  if (counters === undefined) {
    counters = { valid: 0, invalid: 0, inconclusive: 0, late: 0, unanswered: 0, credit: 0n };
    shard.counters.set(node, counters);
  }
  shard.storedTimeMs = shard.timeMs;
  shard.dirty.counters.add(node);
  turn.counted.add(node);
  return counters;
}

/** The session under which the gateway counts this lease: the node's latest. */
export const sessionOf = (shard: Shard, replica: Replica): number =>
  Math.max(replica.session, shard.sessions.get(replica.node) ?? 0);

export function freeSlot(turn: Turn, replica: Replica): void {
  freeSlots(turn, replica.node, sessionOf(turn.shard, replica), 1);
}

export function freeSlots(turn: Turn, node: NodeId, session: number, count: number): void {
  const freed = turn.freed.get(node);
  if (freed === undefined) turn.freed.set(node, { session, count });
  else freed.count += count;
}

/** Tells the node to stop and forget the lease. */
export function abandonLease(turn: Turn, node: NodeId, lease: LeaseId, reason: string): void {
  const reasons = turn.abandoned.get(node) ?? new Map<string, LeaseId[]>();
  turn.abandoned.set(node, reasons);
  const leases = reasons.get(reason);
  if (leases === undefined) reasons.set(reason, [lease]);
  else leases.push(lease);
}

/** Verdict, counters and credit of one result, together and once. */
export function giveVerdict(turn: Turn, replica: Replica, verdict: Verdict): void {
  const { task, node, result } = replica;
  replica.verdict = verdict;
  const counters = countersOf(turn, node);
  counters[verdict] += 1;
  if (verdict === 'valid') counters.credit += result?.fuel ?? 0n;
  if (verdict === 'invalid') {
    task.job.invalidResults += 1;
    touchJob(turn, task.job);
  }
  touchTask(turn, task);
  turn.effects.push({ type: 'announce-verdict', job: task.job.spec.job, index: task.index, node, verdict });
}

/** Drops the entry that was set first. */
export function forgetOldest<K, V>(map: Map<K, V>): void {
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
