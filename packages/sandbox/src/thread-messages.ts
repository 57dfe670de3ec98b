// What crosses between a guest thread and the thread that owns it: calls by Comlink one way, events the other.
import type { TakenCheckpoint } from './checkpoint/checkpointer.ts';
import type { PartResult, RunRequest } from './guest-thread.ts';
import type { PartPlan } from './run-in-parts.ts';

/** How a thread answers a run: as the owner is told, or that it stopped because nobody wants it. */
export type ThreadAnswer = PartResult | { readonly type: 'let-go' };

/** The object a guest thread exposes through Comlink. */
export interface GuestService {
  run(request: RunRequest, plan: PartPlan): Promise<ThreadAnswer>;
  /** Asks the run at hand to pause between two steps. */
  pause(): void;
  /** Asks the run at hand to stop between two steps: nobody wants it any more. */
  letGo(): void;
}

/**
 * Events share the endpoint with Comlink's answers, so they arrive in order and before the result. Comlink
 * passes over messages without an `id`. A callback by proxy was rejected: it wants an answer that a spinning
 * thread cannot read, and its port outlives the run.
 */
export type ThreadEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'log'; readonly text: string }
  | { readonly type: 'checkpoint'; readonly checkpoint: TakenCheckpoint }
  | { readonly type: 'checkpoint-refused'; readonly message: string };

/** Comlink's own messages and anything else answer `undefined`. The thread is our code, so its shape is trusted. */
export function asThreadEvent(data: unknown): ThreadEvent | undefined {
  if (typeof data !== 'object' || data === null || 'id' in data || !('type' in data)) return undefined;
  switch (data.type) {
    case 'ready':
    case 'progress':
    case 'log':
    case 'checkpoint':
    case 'checkpoint-refused':
      return data as ThreadEvent;
    default:
      return undefined;
  }
}
