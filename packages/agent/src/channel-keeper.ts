/**
 * Keeps trying to carry the session over a WebRTC data channel: at once when a session begins, later again with
 * growing pauses. Where it does not work nothing changes but a note.
 */
import { type AgentSession, type Clock } from '@trine/mesh';
import { type PeerAttempt, type Upgrade, upgradeToWebRtc } from '@trine/mesh/webrtc';
import type { SignalMessage, Welcome } from '@trine/protocol';
import { WEBRTC_RETRY_MAX_MS, WEBRTC_RETRY_MS } from './limits.ts';

export type IceServers = readonly { readonly urls: string }[];

/** Whether this home can open data channels, and how. */
export type ChannelSource =
  | {
      readonly type: 'available';
      /** Makes a peer as initiator. `onSignal` is first called in a later turn. */
      readonly open: (
        iceServers: IceServers,
        onSignal: (data: string) => void,
      ) => Pick<PeerAttempt, 'opened' | 'signal' | 'close'>;
    }
  /** Why not, as a sentence. */
  | { readonly type: 'none'; readonly reason: string };

export interface ChannelKeeperOptions {
  readonly clock: Clock;
  readonly source: ChannelSource;
  /** Why WebRTC is not used, or empty when it is or is being tried. */
  readonly onNote: (note: string) => void;
}

/** See the module's head. */
export class ChannelKeeper {
  readonly #options: ChannelKeeperOptions;
  #session: AgentSession | undefined;
  #offer: Welcome['webrtc'];
  #attempts = 0;
  #failures = 0;
  #upgrade: Upgrade | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: ChannelKeeperOptions) {
    this.#options = options;
  }

  /** The session is open on a WebSocket: a new one is moved at once, one that lost its channel later. */
  opened(session: AgentSession, welcome: Welcome): void {
    this.#stop('the session began anew');
    this.#session = session;
    this.#offer = welcome.webrtc;
    const { source } = this.#options;
    if (source.type === 'none') return this.#options.onNote(source.reason);
    if (this.#offer === undefined) return this.#options.onNote('The coordinator offers no WebRTC.');
    if (session.linkKind === 'webrtc') return;
    if (!welcome.resumed) this.#failures = 0;
    if (this.#failures === 0 && !welcome.resumed) this.#try();
    else this.#tryLater();
  }

  signal(message: SignalMessage): void {
    this.#upgrade?.signal(message);
  }

  /** The link is gone; what was tried over it with it. */
  suspended(): void {
    this.#stop('the session lost its link');
  }

  close(): void {
    this.#stop('the agent stopped');
    this.#session = undefined;
  }

  #stop(reason: string): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const upgrade = this.#upgrade;
    this.#upgrade = undefined;
    upgrade?.cancel(reason);
  }

  #tryLater(): void {
    const pauseMs = Math.min(WEBRTC_RETRY_MS * 2 ** this.#failures, WEBRTC_RETRY_MAX_MS);
    this.#cancelTimer = this.#options.clock.setTimer(pauseMs, () => this.#try());
  }

  #try(): void {
    const { source } = this.#options;
    const session = this.#session;
    const offer = this.#offer;
    if (source.type === 'none' || session === undefined || offer === undefined) return;
    this.#attempts += 1;
    const upgrade = upgradeToWebRtc({
      session,
      attempt: this.#attempts,
      open: (onSignal) => source.open(offer.iceServers, onSignal),
    });
    this.#upgrade = upgrade;
    void upgrade.done.then((outcome) => {
      if (this.#upgrade !== upgrade) return;
      this.#upgrade = undefined;
      if (outcome.type === 'moved') {
        this.#failures = 0;
        return this.#options.onNote('');
      }
      this.#failures += 1;
      this.#options.onNote(outcome.note);
      this.#tryLater();
    });
  }
}
