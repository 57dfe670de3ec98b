// Guest threads in a page (or in the agent's own Worker): prebuilt Web Workers of opaque origin.
import type { ThreadFactory } from './guest-thread.ts';
import { BROWSER_RELEASE_MS } from './limits.ts';
import { createGuestThread, type PlatformThread } from './owned-thread.ts';

/** How browser guest threads are started. */
export interface BrowserThreadOptions {
  /** Where the prebuilt guest thread is served, with the Content-Security-Policy that shuts it in. */
  readonly url: string;
}

/** Makes guest threads on Web Workers. */
export function createBrowserThreads(options: BrowserThreadOptions): ThreadFactory {
  return () => createGuestThread(() => startBrowserThread(options.url));
}

function startBrowserThread(url: string): PlatformThread {
  const worker = new Worker(url, { name: 'trine-guest' });
  const failed = new Promise<string>((resolve) => {
    worker.addEventListener('error', (event) => {
      resolve(`the guest thread failed: ${event.message || 'its script was refused or could not be read'}`);
    });
    worker.addEventListener('messageerror', () => resolve('the guest thread sent what cannot be read'));
  });
  return {
    endpoint: worker,
    failed,
    async terminate(busy) {
      worker.terminate();
      if (busy) await new Promise<void>((resolve) => setTimeout(resolve, BROWSER_RELEASE_MS));
    },
  };
}
