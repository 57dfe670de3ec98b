import { describe, expect, test } from 'vitest';
import { linkConformance, type LinkRig, sessionConformance } from './conformance.ts';
import { dataChannelLink } from './data-channel-link.ts';
import { connectPeers, isLoopback, wrtc } from './loopback.testing.ts';
import { bridgePeerToPort, portLink } from './port-link.ts';
import { parseSignal } from './signals.ts';

/** Real data channels between two peers of this process, over the loopback interface. */
async function makePeerRig(): Promise<LinkRig> {
  return {
    connect: async () => {
      const { near, far, sever } = await connectPeers();
      return { near, far, cut: sever };
    },
    close: async () => undefined,
  };
}

/** The same, with one end lent to another thread as a page lends it to its agent. */
async function makePortRig(): Promise<LinkRig> {
  return {
    connect: async () => {
      const { near, far, sever } = await connectPeers();
      const channel = new MessageChannel();
      bridgePeerToPort(near, channel.port1);
      return { near: portLink(channel.port2, 'the coordinator'), far, cut: sever };
    },
    close: async () => undefined,
  };
}

/** Bare channels, as a page transfers them to its agent. */
async function makeChannelRig(): Promise<LinkRig> {
  return {
    connect: async () => {
      const near = new wrtc.RTCPeerConnection({ iceServers: [] });
      const far = new wrtc.RTCPeerConnection({ iceServers: [] });
      const options = { negotiated: true, id: 0 };
      const ends = [near.createDataChannel('t', options), far.createDataChannel('t', options)] as const;
      const links = [dataChannelLink(ends[0], 'far'), dataChannelLink(ends[1], 'near')] as const;
      const pass = (to: RTCPeerConnection) => (event: RTCPeerConnectionIceEvent) => {
        if (event.candidate !== null && isLoopback(event.candidate.candidate)) {
          // One that comes late, after a test cut the connection, is refused: nothing waits for it.
          to.addIceCandidate(event.candidate).catch(() => undefined);
        }
      };
      near.addEventListener('icecandidate', pass(far));
      far.addEventListener('icecandidate', pass(near));
      const open = Promise.all(ends.map((end) => once(end, 'open')));
      const offer = await near.createOffer();
      await far.setRemoteDescription(offer);
      await near.setLocalDescription(offer);
      const answer = await far.createAnswer();
      await near.setRemoteDescription(answer);
      await far.setLocalDescription(answer);
      await open;
      return {
        near: links[0],
        far: links[1],
        cut: () => {
          near.close();
          far.close();
        },
      };
    },
    close: async () => undefined,
  };
}

const once = (target: RTCDataChannel, event: 'open'): Promise<void> =>
  new Promise((resolve) => {
    target.addEventListener(event, () => resolve());
  });

linkConformance('bare data channel', { makeRig: makeChannelRig, carriesCodes: false });
linkConformance('WebRTC', { makeRig: makePeerRig, carriesCodes: false });
sessionConformance('WebRTC', { makeRig: makePeerRig, carriesCodes: false });
linkConformance('lent WebRTC', { makeRig: makePortRig, carriesCodes: false });
sessionConformance('lent WebRTC', { makeRig: makePortRig, carriesCodes: false, seed: 2 });

describe('signals', () => {
  test.each([
    ['', undefined],
    ['null', undefined],
    ['[]', undefined],
    ['{"type":"renegotiate","renegotiate":true}', undefined],
    ['{"type":"transceiverRequest","transceiverRequest":{"kind":"audio"}}', undefined],
    ['{"type":"offer","sdp":7}', undefined],
    ['{"type":"candidate","candidate":{"candidate":""}}', undefined],
    ['{"type":"offer","sdp":"v=0","renegotiate":true}', { type: 'offer', sdp: 'v=0' }],
    [
      '{"type":"candidate","candidate":{"candidate":"candidate:1","sdpMid":"0","evil":1}}',
      { type: 'candidate', candidate: { candidate: 'candidate:1', sdpMLineIndex: null, sdpMid: '0' } },
    ],
  ])('%s', (text, expected) => {
    expect(parseSignal(text)).toEqual(expected);
  });

  test('over the bound', () => {
    expect(parseSignal(JSON.stringify({ type: 'offer', sdp: 'x'.repeat(17_000) }))).toBeUndefined();
  });
});
