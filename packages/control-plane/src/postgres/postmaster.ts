/** What `postmaster.pid` and the server's log say: who runs, on which port, whether ready, and why it did not start. */
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, TrineError } from '@trine/protocol';
import { POSTGRES_LIMITS } from './limits.ts';
import { commandLineOf, isAlive, someoneWorksIn } from './processes.ts';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/** The contents of `postmaster.pid`: pid in line 1, port in line 4, state in line 8. */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' };
}

/** A live Postgres on exactly this data directory, left by a coordinator that was killed. */
export async function findOrphan(
  data: string,
): Promise<{ readonly pid: number; readonly args: readonly string[] } | undefined> {
  const postmaster = await readPostmaster(data);
  if (postmaster === undefined || !(await isAlive(postmaster.pid))) return undefined;
  const args = await commandLineOf(postmaster.pid);
  return args?.includes(data) === true ? { pid: postmaster.pid, args } : undefined;
}

/**
 * After a reboot the pid in a left-over `postmaster.pid` may belong to any program, and Postgres then refuses to
 * start. The file is moved aside only when its pid runs something else and nobody at all works in the data
 * directory, where every Postgres process of it would; in any other case Postgres itself decides.
 */
export async function clearForeignPid(data: string): Promise<boolean> {
  const postmaster = await readPostmaster(data);
  if (postmaster === undefined || !(await isAlive(postmaster.pid))) return false;
  const args = await commandLineOf(postmaster.pid);
  if (args === undefined || args.includes(data) || (await someoneWorksIn(data)) !== false) return false;
  await rename(join(data, 'postmaster.pid'), join(data, 'postmaster.pid.stale'));
  return true;
}

export interface StartFailure {
  readonly code: ErrorCode;
  readonly message: string;
  /** `port`: another port may do. `later`: the last server's processes are still going away. */
  readonly retry: 'port' | 'later' | undefined;
}

/** Why the server did not start, from what it wrote to its log since. */
export function failureOf(log: string, data: string): StartFailure {
  const found = FAILURES.find(({ sign }) => sign.test(log));
  if (found !== undefined) return { code: found.code, message: found.say(data), retry: found.retry };
  const last = log.trim().split('\n').at(-1) ?? '';
  return {
    code: 'postgres-failed',
    message: `The embedded Postgres did not start: ${last === '' ? 'it said nothing' : last}`,
    retry: undefined,
  };
}

interface FailureSign {
  readonly sign: RegExp;
  readonly code: ErrorCode;
  readonly say: (data: string) => string;
  readonly retry: StartFailure['retry'];
}

const FAILURES: readonly FailureSign[] = [
  {
    sign: /No space left on device/,
    code: 'disk-full',
    say: (data) => `The disk that holds ${data} is full: free some space and start again.`,
    retry: undefined,
  },
  {
    sign: /Address (?:already )?in use|could not create any TCP\/IP sockets/,
    code: 'port-in-use',
    say: () => 'Another program took the port of the embedded Postgres while it was away.',
    retry: 'port',
  },
  {
    sign: /pre-existing shared memory block|lock file "postmaster.pid" already exists/,
    code: 'postgres-failed',
    say: (data) => `Processes of an earlier Postgres still use ${data}.`,
    retry: 'later',
  },
  {
    sign: /Permission denied|has wrong ownership|has invalid permissions/,
    code: 'permission-missing',
    say: (data) =>
      `Postgres may not use ${data}: it must belong to whoever starts Trine, with mode 0700. Give it back (chown), or set TRINE_DATA_DIR to another directory.`,
    retry: undefined,
  },
  {
    sign: /database files are incompatible with server|was initialized by PostgreSQL version/,
    code: 'postgres-failed',
    say: (data) =>
      `${data} was made by another version of Postgres. Start the version of Trine that made it, or set TRINE_DATA_DIR to a new directory.`,
    retry: undefined,
  },
];

export const startError = ({ code, message }: StartFailure): TrineError => new TrineError(code, message);

export const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** The end of the log, but nothing from before `from`. */
export async function logSince(path: string, from: number): Promise<string> {
  const size = await sizeOf(path);
  const start = Math.max(from, size - POSTGRES_LIMITS.logTailBytes.value);
  if (size <= start) return '';
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
