/** Named limits of the shard loop, each with its unit and reason. */
import type { Limit } from '@trine/protocol';

export const SHARD_LOOP_LIMITS = {
  eventsPerBatch: {
    value: 2_048,
    unit: 'count',
    why: 'bounds one transaction, and how long a batch of one shard keeps the others waiting',
    effect: 'the rest is in the next batch',
  },
  queueEvents: {
    value: 50_000,
    unit: 'count',
    why: 'bounds memory while the store is slow or away',
    effect:
      'offers are refused and reports dropped, which nodes say again; use cases get `store-unavailable`',
  },
  pressureEvents: {
    value: 10_000,
    unit: 'count',
    why: 'the gateway should hold back before anything is shed',
    effect: 'the gateway is told; below half of it, told to go on',
  },
  retryMs: {
    value: 250,
    unit: 'ms',
    why: 'a store that is away must not be asked without end',
    effect: 'another attempt to take the shards over',
  },
  requestMs: {
    value: 15_000,
    unit: 'ms',
    why: 'a person waits for this commit',
    effect: 'the use case gets `store-unavailable` and may ask again',
  },
  deadlineMinMs: {
    value: 10,
    unit: 'ms',
    why: 'a deadline that does not move must not spin the loop',
    effect: 'the deadline is looked at again',
  },
  timerMaxMs: {
    value: 2_147_483_647,
    unit: 'ms',
    why: 'longer timers fire at once on the platform',
    effect: 'the deadline is looked at and waited for again',
  },
  unstoredEvents: {
    value: 4_096,
    unit: 'count',
    why: 'presence kept for the history while nothing stored changes',
    effect: 'the oldest is left out of the history',
  },
  entropyBytes: {
    value: 16,
    unit: 'bytes',
    why: 'what placement of one batch draws from; nodes cannot predict it',
    effect: 'each batch carries as many',
  },
} as const satisfies Record<string, Limit>;
