/** Named limits of the machine: what keeps a shard's memory bounded by what is in flight. */
import type { Limit } from '@trine/protocol';

export const SCHEDULER_LIMITS = {
  openTasks: {
    value: 1_024,
    unit: 'count',
    why: 'begun tasks of one job that still need a replica; a fast owner must not begin the whole job alone',
    effect: 'no further task of the job begins until one of these has all its replicas',
  },
  attempts: {
    value: 64,
    unit: 'count',
    why: 'leases one task may ever have, so that nodes that come and go cannot grow a row for ever',
    effect: 'the task gets no further replica and is `abandoned` when none is left',
  },
  placementDraw: {
    value: 16,
    unit: 'count',
    why: 'eligible tasks a slot is drawn from; nodes that conspire cannot choose to meet',
    effect: 'later tasks wait for an earlier one to leave the draw',
  },
  inputWindow: {
    value: 256,
    unit: 'count',
    why: 'inputs of a list job held ahead of the task that begins next, at most 4 KiB each',
    effect: 'further inputs are read when half of the window is used',
  },
  demand: {
    value: 65_536,
    unit: 'count',
    why: 'demand only tells gateways where slots fit; counting further costs time and changes nothing',
    effect: 'a larger demand is published as this number',
  },
  lapsedLeases: {
    value: 8_192,
    unit: 'count',
    why: 'leases of closed tasks that ended without a result, kept to call their results `late`',
    effect: 'the oldest is forgotten: its result is acknowledged and not counted as late',
  },
  cursors: {
    value: 16_384,
    unit: 'count',
    why: 'groups whose place in a job is remembered between offers',
    effect: 'all places are forgotten and found again by one scan each',
  },
  explainedJobs: {
    value: 64,
    unit: 'count',
    why: 'running jobs that are looked at to say why a slot was refused',
    effect: 'jobs behind them are not part of the reason',
  },
  sessions: {
    value: 65_536,
    unit: 'count',
    why: 'nodes whose latest session number is remembered, so that an earlier one is not believed',
    effect: 'the node heard of longest ago is forgotten; its next hello says it again',
  },
  reasonCharacters: {
    value: 200,
    unit: 'count',
    why: 'words of a node about one lease, kept in the row for ever',
    effect: 'the rest is cut off',
  },
} as const satisfies Record<string, Limit>;
