/** A link over a WebSocket: the browser's, or the `ws` package's, which has the same face. */
import { isErrorCode } from '@trine/protocol';
import { type Link, type LinkCode, LinkInbox, type LinkListener } from './link.ts';
import { SOCKET_LINGER_MS } from './limits.ts';

/** What a link needs of a socket. Browsers' `WebSocket` and `ws` fit as they are. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Only `ws` has it: ends a socket whose other side does not answer the close. */
  terminate?: () => void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  addEventListener(type: 'error', listener: (event: unknown) => void): void;
  addEventListener(type: 'open', listener: (event: unknown) => void): void;
}

const OPEN = 1;
const CLOSED = 3;
/** Of the range that applications may use; the code itself travels in the reason. */
const CLOSE_STATUS = 4_000;
/** A close frame carries 125 bytes, two of them the status. */
const REASON_CHARACTERS_MAX = 120;

/** A link over an open socket. `remote` names the other end. Make it in the turn that got the socket. */
export function webSocketLink(socket: SocketLike, remote: string): Link {
  return new WebSocketLink(socket, remote);
}

/** Waits until `socket` is open; rejects when it fails first. */
export function dialWebSocket(socket: SocketLike, remote: string): Promise<Link> {
  const link = new WebSocketLink(socket, remote);
  if (socket.readyState === OPEN) return Promise.resolve(link);
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(link));
    socket.addEventListener('close', ({ reason }) =>
      reject(new Error(reason === '' ? `${remote} did not accept the connection.` : reason)),
    );
  });
}

class WebSocketLink implements Link {
  readonly kind = 'websocket';
  readonly remote: string;
  readonly #socket: SocketLike;
  readonly #inbox: LinkInbox;

  constructor(socket: SocketLike, remote: string) {
    this.remote = remote;
    this.#socket = socket;
    this.#inbox = new LinkInbox((code, reason) => this.#leave(code, reason));
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('close', (event) => this.#ended(event));
    // An error is always followed by the close; without a listener `ws` would throw it.
    socket.addEventListener('error', () => undefined);
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState === OPEN) this.#socket.send(frame as Uint8Array<ArrayBuffer>);
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  listen(listener: LinkListener): void {
    this.#inbox.listen(listener);
  }

  close(code: LinkCode, reason: string): void {
    this.#inbox.silence();
    this.#leave(code, reason);
  }

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) this.#inbox.frame(new Uint8Array(data));
    else this.#inbox.violation('malformed-frame', 'a text message where frames are binary');
  }

  #ended(event: { readonly code: number; readonly reason: string }): void {
    const [code = '', ...rest] = event.reason.split(': ');
    if (isErrorCode(code)) this.#inbox.end(code, rest.join(': '));
    else this.#inbox.end('closed', event.reason === '' ? `the socket closed (${event.code})` : event.reason);
  }

  #leave(code: LinkCode, reason: string): void {
    if (this.#socket.readyState === CLOSED) return;
    this.#socket.close(CLOSE_STATUS, asciiOnly(code === 'closed' ? reason : `${code}: ${reason}`));
    if (this.#socket.terminate === undefined) return;
    const timer = setTimeout(() => this.#socket.terminate?.(), SOCKET_LINGER_MS);
    this.#socket.addEventListener('close', () => clearTimeout(timer));
  }
}

/** Reasons are counted in bytes, so characters that take several are replaced. */
const asciiOnly = (text: string): string =>
  text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, REASON_CHARACTERS_MAX);
