/** Tries a transfer a few times with growing, jittered pauses, each try bounded in time. */
import type { Clock, Entropy } from '@trine/mesh';
import { TRANSFER_RETRY_MS, TRANSFER_TIMEOUT_MS } from './limits.ts';
import type { AgentPorts } from './ports.ts';

export interface Transfer<T> {
  readonly attempts: number;
  /** One try; it rejects when it fails. Its signal ends at the time bound or with the owner's. */
  readonly attempt: (signal: AbortSignal) => Promise<T>;
  /** The value that says it failed, from the last try's words. */
  readonly failed: (reason: string) => T;
}

/** Never rejects. Ends early when `signal` is aborted. */
export async function retryTransfer<T>(
  ports: Pick<AgentPorts, 'clock' | 'entropy'>,
  signal: AbortSignal,
  transfer: Transfer<T>,
): Promise<T> {
  let reason = 'the lease ended';
  for (let attempt = 0; attempt < transfer.attempts && !signal.aborted; attempt += 1) {
    if (attempt > 0) await pause(ports.clock, jittered(attempt, ports.entropy), signal);
    const bound = boundSignal(ports.clock, signal);
    try {
      return await transfer.attempt(bound.signal);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    } finally {
      bound.end();
    }
  }
  return transfer.failed(reason);
}

/** Half of the doubled pause, and up to as much again by chance, so that nodes do not come back together. */
function jittered(attempt: number, entropy: Entropy): number {
  const fullMs = TRANSFER_RETRY_MS * 2 ** (attempt - 1);
  return fullMs / 2 + (fullMs / 2) * ((entropy(1)[0] ?? 0) / 256);
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(delayMs, done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

function boundSignal(clock: Clock, signal: AbortSignal): { signal: AbortSignal; end: () => void } {
  const bounded = new AbortController();
  const abort = (): void => bounded.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  const cancel = clock.setTimer(TRANSFER_TIMEOUT_MS, abort);
  return {
    signal: bounded.signal,
    end() {
      cancel();
      signal.removeEventListener('abort', abort);
    },
  };
}
