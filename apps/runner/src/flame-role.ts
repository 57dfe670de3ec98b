/** What tells the thread of `trine flame` apart: one bundle is the program and all its threads. */
import { isMainThread, workerData } from 'node:worker_threads';

export const FLAME_ROLE = 'flame';

export function isFlameThread(): boolean {
  const data: unknown = workerData;
  return (
    !isMainThread && typeof data === 'object' && data !== null && 'role' in data && data.role === FLAME_ROLE
  );
}
