/** A volunteer's visit in real Chromium: consent, lend, stop, reload, freeze, close in the middle, plain http. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeView } from '@trine/control-plane/router';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { cpuMsOfTree } from '../support/cpu.ts';
import { LONG_EXPONENT, SHORT_EXPONENT, submitMersenne } from '../support/jobs.ts';
import {
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
  until,
} from '../support/processes.ts';

const SLOW = { timeout: 60_000 };

let dataDir: string;
let coordinator: RunningCoordinator;
let runners: Running[];
let browser: TestBrowser;
let profileDir: string;
let page: Page;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-donate-'));
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  coordinator = await startCoordinator({
    dataDir: join(dataDir, 'coordinator'),
    port,
    env: { TRINE_ORIGINS: `http://trine.test:${port}` },
  });
  runners = [];
  for (const name of ['first', 'second']) {
    runners.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
  }
  await until(
    'two runners',
    async () => (await coordinator.api.cluster.overview.query()).nodesOnline === 2,
    30_000,
  );
});

afterAll(async () => {
  await Promise.all((runners ?? []).map((runner) => runner.stop()));
  await coordinator?.close();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  profileDir = await mkdtemp(join(tmpdir(), 'trine-volunteer-'));
  browser = await startBrowser({ profileDir });
  page = await browser.page();
});

afterEach(async () => {
  await browser.close();
  await rm(profileDir, { recursive: true, force: true });
  for (const job of await coordinator.api.jobs.list.query()) {
    if (job.state === 'running') await coordinator.api.jobs.cancel.mutate({ job: job.id });
  }
  expect(browser.problems).toEqual([]);
});

const button = (name: string) => page.getByRole('button', { name });
/** The state's word as it is seen; screen readers have a line of their own. */
const says = (word: string) =>
  page
    .getByRole('region', { name: 'This computer' })
    .locator('p:not([role])')
    .getByText(word, { exact: true });
const pages = async (): Promise<readonly NodeView[]> =>
  (await coordinator.api.nodes.list.query()).filter((node) => node.agent === 'page');
const nodeOf = async (id: string): Promise<NodeView> => coordinator.api.nodes.get.query({ node: id });

/** Presses the button; answers the node that joined with it. */
async function lend(url = coordinator.url): Promise<NodeView> {
  const before = new Set((await pages()).map((node) => node.id));
  await page.goto(url);
  await button('Lend this computer').click();
  return until('the page to join', async () => (await pages()).find((node) => !before.has(node.id)), 30_000);
}

const verifiedHere = async (): Promise<number> => {
  const text = await page
    .locator('dt', { hasText: 'Tasks verified' })
    .locator('xpath=following-sibling::dd')
    .first()
    .innerText();
  return Number(/\d+/.exec(text.replaceAll(/[,\s]/g, ''))?.[0] ?? 0);
};

describe('consent', () => {
  test('nothing runs before the button is pressed, and the card says who, what, at what cost and what data', async () => {
    const before = (await pages()).length;
    await page.goto(coordinator.url);
    for (const term of ['Who asks', 'What runs', 'What it costs', 'What data'])
      await page.getByText(term).waitFor();
    await page.waitForLoadState('networkidle').catch(() => undefined);
    expect(page.workers()).toEqual([]);
    expect((await pages()).length).toBe(before);
  });

  test('the keyboard alone can lend and stop', async () => {
    await submitMersenne(coordinator, SHORT_EXPONENT, 20_000);
    await page.goto(coordinator.url);
    // Focus, unlike a click, does not wait for the button to be ready.
    await button('Lend this computer').and(page.locator(':enabled')).waitFor(SLOW);
    await button('Lend this computer').focus();
    await page.keyboard.press('Enter');
    await says('Working').waitFor(SLOW);
    await button('Stop').focus();
    await page.keyboard.press('Enter');
    await says('Stopped').waitFor(SLOW);
  });
});

describe('lending', () => {
  test('tasks are verified, and identity and counters survive a reload, after which nothing starts by itself', async () => {
    await submitMersenne(coordinator, SHORT_EXPONENT, 20_000);
    const node = await lend();
    await says('Working').waitFor(SLOW);
    await page.getByRole('list', { name: 'Threads' }).getByText('exponent').first().waitFor(SLOW);
    await until('a verified task', async () => (await verifiedHere()) > 0, 60_000);
    const seen = await verifiedHere();

    await page.reload();
    await says('Stopped').waitFor(SLOW);
    expect(await verifiedHere()).toBeGreaterThanOrEqual(seen);
    expect(page.workers()).toEqual([]);
    await button('Go on lending').click();
    await says('Working').waitFor(SLOW);
    await until('the same node to be back', async () => (await nodeOf(node.id)).online, 30_000);
  });

  test('the session moves to a WebRTC data channel, and the page says so', async () => {
    const node = await lend();
    await page.getByText('WebRTC data channel').waitFor(SLOW);
    await until('the coordinator to say so', async () => (await nodeOf(node.id)).link === 'webrtc', 30_000);
  });

  test('a join token in the address gives the page its owner and leaves the address bar', async () => {
    const token = await coordinator.token('volunteer with a token');
    const node = await lend(`${coordinator.url}/#join=${token}`);
    expect(node.ownerName).toBe('volunteer with a token');
    expect(page.url()).not.toContain(token);
  });

  test('works over plain http on a LAN name, and says what is weaker there', async () => {
    await submitMersenne(coordinator, SHORT_EXPONENT, 20_000);
    await lend(`http://trine.test:${coordinator.port}/`);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
    await says('Working').waitFor(SLOW);
    await until('a verified task', async () => (await verifiedHere()) > 0, 60_000);
    await page
      .getByText(/plain http|not secure|weaker/i)
      .first()
      .waitFor(SLOW);
  });

  test('recovers from a freeze and a thaw', async () => {
    await submitMersenne(coordinator, SHORT_EXPONENT, 100_000);
    await lend();
    await until('a verified task', async () => (await verifiedHere()) > 0, 60_000);
    const cdp = await browser.context.newCDPSession(page);
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await cdp.send('Page.setWebLifecycleState', { state: 'active' });
    const seen = await verifiedHere();
    await until('work to go on', async () => (await verifiedHere()) > seen, 60_000);
  });
});

describe('leaving', () => {
  test('stop is said at once, leases go back, and CPU time stays flat', async () => {
    await submitMersenne(coordinator, LONG_EXPONENT, 200);
    const node = await lend();
    await until('a lease', async () => (await nodeOf(node.id)).leases > 0, 30_000);
    await says('Working').waitFor(SLOW);
    const workingMs = await cpuDuring(2_000);
    expect(workingMs).toBeGreaterThan(300);
    await button('Stop').click();
    expect(await says('Stopped').isVisible()).toBe(true);
    // Promised within 1 s; three times that is this test's patience.
    await until('the leases to go back', async () => (await nodeOf(node.id)).leases === 0, 3_000);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const stoppedMs = await cpuDuring(2_000);
    expect(stoppedMs, `${workingMs} ms while working`).toBeLessThan(workingMs / 4);
  });

  test('closing the tab in the middle of a task costs nothing but the lease', async () => {
    const job = await submitMersenne(coordinator, LONG_EXPONENT, 30);
    const node = await lend();
    const held = await until(
      'a lease of the page',
      async () => (await replicas(job.id)).find((one) => one.node === node.id && one.ended === undefined),
      30_000,
    );
    runners.push(startRunner(coordinator.url, 'third', { token: await coordinator.token('third'), dataDir }));
    await page.close();
    // Promised within 15 s; three times that is this test's patience.
    await until(
      'its task to go on elsewhere',
      async () => {
        const task = await coordinator.api.jobs.task.query({ job: job.id, index: held.index });
        const ended = task.replicas.find((one) => one.lease === held.lease)?.ended;
        const others = new Set(task.replicas.filter((one) => one.node !== node.id).map((one) => one.node));
        // Two that agree decide, and then nobody needs to take the third's place.
        return ended === 'lost' && (others.size >= 3 || task.state === 'verified');
      },
      45_000,
    );
    await until(
      'the job to finish without it',
      async () => (await job.status()).state === 'finished',
      120_000,
    );
    expect((await job.status()).tasks.verified).toBe(30);
    await runners.pop()?.stop();
  });
});

async function replicas(job: string) {
  const tasks = await coordinator.api.jobs.tasks.query({ job, from: 0, count: 200 });
  return tasks.flatMap((task) => task.replicas.map((replica) => ({ ...replica, index: task.index })));
}

async function cpuDuring(ms: number): Promise<number> {
  const before = await cpuMsOfTree(profileDir);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return (await cpuMsOfTree(profileDir)) - before;
}
