// The guest thread's side: waits for calls, runs guests, tells of progress. The same in Node and in the browser.
import { type Endpoint, expose, transfer } from 'comlink';
import { runGuest } from './run-guest.ts';
import type { GuestService, ThreadEvent } from './thread-messages.ts';

/** Serves runs on an endpoint for as long as the thread lives. Call it once, at the thread's start. */
export function serveGuests(endpoint: Endpoint): void {
  const tell = (event: ThreadEvent): void => endpoint.postMessage(event);
  const service: GuestService = {
    run(request) {
      const startedMs = performance.now();
      const end = runGuest(request, {
        now: () => performance.now(),
        onProgress: (done, total) => tell({ type: 'progress', done, total }),
        onLog: (text) => tell({ type: 'log', text }),
      });
      const answer = { ...end, wallMs: performance.now() - startedMs };
      return transfer(answer, [answer.output.buffer]);
    },
  };
  expose(service, endpoint);
  tell({ type: 'ready' });
}
