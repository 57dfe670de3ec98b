/** Named limits of the store, each with its unit and reason. */
import type { Limit } from '@trine/protocol';

export const STORE_LIMITS = {
  batchesKept: {
    value: 1_000,
    unit: 'count',
    why: 'history of one shard, for replay and audit: some 50 MB for a shard that was busy',
    effect: 'older batches are trimmed; the tables keep what they led to',
  },
  batchesBetweenTrims: {
    value: 128,
    unit: 'count',
    why: 'the hot path seldom pays for trimming',
    effect: 'the history of the shard is trimmed',
  },
  artifactUseMs: {
    value: 600_000,
    unit: 'ms',
    why: 'an artifact that is asked for must outlive its grace; a write for every question is not worth it',
    effect: 'its use is written again',
  },
  clockMarginMs: {
    value: 86_400_000,
    unit: 'ms',
    why: 'a clock that jumps back must not make young rows look older than the jobs that need them: a day',
    effect: 'report frames and uploads of nodes are kept this much longer',
  },
  connections: {
    value: 8,
    unit: 'count',
    why: 'one for the commit in flight, the rest for use cases and pages',
    effect: 'further statements wait for a free connection',
  },
  connectMs: {
    value: 5_000,
    unit: 'ms',
    why: 'a connection to a Postgres that lives opens at once',
    effect: 'the store counts as away: `store-unavailable`',
  },
  statementMs: {
    value: 60_000,
    unit: 'ms',
    why: 'no statement of ours is meant to take longer, on any disk',
    effect: 'Postgres ends the statement; a commit is recovered from',
  },
  acquireMs: {
    value: 120_000,
    unit: 'ms',
    why: 'takeover waits for a commit in flight and reads all that is open',
    effect: 'the takeover is tried again',
  },
  inputsPerStatement: {
    value: 5_000,
    unit: 'count',
    why: 'bounds the memory of one statement',
    effect: 'the rest follows in further statements',
  },
  inputBytesPerStatement: {
    value: 4_194_304,
    unit: 'bytes',
    why: 'bounds the memory of one statement',
    effect: 'the rest follows in further statements',
  },
  lastUsedMs: {
    value: 60_000,
    unit: 'ms',
    why: 'when a key was last used is for people; a write a request is not worth it',
    effect: 'its last use is written again',
  },
} as const satisfies Record<string, Limit>;
