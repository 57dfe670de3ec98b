/**
 * A hidden tab goes on for over six minutes under Chromium's real throttling, intensive throttling (after five)
 * included. Playwright's own switches turn throttling off and keep pages visible, so this speaks to the browser
 * itself: the donate page is hidden by a second tab in the same window.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CHROMIUM, CHROMIUM_ARGS } from '../support/browser.ts';
import { SHORT_EXPONENT, submitMersenne } from '../support/jobs.ts';
import {
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
  until,
} from '../support/processes.ts';

const HIDDEN_MS = 6.5 * 60_000;
/** A small job this often: the page must take part in each, and the machine stays free for other tests. */
const EVERY_MS = 15_000;

let dataDir: string;
let coordinator: RunningCoordinator;
let runners: Running[];
let chromium: ChildProcess;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-hidden-'));
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  runners = [];
  for (const name of ['first', 'second']) {
    runners.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
  }
});

afterEach(async () => {
  chromium.kill('SIGTERM');
  await new Promise((resolve) => chromium.once('close', resolve));
  await Promise.all(runners.map((runner) => runner.stop()));
  await coordinator.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** One DevTools connection to the browser, with flat sessions for its tabs. */
class DevTools {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as {
        id?: number;
        result?: unknown;
        error?: { message: string };
      };
      const waiting = this.#waiting.get(message.id ?? -1);
      if (waiting === undefined) return;
      this.#waiting.delete(message.id ?? -1);
      if (message.error === undefined) waiting.resolve(message.result);
      else waiting.reject(new Error(message.error.message));
    });
  }

  static async connect(profileDir: string): Promise<DevTools> {
    const file = join(profileDir, 'DevToolsActivePort');
    const [port, path] = await until(
      'the browser to listen',
      async () => {
        const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n');
        return lines.length === 2 ? lines : undefined;
      },
      60_000,
    );
    const socket = new WebSocket(`ws://127.0.0.1:${port ?? ''}${path ?? ''}`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return new DevTools(socket);
  }

  send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    this.#last += 1;
    const id = this.#last;
    this.#socket.send(
      JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
    );
    return new Promise((resolve, reject) =>
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject }),
    );
  }

  close(): void {
    this.#socket.close();
  }
}

test('the donate page works on for over six minutes while its tab is hidden', async () => {
  const profileDir = join(dataDir, 'profile');
  chromium = spawn(
    CHROMIUM,
    [
      '--headless=new',
      ...CHROMIUM_ARGS,
      '--remote-debugging-port=0',
      `--user-data-dir=${profileDir}`,
      coordinator.url,
    ],
    {
      stdio: 'ignore',
    },
  );
  const devtools = await DevTools.connect(profileDir);
  const target = await until(
    'the donate page',
    async () => {
      const { targetInfos } = await devtools.send<{
        targetInfos: readonly { targetId: string; type: string; url: string }[];
      }>('Target.getTargets');
      return targetInfos.find((one) => one.type === 'page' && one.url.startsWith(coordinator.url));
    },
    60_000,
  );
  const { sessionId } = await devtools.send<{ sessionId: string }>('Target.attachToTarget', {
    targetId: target.targetId,
    flatten: true,
  });
  const evaluate = async <T>(expression: string): Promise<T> =>
    (
      await devtools.send<{ result: { value: T } }>(
        'Runtime.evaluate',
        { expression, returnByValue: true },
        sessionId,
      )
    ).result.value;

  const press = `(() => {
    const button = [...document.querySelectorAll('button')].find((one) => one.textContent.includes('Lend this computer') && !one.disabled);
    button?.click();
    return button !== undefined;
  })()`;
  await until('the button', () => evaluate<boolean>(press), 60_000);
  const page = await until(
    'the page to join',
    async () =>
      (await coordinator.api.nodes.list.query()).find((node) => node.agent === 'page' && node.online),
    60_000,
  );

  await evaluate(
    `window.seenVisible = 0; document.addEventListener('visibilitychange', () => { if (!document.hidden) window.seenVisible += 1; })`,
  );
  await devtools.send('Target.createTarget', { url: 'about:blank' });
  await until('the tab to be hidden', () => evaluate<boolean>('document.hidden'), 30_000);
  const hiddenAtMs = Date.now();

  let rounds = 0;
  while (Date.now() - hiddenAtMs < HIDDEN_MS) {
    const job = await submitMersenne(coordinator, SHORT_EXPONENT, 3);
    // Three owners are online, the page one of them: no task is done without its result.
    await until(
      `round ${rounds}, ${Math.round((Date.now() - hiddenAtMs) / 1000)} s after hiding`,
      async () => (await job.status()).state === 'finished',
      60_000,
    );
    const tasks = await coordinator.api.jobs.tasks.query({ job: job.id, from: 0, count: 10 });
    for (const task of tasks) {
      expect(task.replicas.find((replica) => replica.node === page.id)?.verdict).toBe('valid');
    }
    expect(await evaluate<boolean>('document.hidden')).toBe(true);
    rounds += 1;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  expect(await evaluate<number>('window.seenVisible')).toBe(0);
  expect(rounds).toBeGreaterThan(10);
  devtools.close();
});
