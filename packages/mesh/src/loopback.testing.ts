/** WebRTC between ends of one process that tell one another their loopback candidates and no others. */
import { createRequire } from 'node:module';
import SimplePeer from 'simple-peer';
import type { Link } from './link.ts';
import { openPeer } from './peer-link.ts';

type Wrtc = NonNullable<SimplePeer.Options['wrtc']>;

/** A CommonJS package whose names an ES import would not see. */
export const wrtc = createRequire(import.meta.url)('@roamhq/wrtc') as Wrtc;

export const isLoopback = (candidate: string): boolean => / (127\.0\.0\.1|::1) /.test(candidate);

/** Two links over one data channel. `sever` breaks it at once, as a lost network would. */
export async function connectPeers(): Promise<{ near: Link; far: Link; sever: () => void }> {
  const made: SimplePeer.Instance[] = [];
  class SeenPeer extends SimplePeer {
    constructor(options?: SimplePeer.Options) {
      super(options);
      made.push(this);
    }
  }
  const common = { SimplePeer: SeenPeer, wrtc, iceServers: [], keepCandidate: isLoopback };
  const near = openPeer({ ...common, initiator: true, onSignal: (data) => far.signal(data) });
  const far = openPeer({ ...common, initiator: false, onSignal: (data) => near.signal(data) });
  const [nearLink, farLink] = await Promise.all([near.opened, far.opened]);
  return {
    near: nearLink,
    far: farLink,
    sever: () => {
      for (const peer of made) peer.destroy();
    },
  };
}
