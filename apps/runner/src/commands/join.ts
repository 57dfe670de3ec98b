/** `trine join`: this machine becomes a node until it is told to stop. */
import type { Agent, AgentView } from '@trine/agent';
import { createNodeAgent } from '@trine/agent/node';
import { ERRORS, isErrorCode, TrineError } from '@trine/protocol';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { readRunnerConfig } from '../config-files.ts';
import { environment, homeDir } from '../env.ts';
import { createLog, LOG_LEVELS } from '../log.ts';
import { parseAddress } from '../origin.ts';
import { createOutput } from '../output.ts';
import {
  asCount,
  asList,
  asOneOf,
  asSwitch,
  asText,
  type Resolved,
  resolveSetting,
  type Setting,
  type Sources,
} from '../settings.ts';
import { VERSION } from '../version.ts';

const THREADS_MAX = 128;

/** After this the process ends whatever hangs: promised is an end within three seconds of the signal. */
const STOP_MS = 2_500;

/** How often a running node writes a line about itself. */
const STATUS_MS = 60_000;

const optional = (name: string, secret = false): Setting<string | undefined> => ({
  name,
  fallback: undefined,
  parse: asText,
  secret,
});

const SETTINGS = {
  url: optional('url'),
  token: optional('token', true),
  tokenFile: optional('token-file'),
  nodeName: optional('node-name'),
  threads: {
    name: 'threads',
    fallback: Math.max(1, availableParallelism() - 1),
    parse: asCount(1, THREADS_MAX),
  },
  dataDir: { name: 'data-dir', fallback: join(homeDir(), 'node'), parse: asText },
  logLevel: { name: 'log-level', fallback: 'info', parse: asOneOf(...LOG_LEVELS) },
  logFormat: {
    name: 'log-format',
    fallback: process.stdout.isTTY ? 'text' : 'json',
    parse: asOneOf('text', 'json'),
  },
  labels: { name: 'labels', fallback: [], parse: asList },
  webrtc: { name: 'webrtc', fallback: true, parse: asSwitch },
} as const satisfies Record<string, Setting<unknown>>;

export interface JoinFlags {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly config: string | undefined;
  readonly printConfig: boolean;
  readonly json: boolean;
}

/** Resolves when the node has left. */
export async function joinCommand(given: JoinFlags): Promise<void> {
  const sources: Sources = {
    flags: given.flags,
    environment: environment(),
    file: await readRunnerConfig(given.config),
  };
  if (given.printConfig) return printConfig(sources, given.json);
  const settings = settingsFrom(sources);
  if (settings.url === undefined) {
    throw new TrineError('bad-request', 'Which coordinator? Give its address: `trine join <host>`.');
  }
  const address = parseAddress(settings.url);
  const log = createLog({ level: settings.logLevel, format: settings.logFormat });
  const agent = await createNodeAgent({
    origin: address.origin,
    threads: settings.threads,
    dataDir: settings.dataDir,
    threadEntry: new URL(import.meta.url),
    version: VERSION,
    log,
    token: (await tokenOf(settings)) ?? address.token,
    name: settings.nodeName,
    labels: settings.labels,
    webrtc: settings.webrtc,
  });
  await runNode(agent, log);
}

function settingsFrom(sources: Sources) {
  return {
    url: resolveSetting(SETTINGS.url, sources).value,
    token: resolveSetting(SETTINGS.token, sources).value,
    tokenFile: resolveSetting(SETTINGS.tokenFile, sources).value,
    nodeName: resolveSetting(SETTINGS.nodeName, sources).value,
    threads: resolveSetting<number>(SETTINGS.threads, sources).value,
    dataDir: resolveSetting(SETTINGS.dataDir, sources).value,
    logLevel: resolveSetting<(typeof LOG_LEVELS)[number]>(SETTINGS.logLevel, sources).value,
    logFormat: resolveSetting<'text' | 'json'>(SETTINGS.logFormat, sources).value,
    labels: resolveSetting<readonly string[]>(SETTINGS.labels, sources).value,
    webrtc: resolveSetting<boolean>(SETTINGS.webrtc, sources).value,
  };
}

async function tokenOf(settings: {
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
}): Promise<string | undefined> {
  if (settings.token !== undefined || settings.tokenFile === undefined) return settings.token;
  const path = settings.tokenFile;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TrineError('permission-missing', `The token file ${path} cannot be read.`, { cause });
  });
  return text.trim();
}

function printConfig(sources: Sources, json: boolean): void {
  const output = createOutput({ json });
  const rows = Object.values(SETTINGS).map((setting: Setting<unknown>) => {
    const { value, source }: Resolved<unknown> = resolveSetting(setting, sources);
    return {
      name: setting.name,
      value: setting.secret === true && value !== undefined ? '•••' : value,
      source,
    };
  });
  if (json) return output.value(rows);
  output.table(
    rows.map(({ name, value, source }) => [name, value === undefined ? '–' : shown(value), source]),
    ['setting', 'value', 'from'],
  );
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

async function runNode(agent: Agent, log: Logger): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    watchSignals(agent, log, resolve);
    watchViews(agent, log, resolve);
  });
  await agent.start();
  await ended;
  const refusal = agent.refusal();
  await agent.close();
  if (refusal !== undefined) {
    process.exitCode = isErrorCode(refusal.code) ? ERRORS[refusal.code].exit : ERRORS.internal.exit;
    log.error({ code: refusal.code }, refusal.message);
  }
}

/** The first signal gives leases back and leaves; the second ends the process at once. */
function watchSignals(agent: Agent, log: Logger, left: () => void): void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(130);
    asked = true;
    log.info({ signal }, 'leaving: leases go back, threads end');
    const late = setTimeout(() => process.exit(0), STOP_MS);
    void agent.stop(`the runner was asked to stop (${signal})`).then(() => {
      clearTimeout(late);
      left();
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function watchViews(agent: Agent, log: Logger, left: () => void): void {
  // What it is before it starts is no news.
  let last: string = agent.view().phase;
  let link = '';
  let statusAtMs = performance.now();
  agent.onView((view) => {
    if (view.phase === 'refused') return left();
    if (view.phase !== last) log.info({ state: view.phase, reason: view.reason }, 'state');
    last = view.phase;
    const carried = `${view.link ?? ''} ${view.linkNote}`;
    if (view.link !== undefined && carried !== link) {
      log.info({ link: view.link, ...(view.linkNote === '' ? {} : { note: view.linkNote }) }, 'link');
      link = carried;
    }
    if (performance.now() - statusAtMs < STATUS_MS) return;
    statusAtMs = performance.now();
    log.info(statusOf(view), 'status');
  });
}

const statusOf = (view: AgentView): Readonly<Record<string, unknown>> => ({
  state: view.phase,
  threads: view.threadsAllowed,
  fuelPerSecond: view.fuelPerSecond,
  reported: view.reported,
  valid: view.valid,
  invalid: view.invalid,
  credit: view.credit,
});
