/** The real coordinator with real runners at work, and the words in which attacks on it are made and judged. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@trine/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { SHORT_EXPONENT, submitMersenne } from './jobs.ts';
import { type Running, type RunningCoordinator, startCoordinator, startRunner, until } from './processes.ts';
import { dialRaw, type Ended, joinRaw, type RawNode, type RawNodeOptions } from './raw-node.ts';

/** More tasks than the attacks last. */
const TASKS = 50_000;
/** What the coordinator may hold beyond what it held before all attacks: what is in flight at once, and its garbage. */
const GROWTH_MEGABYTES = 400;
export const GOES_ON_MS = 30_000;

export let dataDir: string;
export let coordinator: RunningCoordinator;
let runners: Running[];
export let job: Job;
export let pid: number;
let calmMegabytes: number;
let peakMegabytes = 0;
let sampler: NodeJS.Timeout;
let verifiedBefore: number;
const raws: RawNode[] = [];

export const rssMegabytes = async (): Promise<number> =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
const verified = async (): Promise<number> => (await job.status()).tasks.verified;

/** Hooks of a suite of attacks: before all, the coordinator and its runners; after each, whether they go on. */
export function besiege(): void {
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'trine-bad-input-'));
    coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
    pid = coordinator.running.process.pid ?? 0;
    runners = [];
    for (const name of ['first', 'second', 'third']) {
      runners.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
    }
    job = await submitMersenne(coordinator, SHORT_EXPONENT, TASKS);
    await until('the job to begin', async () => (await verified()) > 0, GOES_ON_MS);
    calmMegabytes = await rssMegabytes();
    sampler = setInterval(() => {
      void rssMegabytes().then(
        (now) => {
          peakMegabytes = Math.max(peakMegabytes, now);
        },
        () => undefined,
      );
    }, 50);
  });

  afterAll(async () => {
    clearInterval(sampler);
    await Promise.all(runners.map((runner) => runner.stop()));
    await coordinator.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  beforeEach(async () => {
    verifiedBefore = await verified();
  });

  afterEach(async () => {
    for (const node of raws.splice(0)) node.close();
    await until('the others’ job to go on', async () => (await verified()) > verifiedBefore, GOES_ON_MS);
    const health = (await (await fetch(`${coordinator.url}/health`)).json()) as { readonly ready: boolean };
    expect(health.ready).toBe(true);
    expect(coordinator.running.process.exitCode).toBeNull();
    expect(runners.map((runner) => runner.process.exitCode)).toEqual([null, null, null]);
    expect(peakMegabytes).toBeLessThan(calmMegabytes + GROWTH_MEGABYTES);
  });
}

/** The job of the others is about to end: its progress proves nothing any more. */
export const stopWatching = (): void => {
  verifiedBefore = -1;
};

/** Memory before the attacks and at its peak, in words. */
export const memoryWords = (): string =>
  `memory: ${calmMegabytes.toFixed(0)} MB before, ${peakMegabytes.toFixed(0)} MB at its peak`;

// ── how it is asked, and what an answer is ───────────────────────────────────────────────────────────

export function dial(options: RawNodeOptions = {}): RawNode {
  const node = dialRaw(coordinator.url, options);
  raws.push(node);
  return node;
}

export async function joined(options: Parameters<typeof joinRaw>[1] = {}): Promise<RawNode> {
  const node = await joinRaw(coordinator.url, options);
  raws.push(node);
  return node;
}

/** A sentence has words; a code alone, or a stack, is none. */
export function expectSentence(message: string): void {
  expect(message.trim().split(/\s+/).length).toBeGreaterThan(2);
  expect(message).not.toMatch(/\n\s+at |node_modules|\/packages\//);
}

export async function expectEnded(node: RawNode, code: string): Promise<void> {
  const ended: Ended = await node.ended();
  expect(ended).toMatchObject({ code });
  expectSentence(ended.message);
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** The code and sentence of an HTTP answer, ours or tRPC's. */
export async function answerOf(response: Response): Promise<Answer> {
  const { error } = (await response.json()) as {
    readonly error: {
      readonly code: string | number;
      readonly message: string;
      readonly data?: { readonly trineCode: string };
    };
  };
  expectSentence(error.message);
  return {
    status: response.status,
    code: error.data?.trineCode ?? String(error.code),
    message: error.message,
  };
}

export const bearer = (secret: string): Record<string, string> => ({ authorization: `Bearer ${secret}` });
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const post = (
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${coordinator.url}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

export const put = (digest: string, bytes: Uint8Array, secret: string): Promise<Response> =>
  fetch(`${coordinator.url}/artifacts/${digest}`, {
    method: 'PUT',
    body: Buffer.from(bytes),
    headers: bearer(secret),
  });

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    expectSentence(error instanceof Error ? error.message : '');
    const { data, code } = error as {
      readonly data?: { readonly trineCode?: string };
      readonly code?: string;
    };
    return data?.trineCode ?? code ?? 'no code';
  }
  return 'accepted';
}

/** What the coordinator has counted about strangers and nodes. */
export async function faults(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${coordinator.url}/metrics`)).text();
  const rows = text.matchAll(/^trine_node_faults_total\{kind="([^"]+)"\} (\d+)/gm);
  return new Map([...rows].map(([, kind = '', count]) => [kind, Number(count)]));
}
