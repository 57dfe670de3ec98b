/** The coordinator's environment, read in this one place. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { RetentionSettings } from '@trine/control-plane';
import { TrineError } from '@trine/protocol';

export interface CoordinatorEnv {
  readonly port: number;
  readonly host: string;
  /** Everything this coordinator keeps on disk. */
  readonly dataDir: string;
  /** A Postgres of the operator's; absent for the embedded one. */
  readonly databaseUrl: string | undefined;
  /** Shown to volunteers: who asks. */
  readonly name: string;
  /** Further origins that pages may be opened from, e.g. behind a proxy. */
  readonly origins: readonly string[];
  /** Whether `X-Forwarded-*` is believed. */
  readonly trustProxy: boolean;
  readonly logLevel: string;
  /** How long what is over is kept. */
  readonly retention: RetentionSettings;
  /** Free bytes of the data directory's disk below which intake stops; the default where nothing is said. */
  readonly diskFloorBytes: number | undefined;
}

const list = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Parses the environment; a value that makes no sense stops the program with a sentence. */
export function readEnv(env: NodeJS.ProcessEnv, rootDir: string): CoordinatorEnv {
  return {
    port: parsePort(env['PORT'] ?? '3000'),
    host: env['HOST'] ?? '0.0.0.0',
    dataDir: resolve(/* turbopackIgnore: true */ env['TRINE_DATA_DIR'] ?? resolve(rootDir, '.trine')),
    databaseUrl: env['DATABASE_URL'] === '' ? undefined : env['DATABASE_URL'],
    name: env['TRINE_NAME'] ?? `Trine on ${hostname()}`,
    origins: list(env['TRINE_ORIGINS']).map(parseOrigin),
    trustProxy: parseSwitch('TRINE_TRUST_PROXY', env['TRINE_TRUST_PROXY']),
    logLevel: env['LOG_LEVEL'] ?? 'info',
    diskFloorBytes: parseMebibytes('TRINE_DISK_FLOOR_MIB', env['TRINE_DISK_FLOOR_MIB'] ?? ''),
    retention: {
      ...parseAge(env, 'TRINE_KEEP_JOBS_DAYS', { setting: 'jobsMs', unitMs: DAY_MS }),
      ...parseAge(env, 'TRINE_KEEP_HISTORY_DAYS', { setting: 'historyMs', unitMs: DAY_MS }),
      ...parseAge(env, 'TRINE_KEEP_NODES_DAYS', { setting: 'nodesMs', unitMs: DAY_MS }),
      // Uploads and submissions under way must never lose what they name: an hour at least.
      ...parseAge(env, 'TRINE_KEEP_UPLOADS_HOURS', { setting: 'artifactsMs', unitMs: HOUR_MS, least: 1 }),
    },
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A number of days or hours, fractions included, as a setting in milliseconds; none where nothing is said. */
function parseAge(
  env: NodeJS.ProcessEnv,
  name: string,
  {
    setting,
    unitMs,
    least = 0,
  }: { readonly setting: keyof RetentionSettings; readonly unitMs: number; readonly least?: number },
): RetentionSettings {
  const text = env[name] ?? '';
  if (text === '') return {};
  const amount = Number(text);
  if (Number.isFinite(amount) && amount >= least) return { [setting]: amount * unitMs };
  throw new TrineError('bad-request', `${name} is "${text}": give a number from ${least} up.`);
}

function parseMebibytes(name: string, text: string): number | undefined {
  if (text === '') return undefined;
  const amount = Number(text);
  if (Number.isFinite(amount) && amount >= 0) return amount * 1_048_576;
  throw new TrineError('bad-request', `${name} is "${text}": give a number of mebibytes from 0 up.`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new TrineError('bad-request', `PORT is "${text}", which is no port: give a number from 0 to 65535.`);
}

function parseOrigin(text: string): string {
  try {
    return new URL(text).origin;
  } catch (cause) {
    throw new TrineError(
      'bad-request',
      `TRINE_ORIGINS names "${text}", which is no origin: give scheme and host, such as https://trine.example.org.`,
      { cause },
    );
  }
}

function parseSwitch(name: string, text: string | undefined): boolean {
  switch (text ?? '') {
    case '':
    case '0':
    case 'false':
      return false;
    case '1':
    case 'true':
      return true;
    default:
      throw new TrineError('bad-request', `${name} is "${text}": give 1 or 0.`);
  }
}
