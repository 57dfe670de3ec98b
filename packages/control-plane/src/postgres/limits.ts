/** Named limits of the embedded Postgres, each with its unit and reason. */
import type { Limit } from '@trine/protocol';

export const POSTGRES_LIMITS = {
  readyMs: {
    value: 120_000,
    unit: 'ms',
    why: 'first starts on an SD card are slow, and so is recovery after a crash',
    effect: 'the server is stopped and the start fails with what its log says',
  },
  readyPollMs: {
    value: 20,
    unit: 'ms',
    why: 'between looks at `postmaster.pid` while the server starts or stops',
    effect: 'another look',
  },
  restartMs: {
    value: 250,
    unit: 'ms',
    why: 'the last processes of a server that died need a moment to go',
    effect: 'another attempt to start it',
  },
  watchMs: {
    value: 250,
    unit: 'ms',
    why: 'an adopted server is not our child: only looking tells that it died',
    effect: 'another look',
  },
  stopMs: {
    value: 10_000,
    unit: 'ms',
    why: 'what SIGINT and then SIGQUIT may each take',
    effect: 'the next, harder signal',
  },
  connections: {
    value: 30,
    unit: 'count',
    why: "the store's, the migrator's, and some for the operator's own tools",
    effect: 'Postgres refuses further connections',
  },
  logBytes: {
    value: 8_388_608,
    unit: 'bytes',
    why: "Postgres's own log must not fill the disk",
    effect: 'at the next start the log begins anew; one old log is kept',
  },
  logTailBytes: {
    value: 16_384,
    unit: 'bytes',
    why: 'what of its log is looked through to say why it did not start',
    effect: 'earlier lines are not looked at',
  },
  portAttempts: {
    value: 5,
    unit: 'count',
    why: 'another program may take the port that was free a moment ago',
    effect: 'the start fails with `port-in-use`',
  },
} as const satisfies Record<string, Limit>;
