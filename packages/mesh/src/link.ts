/**
 * The transport port: whole frames in order, or the end of the link. A session may outlive many links.
 *
 * A link is reliable and ordered while it lives; frames in flight when it ends are lost without notice,
 * and the session above sends them again on the next one.
 */
import { type ErrorCode, LIMITS, type LinkKind } from '@trine/protocol';
import { EARLY_BYTES_MAX, EARLY_FRAMES_MAX } from './limits.ts';

/** Why a link ended. `closed` is an ordinary end without an error. */
export type LinkCode = ErrorCode | 'closed';

export interface LinkListener {
  /** One whole frame, in the order sent. Not copied: the listener owns the bytes. */
  onFrame(frame: Uint8Array): void;
  /** The other side or the transport ended the link. Told once, and never after one's own `close`. */
  onClose(code: LinkCode, reason: string): void;
}

export interface Link {
  readonly kind: LinkKind;
  /** Where the other end is, in words for people and logs. */
  readonly remote: string;
  /** Queues one frame of at most 64 KiB. Frames sent to an ended link vanish. */
  send(frame: Uint8Array): void;
  /** Bytes handed to `send` that have not left this machine yet. */
  bufferedBytes(): number;
  /**
   * Names who hears the link. What arrived earlier is told before this returns: frames, then the end.
   * A later call replaces the listener.
   */
  listen(listener: LinkListener): void;
  /** Ends the link after the frames already sent. Safe to call twice. */
  close(code: LinkCode, reason: string): void;
}

/**
 * The receiving half every adapter shares: keeps what comes before a listener does, refuses frames over
 * the limit, and tells the end once. `fail` is called when the inbox itself ends the link.
 */
export class LinkInbox {
  readonly #fail: (code: LinkCode, reason: string) => void;
  #listener: LinkListener | undefined;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #end: { readonly code: LinkCode; readonly reason: string } | undefined;
  #silent = false;

  constructor(fail: (code: LinkCode, reason: string) => void) {
    this.#fail = fail;
  }

  /** True once nothing more will be told. */
  get ended(): boolean {
    return this.#silent || this.#end !== undefined;
  }

  frame(bytes: Uint8Array): void {
    if (this.ended) return;
    if (bytes.length > LIMITS.frameBytes.value) {
      this.violation('frame-too-large', `a frame of ${bytes.length} bytes, over ${LIMITS.frameBytes.value}`);
    } else if (this.#listener === undefined) {
      this.#keep(bytes);
    } else {
      this.#listener.onFrame(bytes);
    }
  }

  /** The other side broke the link's rules: ends it and tells the listener. */
  violation(code: LinkCode, reason: string): void {
    if (this.ended) return;
    this.#fail(code, reason);
    this.end(code, reason);
  }

  /** The other side or the transport ended the link. */
  end(code: LinkCode, reason: string): void {
    if (this.ended) return;
    this.#end = { code, reason };
    this.#listener?.onClose(code, reason);
  }

  /** Our own side closed the link: nothing more is told. */
  silence(): void {
    this.#silent = true;
    this.#early = [];
  }

  listen(listener: LinkListener): void {
    const early = this.#early;
    const first = this.#listener === undefined;
    this.#listener = listener;
    this.#early = [];
    for (const frame of early) {
      if (this.#silent) return;
      this.#listener.onFrame(frame);
    }
    if (first && !this.#silent && this.#end !== undefined) {
      this.#listener.onClose(this.#end.code, this.#end.reason);
    }
  }

  #keep(bytes: Uint8Array): void {
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#early.length > EARLY_FRAMES_MAX || this.#earlyBytes > EARLY_BYTES_MAX) {
      this.#early = [];
      this.violation('peer-too-slow', 'more frames than are kept before anyone listens');
    }
  }
}
