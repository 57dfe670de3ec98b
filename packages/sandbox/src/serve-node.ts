// Connects the guest service to worker_threads' own port.
import { nodeEndpoint } from './node-endpoint.ts';
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { serveGuests } from './thread.ts';

/** What a guest thread finds in `workerData`, so that one bundle can be both the program and its threads. */
export const GUEST_ROLE = 'guest';

/** True in a thread that {@link serveNodeGuests} should be called in. */
export function isGuestThread(): boolean {
  const data: unknown = workerData;
  return (
    parentPort !== null &&
    typeof data === 'object' &&
    data !== null &&
    'role' in data &&
    data.role === GUEST_ROLE
  );
}

/** Serves runs to the thread's owner. Outside a thread it is a bug and throws. */
export function serveNodeGuests(): void {
  if (parentPort === null)
    throw new Error('A guest thread is started by createNodeThreads, not as a program.');
  serveGuests(nodeEndpoint(parentPort), (bytes) => createHash('sha256').update(bytes).digest());
}
