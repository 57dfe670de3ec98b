/**
 * The coordinator: one process, one port. Starts the store, builds the control plane, lets Next render the pages,
 * and stops everything in order. Wiring only; what it wires lives in packages/control-plane.
 */
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  createControlPlane,
  createPrismaStore,
  type EmbeddedPostgres,
  migrate,
  startEmbeddedPostgres,
} from '@trine/control-plane';
import { type ErrorCode, ERRORS, TrineError } from '@trine/protocol';
import next from 'next';
import { type Logger, pino } from 'pino';
import { reachableOrigins } from './addresses.ts';
import { makeDataDir } from './data-dir.ts';
import { type CoordinatorEnv, readEnv } from './env.ts';
import { serveWorker } from './workers.ts';

const appDir = join(dirname(fileURLToPath(import.meta.url)), '..');
const rootDir = join(appDir, '..', '..');
const migrationsDir = join(rootDir, 'prisma', 'migrations');

/** What the process that started us is told, over IPC where there is one. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly origins: readonly string[];
  readonly signInUrl: string;
  /** File with URL and operator key, readable by its owner alone. */
  readonly cliConfig: string;
}

async function main(): Promise<void> {
  const env = readEnv(process.env, rootDir);
  const log: Logger = pino({ level: env.logLevel, base: { part: 'coordinator' } }, pino.destination(2));
  makeDataDir(env.dataDir);
  const http = await listen(env);
  const postgres =
    env.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: env.dataDir, log }) : undefined;
  const stop = stopper(log, http, postgres);
  try {
    await serve(env, http, { url: postgres?.url ?? env.databaseUrl ?? '', log, stop });
  } catch (error) {
    await stop.now(1);
    throw error;
  }
}

interface Wiring {
  readonly url: string;
  readonly log: Logger;
  readonly stop: ReturnType<typeof stopper>;
}

async function serve(env: CoordinatorEnv, http: Server, { url, log, stop }: Wiring): Promise<void> {
  const port = portOf(http);
  const origins = reachableOrigins(env.host, port);
  await migrate({ url, dir: migrationsDir, log });
  const store = createPrismaStore({ url, log });
  stop.before(() => store.close());
  const plane = await createControlPlane({
    store,
    log,
    dataDir: env.dataDir,
    name: env.name,
    trustProxy: env.trustProxy,
    retention: env.retention,
    diskFloorBytes: env.diskFloorBytes,
    origins: [...origins, ...env.origins],
    runnerBundlePath: join(rootDir, 'apps', 'runner', 'dist', 'trine.mjs'),
    linkProcessEntry: join(appDir, 'dist', 'link-child.cjs'),
    prepareThreadEntry: join(appDir, 'dist', 'prepare-thread.mjs'),
  });
  plane.listening([...origins, ...env.origins]);
  stop.before(() => plane.close());
  const pages = next({ dev: false, dir: appDir, hostname: env.host, port, httpServer: http });
  await pages.prepare();
  stop.before(() => pages.close());
  const render = pages.getRequestHandler();
  const workersDir = join(appDir, 'public', 'workers');

  http.off('request', sayStarting);
  http.on('request', (req: IncomingMessage, res: ServerResponse) => {
    answer(req, res).catch((error: unknown) => {
      log.error({ err: error, url: req.url }, 'a request failed');
      if (!res.headersSent) res.writeHead(500, { 'content-type': 'text/plain' });
      res.end('Something went wrong here; the coordinator logged it.\n');
    });
  });
  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (await plane.handleRequest(req, res)) return;
    if (await serveWorker(workersDir, req, res)) return;
    await render(req, res);
  }
  http.off('upgrade', turnAway);
  http.on('upgrade', (req, socket, head) => {
    if (!plane.handleUpgrade(req, socket, head)) socket.destroy();
  });

  const cliConfig = join(env.dataDir, 'cli.json');
  if (plane.operatorKey !== undefined) {
    const config = { url: origins[0], key: plane.operatorKey };
    writeFileSync(cliConfig, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  }
  const signInUrl = await plane.createSignInUrl(origins[0] ?? '');
  log.info({ origins }, 'ready');
  const ready: ReadyMessage = { type: 'ready', origins, signInUrl, cliConfig };
  process.send?.(ready);
}

/** Whoever comes while the store starts is told to come again, instead of waiting for nothing. */
const sayStarting = (_: IncomingMessage, res: ServerResponse): void => {
  res.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' });
  res.end('The coordinator is starting; try again in a second.\n');
};

/** An agent that is turned away dials again after its own pause. */
const turnAway = (_: IncomingMessage, socket: Duplex): void => void socket.destroy();

/** Listens first, so that a port in use is said before anything is started. */
function listen(env: CoordinatorEnv): Promise<Server> {
  const http = createServer(sayStarting);
  http.on('upgrade', turnAway);
  http.keepAliveTimeout = 65_000;
  return new Promise((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => reject(explainListen(env, cause)));
    http.listen(env.port, env.host, () => {
      resolve(http);
    });
  });
}

const LISTEN_FAULTS: Readonly<Record<string, (env: CoordinatorEnv) => readonly [ErrorCode, string]>> = {
  EADDRINUSE: ({ host, port }) => [
    'port-in-use',
    `Port ${port} is in use on ${host}. Stop what listens there, or choose another port: PORT=3001 npm start`,
  ],
  EACCES: ({ port }) => [
    'permission-missing',
    `This account may not listen on port ${port}. Choose a port above 1023: PORT=3000 npm start`,
  ],
  EADDRNOTAVAIL: ({ host }) => [
    'bad-request',
    `HOST is ${host}, which is no address of this machine. Use 0.0.0.0 for all, or 127.0.0.1 for this machine alone.`,
  ],
};

function explainListen(env: CoordinatorEnv, cause: NodeJS.ErrnoException): TrineError {
  const [code, sentence] = LISTEN_FAULTS[cause.code ?? '']?.(env) ?? [
    'internal' as const,
    `Could not listen on ${env.host}:${env.port}: ${cause.message}`,
  ];
  return new TrineError(code, sentence, { cause });
}

function portOf(http: Server): number {
  const address = http.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Stops what was started, last first, once; a second signal does not wait. */
function stopper(log: Logger, http: Server, postgres: EmbeddedPostgres | undefined) {
  const steps: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const closeHttp = () =>
    new Promise<void>((resolve) => {
      http.close(() => resolve());
      http.closeAllConnections();
    });
  async function stopAll(): Promise<void> {
    for (const step of [...steps].reverse())
      await step().catch((error: unknown) => log.warn({ err: error }, 'a part did not stop cleanly'));
    await closeHttp();
    await postgres?.stop();
  }
  const now = async (code: number): Promise<void> => {
    stopping ??= stopAll();
    await stopping;
    process.exitCode = code;
  };
  const onSignal = (signal: string) => {
    if (stopping !== undefined) return;
    log.info({ signal }, 'stopping');
    void now(0).then(() => process.exit(0));
  };
  process.on('SIGINT', () => onSignal('SIGINT'));
  process.on('SIGTERM', () => onSignal('SIGTERM'));
  // The launcher is gone without a word: do not stay behind.
  process.on('disconnect', () => onSignal('disconnect'));
  return { now, before: (step: () => Promise<unknown>) => void steps.push(step) };
}

main().catch((error: unknown) => {
  const known = error instanceof TrineError ? error : undefined;
  process.stderr.write(`${known?.message ?? (error instanceof Error ? error.stack : String(error))}\n`);
  process.exit(known === undefined ? 1 : ERRORS[known.code].exit);
});
