// The guest thread's side: waits for calls, runs guests, tells of progress. The same in Node and in the browser.
import { portableSha256, type Sha256 } from '@trine/protocol';
import { type Endpoint, expose, transfer } from 'comlink';
import type { RunRequest } from './guest-thread.ts';
import { type PartEnd, type PartPlan, runInParts } from './run-in-parts.ts';
import type { GuestService, ThreadAnswer, ThreadEvent } from './thread-messages.ts';

/**
 * Serves runs on an endpoint for as long as the thread lives. Call it once, at the thread's start. `sha256` hashes
 * checkpoints: the platform's own where there is one that answers at once.
 */
export function serveGuests(endpoint: Endpoint, sha256: Sha256 = portableSha256): void {
  const tell = (event: ThreadEvent, transferred: Transferable[] = []): void =>
    endpoint.postMessage(event, transferred);
  let isPauseAsked = false;
  let isLetGo = false;
  const run = async (request: RunRequest, plan: PartPlan): Promise<PartEnd> => {
    const pauses = openRests();
    try {
      return await runInParts(request, {
        plan,
        sha256,
        hooks: {
          now: () => performance.now(),
          onProgress: (done, total) => tell({ type: 'progress', done, total }),
          onLog: (text) => tell({ type: 'log', text }),
        },
        onCheckpoint: (checkpoint) => tell({ type: 'checkpoint', checkpoint }, [checkpoint.bytes.buffer]),
        onRefused: (message) => tell({ type: 'checkpoint-refused', message }),
        rest: pauses.rest,
        isPauseAsked: () => isPauseAsked,
        isLetGo: () => isLetGo,
      });
    } finally {
      pauses.close();
    }
  };
  const service: GuestService = {
    async run(request, plan) {
      isPauseAsked = false;
      isLetGo = false;
      const startedMs = performance.now();
      const end = await run(request, plan);
      return partResult(end, performance.now() - startedMs);
    },
    pause() {
      isPauseAsked = true;
    },
    letGo() {
      isLetGo = true;
    },
  };
  expose(service, endpoint);
  tell({ type: 'ready' });
}

function partResult(end: PartEnd, wallMs: number): ThreadAnswer {
  if (end.type === 'let-go') return end;
  if (end.type === 'paused') return transfer({ ...end, wallMs }, [end.checkpoint.bytes.buffer]);
  const result = { ...end.end, wallMs };
  return transfer({ type: 'ended', result }, [result.output.buffer]);
}

/** Rests that let waiting messages in, through a channel to itself: timers that follow each other wait 4 ms each. */
function openRests(): { readonly rest: () => Promise<void>; readonly close: () => void } {
  let channel: MessageChannel | undefined;
  return {
    rest() {
      const { port1, port2 } = (channel ??= new MessageChannel());
      return new Promise((resolve) => {
        port1.addEventListener('message', () => resolve(), { once: true });
        port1.start();
        port2.postMessage(undefined);
      });
    },
    close() {
      channel?.port1.close();
      channel?.port2.close();
    },
  };
}
