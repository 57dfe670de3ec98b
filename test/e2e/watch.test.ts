/** What people see: the picture fills while it is computed, every page is sound, signing in works, strangers see public things alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrine } from '@trine/sdk';
import { loadGuest } from '@trine/wasm';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { submitFractal } from '../support/jobs.ts';
import {
  LIAR,
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
  until,
} from '../support/processes.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SLOW = { timeout: 60_000 };

let dataDir: string;
let coordinator: RunningCoordinator;
let runners: Running[];
let browser: TestBrowser;
let job: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-watch-'));
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  browser = await startBrowser();
  runners = [];
  job = (await submitFractal(coordinator)).id;
});

afterAll(async () => {
  await Promise.all((runners ?? []).map((runner) => runner.stop()));
  await browser?.close();
  await coordinator?.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Share of the picture's pixels that differ from its empty colour, 0 … 1. */
const filled = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const canvas = [...document.querySelectorAll('canvas')].find(
      (one) => one.width === 768 && one.height === 512,
    );
    const pixels = canvas?.getContext('2d')?.getImageData(0, 0, 768, 512).data;
    if (pixels === undefined) return 0;
    let painted = 0;
    for (let i = 3; i < pixels.length; i += 4) if ((pixels[i] ?? 0) === 255) painted += 1;
    return painted / (768 * 512);
  });

test('a job waits with its reason, and its picture fills as tiles are verified', async () => {
  const page = await browser.page();
  await page.goto(`${coordinator.url}/jobs/${job}`);
  await page
    .getByText(/0 of 3 owners|three owners|owners online/i)
    .first()
    .waitFor(SLOW);
  expect(await filled(page)).toBeLessThan(0.01);
  for (const name of ['first', 'second', 'third']) {
    runners.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
  }
  runners.push(
    startRunner(coordinator.url, 'liar', {
      token: await coordinator.token('liar', 'test liar'),
      dataDir,
      script: LIAR,
      args: ['--share', '0.5'],
    }),
  );
  await page.getByText('96 of 96 tiles').waitFor(SLOW);
  expect(await filled(page)).toBeGreaterThan(0.99);
  await page.getByText('finished').first().waitFor(SLOW);
  // Who said what, with the liar's label wherever it appears.
  await until(
    'the liar to be caught',
    async () => (await coordinator.api.jobs.get.query({ job })).invalidResults > 0,
    30_000,
  );
  await page.reload();
  await page.getByText('test liar').first().waitFor(SLOW);
  await page.close();
});

test('a stranger sees public jobs alone; signed in by the one-time link the operator sees all, once', async () => {
  const { module } = await loadGuest('mersenne');
  const key = await coordinator.api.keys.create.mutate({ name: 'somebody' });
  const secret = await createTrine({ url: coordinator.url, key: key.key }).submit({
    name: 'a private job',
    module,
    inputs: [Uint8Array.of(3, 0, 0, 0)],
  });
  const page = await browser.page();
  await page.goto(`${coordinator.url}/jobs`);
  await page.getByText('Deep Mandelbrot view').first().waitFor(SLOW);
  expect(await page.getByText('a private job').count()).toBe(0);
  await page.goto(`${coordinator.url}/jobs/${secret.id}`);
  await page
    .getByText(/sign in|not found|no such job/i)
    .first()
    .waitFor(SLOW);

  await page.goto(coordinator.signInUrl);
  await page.goto(`${coordinator.url}/jobs`);
  await page.getByText('a private job').first().waitFor(SLOW);
  const cookie = (await browser.context.cookies()).find((one) => one.httpOnly);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  await browser.context.clearCookies();
  const again = await page.goto(coordinator.signInUrl);
  expect(again?.status()).toBeGreaterThanOrEqual(400);
  await page.close();
});

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

async function seriousViolations(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ path: AXE }).catch(() => undefined);
  const result = await page.evaluate(async () =>
    (globalThis as unknown as { axe: { run: () => Promise<AxeResult> } }).axe.run(),
  );
  return result.violations
    .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
    .map((violation) => `${violation.id}: ${violation.nodes[0]?.html ?? ''}`);
}

const SIZES = [
  { width: 390, height: 844 },
  { width: 1440, height: 900 },
] as const;

describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
  test.each(SIZES)(
    'every page is sound at $width px: nothing overflows, no serious violation',
    async ({ width, height }) => {
      const sized = await startBrowser({ width, height, colorScheme });
      try {
        const page = await sized.page();
        // axe is injected by hand, which the pages' own policy would rightly refuse.
        const cdp = await sized.context.newCDPSession(page);
        await cdp.send('Page.setBypassCSP', { enabled: true });
        const [node] = await coordinator.api.nodes.list.query();
        for (const path of [
          '/',
          '/dashboard',
          '/jobs',
          `/jobs/${job}`,
          '/nodes',
          `/nodes/${node?.id ?? ''}`,
          '/sign-in',
          '/no-such-page',
        ]) {
          await page.goto(`${coordinator.url}${path}`);
          await page
            .getByRole('heading', { level: 1 })
            .first()
            .waitFor({ state: 'attached', ...SLOW });
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          );
          expect(overflow, `${path} overflows`).toBeLessThanOrEqual(0);
          expect(await seriousViolations(page), path).toEqual([]);
        }
        expect(sized.problems).toEqual([]);
      } finally {
        await sized.close();
      }
    },
  );
});

test('the strict policy is on every page, with a fresh nonce each time', async () => {
  const policies = await Promise.all(
    ['/', '/dashboard', '/'].map(
      async (path) => (await fetch(`${coordinator.url}${path}`)).headers.get('content-security-policy') ?? '',
    ),
  );
  for (const policy of policies) {
    expect(policy).toMatch(/script-src[^;]*'nonce-/);
    expect(policy).toContain("'wasm-unsafe-eval'");
    expect(policy).not.toContain("'unsafe-eval'");
    expect(policy).not.toMatch(/script-src[^;]*'unsafe-inline'/);
  }
  expect(new Set(policies).size).toBe(policies.length);
});
