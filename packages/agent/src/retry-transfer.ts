/**
 * Tries a transfer a few times with growing, jittered pauses, each try bounded in time. Tries that found the
 * coordinator away are not counted for a while: what was computed must not be given up for a restart.
 */
import type { Clock, Entropy } from '@trine/mesh';
import { TrineError } from '@trine/protocol';
import { TRANSFER_AWAY_MS, TRANSFER_RETRY_CAP_MS, TRANSFER_RETRY_MS, TRANSFER_TIMEOUT_MS } from './limits.ts';
import type { AgentPorts } from './ports.ts';

export interface Transfer<T> {
  readonly attempts: number;
  /**
   * One try; it rejects when it fails, with `coordinator-unreachable` when that is why. Its signal ends at the time
   * bound or with the owner's.
   */
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
  const awayUntilMs = ports.clock.nowMs() + TRANSFER_AWAY_MS;
  let reason = 'the lease ended';
  let counted = 0;
  for (let tries = 0; counted < transfer.attempts && !signal.aborted; tries += 1) {
    if (tries > 0) await pause(ports.clock, jittered(tries, ports.entropy), signal);
    const bound = boundSignal(ports.clock, signal);
    try {
      return await transfer.attempt(bound.signal);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      if (!isAway(error) || ports.clock.nowMs() >= awayUntilMs) counted += 1;
    } finally {
      bound.end();
    }
  }
  return transfer.failed(reason);
}

const isAway = (error: unknown): boolean =>
  error instanceof TrineError && error.code === 'coordinator-unreachable';

/** Half of the doubled pause, and up to as much again by chance, so that nodes do not come back together. */
function jittered(tries: number, entropy: Entropy): number {
  const fullMs = Math.min(TRANSFER_RETRY_MS * 2 ** (tries - 1), TRANSFER_RETRY_CAP_MS);
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
