/** Real processes for tests: the built coordinator, the built runner, the liar. Each test ends what it started, by its id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppRouter } from '@trine/control-plane/router';
import { createTRPCClient, httpBatchLink } from '@trpc/client';

export const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SERVER = join(rootDir, 'apps', 'coordinator', 'dist', 'server.mjs');
export const RUNNER = join(rootDir, 'apps', 'runner', 'dist', 'trine.mjs');
export const LIAR = join(rootDir, 'test', 'dist', 'liar.mjs');
const READY_MS = 60_000;

export interface Running {
  readonly process: ChildProcess;
  readonly gone: Promise<number | null>;
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts one process; `stop` sends a signal and waits until it is gone. */
export function startProcess(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-200_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const gone = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    process: child,
    gone,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return gone;
    },
  };
}

export type Api = ReturnType<typeof createApi>;
export const createApi = (url: string, key?: string) =>
  createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({
        url: `${url}/trpc`,
        headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      }),
    ],
  });

export interface RunningCoordinator {
  readonly url: string;
  readonly port: number;
  readonly key: string;
  readonly dataDir: string;
  readonly signInUrl: string;
  readonly api: Api;
  readonly running: Running;
  /** Starts it again on the same data and the same port, after it was stopped or killed. */
  restart(): Promise<RunningCoordinator>;
  /** A join token of this owner. */
  token(ownerName: string, label?: string): Promise<string>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

export interface CoordinatorOptions {
  readonly port?: number;
  readonly dataDir?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The built coordinator with its own embedded Postgres, on a free loopback port. */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<RunningCoordinator> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'trine-test-')));
  const running = startProcess(SERVER, [], {
    PORT: String(options.port ?? 0),
    HOST: '127.0.0.1',
    TRINE_DATA_DIR: dataDir,
    ...options.env,
  });
  const ready = await untilReady(running);
  const url = ready.origins[0] ?? '';
  const key = (JSON.parse(await readFile(ready.cliConfig, 'utf8')) as { key: string }).key;
  const port = Number(new URL(url).port);
  const api = createApi(url, key);
  return {
    url,
    port,
    key,
    dataDir,
    signInUrl: ready.signInUrl,
    api,
    running,
    restart: () => startCoordinator({ ...options, port, dataDir }),
    token: async (ownerName, label) =>
      (await api.tokens.create.mutate({ ownerName, ...(label === undefined ? {} : { label }) })).token,
    async close() {
      await running.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

interface Ready {
  readonly type: 'ready';
  readonly origins: readonly string[];
  readonly signInUrl: string;
  readonly cliConfig: string;
}

function untilReady(running: Running): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      running.process.kill('SIGKILL');
      reject(new Error(`The coordinator was not ready in ${READY_MS} ms:\n${running.output()}`));
    }, READY_MS);
    running.process.on('message', (message: Ready) => {
      if (message.type !== 'ready') return;
      clearTimeout(timer);
      resolve(message);
    });
    void running.gone.then((code) => {
      clearTimeout(timer);
      reject(
        new Error(
          `The coordinator ended with code ${String(code)} before it was ready:\n${running.output()}`,
        ),
      );
    });
  });
}

export interface NodeOptions {
  readonly token?: string;
  readonly threads?: number;
  readonly dataDir: string;
  readonly args?: readonly string[];
  readonly script?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The built runner (or another program with the same options) joined to `url`. */
export function startRunner(url: string, name: string, options: NodeOptions): Running {
  return startProcess(
    options.script ?? RUNNER,
    [
      'join',
      url,
      '--name',
      name,
      '--threads',
      String(options.threads ?? 1),
      '--data-dir',
      join(options.dataDir, name),
      ...(options.args ?? []),
    ],
    { ...(options.token === undefined ? {} : { TRINE_TOKEN: options.token }), ...options.env },
  );
}

/** Waits until `probe` answers something; asks ten times a second and names what it waited for when time is up. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  timeoutMs: number,
): Promise<T> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`Waited ${timeoutMs} ms for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
