/** A link over a bare `RTCDataChannel`: one that a page transferred to the agent's worker. */
import { type Link, type LinkCode, LinkInbox, type LinkListener } from './link.ts';

/** The link may be made before the channel is open: what is sent meanwhile waits. */
export const dataChannelLink = (channel: RTCDataChannel, remote: string): Link =>
  new DataChannelLink(channel, remote);

class DataChannelLink implements Link {
  readonly kind = 'webrtc';
  readonly remote: string;
  readonly #channel: RTCDataChannel;
  readonly #inbox: LinkInbox;
  #waiting: Uint8Array[] = [];

  constructor(channel: RTCDataChannel, remote: string) {
    this.remote = remote;
    this.#channel = channel;
    this.#inbox = new LinkInbox(() => channel.close());
    channel.binaryType = 'arraybuffer';
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#receive(data));
    channel.addEventListener('close', () => this.#inbox.end('closed', 'the data channel closed'));
    channel.addEventListener('error', () => this.#inbox.end('closed', 'the data channel failed'));
    channel.addEventListener('open', () => {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const frame of waiting) this.send(frame);
    });
  }

  send(frame: Uint8Array): void {
    if (this.#channel.readyState === 'open') this.#channel.send(frame as Uint8Array<ArrayBuffer>);
    else if (this.#channel.readyState === 'connecting') this.#waiting.push(frame);
  }

  bufferedBytes(): number {
    return this.#waiting.reduce((sum, frame) => sum + frame.length, this.#channel.bufferedAmount);
  }

  listen(listener: LinkListener): void {
    this.#inbox.listen(listener);
  }

  close(_code: LinkCode, _reason: string): void {
    this.#inbox.silence();
    this.#channel.close();
  }

  #receive(data: unknown): void {
    if (data instanceof ArrayBuffer) this.#inbox.frame(new Uint8Array(data));
    else this.#inbox.violation('malformed-frame', 'a text message where frames are binary');
  }
}
