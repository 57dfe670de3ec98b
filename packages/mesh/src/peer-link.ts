/**
 * A link over a WebRTC data channel, through simple-peer: in pages with the browser's own WebRTC, in Node
 * with `@roamhq/wrtc`. Both are handed in, so that this file runs in either.
 *
 * A frame is one data-channel message: at 64 KiB it stays far below the 256 KiB that wrtc drops in silence.
 */
import type SimplePeer from 'simple-peer';
import { type Clock, systemClock } from './clock.ts';
import { PEER_LINGER_MS, PEER_OPEN_MS, SIGNALS_MAX } from './limits.ts';
import { type Link, type LinkCode, LinkInbox, type LinkListener } from './link.ts';
import { encodeSignal, parseSignal, type PeerSignal } from './signals.ts';

export type PeerConstructor = SimplePeer.SimplePeer;

export interface OpenPeerOptions {
  /** simple-peer's class. Browsers must import `simple-peer/simplepeer.min.js`: the plain entry needs Node. */
  readonly SimplePeer: PeerConstructor;
  /** `@roamhq/wrtc` in Node; absent in browsers. */
  readonly wrtc?: SimplePeer.Options['wrtc'];
  /** The agent is, the coordinator is not. */
  readonly initiator: boolean;
  /** Often empty: on a LAN and to a public coordinator no server is needed. Never simple-peer's default. */
  readonly iceServers: readonly { readonly urls: string }[];
  /** Takes text for the other side's `signal`. First called in a later turn. */
  readonly onSignal: (data: string) => void;
  /** Names the other end. Default `a peer`. */
  readonly remote?: string;
  /** Which candidates may be told and heard. Default all; tests keep to the loopback interface. */
  readonly keepCandidate?: (candidate: string) => boolean;
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** One attempt to open a channel. */
export interface PeerAttempt {
  /** Resolves with the link when the channel is open; rejects with a sentence when it will not open. */
  readonly opened: Promise<Link>;
  /** Resolves when the peer is gone, opened or not, and what it held is free. */
  readonly ended: Promise<void>;
  /** Takes the other side's text. What is no signal is ignored, and so is what comes past the bound. */
  signal(data: string): void;
  /** Gives the attempt up; an opened link is closed by its own `close`. */
  close(reason: string): void;
}

/** Begins an attempt: makes the peer and, on the initiator's side, its offer. */
export const openPeer = (options: OpenPeerOptions): PeerAttempt => new Attempt(options);

class Attempt implements PeerAttempt {
  readonly opened: Promise<Link>;
  readonly ended: Promise<void>;
  readonly #options: OpenPeerOptions;
  readonly #peer: SimplePeer.Instance;
  readonly #link: PeerLink;
  #signals = 0;
  #settled = false;
  #fail: (reason: string) => void = () => undefined;

  constructor(options: OpenPeerOptions) {
    const { SimplePeer, initiator, iceServers, wrtc } = options;
    const clock = options.clock ?? systemClock;
    this.#options = options;
    this.#peer = new SimplePeer({
      initiator,
      trickle: true,
      // Keeps message boundaries, which the byte stream would not promise.
      objectMode: true,
      config: { iceServers: iceServers.map(({ urls }) => ({ urls })) },
      ...(wrtc === undefined ? {} : { wrtc }),
    });
    // In the tick that makes the peer: a later listener would miss the offer.
    this.#peer.on('signal', (data) => this.#tell(data));
    this.#link = new PeerLink(this.#peer, options.remote ?? 'a peer', clock);
    this.ended = new Promise((resolve) => {
      this.#peer.on('close', () => resolve());
    });
    this.opened = new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? PEER_OPEN_MS;
      const cancel = clock.setTimer(timeoutMs, () => {
        this.#fail(`no data channel opened within ${timeoutMs / 1_000} s; the network may block UDP`);
      });
      this.#fail = (reason) => {
        if (this.#settled) return;
        this.#settled = true;
        cancel();
        this.#peer.destroy();
        reject(new Error(reason));
      };
      this.#peer.on('connect', () => {
        if (this.#settled) return;
        this.#settled = true;
        cancel();
        resolve(this.#link);
      });
      this.#peer.on('error', (error) => this.#fail(error.message));
      this.#peer.on('close', () => this.#fail('the peer ended before its channel opened'));
    });
    // A caller may look at it later, or never.
    this.opened.catch(() => undefined);
  }

  signal(data: string): void {
    const signal = parseSignal(data);
    this.#signals += 1;
    if (signal === undefined || this.#signals > SIGNALS_MAX || !this.#keeps(signal)) return;
    if (signal.type === 'declined') return this.#fail(signal.reason);
    try {
      this.#peer.signal(signal as SimplePeer.SignalData);
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause.message : 'the other side sent a signal that makes no sense');
    }
  }

  close(reason: string): void {
    this.#fail(reason);
  }

  #tell(data: SimplePeer.SignalData): void {
    const signal = parseSignal(JSON.stringify(data));
    if (signal !== undefined && this.#keeps(signal)) this.#options.onSignal(encodeSignal(signal));
  }

  #keeps(signal: PeerSignal): boolean {
    const { keepCandidate } = this.#options;
    return (
      signal.type !== 'candidate' || keepCandidate === undefined || keepCandidate(signal.candidate.candidate)
    );
  }
}

class PeerLink implements Link {
  readonly kind = 'webrtc';
  readonly remote: string;
  readonly #peer: SimplePeer.Instance;
  readonly #clock: Clock;
  readonly #inbox: LinkInbox;
  #open = true;

  constructor(peer: SimplePeer.Instance, remote: string, clock: Clock) {
    this.remote = remote;
    this.#peer = peer;
    this.#clock = clock;
    this.#inbox = new LinkInbox(() => this.#leave());
    peer.on('data', (data: unknown) => this.#receive(data));
    peer.on('close', () => this.#ended('the data channel closed'));
    peer.on('error', (error) => this.#ended(error.message));
  }

  send(frame: Uint8Array): void {
    if (!this.#open) return;
    try {
      this.#peer.send(frame);
    } catch {
      // The channel is closing; its end is told by the close that follows.
    }
  }

  bufferedBytes(): number {
    return this.#peer.bufferSize;
  }

  listen(listener: LinkListener): void {
    this.#inbox.listen(listener);
  }

  close(_code: LinkCode, _reason: string): void {
    this.#inbox.silence();
    this.#leave();
  }

  #receive(data: unknown): void {
    if (data instanceof Uint8Array) {
      this.#inbox.frame(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    } else {
      this.#inbox.violation('malformed-frame', 'a text message where frames are binary');
    }
  }

  #ended(reason: string): void {
    this.#open = false;
    this.#inbox.end('closed', reason);
  }

  /** Destroying a peer drops what SCTP has not sent yet, so it lingers until the buffer has left. */
  #leave(): void {
    if (!this.#open) return;
    this.#open = false;
    const linger = (rounds: number): void => {
      if (rounds === 0 || this.#peer.bufferSize === 0) this.#peer.destroy();
      else this.#clock.setTimer(PEER_LINGER_MS, () => linger(rounds - 1));
    };
    this.#clock.setTimer(PEER_LINGER_MS, () => linger(LINGER_ROUNDS));
  }
}

/** A side that takes nothing any more is cut after this many further lingers. */
const LINGER_ROUNDS = 8;
