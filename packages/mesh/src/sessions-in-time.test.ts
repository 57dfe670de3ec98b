// Deadlines, silence and pauses, on a clock that the tests turn.
import { encodeHandshake, LIMITS, nodeIdOf } from '@trine/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { shakeHands } from './agent-handshake.ts';
import { type AgentSession, createAgentSession } from './agent-session.ts';
import { HANDSHAKES_MAX, IDLE_SILENCE_MS, RECONNECT_CAP_MS, RESUME_WINDOW_MS } from './limits.ts';
import type { Link } from './link.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryLinkPair } from './memory-link.ts';
import { type Admission, createSessionHost, type HostSession, type SessionHost } from './session-host.ts';
import { handshakeDefaults, identityOf, ORIGIN, PROFILE, refusalIn, seeded } from './session-house.ts';

/** A link whose frames vanish while `mute` is set: a network that went away without a word. */
function mutable(link: Link, state: { mute: boolean }): Link {
  return {
    kind: link.kind,
    remote: link.remote,
    send: (frame) => {
      if (!state.mute) link.send(frame);
    },
    bufferedBytes: () => link.bufferedBytes(),
    listen: (listener) =>
      link.listen({
        onFrame: (frame) => {
          if (!state.mute) listener.onFrame(frame);
        },
        onClose: (code, reason) => {
          if (!state.mute) listener.onClose(code, reason);
        },
      }),
    close: (code, reason) => {
      if (!state.mute) link.close(code, reason);
    },
  };
}

let clock: ManualClock;
/** Time that passed for everyone while nothing could run. */
let stalledMs: number;
let host: SessionHost;
let admit: () => Promise<Admission>;
let said: string[];
let wires: { mute: boolean }[];
let dials: number[];
let agents: AgentSession[];
let unreachable: boolean;

const NODE = nodeIdOf(identityOf(1).publicKey);
const told = (line: string) => (_session: HostSession, reason?: string) =>
  void said.push(reason === undefined ? `host: ${line}` : `host: ${line}: ${reason}`);

beforeEach(() => {
  stalledMs = 0;
  const turned = createManualClock();
  clock = { ...turned, nowMs: () => turned.nowMs() + stalledMs };
  said = [];
  wires = [];
  dials = [];
  agents = [];
  unreachable = false;
  let number = 0;
  admit = async () => ({ type: 'admitted', node: NODE, owner: 'itself', session: (number += 1) });
  host = createSessionHost({
    identity: identityOf(100),
    originsAllowed: (origin) => origin === ORIGIN,
    admit: () => admit(),
    coordinators: () => [],
    clock,
    on: {
      opened: told('opened'),
      messages: () => undefined,
      suspended: told('suspended'),
      resumed: told('resumed'),
      ended: told('ended'),
    },
  });
});
afterEach(async () => {
  await Promise.all([...agents.map((agent) => agent.close('over')), clock.advance(2_000)]);
  await host.close();
});

async function dial(): Promise<Link> {
  dials.push(clock.nowMs());
  if (unreachable) throw new Error('nobody answers');
  const wire = { mute: false };
  wires.push(wire);
  const { left, right } = createMemoryLinkPair({ clock });
  host.accept(mutable(right, wire), { remoteAddress: '192.0.2.1' });
  return mutable(left, wire);
}

function join(seed = 7): AgentSession {
  const random = seeded(seed);
  const agent = createAgentSession({
    dial,
    origin: ORIGIN,
    identity: identityOf(1),
    clock,
    entropy: (size) => Uint8Array.from({ length: size }, () => random() * 256),
    hello: () => ({ profile: PROFILE, held: [] }),
    on: {
      opened: ({ resumed }) => said.push(resumed ? 'agent: resumed' : 'agent: opened'),
      messages: () => undefined,
      suspended: (reason) => said.push(`agent: suspended: ${reason}`),
      refused: ({ code }) => said.push(`agent: refused: ${code}`),
      closed: (reason) => said.push(`agent: closed: ${reason}`),
      linkChanged: () => undefined,
    },
  });
  agents.push(agent);
  return agent;
}

const muteAll = (): void => {
  for (const wire of wires) wire.mute = true;
};

describe('silence', () => {
  test('without leases a live link stays, kept by a word now and then', async () => {
    join();
    await clock.advance(10 * IDLE_SILENCE_MS);
    expect(said).toEqual(['host: opened', 'agent: opened']);
    expect(dials).toHaveLength(1);
  });

  test('with leases an agent gives a silent link up after five seconds and resumes', async () => {
    const agent = join();
    await clock.advance(1_000);
    agent.keepalive(true);
    host.session(NODE)?.expectKeepalives(true);
    await clock.advance(60_000);
    expect(said).toEqual(['host: opened', 'agent: opened']);
    muteAll();
    await clock.advance(LIMITS.linkSilenceMs.value + 2_000);
    expect(said.slice(2).toSorted()).toEqual([
      'agent: resumed',
      expect.stringMatching(/^agent: suspended: the link was silent for [56] s$/),
      'host: resumed',
      ...(said.some((line) => line.startsWith('host: suspended'))
        ? ['host: suspended: the node was silent for 5 s']
        : []),
    ]);
    expect(host.session(NODE)?.number).toBe(1);
  });

  test('a node that holds leases and goes silent is suspended, later ended', async () => {
    const agent = join();
    await clock.advance(1_000);
    agent.keepalive(true);
    host.session(NODE)?.expectKeepalives(true);
    unreachable = true;
    muteAll();
    await clock.advance(LIMITS.linkSilenceMs.value + 500);
    expect(said).toContain('host: suspended: the node was silent for 5 s');
    expect(host.session(NODE)?.linkKind).toBeUndefined();
    await clock.advance(RESUME_WINDOW_MS + 1_000);
    expect(said).toContain('host: ended: window-over');
    expect(host.session(NODE)).toBeUndefined();
  });

  test('a coordinator that was stalled itself hears its nodes out first', async () => {
    const agent = join();
    await clock.advance(1_000);
    agent.keepalive(true);
    host.session(NODE)?.expectKeepalives(true);
    // Past the word that switching on sends at once, before the next one and the next sweep.
    await clock.advance(100);
    stalledMs += 30_000;
    await clock.advance(20_000);
    expect(said).toEqual(['host: opened', 'agent: opened']);
  });

  test('an idle node that goes silent is suspended after the longer time', async () => {
    join();
    await clock.advance(1_000);
    unreachable = true;
    muteAll();
    await clock.advance(IDLE_SILENCE_MS - 2_000);
    expect(host.session(NODE)?.linkKind).toBe('memory');
    await clock.advance(4_000);
    expect(host.session(NODE)?.linkKind).toBeUndefined();
  });
});

describe('handshakes', () => {
  test('a link that never speaks is closed at the deadline', async () => {
    const link = await dial();
    const frames: Uint8Array[] = [];
    const ends: string[] = [];
    link.listen({ onFrame: (frame) => frames.push(frame), onClose: (code) => ends.push(code) });
    await clock.advance(LIMITS.handshakeMs.value - 1_000);
    expect(ends).toEqual([]);
    await clock.advance(2_000);
    expect(refusalIn(frames)).toBe('handshake-timeout');
    expect(ends).toEqual(['handshake-timeout']);
  });

  test('no more links than the bound may be in theirs: the oldest silent one makes room', async () => {
    const frames: Uint8Array[] = [];
    (await dial()).listen({ onFrame: (frame) => frames.push(frame), onClose: () => undefined });
    for (let index = 1; index < HANDSHAKES_MAX; index += 1) await dial();
    await clock.advance(1);
    expect(refusalIn(frames)).toBeUndefined();
    join();
    await clock.advance(1);
    expect(refusalIn(frames)).toBe('rate-limited');
    expect(said).toContain('agent: opened');
  });

  test('an agent that is never answered gives up at the deadline and dials again', async () => {
    join();
    await Promise.resolve();
    muteAll();
    await clock.advance(LIMITS.handshakeMs.value + RECONNECT_CAP_MS);
    expect(said[0]).toBe('agent: suspended: no answer in time');
    expect(said).toContain('agent: opened');
  });

  test('a coordinator of unknown versions is left alone for good', async () => {
    const { left, right } = createMemoryLinkPair({ clock });
    right.send(
      encodeHandshake({
        type: 'challenge',
        versions: [9_999],
        nonce: new Uint8Array(32),
        coordinatorKey: identityOf(100).publicKey,
      }),
    );
    const session = createAgentSession({
      dial: async () => left,
      origin: ORIGIN,
      identity: identityOf(1),
      clock,
      hello: () => ({ profile: PROFILE, held: [] }),
      on: {
        opened: () => said.push('opened'),
        messages: () => undefined,
        suspended: () => said.push('suspended'),
        refused: ({ code }) => said.push(code),
        closed: () => said.push('closed'),
        linkChanged: () => undefined,
      },
    });
    await clock.advance(1_000);
    expect(said).toEqual(['version-unsupported', 'closed']);
    await session.close('over');
  });
});

describe('admission', () => {
  test('a refused token keeps the agent away', async () => {
    admit = async () => ({ type: 'refused', code: 'token-refused', message: 'The token was revoked.' });
    join();
    await clock.advance(120_000);
    expect(said).toEqual(['agent: refused: token-refused', 'agent: closed: The token was revoked.']);
    expect(dials).toHaveLength(1);
  });

  test('a coordinator without its store is asked again, not before it said', async () => {
    let refusals = 2;
    const willing = admit;
    admit = async () => {
      refusals -= 1;
      return refusals >= 0
        ? { type: 'refused', code: 'store-unavailable', message: 'The store is away.', retryAfterMs: 20_000 }
        : willing();
    };
    join();
    await clock.advance(60_000);
    expect(said.at(-1)).toBe('agent: opened');
    expect(dials).toHaveLength(3);
    expect((dials[1] ?? 0) - (dials[0] ?? 0)).toBeGreaterThanOrEqual(20_000);
  });

  test('an admission that fails costs the coordinator nothing but an answer', async () => {
    admit = () => Promise.reject(new Error('the database went away'));
    join();
    await clock.advance(100);
    expect(said.slice(0, 2)).toEqual([
      'agent: refused: internal',
      'agent: suspended: the database went away',
    ]);
  });

  test('a link lost while its node is admitted does not leave the older session speaking into the void', async () => {
    join();
    await clock.advance(100);
    const willing = admit;
    let release: () => void = () => undefined;
    admit = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return willing();
    };
    const link = await dial();
    void shakeHands(link, { ...handshakeDefaults(), clock });
    await clock.advance(100);
    link.close('closed', 'the other tab was closed');
    await clock.advance(100);
    admit = willing;
    release();
    await clock.advance(60_000);
    expect(said).toEqual([
      'host: opened',
      'agent: opened',
      'host: ended: session-unknown',
      'agent: refused: session-unknown',
      expect.stringContaining('agent: suspended'),
      'host: opened',
      'agent: opened',
    ]);
    expect(host.session(NODE)?.number).toBe(3);
  });
});

test('pauses between dials grow, differ, and stay under the cap', async () => {
  unreachable = true;
  join();
  await clock.advance(120_000);
  const pauses = dials.slice(1).map((at, index) => at - (dials[index] ?? 0));
  expect(Math.max(...pauses)).toBeLessThanOrEqual(RECONNECT_CAP_MS);
  expect(Math.max(...pauses.slice(0, 2))).toBeLessThan(500);
  expect(new Set(pauses.map((pause) => Math.round(pause))).size).toBeGreaterThan(pauses.length / 2);
  expect(dials.length).toBeGreaterThan(10);
  expect(dials.length).toBeLessThan(80);
  unreachable = false;
  await clock.advance(RECONNECT_CAP_MS);
  expect(said).toContain('agent: opened');
});
