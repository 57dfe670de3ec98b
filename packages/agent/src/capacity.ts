/** How many leases a node asks to hold: enough that no thread waits, not more than it can start soon. */
import { LIMITS } from '@trine/protocol';
import { PREFETCH_MS, PREFETCH_PER_THREAD_MAX } from './limits.ts';

/**
 * Leases for `threads` running, and a stock of about {@link PREFETCH_MS} of work: one before anything is known,
 * more when tasks are short, at most {@link PREFETCH_PER_THREAD_MAX} for each thread.
 */
export function capacityFor(threads: number, meanRunMs: number | undefined): number {
  if (threads <= 0) return 0;
  const stock = meanRunMs === undefined ? 1 : Math.ceil((threads * PREFETCH_MS) / Math.max(meanRunMs, 1));
  const bounded = Math.min(Math.max(stock, 1), threads * PREFETCH_PER_THREAD_MAX);
  return Math.min(threads + bounded, LIMITS.leasesPerNode.value);
}
