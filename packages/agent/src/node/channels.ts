/** WebRTC in Node, where its native package resolves; elsewhere the session stays on its WebSocket. */
import { openPeer } from '@trine/mesh/webrtc';
import SimplePeer from 'simple-peer';
import type { ChannelSource } from '../channel-keeper.ts';

/** Looks for the package once. Never rejects. */
export async function findNodeChannels(): Promise<ChannelSource> {
  const wrtc = await loadWrtc();
  if (wrtc === undefined) {
    return {
      type: 'none',
      reason: 'No WebRTC: the package @roamhq/wrtc is not installed for this platform.',
    };
  }
  return {
    type: 'available',
    open: (iceServers, onSignal) =>
      openPeer({ SimplePeer, wrtc, initiator: true, iceServers, onSignal, remote: 'the coordinator' }),
  };
}

type Wrtc = Parameters<typeof openPeer>[0]['wrtc'];

async function loadWrtc(): Promise<Wrtc | undefined> {
  try {
    // Optional and native: left out of bundles, taken from wherever the program can resolve it.
    const loaded = (await import('@roamhq/wrtc')) as { readonly default: Wrtc };
    return loaded.default;
  } catch {
    return undefined;
  }
}
