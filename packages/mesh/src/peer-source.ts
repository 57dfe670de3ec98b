/** Who answers offers of data channels: this process itself, or a process of its own (`link-process.ts`). */
import type { Link } from './link.ts';
import { type OpenPeerOptions, openPeer } from './peer-link.ts';
import { PROCESS_LINKS_MAX } from './limits.ts';

export interface PeerHandlers {
  readonly iceServers: readonly { readonly urls: string }[];
  /** Text for the other side. */
  readonly onSignal: (data: string) => void;
  /** The channel is open. */
  readonly onLink: (link: Link) => void;
  /** No channel will open, with the reason in words. */
  readonly onFailed: (reason: string) => void;
  /** The peer is gone, opened or not, and its place is free. */
  readonly onEnded?: () => void;
}

export interface PeerHandle {
  /** The other side's text. */
  signal(data: string): void;
  /** Gives an attempt up that has not opened yet. */
  close(reason: string): void;
}

export interface PeerSource {
  /** Whether one more peer can be taken now; `reason` says why not. */
  readonly available: boolean;
  readonly reason: string;
  /** Begins to answer one offer. Only while `available`. */
  accept(handlers: PeerHandlers): PeerHandle;
}

export interface LocalPeerOptions extends Pick<OpenPeerOptions, 'SimplePeer' | 'wrtc' | 'keepCandidate'> {
  readonly linksMax?: number;
}

/** Peers of this very process. */
export function createLocalPeers(options: LocalPeerOptions): PeerSource {
  const linksMax = options.linksMax ?? PROCESS_LINKS_MAX;
  const { linksMax: _, ...peerOptions } = options;
  let live = 0;
  return {
    get available() {
      return live < linksMax;
    },
    get reason() {
      return live < linksMax ? '' : `all ${linksMax} data channels are taken`;
    },
    accept: ({ iceServers, onSignal, onLink, onFailed, onEnded }) => {
      live += 1;
      const attempt = openPeer({ ...peerOptions, initiator: false, iceServers, onSignal, remote: 'a node' });
      attempt.opened.then(onLink, (cause: unknown) => onFailed(cause instanceof Error ? cause.message : ''));
      void attempt.ended.then(() => {
        live -= 1;
        onEnded?.();
      });
      return attempt;
    },
  };
}
