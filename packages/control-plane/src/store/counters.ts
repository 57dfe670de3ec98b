/** Sums of a node's counters over shards. */
import type { NodeId } from '@trine/protocol';
import type { NodeCounters } from '@trine/scheduler';

export const zeroCounters = (node: NodeId): NodeCounters => ({
  node,
  valid: 0,
  invalid: 0,
  inconclusive: 0,
  late: 0,
  unanswered: 0,
  credit: 0n,
});

export const addCounters = (a: NodeCounters, b: NodeCounters): NodeCounters => ({
  node: a.node,
  valid: a.valid + b.valid,
  invalid: a.invalid + b.invalid,
  inconclusive: a.inconclusive + b.inconclusive,
  late: a.late + b.late,
  unanswered: a.unanswered + b.unanswered,
  credit: a.credit + b.credit,
});
