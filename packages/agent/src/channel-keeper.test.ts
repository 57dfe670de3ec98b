// The agent's session on a real data channel: moved to it, back from it when it breaks, and staying put where none is.
import { createLocalPeers, openPeer } from '@trine/mesh/webrtc';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SimplePeer from 'simple-peer';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import type { ChannelSource } from './channel-keeper.ts';
import { guestBytes, ORIGIN, TestCoordinator } from './coordinator.testing.ts';
import { testPorts } from './ports.testing.ts';
import type { AgentView } from './view.ts';

// A CommonJS package whose names an ES import would not see.
const wrtc = createRequire(import.meta.url)('@roamhq/wrtc') as NonNullable<SimplePeer.Options['wrtc']>;
const keepCandidate = (candidate: string): boolean => / (127\.0\.0\.1|::1) /.test(candidate);

let outdir = '';
let entry = '';
let coordinator: TestCoordinator;
let agent: Agent;
let made: SimplePeer.Instance[] = [];

class SeenPeer extends SimplePeer {
  constructor(options?: SimplePeer.Options) {
    super(options);
    made.push(this);
  }
}

const channels: ChannelSource = {
  type: 'available',
  open: (iceServers, onSignal) =>
    openPeer({ SimplePeer: SeenPeer, wrtc, initiator: true, iceServers, onSignal, keepCandidate }),
};

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-channel-'));
  entry = await buildGuestThread({ platform: 'node', outdir });
});

afterAll(() => rm(outdir, { recursive: true }));

afterEach(async () => {
  await agent.close();
  await coordinator.close();
  for (const peer of made) peer.destroy();
  made = [];
});

async function begin(source: ChannelSource, takesChannels: boolean): Promise<void> {
  const peers = takesChannels ? createLocalPeers({ SimplePeer, wrtc, keepCandidate }) : undefined;
  coordinator = new TestCoordinator(await guestBytes(), peers);
  agent = createAgent({
    ports: { ...testPorts(() => coordinator, entry), channels: source },
    settings: { origin: ORIGIN, threads: 1 },
  });
  await agent.start();
}

function seen(condition: (view: AgentView) => boolean): Promise<AgentView> {
  return new Promise((resolve) => {
    const end = agent.onView((view) => {
      if (!condition(view)) return;
      queueMicrotask(() => end());
      resolve(view);
    });
  });
}

async function runOne(value: number): Promise<void> {
  const grant = coordinator.grant(0, value);
  coordinator.offer(grant);
  await coordinator.until(() => coordinator.results.has(grant.lease));
}

test('the session moves to a data channel, and back when it breaks, without a new hello', async () => {
  await begin(channels, true);
  expect(await seen(({ link }) => link === 'webrtc')).toMatchObject({ linkNote: '' });
  await runOne(1);
  for (const peer of made) peer.destroy();
  await seen(({ link }) => link === 'memory');
  await runOne(2);
  expect(coordinator.hellos).toHaveLength(1);
});

test('where the coordinator takes none, a sentence says so and work goes on', async () => {
  await begin(channels, false);
  const view = await seen(({ linkNote }) => linkNote !== '');
  expect(view).toMatchObject({ link: 'memory', linkNote: 'The coordinator offers no WebRTC.' });
  await runOne(1);
});

test('where this home has none, its reason is told in the profile', async () => {
  await begin({ type: 'none', reason: 'WebRTC is switched off here.' }, true);
  await coordinator.until(() => coordinator.hellos.length === 1);
  expect(coordinator.hellos[0]?.profile.webrtc).toBe('WebRTC is switched off here.');
  expect((await seen(({ phase }) => phase === 'idle')).link).toBe('memory');
});
