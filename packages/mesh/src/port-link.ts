/**
 * A link lent across threads: workers have no `RTCPeerConnection`, so a page opens the channel and passes
 * frames between it and the agent's worker over a `MessagePort`. Both ends are our own code.
 */
import type { LinkKind } from '@trine/protocol';
import { type Link, type LinkCode, LinkInbox, type LinkListener } from './link.ts';

/** A `MessagePort`, or what looks like one to these links. */
export interface PortLike {
  postMessage(message: PortMessage): void;
  addEventListener(type: 'message', listener: PortListener): void;
  start(): void;
  close(): void;
}

export type PortListener = (event: { readonly data: PortMessage }) => void;

export type PortMessage =
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  | { readonly type: 'close'; readonly code: LinkCode; readonly reason: string }
  /** The page handed this many bytes to the real link, which now holds `bufferedBytes`. */
  | { readonly type: 'handed'; readonly bytes: number; readonly bufferedBytes: number }
  /** The worker asks how full the real link is; answered by `handed`. */
  | { readonly type: 'ask' };

/** The worker's end. `remote` names who is behind the page's link. */
export const portLink = (port: PortLike, remote: string): Link => new PortLink(port, remote);

/** The page's end: carries `link`'s frames over `port` until either ends. */
export function bridgePeerToPort(link: Link, port: PortLike): void {
  const post = (message: PortMessage): void => port.postMessage(message);
  port.addEventListener('message', ({ data }) => {
    if (data.type === 'frame') {
      link.send(data.bytes);
      post({ type: 'handed', bytes: data.bytes.length, bufferedBytes: link.bufferedBytes() });
    } else if (data.type === 'ask') {
      post({ type: 'handed', bytes: 0, bufferedBytes: link.bufferedBytes() });
    } else if (data.type === 'close') {
      link.close(data.code, data.reason);
      port.close();
    }
  });
  port.start();
  link.listen({
    onFrame: (bytes) => post({ type: 'frame', bytes }),
    onClose: (code, reason) => {
      post({ type: 'close', code, reason });
      port.close();
    },
  });
}

class PortLink implements Link {
  readonly kind: LinkKind = 'webrtc';
  readonly remote: string;
  readonly #port: PortLike;
  readonly #inbox: LinkInbox;
  #unhandedBytes = 0;
  #bufferedBytes = 0;
  #asked = false;
  #open = true;

  constructor(port: PortLike, remote: string) {
    this.remote = remote;
    this.#port = port;
    this.#inbox = new LinkInbox((code, reason) => this.#leave(code, reason));
    port.addEventListener('message', ({ data }) => this.#receive(data));
    port.start();
  }

  send(frame: Uint8Array): void {
    if (!this.#open) return;
    this.#unhandedBytes += frame.length;
    // Cloned, not transferred: a session keeps its frames until they are acknowledged.
    this.#post({ type: 'frame', bytes: frame });
  }

  /** The page's figure ages, and its timers sleep in a hidden tab: so it is asked anew when it matters. */
  bufferedBytes(): number {
    if (this.#open && this.#bufferedBytes > 0 && !this.#asked) {
      this.#asked = true;
      this.#post({ type: 'ask' });
    }
    return this.#unhandedBytes + this.#bufferedBytes;
  }

  listen(listener: LinkListener): void {
    this.#inbox.listen(listener);
  }

  close(code: LinkCode, reason: string): void {
    this.#inbox.silence();
    this.#leave(code, reason);
  }

  #receive(message: PortMessage): void {
    switch (message.type) {
      case 'frame':
        return this.#inbox.frame(message.bytes);
      case 'handed':
        this.#unhandedBytes -= message.bytes;
        this.#bufferedBytes = message.bufferedBytes;
        this.#asked = false;
        return;
      case 'ask':
        return;
      case 'close':
        this.#open = false;
        this.#port.close();
        return this.#inbox.end(message.code, message.reason);
    }
  }

  #leave(code: LinkCode, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#post({ type: 'close', code, reason });
  }

  #post(message: PortMessage): void {
    this.#port.postMessage(message);
  }
}
