/**
 * `npm start`, once everything is built: starts the coordinator and three runners of three owners, runs or shows
 * the demonstration, and stays up until it is told to stop. The demonstration's liar is a test program; it joins
 * for the demonstration alone and carries its label wherever it is shown.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { JobView } from '@trine/control-plane/router';
import { TrineError } from '@trine/protocol';
import { makeDataDir } from '../data-dir.ts';
import { readEnv } from '../env.ts';
import type { ReadyMessage } from '../server.ts';
import { type Api, createApi, readOperatorKey } from './api.ts';
import { type Child, startChild } from './children.ts';
import { checkAnswers, type DemoJob, followJobs, submitDemonstration } from './demonstration.ts';
import { bar } from './figures.ts';
import { HELP, parseOptions, type StartOptions } from './options.ts';
import { describeSummary, type Summary, summarise } from './summary.ts';

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const SCRIPTS = {
  server: join(rootDir, 'apps', 'coordinator', 'dist', 'server.mjs'),
  runner: join(rootDir, 'apps', 'runner', 'dist', 'trine.mjs'),
  liar: join(rootDir, 'test', 'dist', 'liar.mjs'),
};
const GUESTS = pathToFileURL(join(rootDir, 'wasm', 'guests', '/'));
const RUNNERS = ['first', 'second', 'third'] as const;
export const LIAR_LABEL = 'demonstration liar';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs `npm start` with these arguments; answers the exit code. */
export async function launch(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    say(HELP);
    return 0;
  }
  const options = parseOptions(args);
  if (typeof options === 'string') {
    say(options);
    return 2;
  }
  const children: Child[] = [];
  const stopping = stopOnSignal();
  try {
    return await runAll(options, children, stopping);
  } catch (error) {
    if (stopping.aborted) return 0;
    say(
      error instanceof TrineError
        ? error.message
        : `npm start failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return 1;
  } finally {
    // Nodes first, so that they give their leases back to a coordinator that still listens.
    for (const child of [...children].reverse()) await child.stop();
  }
}

/** Aborted by the first SIGINT or SIGTERM. */
function stopOnSignal(): AbortSignal {
  const stopping = new AbortController();
  const stop = () => {
    if (!stopping.signal.aborted) say('\nStopping …');
    stopping.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  if (process.env['npm_lifecycle_event'] !== undefined) whenOrphaned(stop);
  return stopping.signal;
}

const PARENT_LOOK_MS = 500;

/** A signal sent to npm ends npm and its shell and reaches nobody else: their end is our signal. */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_LOOK_MS);
  timer.unref();
}

async function runAll(options: StartOptions, children: Child[], stopping: AbortSignal): Promise<number> {
  const env = readEnv(process.env, rootDir);
  makeDataDir(env.dataDir);
  const logDir = join(env.dataDir, 'logs');
  const server = startChild({
    name: 'coordinator',
    script: SCRIPTS.server,
    args: [],
    env: process.env,
    logDir,
  });
  children.push(server);
  const ready = await untilReady(server, stopping);
  const origin = ready.origins[0] ?? '';
  say(`Trine is up at ${ready.origins.join('  ')}`);
  if (options.noDemo) {
    say(whatNext(ready));
    return stayUp(children, stopping);
  }
  const key = await readOperatorKey(ready.cliConfig);
  const demo: Demo = {
    options,
    children,
    stopping,
    origin,
    key,
    api: createApi(origin, key),
    dataDir: env.dataDir,
    logDir,
  };
  const summary = await demonstrate(demo);
  if (!options.exitWhenDone) {
    say(`\n${whatNext(ready)}`);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    return stayUp(children, stopping);
  }
  for (const child of children.splice(0).reverse()) await child.stop();
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.ok ? 0 : 1;
}

/** The coordinator's own word that it serves, or the sentence it died with. */
function untilReady(server: Child, stopping: AbortSignal): Promise<ReadyMessage> {
  return new Promise((resolve, reject) => {
    server.process.on('message', (message: ReadyMessage) => {
      if (message.type === 'ready') resolve(message);
    });
    const sentence = () =>
      server.lastWords() || `The coordinator stopped before it was ready; ${server.logFile} says why.`;
    void server.gone.then(() => reject(new TrineError('internal', sentence())));
    stopping.addEventListener('abort', () => reject(new Error('stopped')));
  });
}

interface Demo {
  readonly options: StartOptions;
  readonly children: Child[];
  readonly stopping: AbortSignal;
  readonly origin: string;
  readonly key: string;
  readonly api: Api;
  readonly dataDir: string;
  readonly logDir: string;
}

async function demonstrate(demo: Demo): Promise<Summary> {
  const jobs = await submitDemonstration({
    url: demo.origin,
    key: demo.key,
    again: demo.options.again,
    guests: GUESTS,
  });
  const wasStored = jobs.every((job) => job.wasDone);
  await startRunners(demo);
  const liar = wasStored ? undefined : await startLiar(demo);
  const views = await followJobs(demo.api, jobs, {
    onProgress: wasStored ? () => undefined : progressPrinter(jobs),
    signal: demo.stopping,
  });
  if (liar !== undefined) {
    await liar.stop();
    demo.children.splice(demo.children.indexOf(liar), 1);
    say('The demonstration liar has left.');
  }
  const answers = await checkAnswers(demo.api, jobs, GUESTS);
  const summary = summarise(views, answers);
  say(`\n${describeSummary(summary, answers, wasStored)}`);
  return summary;
}

/** Three processes of three owners, each joined with a token of its own. */
async function startRunners(demo: Demo): Promise<void> {
  for (const name of RUNNERS) {
    const { token } = await demo.api.tokens.create.mutate({ ownerName: `local ${name}` });
    demo.children.push(startNode(demo, { name: `runner-${name}`, script: SCRIPTS.runner, token }));
  }
  say(`Started ${RUNNERS.length} runners of ${RUNNERS.length} owners on this machine.`);
}

async function startLiar(demo: Demo): Promise<Child> {
  const { token } = await demo.api.tokens.create.mutate({ ownerName: LIAR_LABEL, label: LIAR_LABEL });
  const liar = startNode(demo, { name: 'demonstration-liar', script: SCRIPTS.liar, token });
  demo.children.push(liar);
  say(
    'Started one liar for the demonstration: it gives some wrong answers on purpose and leaves at the end.',
  );
  return liar;
}

function startNode(
  demo: Demo,
  node: { readonly name: string; readonly script: string; readonly token: string },
): Child {
  const dataDir = join(demo.dataDir, 'nodes', node.name);
  const args = ['join', demo.origin, '--name', node.name, '--threads', '1', '--data-dir', dataDir];
  // The token travels in the environment: arguments can be read by every account of the machine.
  return startChild({
    name: node.name,
    script: node.script,
    args,
    env: { ...process.env, TRINE_TOKEN: node.token },
    logDir: demo.logDir,
  });
}

/** One line, redrawn on a terminal and repeated every five seconds elsewhere. */
function progressPrinter(jobs: readonly DemoJob[]): (views: readonly JobView[]) => void {
  const live = process.stderr.isTTY;
  const everyMs = live ? 250 : 5_000;
  const beganMs = Date.now();
  let lastMs = 0;
  return (views) => {
    const nowMs = Date.now();
    const ended = views.every((view) => view.state === 'finished');
    if (nowMs - lastMs < everyMs && !ended) return;
    lastMs = nowMs;
    const line = progressLine(jobs, views, nowMs - beganMs);
    if (live) process.stderr.write(`\r\u001B[K${line}${ended ? '\n' : ''}`);
    else say(line);
  };
}

function progressLine(jobs: readonly DemoJob[], views: readonly JobView[], elapsedMs: number): string {
  const parts = views.map(
    (view, i) =>
      `${jobs[i]?.name ?? ''} ${bar(view.tasks.verified, view.tasks.total, 16)} ${view.tasks.verified}/${view.tasks.total}`,
  );
  const caught = views.reduce((total, view) => total + view.invalidResults, 0);
  const reason = views.find((view) => view.reason !== '')?.reason;
  return `${parts.join('  ')}  ${caught} lies caught  ${Math.round(elapsedMs / 1000)} s${reason === undefined ? '' : `  (${reason})`}`;
}

function whatNext(ready: ReadyMessage): string {
  const lan = ready.origins.slice(1);
  return [
    `  Lend this computer     ${ready.origins[0] ?? ''}/`,
    ...(lan.length === 0 ? [] : [`  From other devices     ${lan.map((origin) => `${origin}/`).join('  ')}`]),
    `  Dashboard              ${ready.origins[0] ?? ''}/dashboard`,
    `  Sign in as operator    ${ready.signInUrl}   (works once)`,
    `  Command line           npx trine jobs   (its key is in ${ready.cliConfig})`,
    '',
    '  Ctrl-C stops everything.',
  ].join('\n');
}

/** Waits for a signal; a child that ends by itself is said, and the coordinator's end is ours. */
async function stayUp(children: readonly Child[], stopping: AbortSignal): Promise<number> {
  const stopped = new Promise<number>((resolve) => {
    if (stopping.aborted) resolve(0);
    stopping.addEventListener('abort', () => resolve(0));
  });
  for (const child of children.slice(1)) {
    void child.gone.then((code) => {
      if (!stopping.aborted) say(`${child.name} ended with code ${String(code)}; ${child.logFile} says why.`);
    });
  }
  const [server] = children;
  const died = server?.gone.then((code) => {
    if (!stopping.aborted) say(`The coordinator ended with code ${String(code)}. ${server.lastWords()}`);
    return stopping.aborted ? 0 : 1;
  });
  return Promise.race([stopped, ...(died === undefined ? [] : [died])]);
}
