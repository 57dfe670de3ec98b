/**
 * A real Postgres as a child process, from nothing but a data directory: made the first time, started, watched,
 * started again when it dies, stopped in order. It listens on 127.0.0.1 alone, with a password that only the
 * owner of the directory can read. `fsync` and `synchronous_commit` stay on: what was said is kept.
 *
 * States of a supervisor: `running` (a postmaster of ours, child or adopted, answers) → `restarting` (it died
 * without being told to; every attempt goes to the same port, so the URL stays) → `running`; `stop()` leads from
 * either to `stopped`, which is final.
 *
 * The server is detached and writes to a file: it survives a coordinator that is killed, finishes what it was
 * committing, and the next coordinator finds it by `postmaster.pid` and adopts it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TrineError } from '@trine/protocol';
import type { Logger } from 'pino';
import { findBinaries } from './binaries.ts';
import { type DataDirLock, lockDataDir } from './data-dir-lock.ts';
import { findLauncher, type Launcher } from './launcher.ts';
import { POSTGRES_LIMITS } from './limits.ts';
import {
  clearForeignPid,
  failureOf,
  findOrphan,
  logSince,
  readPostmaster,
  sizeOf,
  type StartFailure,
  startError,
} from './postmaster.ts';
import { isAlive } from './processes.ts';

export interface EmbeddedPostgresOptions {
  /** The coordinator's data directory; the database lives in `postgres` below it. */
  readonly dataDir: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

export interface EmbeddedPostgres {
  /** Where to connect; the same for the life of this object. */
  readonly url: string;
  /** The postmaster's pid; changes when it had to be started again. */
  readonly pid: number;
  /** Whether this start took over a server that an earlier coordinator left behind. */
  readonly isAdopted: boolean;
  /** Calls `listener` whenever a server that died answers again; answers the way to stop listening. */
  onRestarted(listener: () => void): () => void;
  /** Stops the server and gives the data directory back; safe to call twice. */
  stop(): Promise<void>;
}

const USER = 'trine';
const DATABASE = 'postgres';
const run = promisify(execFile);

/**
 * Starts, or adopts, the Postgres of a data directory. Throws a sentence when another coordinator runs on it,
 * the disk is full, a permission is missing, or Postgres itself refuses.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const lock = await lockDataDir(options.dataDir).catch((error: unknown) => {
    throw directoryError(error, options.dataDir);
  });
  try {
    const place = await prepare(options);
    const supervisor = new Supervisor(place, lock);
    await supervisor.start();
    return supervisor;
  } catch (error) {
    await lock.release();
    throw directoryError(error, options.dataDir);
  }
}

/** Everything that stays the same over restarts. */
interface Place {
  readonly launcher: Launcher;
  readonly data: string;
  readonly logFile: string;
  readonly portFile: string;
  readonly password: string;
  readonly log: EmbeddedPostgresOptions['log'];
}

async function prepare({ dataDir, log }: EmbeddedPostgresOptions): Promise<Place> {
  const base = join(await realpath(dataDir), 'postgres');
  await mkdir(base, { recursive: true, mode: 0o700 });
  const launcher = await findLauncher(await findBinaries(), base);
  await launcher.own(base);
  const passwordFile = join(base, 'password');
  const password = await readOrMake(passwordFile, () => randomBytes(24).toString('hex'));
  await launcher.own(passwordFile);
  const data = join(base, 'data');
  if (!(await isThere(join(data, 'PG_VERSION')))) await makeCluster(launcher, data, passwordFile);
  return {
    launcher,
    data,
    logFile: join(base, 'server.log'),
    portFile: join(base, 'port'),
    password,
    log,
  };
}

/** Made beside its place and moved there when whole: a start that is killed leaves nothing half made. */
async function makeCluster(launcher: Launcher, data: string, passwordFile: string): Promise<void> {
  const draft = `${data}.new`;
  await rm(draft, { recursive: true, force: true });
  const { file, args } = launcher.command(launcher.binaries.initdb, [
    `--pgdata=${draft}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]);
  try {
    await run(file, [...args], { cwd: '/', env: childEnv(), ...launcher.identity });
  } catch (error) {
    const said = (error as { readonly stderr?: string }).stderr ?? '';
    await rm(draft, { recursive: true, force: true });
    throw startError(failureOf(said === '' ? String(error) : said, data));
  }
  await rename(draft, data);
}

type State = 'starting' | 'running' | 'restarting' | 'stopped';

class Supervisor implements EmbeddedPostgres {
  readonly #place: Place;
  readonly #lock: DataDirLock;
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #state: State = 'starting';
  #port = 0;
  #pid = 0;
  #child: ChildProcess | undefined;
  #isAdopted = false;
  #stopped: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;

  constructor(place: Place, lock: DataDirLock) {
    this.#place = place;
    this.#lock = lock;
  }

  get url(): string {
    return `postgresql://${USER}:${this.#place.password}@127.0.0.1:${this.#port}/${DATABASE}`;
  }

  get pid(): number {
    return this.#pid;
  }

  get isAdopted(): boolean {
    return this.#isAdopted;
  }

  onRestarted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    if (!(await this.#adopt())) await this.#startFresh();
    this.#enterRunning();
    const { log, data } = this.#place;
    log.info({ pid: this.#pid, port: this.#port, data, adopted: this.#isAdopted }, 'Postgres is ready');
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  /** Takes over a server that runs as we would run it; stops one that doesn't. */
  async #adopt(): Promise<boolean> {
    const { data, log } = this.#place;
    const orphan = await findOrphan(data);
    if (orphan === undefined) return false;
    const postmaster = await readPostmaster(data);
    const isLikeOurs =
      postmaster?.isReady === true && sameArguments(orphan.args, serverArguments(data, postmaster.port));
    if (postmaster === undefined || !isLikeOurs) {
      log.warn({ pid: orphan.pid }, 'Stopping a Postgres that an earlier coordinator left behind');
      await stopProcess(orphan.pid);
      return false;
    }
    this.#isAdopted = true;
    this.#pid = orphan.pid;
    this.#port = postmaster.port;
    void this.#watch(orphan.pid);
    return true;
  }

  async #startFresh(): Promise<void> {
    const deadline = performance.now() + POSTGRES_LIMITS.readyMs.value;
    this.#port = (await storedPort(this.#place.portFile)) ?? (await freePort());
    for (let ports = 1; ; ) {
      const failure = await this.#launch();
      if (failure === undefined) return;
      if (failure.retry === 'port' && ports < POSTGRES_LIMITS.portAttempts.value) {
        ports += 1;
        this.#port = await freePort();
      } else if (failure.retry === 'later' && performance.now() < deadline) {
        await delay(POSTGRES_LIMITS.restartMs.value);
      } else {
        throw startError(failure);
      }
    }
  }

  /** One attempt on the current port: `undefined` when the server is ready. */
  async #launch(): Promise<StartFailure | undefined> {
    const { launcher, data, logFile, portFile, log } = this.#place;
    if (await clearForeignPid(data))
      log.warn({ data }, 'Moved aside a postmaster.pid whose pid is another program');
    const { child, logFrom } = await spawnServer(this.#place, this.#port);
    const isReady = await becomesReady(child, data);
    if (!isReady) {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        await stopChild(child);
      return failureOf(await logSince(logFile, logFrom), data);
    }
    this.#pid = child.pid ?? 0;
    this.#child = child;
    this.#isAdopted = false;
    child.once('exit', () => this.#died(howItEnded(child)));
    await writeFile(portFile, String(this.#port), { mode: 0o600 });
    await launcher.own(portFile);
    return undefined;
  }

  /** A server may die between being ready and being counted as running: then it is restarted at once. */
  #enterRunning(): void {
    if (this.#stopping.signal.aborted) return;
    this.#state = 'running';
    if (this.#child !== undefined && hasEnded(this.#child)) this.#died(howItEnded(this.#child));
  }

  /** An adopted server is nobody's child: only looking tells that it is gone. */
  async #watch(pid: number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (!(await isAlive(pid))) {
        this.#died('gone');
        return;
      }
      await delay(POSTGRES_LIMITS.watchMs.value, undefined, {
        ref: false,
        signal: this.#stopping.signal,
      }).catch(() => undefined);
    }
  }

  #died(how: string): void {
    if (this.#state !== 'running') return;
    this.#state = 'restarting';
    this.#place.log.error({ how }, 'Postgres ended without being told to; starting it again');
    this.#restarting = this.#restart();
  }

  async #restart(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const failure = await this.#launch().catch((error: unknown) =>
        failureOf(error instanceof Error ? error.message : String(error), this.#place.data),
      );
      if (failure === undefined) {
        this.#enterRunning();
        this.#place.log.info({ pid: this.#pid }, 'Postgres is back');
        for (const listener of this.#listeners) listener();
        return;
      }
      this.#place.log.warn({ why: failure.message }, 'Postgres does not start yet; trying again');
      await delay(POSTGRES_LIMITS.restartMs.value, undefined, { signal: this.#stopping.signal }).catch(
        () => undefined,
      );
    }
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    this.#state = 'stopped';
    await this.#restarting;
    this.#state = 'stopped';
    if (this.#pid !== 0 && (await isAlive(this.#pid))) await stopProcess(this.#pid);
    await this.#lock.release();
    this.#place.log.info({ pid: this.#pid }, 'Postgres has stopped');
  }
}

/** Arguments of the server. Sized for small machines: the rows that are in flight fit in memory many times. */
function serverArguments(data: string, port: number): readonly string[] {
  const buffersMb = Math.max(16, Math.min(128, Math.floor(totalmem() / 2 ** 20 / 16)));
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: POSTGRES_LIMITS.connections.value,
    shared_buffers: `${buffersMb}MB`,
    work_mem: '4MB',
    maintenance_work_mem: '32MB',
    max_wal_size: '512MB',
    min_wal_size: '64MB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_parallel_workers_per_gather: 0,
    max_parallel_maintenance_workers: 0,
    autovacuum_max_workers: 1,
    io_method: 'sync',
    jit: 'off',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    idle_in_transaction_session_timeout: '60s',
    log_min_messages: 'warning',
    // A refused commit would write its whole statement to the log, again and again.
    log_min_error_statement: 'panic',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** The last arguments of a process are the server's, whatever ran it. */
const sameArguments = (actual: readonly string[], wanted: readonly string[]): boolean =>
  actual.slice(-wanted.length).join('\0') === wanted.join('\0');

async function spawnServer(
  { launcher, data, logFile }: Place,
  port: number,
): Promise<{ readonly child: ChildProcess; readonly logFrom: number }> {
  if ((await sizeOf(logFile)) > POSTGRES_LIMITS.logBytes.value) await rename(logFile, `${logFile}.1`);
  const logFrom = await sizeOf(logFile);
  const output = await open(logFile, 'a', 0o600);
  try {
    const { file, args } = launcher.command(launcher.binaries.postgres, serverArguments(data, port));
    const child = spawn(file, args, {
      cwd: '/',
      env: childEnv(),
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      windowsHide: true,
      ...launcher.identity,
    });
    child.on('error', () => undefined);
    return { child, logFrom };
  } finally {
    await output.close();
  }
}

/** True once `postmaster.pid` names our child and says `ready`; false when the child ends first. */
async function becomesReady(child: ChildProcess, data: string): Promise<boolean> {
  const deadline = performance.now() + POSTGRES_LIMITS.readyMs.value;
  while (child.pid !== undefined && !hasEnded(child)) {
    const postmaster = await readPostmaster(data);
    if (postmaster?.pid === child.pid && postmaster.isReady) return true;
    if (performance.now() > deadline) return false;
    await delay(POSTGRES_LIMITS.readyPollMs.value);
  }
  return false;
}

/** Fast shutdown, then immediate, then none at all; a server killed so recovers at its next start. */
const STOP_SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;

async function stopProcess(pid: number): Promise<void> {
  for (const signal of STOP_SIGNALS) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = performance.now() + POSTGRES_LIMITS.stopMs.value;
    while (performance.now() < deadline) {
      if (!(await isAlive(pid))) return;
      await delay(POSTGRES_LIMITS.readyPollMs.value);
    }
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const exited = once(child, 'exit');
  await stopProcess(child.pid);
  await exited;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
const howItEnded = (child: ChildProcess): string => child.signalCode ?? `exit ${String(child.exitCode)}`;

/** Postgres reads settings from the environment, too: only what it needs goes in. */
const childEnv = (): NodeJS.ProcessEnv => {
  const { PATH, HOME, SystemRoot, TEMP, TMPDIR, NODE_ENV } = process.env;
  return { PATH, HOME, SystemRoot, TEMP, TMPDIR, NODE_ENV, LC_ALL: 'C', TZ: 'UTC' };
};

/** A port that is free now, of those the system hands out. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

async function storedPort(path: string): Promise<number | undefined> {
  const port = Number(await readFile(path, 'utf8').catch(() => ''));
  return Number.isSafeInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

async function readOrMake(path: string, make: () => string): Promise<string> {
  const known = (await readFile(path, 'utf8').catch(() => '')).trim();
  if (known !== '') return known;
  const value = make();
  await writeFile(`${path}.new`, value, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return value;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** What the file system refuses, as a sentence. */
function directoryError(error: unknown, dataDir: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof TrineError) return error;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new TrineError(
      'permission-missing',
      `${dataDir} cannot be written by this user. Give it back (chown), or set TRINE_DATA_DIR to another directory.`,
      { cause: error },
    );
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TrineError(
      'disk-full',
      `The disk that holds ${dataDir} is full: free some space and start again.`,
      {
        cause: error,
      },
    );
  }
  return error;
}
