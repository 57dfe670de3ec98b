/** Real Chromium for tests: Debian's, headless, told to keep to loopback. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

export const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** WebRTC on a machine with nothing but `lo`, as in CI. */
export const CHROMIUM_ARGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--host-resolver-rules=MAP trine.test 127.0.0.1',
];

export interface TestBrowser {
  readonly context: BrowserContext;
  /** A page that fails the test on any uncaught error or policy violation in its console. */
  page(): Promise<Page>;
  readonly problems: readonly string[];
  close(): Promise<void>;
}

export interface BrowserOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Keep the profile of an earlier browser. */
  readonly profileDir?: string;
}

export async function startBrowser(options: BrowserOptions = {}): Promise<TestBrowser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      'These tests need Chromium: run "sudo apt-get install chromium", or set CHROMIUM_PATH to one you have.',
    );
  }
  const profileDir = options.profileDir ?? (await mkdtemp(join(tmpdir(), 'trine-chromium-')));
  const context = await chromium.launchPersistentContext(profileDir, {
    executablePath: CHROMIUM,
    headless: true,
    args: [...CHROMIUM_ARGS],
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.colorScheme ?? 'light',
  });
  const problems: string[] = [];
  return {
    context,
    problems,
    async page() {
      const page = await context.newPage();
      page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
      page.on('console', (message) => {
        if (/Content Security Policy|Content-Security-Policy/.test(message.text()))
          problems.push(message.text());
      });
      return page;
    },
    async close() {
      await context.close();
      if (options.profileDir === undefined) await rm(profileDir, { recursive: true, force: true });
    },
  };
}
