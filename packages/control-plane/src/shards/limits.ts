/** Named limits of the shard loop, with unit and reason. */
export const SHARD_LOOP_LIMITS = {
  /** Events of one shard in one batch: bounds the transaction, and how long a batch keeps others waiting. */
  eventsPerBatch: 2_048,
  /** Events waiting over all shards before what nodes will say again (offers, reports) is shed. */
  queueEvents: 50_000,
  /** From here on the gateway is asked to hold back; below half of it, to go on. */
  pressureEvents: 10_000,
  /** Between attempts to take shards over while the store is away, ms. */
  retryMs: 250,
  /** How long a use case waits for its commit before it is told to try again, ms. */
  requestMs: 15_000,
  /** Shortest wait for a deadline, ms: a deadline that does not move cannot spin the loop. */
  deadlineMinMs: 10,
  /** Longest timer the platform keeps, ms. */
  timerMaxMs: 2_147_483_647,
  /** Events kept for the history while nothing stored has changed; older ones are left out of it. */
  unstoredEvents: 4_096,
  /** Random bytes of a batch: what placement draws from, and nodes cannot predict. */
  entropyBytes: 16,
} as const;
