import SimplePeer from 'simple-peer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LinkRig } from './link-rig.ts';
import { isLoopback, wrtc } from './loopback.testing.ts';
import { createMemoryLinkPair } from './memory-link.ts';
import { openPeer } from './peer-link.ts';
import { createLocalPeers, type PeerSource } from './peer-source.ts';
import { type House, openHouse, type TestAgent, upTo } from './session-house.ts';
import { encodeSignal } from './signals.ts';
import { type Upgrade, upgradeToWebRtc } from './webrtc-upgrade.ts';

const memoryRig: LinkRig = {
  connect: async () => {
    const { left, right, cut } = createMemoryLinkPair({ kind: 'websocket' });
    return { near: left, far: right, cut: () => cut('the test cut the link') };
  },
  close: async () => undefined,
};

/** Real peers, made by the agent; `sever` breaks the last one at once. */
function upgrade(agent: TestAgent, attempt: number): { readonly upgrade: Upgrade; sever(): void } {
  const made: SimplePeer.Instance[] = [];
  class SeenPeer extends SimplePeer {
    constructor(options?: SimplePeer.Options) {
      super(options);
      made.push(this);
    }
  }
  const upgrade = upgradeToWebRtc({
    session: agent.session,
    attempt,
    open: (onSignal) =>
      openPeer({
        SimplePeer: SeenPeer,
        wrtc,
        initiator: true,
        iceServers: [],
        keepCandidate: isLoopback,
        onSignal,
      }),
  });
  agent.onSignal = (message) => upgrade.signal(message);
  return {
    upgrade,
    sever: () => {
      for (const peer of made) peer.destroy();
    },
  };
}

describe('a session that moves to a data channel', () => {
  let house: House;
  let peers: PeerSource;
  let agent: TestAgent;
  beforeEach(async () => {
    peers = createLocalPeers({ SimplePeer, wrtc, keepCandidate: isLoopback, linksMax: 1 });
    house = await openHouse(memoryRig, peers);
    agent = house.join(1);
    await agent.until(() => agent.openings.length === 1);
  });
  afterEach(() => house.close());

  test('carries on there under load, and comes back when the channel breaks', async () => {
    agent.say(500);
    house.say(agent, 500);
    const { upgrade: attempt, sever } = upgrade(agent, 1);
    for (let step = 0; step < 50; step += 1) {
      agent.say(10);
      house.say(agent, 10);
      await agent.turn();
    }
    expect(await attempt.done).toEqual({ type: 'moved' });
    expect(agent.session.linkKind).toBe('webrtc');
    agent.say(500);
    house.say(agent, 500);
    sever();
    await agent.until(() => agent.session.linkKind === 'websocket');
    await agent.until(() => agent.heard.length === 1_500);
    await house.until(() => house.heard(agent).length === 1_500);
    expect(agent.heard).toEqual(upTo(1_500));
    expect(house.heard(agent)).toEqual(upTo(1_500));
    expect(agent.openings.map(({ session }) => session)).toEqual([1, 1]);
  });

  test('stays where it is, and says why, when there is no room', async () => {
    expect(await upgrade(agent, 1).upgrade.done).toEqual({ type: 'moved' });
    const second = house.join(2);
    await second.until(() => second.openings.length === 1);
    expect(await upgrade(second, 1).upgrade.done).toEqual({
      type: 'stayed',
      note: 'No WebRTC: all 1 data channels are taken.',
    });
    expect(second.session.linkKind).toBe('websocket');
    expect(house.notes).toContain('all 1 data channels are taken');
  });

  test('outlives signals that make no sense', async () => {
    agent.session.send({ type: 'signal', attempt: 1, data: 'null' });
    agent.session.send({
      type: 'signal',
      attempt: 1,
      data: encodeSignal({ type: 'offer', sdp: 'v=nonsense' }),
    });
    await house.until(() => house.notes.length === 1);
    agent.say(3);
    await house.until(() => house.heard(agent).length === 3);
    expect(peers.available).toBe(true);
  });

  test('is asked to wait between attempts', async () => {
    agent.session.send({ type: 'signal', attempt: 1, data: 'null' });
    expect(await upgrade(agent, 2).upgrade.done).toEqual({
      type: 'stayed',
      note: 'No WebRTC: attempts follow one another too fast.',
    });
  });
});
