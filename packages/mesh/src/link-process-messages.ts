/** What the coordinator and its link process say, in batches. A peer's frames travel as on a `MessagePort`. */
import type { PortListener, PortLike, PortMessage } from './port-link.ts';

export type ToChild =
  | { readonly type: 'open'; readonly id: number; readonly iceServers: readonly { readonly urls: string }[] }
  | { readonly type: 'signal'; readonly id: number; readonly data: string }
  | { readonly type: 'drop'; readonly id: number; readonly reason: string }
  | { readonly type: 'port'; readonly id: number; readonly message: PortMessage };

export type FromChild =
  | { readonly type: 'ready' }
  /** There is no WebRTC on this machine; nothing will come of starting again. */
  | { readonly type: 'unavailable'; readonly reason: string }
  | { readonly type: 'signal'; readonly id: number; readonly data: string }
  | { readonly type: 'opened'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  /** The peer is gone and its place is free. */
  | { readonly type: 'ended'; readonly id: number }
  | { readonly type: 'port'; readonly id: number; readonly message: PortMessage };

/** Given to the child as its only argument: tests keep to the loopback interface. */
export const LOOPBACK_ONLY = '--loopback-only';

/** One peer's port over the channel between two processes. */
export class ProcessPort implements PortLike {
  readonly #post: (message: PortMessage) => void;
  #listener: PortListener | undefined;
  #closed = false;

  constructor(post: (message: PortMessage) => void) {
    this.#post = post;
  }

  addEventListener(_type: 'message', listener: PortListener): void {
    this.#listener = listener;
  }

  start(): void {}

  postMessage(message: PortMessage): void {
    if (!this.#closed) this.#post(message);
  }

  close(): void {
    this.#closed = true;
  }

  deliver(message: PortMessage): void {
    if (!this.#closed) this.#listener?.({ data: message });
  }
}

/** Collects a turn's messages into one, because each crossing costs a system call and a wake-up. */
export function batched<M>(send: (batch: readonly M[]) => void): (message: M) => void {
  let batch: M[] = [];
  return (message) => {
    batch.push(message);
    if (batch.length > 1) return;
    queueMicrotask(() => {
      const full = batch;
      batch = [];
      send(full);
    });
  };
}
