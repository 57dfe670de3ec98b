/** Named limits of the embedded Postgres, with unit and reason. */
export const POSTGRES_LIMITS = {
  /** First starts on an SD card are slow; recovery after a crash can be, too, ms. */
  readyMs: 120_000,
  /** Between looks at `postmaster.pid` while it starts, ms. */
  readyPollMs: 20,
  /** Between attempts to start again after it died, ms: its last backends need a moment to go. */
  restartMs: 250,
  /** Between looks at an adopted postmaster, which is not our child and tells nobody when it dies, ms. */
  watchMs: 250,
  /** How long each of SIGINT and SIGQUIT may take before the next, harder signal, ms. */
  stopMs: 10_000,
  /** Connections: the store's, the migrator's, and some for the operator's own tools. */
  connections: 30,
  /** Postgres's own log starts afresh past this size, bytes. */
  logBytes: 8_388_608,
  /** How much of its log is looked through to say why it did not start, bytes. */
  logTailBytes: 16_384,
  /** Ports tried before giving up when another program takes the one that was free. */
  portAttempts: 5,
} as const;
