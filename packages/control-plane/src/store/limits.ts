/** Named limits of the store, with unit and reason. */
export const STORE_LIMITS = {
  /** Batches of history a shard keeps; older ones are trimmed. Some 50 MB for a shard that was busy. */
  batchesKept: 1_000,
  /** A shard trims its history once in this many batches, so that the hot path seldom pays for it. */
  batchesBetweenTrims: 128,
  /** Connections to Postgres: one for the commit in flight, the rest for use cases and pages. */
  connections: 8,
  /** How long a connection may take to open before the store counts as unreachable, ms. */
  connectMs: 5_000,
  /** How long Postgres may take over one statement; a commit that takes longer is recovered from, ms. */
  statementMs: 60_000,
  /** How long takeover may wait for a commit in flight and read what is open, ms. */
  acquireMs: 120_000,
  /** Inputs written by one statement: bounds its memory. */
  inputsPerStatement: 5_000,
  /** Bytes of inputs written by one statement. */
  inputBytesPerStatement: 4_194_304,
  /** A key's last use is written at most this often, ms. */
  lastUsedMs: 60_000,
} as const;
