/** Bundled into a test page: runs guests that will not stop, and says how the page fared meanwhile. */
import type { GuestThread } from '@trine/sandbox';
import { createBrowserThreads } from '@trine/sandbox/browser';

/** What crosses from the test into the page: JSON. */
export interface StuckRun {
  /** Prepared, base64. */
  readonly module: string;
  readonly memoryBytes: number;
  readonly wallMs: number;
  readonly fuel: string;
}

export interface StuckResult {
  readonly outcome: string;
  readonly reason: string;
  /** From the start of the run to its report. */
  readonly reportedMs: number;
  /** The longest that the page's own thread was held up meanwhile. */
  readonly delayMs: number;
}

declare global {
  interface Window {
    runStuck: (run: StuckRun) => Promise<StuckResult>;
    /** Resolves when the thread counts as free again. */
    released: () => Promise<void>;
  }
}

const TICK_MS = 10;

const url = document.documentElement.dataset['guest'] ?? '';
const thread: GuestThread = createBrowserThreads({ url })();

window.runStuck = async ({ module, memoryBytes, wallMs, fuel }) => {
  const bytes = Uint8Array.from(atob(module), (char) => char.charCodeAt(0));
  const compiled = await WebAssembly.compile(bytes);
  await thread.released();
  const delays = watchDelays();
  const beganMs = performance.now();
  const limits = { fuel: BigInt(fuel), memoryBytes, outputBytes: 4_096 };
  const request = { module: compiled, abi: 'trine-1' as const, input: new Uint8Array(3), limits };
  const { outcome, reason } = await thread.run(request, { wallMs });
  return { outcome, reason, reportedMs: performance.now() - beganMs, delayMs: delays.stop() };
};

window.released = () => thread.released();

function watchDelays(): { stop: () => number } {
  let lastMs = performance.now();
  let longestMs = 0;
  const look = (): void => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs - TICK_MS);
    lastMs = nowMs;
  };
  const timer = setInterval(look, TICK_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return longestMs;
    },
  };
}
