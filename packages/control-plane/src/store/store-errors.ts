/**
 * What went wrong in Postgres, as the project's errors: out of reach (try again), disk full, or a bug.
 * Prisma wraps the driver's error several layers deep, so the codes are looked for along the whole chain.
 */
import { TrineError } from '@trine/protocol';

/** SQLSTATE classes after which the same call may succeed: lost connections, shutdowns, time-outs, deadlocks. */
const RETRY_SQLSTATES = /^(?:08|57|53|40|25P)/;
const DISK_FULL = '53100';
const SYSTEM_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** Prisma's own: unreachable, timed out, connection closed, no connection free, transaction lost. */
const PRISMA_CODES: ReadonlySet<string> = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
]);
const LOST_CONNECTION =
  /connection (?:terminated|closed|timeout|ended)|server closed|not queryable|timeout exceeded/i;
const DEPTH_MAX = 8;

export function storeError(error: unknown): TrineError {
  if (error instanceof TrineError) return error;
  const signs = signsOf(error, 0);
  if (signs.codes.includes(DISK_FULL)) {
    return new TrineError(
      'disk-full',
      'The disk that holds the database is full: free some space, and Trine goes on by itself.',
      { cause: error },
    );
  }
  if (signs.codes.some(isRetry) || signs.messages.some((text) => LOST_CONNECTION.test(text))) {
    return new TrineError(
      'store-unavailable',
      'The database does not answer just now; try again in a moment.',
      {
        cause: error,
      },
    );
  }
  return new TrineError('internal', `The store refused a statement: ${signs.messages.join(' · ')}`, {
    cause: error,
  });
}

/** Runs `work`; whatever it throws comes out as a `TrineError`. */
export async function withStoreErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error);
  }
}

const isRetry = (code: string): boolean =>
  RETRY_SQLSTATES.test(code) || SYSTEM_CODES.has(code) || PRISMA_CODES.has(code);

interface Signs {
  readonly codes: readonly string[];
  readonly messages: readonly string[];
}

function signsOf(error: unknown, depth: number): Signs {
  if (error === null || typeof error !== 'object' || depth > DEPTH_MAX) return { codes: [], messages: [] };
  const fields = error as Record<string, unknown>;
  const codes = ['code', 'originalCode', 'kind'].flatMap((name) => textOf(fields[name]));
  const messages = ['message', 'originalMessage'].flatMap((name) => textOf(fields[name]));
  const inner = ['cause', 'meta', 'driverAdapterError', 'errors'].flatMap((name) => fields[name] ?? []);
  const found = inner.map((value) => signsOf(value, depth + 1));
  return {
    codes: [...codes.map(adapterKind), ...found.flatMap((signs) => signs.codes)],
    messages: [...messages, ...found.flatMap((signs) => signs.messages)],
  };
}

/** Kinds that the driver adapter gives to errors without an SQLSTATE. */
const adapterKind = (kind: string): string =>
  ['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout', 'TooManyConnections'].includes(kind)
    ? 'P1001'
    : kind;

const textOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : []);
