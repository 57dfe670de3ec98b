/**
 * What makes a session outlive its links: numbers, acknowledgements and repeats.
 *
 * Messages queue, are packed into frames at the end of the turn, and a frame is kept until the other side
 * has acknowledged its number. On a new link everything not acknowledged is sent again in order; a number
 * received twice is dropped. So each message arrives once and in order however links come and go.
 *
 * The core knows neither keys nor reconnecting: `agent-session.ts` and `session-host.ts` do, one a side.
 */
import {
  type DecodedMessages,
  decodeFrame,
  encodeFrame,
  type ErrorCode,
  type Frame,
  LIMITS,
  TrineError,
} from '@trine/protocol';
import type { Clock } from './clock.ts';
import {
  ACKNOWLEDGE_FRAMES,
  ACKNOWLEDGE_MS,
  LINGER_MS,
  LINK_BUFFER_HIGH_BYTES,
  LINK_BUFFER_RETRY_MS,
} from './limits.ts';
import type { Link } from './link.ts';

/** What a session counts about the other side, for metrics and for cutting off offenders. */
export type Counted = 'repeat' | 'malformed' | 'unknown-message' | 'rate-limited' | 'out-of-order';

export interface CoreOptions<Out, In> {
  readonly clock: Clock;
  /** One message as CBOR. */
  readonly encode: (message: Out) => Uint8Array;
  readonly decode: (raw: readonly unknown[]) => DecodedMessages<In>;
  readonly onMessages: (messages: readonly In[]) => void;
  /** An empty frame came: the other side is alive. */
  readonly onKeepalive: () => void;
  /** The other side broke the rules, or does not take what it is sent. The owner ends link or session. */
  readonly onFault: (code: ErrorCode, reason: string) => void;
  readonly onCounted: (kind: Counted) => void;
}

interface KeptFrame {
  readonly sequence: number;
  /** The acknowledgement it carries; an old one when the frame is sent again. */
  readonly acknowledged: number;
  readonly bytes: Uint8Array;
}

/** Array head, two numbers of up to nine bytes and the head of the messages. */
const FRAME_HEAD_BYTES_MAX = 24;

export class SessionCore<Out, In> {
  readonly #options: CoreOptions<Out, In>;
  #link: Link | undefined;
  /** Encoded messages that no frame carries yet. */
  #queued: Uint8Array[] = [];
  #queuedBytes = 0;
  /** Frames sent or to be sent, oldest first, until acknowledged. */
  #kept: KeptFrame[] = [];
  #keptBytes = 0;
  /** Number of the last frame made, and of the last one handed to the present link. */
  #made = 0;
  #handed = 0;
  /** Highest number the other side is known to have, and the highest received in order from it. */
  #acknowledged = 0;
  #received = 0;
  /** Frames received since the other side was last told how far we are. */
  #untold = 0;
  #malformed = 0;
  #flushQueued = false;
  #cancelAcknowledge: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;
  #closed = false;
  #sentAtMs: number;

  constructor(options: CoreOptions<Out, In>) {
    this.#options = options;
    this.#sentAtMs = options.clock.nowMs();
  }

  /** Highest frame number received in order. */
  get received(): number {
    return this.#received;
  }

  /** When the present or an earlier link was last given a frame. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** True when the other side has acknowledged all there was to send. */
  get settled(): boolean {
    return this.#queued.length === 0 && this.#kept.length === 0;
  }

  /** Queues a message. Throws `frame-too-large` for one that no frame can carry: a bug of the caller. */
  send(message: Out): void {
    if (this.#queue(message)) this.#queueFlush();
  }

  /** Queues a message that may wait for company: it shares the next frame, or leaves alone after `LINGER_MS`. */
  sendLater(message: Out): void {
    if (!this.#queue(message)) return;
    this.#cancelLinger ??= this.#options.clock.setTimer(LINGER_MS, () => {
      this.#cancelLinger = undefined;
      this.flush();
    });
  }

  /** Answers false when there is nobody left to send to. */
  #queue(message: Out): boolean {
    if (this.#closed) return false;
    const bytes = this.#options.encode(message);
    if (bytes.length > LIMITS.frameBytes.value - FRAME_HEAD_BYTES_MAX) {
      throw new TrineError(
        'frame-too-large',
        `A message of ${bytes.length} bytes does not fit into a frame.`,
      );
    }
    this.#queued.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes + this.#keptBytes > LIMITS.unacknowledgedBytes.value) {
      this.#options.onFault('peer-too-slow', 'the other side does not take what it is sent');
      return false;
    }
    return true;
  }

  /** Sends what is queued now instead of at the end of the turn. */
  flush(): void {
    if (this.#closed || this.#link === undefined) return;
    this.#pack();
    this.#hand(this.#link);
  }

  /** An empty frame: says that this side is alive, and what it has received. */
  keepalive(): void {
    if (this.#link === undefined || this.#closed) return;
    const bytes = encodeFrame({ sequence: 0, acknowledged: this.#received, messages: [] });
    this.#sendNow(this.#link, bytes, this.#received);
  }

  /** Whether a link may carry on from what the other side says it has received. */
  canResume(peerReceived: number): boolean {
    return peerReceived >= this.#acknowledged && peerReceived <= this.#made;
  }

  /** Moves to `link`: sends again all that the other side does not have. The owner feeds `receive`. */
  attach(link: Link, peerReceived: number): void {
    this.detach();
    this.#link = link;
    this.#acknowledge(peerReceived);
    this.#handed = this.#acknowledged;
    this.#untold = 0;
    this.#queueFlush();
  }

  /** Leaves the present link, if there is one. Messages queue meanwhile. */
  detach(): void {
    this.#link = undefined;
    this.#cancelAcknowledge?.();
    this.#cancelAcknowledge = undefined;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  close(): void {
    this.detach();
    this.#closed = true;
    this.#endLinger();
    this.#queued = [];
    this.#kept = [];
    this.#queuedBytes = 0;
    this.#keptBytes = 0;
  }

  /** Takes one frame of the present link. Answers how many messages it carried, for rate limits. */
  receive(bytes: Uint8Array): number {
    if (this.#closed) return 0;
    const decoded = decodeFrame(bytes);
    if (decoded.type === 'frame') return this.#take(decoded.frame);
    this.#countMalformed(decoded.type === 'malformed' ? decoded.reason : 'a handshake inside a session');
    return 1;
  }

  #take(frame: Frame): number {
    if (frame.acknowledged > this.#made) {
      this.#countMalformed('acknowledges a frame that was never sent');
      return 1;
    }
    this.#acknowledge(frame.acknowledged);
    if (frame.sequence === 0) {
      this.#options.onKeepalive();
    } else if (frame.sequence <= this.#received) {
      this.#options.onCounted('repeat');
      this.#oweAcknowledgement();
    } else if (frame.sequence > this.#received + 1) {
      this.#options.onCounted('out-of-order');
      this.#options.onFault(
        'frame-out-of-order',
        `frame ${frame.sequence} came where ${this.#received + 1} was due`,
      );
    } else {
      this.#accept(frame);
    }
    if (this.#link !== undefined) this.#hand(this.#link);
    return Math.max(1, frame.messages.length);
  }

  #accept(frame: Frame): void {
    this.#received = frame.sequence;
    this.#oweAcknowledgement();
    const decoded = this.#options.decode(frame.messages);
    for (let count = 0; count < decoded.unknown; count += 1) this.#options.onCounted('unknown-message');
    // Of a frame with a broken message nothing is delivered: its sender does not speak the protocol.
    if (decoded.malformed !== undefined) this.#countMalformed(decoded.malformed);
    else if (decoded.messages.length > 0) this.#options.onMessages(decoded.messages);
  }

  #countMalformed(reason: string): void {
    this.#malformed += 1;
    this.#options.onCounted('malformed');
    if (this.#malformed >= LIMITS.malformedFrames.value) this.#options.onFault('malformed-frame', reason);
  }

  #acknowledge(number: number): void {
    if (number <= this.#acknowledged) return;
    this.#acknowledged = number;
    // A frame that an earlier link delivered late may be acknowledged before it is handed to this one.
    this.#handed = Math.max(this.#handed, number);
    let freed = 0;
    for (const frame of this.#kept) {
      if (frame.sequence > number) break;
      this.#keptBytes -= frame.bytes.length;
      freed += 1;
    }
    this.#kept.splice(0, freed);
  }

  #oweAcknowledgement(): void {
    this.#untold += 1;
    if (this.#untold >= ACKNOWLEDGE_FRAMES) return this.keepalive();
    this.#cancelAcknowledge ??= this.#options.clock.setTimer(ACKNOWLEDGE_MS, () => {
      this.#cancelAcknowledge = undefined;
      if (this.#untold > 0) this.#tell();
    });
  }

  /** Says how far we are: with what waits, if something does. */
  #tell(): void {
    if (this.#queued.length > 0) this.flush();
    else this.keepalive();
  }

  #queueFlush(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    this.#options.clock.defer(() => {
      this.#flushQueued = false;
      this.flush();
    });
  }

  /** Makes frames of all queued messages, each as full as the limits let it be. */
  #pack(): void {
    this.#endLinger();
    let start = 0;
    while (start < this.#queued.length) {
      let size = FRAME_HEAD_BYTES_MAX;
      let end = start;
      while (end < this.#queued.length && end - start < LIMITS.frameMessages.value) {
        size += this.#queued[end]?.length ?? 0;
        if (size > LIMITS.frameBytes.value) break;
        end += 1;
      }
      this.#keep(this.#queued.slice(start, end));
      start = end;
    }
    this.#queued = [];
    this.#queuedBytes = 0;
  }

  #endLinger(): void {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
  }

  #keep(messages: readonly Uint8Array[]): void {
    this.#made += 1;
    const bytes = assembleFrame(this.#made, this.#received, messages);
    this.#kept.push({ sequence: this.#made, acknowledged: this.#received, bytes });
    this.#keptBytes += bytes.length;
  }

  /** Hands kept frames to the link while its buffer has room. Repeats may carry an old acknowledgement. */
  #hand(link: Link): void {
    if (this.#handed >= this.#made) return;
    for (const frame of this.#kept.slice(this.#handed - this.#acknowledged)) {
      if (link.bufferedBytes() >= LINK_BUFFER_HIGH_BYTES) return this.#retryLater();
      this.#handed = frame.sequence;
      this.#sendNow(link, frame.bytes, frame.acknowledged);
    }
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#options.clock.setTimer(LINK_BUFFER_RETRY_MS, () => {
      this.#cancelRetry = undefined;
      if (this.#link !== undefined) this.#hand(this.#link);
    });
  }

  #sendNow(link: Link, bytes: Uint8Array, acknowledged: number): void {
    this.#sentAtMs = this.#options.clock.nowMs();
    if (acknowledged === this.#received) this.#untold = 0;
    link.send(bytes);
  }
}

/**
 * The frame `[sequence, acknowledged, messages]` from messages encoded before: the empty frame's last byte
 * is the head of an empty array, so it gives way to the real head and the messages' own bytes.
 */
export function assembleFrame(
  sequence: number,
  acknowledged: number,
  messages: readonly Uint8Array[],
): Uint8Array {
  const empty = encodeFrame({ sequence, acknowledged, messages: [] });
  const head = arrayHead(messages.length);
  const size = messages.reduce((sum, message) => sum + message.length, empty.length - 1 + head.length);
  const frame = new Uint8Array(size);
  frame.set(empty.subarray(0, -1));
  frame.set(head, empty.length - 1);
  let offset = empty.length - 1 + head.length;
  for (const message of messages) {
    frame.set(message, offset);
    offset += message.length;
  }
  return frame;
}

/** Head of a CBOR array of fewer than 65,536 items, in its shortest form. */
function arrayHead(count: number): readonly number[] {
  if (count < 24) return [0x80 | count];
  if (count < 256) return [0x98, count];
  return [0x99, count >> 8, count & 0xff];
}
