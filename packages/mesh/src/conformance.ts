/**
 * What every link, and every session over it, must do: one suite for memory, WebSocket and WebRTC, run with
 * vitest from an adapter's test by handing in a way to connect two ends.
 */
import {
  agentTranscript,
  type AgentMessage,
  type CoordinatorMessage,
  decodeFrame,
  encodeAgentMessage,
  encodeFrame,
  encodeHandshake,
  type Hello,
  LIMITS,
  nodeIdOf,
} from '@trine/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { shakeHands } from './agent-handshake.ts';
import { type AgentSession, createAgentSession } from './agent-session.ts';
import { type Entropy, systemClock, systemEntropy } from './clock.ts';
import { createNobleIdentity, type NodeIdentity, verifySignature } from './identity.ts';
import { EARLY_FRAMES_MAX } from './limits.ts';
import type { Link, LinkCode } from './link.ts';
import { type Admission, createSessionHost, type HostSession, type SessionHost } from './session-host.ts';

/** Two connected ends. `cut` breaks what is between them, so that neither says goodbye. */
export interface ConnectedEnds {
  readonly near: Link;
  readonly far: Link;
  cut(): void;
}

/** A way to connect ends over one transport, for as long as a test lasts. */
export interface LinkRig {
  connect(): Promise<ConnectedEnds>;
  close(): Promise<void>;
}

export interface ConformanceOptions {
  readonly makeRig: () => Promise<LinkRig>;
  /** Whether the code given to `close` reaches the other side. Data channels have no place for it. */
  readonly carriesCodes: boolean;
  /** Chooses the moments of cuts and moves. Default 1. */
  readonly seed?: number;
}

// ── links ────────────────────────────────────────────────────────────────────────────────────────────

export function linkConformance(name: string, options: ConformanceOptions): void {
  describe(`${name} link`, () => {
    let rig: LinkRig;
    beforeEach(async () => {
      rig = await options.makeRig();
    });
    afterEach(() => rig.close());

    test('carries frames whole and in order, both ways', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      const sizes = [1, 100, 4_096, 16_384, LIMITS.frameBytes.value, 7];
      for (const size of sizes) {
        near.send(patterned(size));
        far.send(patterned(size + 1 > LIMITS.frameBytes.value ? size : size + 1));
      }
      await atFar.until(() => atFar.frames.length === sizes.length);
      await atNear.until(() => atNear.frames.length === sizes.length);
      expect(atFar.frames.map((frame) => frame.length)).toEqual(sizes);
      expect(atFar.frames.every((frame) => isPatterned(frame))).toBe(true);
      expect(atNear.frames.every((frame) => isPatterned(frame))).toBe(true);
      expect(atFar.frames.every((frame) => frame.constructor === Uint8Array)).toBe(true);
    });

    test('keeps frames that come before anyone listens', async () => {
      const { near, far } = await rig.connect();
      const atNear = record(near);
      for (let index = 0; index < 20; index += 1) near.send(patterned(index + 1));
      // The answer on the same link shows that the twenty have arrived.
      far.send(patterned(1));
      await atNear.until(() => atNear.frames.length === 1);
      const atFar = record(far);
      await atFar.until(() => atFar.frames.length === 20);
      expect(atFar.frames.map((frame) => frame.length)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    });

    test('keeps no more than the bound before anyone listens', async () => {
      const { near, far } = await rig.connect();
      const atNear = record(near);
      for (let index = 0; index <= EARLY_FRAMES_MAX; index += 1) near.send(patterned(1));
      await atNear.until(() => atNear.ends.length === 1);
      const atFar = record(far);
      expect(atFar.frames).toEqual([]);
      expect(atFar.ends[0]?.code).toBe('peer-too-slow');
    });

    test('ends when a frame is over the limit', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      near.send(patterned(LIMITS.frameBytes.value + 1));
      near.send(patterned(1));
      await atFar.until(() => atFar.ends.length === 1);
      await atNear.until(() => atNear.ends.length === 1);
      expect(atFar.frames).toEqual([]);
      expect(atFar.ends[0]?.code).toBe('frame-too-large');
    });

    test('delivers what was sent before the close, and tells the close once', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      near.send(patterned(3));
      near.close('rate-limited', 'too much');
      near.close('rate-limited', 'again');
      near.send(patterned(4));
      await atFar.until(() => atFar.ends.length > 0);
      expect(atFar.frames.map((frame) => frame.length)).toEqual([3]);
      expect(atFar.ends).toHaveLength(1);
      if (options.carriesCodes) expect(atFar.ends[0]).toEqual({ code: 'rate-limited', reason: 'too much' });
      expect(atNear.ends).toEqual([]);
    });

    test('tells both ends when the transport breaks', async () => {
      const { near, far, cut } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      cut();
      await atFar.until(() => atFar.ends.length === 1);
      await atNear.until(() => atNear.ends.length === 1);
      expect(atNear.ends[0]?.code).toBe('closed');
    });

    test('empties its buffer', async () => {
      const { near, far } = await rig.connect();
      const [atNear, atFar] = [record(near), record(far)];
      for (let index = 0; index < 64; index += 1) near.send(patterned(LIMITS.frameBytes.value));
      await atFar.until(() => atFar.frames.length === 64);
      far.send(patterned(1));
      await atNear.until(() => atNear.frames.length === 1);
      // A buffer that never empties would stall a session: the test's own timeout is the failure.
      while (near.bufferedBytes() > 0) await nextTurn();
      expect(near.bufferedBytes()).toBe(0);
    });
  });
}

interface Recorded extends Watch {
  readonly frames: Uint8Array[];
  readonly ends: { readonly code: LinkCode; readonly reason: string }[];
}

function record(link: Link): Recorded {
  const watch = createWatch();
  const recorded = { frames: [] as Uint8Array[], ends: [] as { code: LinkCode; reason: string }[], ...watch };
  link.listen({
    onFrame: (frame) => {
      recorded.frames.push(frame);
      watch.changed();
    },
    onClose: (code, reason) => {
      recorded.ends.push({ code, reason });
      watch.changed();
    },
  });
  return recorded;
}

const patterned = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) => (index * 31 + size) & 255);
const isPatterned = (frame: Uint8Array): boolean =>
  frame.every((byte, index) => byte === ((index * 31 + frame.length) & 255));

// ── sessions ─────────────────────────────────────────────────────────────────────────────────────────

const ORIGIN = 'http://coordinator.test:3000';

export function sessionConformance(name: string, options: ConformanceOptions): void {
  describe(`session over ${name} links`, () => {
    let rig: LinkRig;
    let house: House;
    beforeEach(async () => {
      rig = await options.makeRig();
      house = await openHouse(rig);
    });
    afterEach(async () => {
      await house.close();
      await rig.close();
    });

    test('opens, and carries messages in order both ways', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      agent.say(2_000);
      house.say(agent, 2_000);
      await agent.until(() => agent.heard.length === 2_000);
      await house.until(() => house.heard(agent).length === 2_000);
      expect(agent.heard).toEqual(upTo(2_000));
      expect(house.heard(agent)).toEqual(upTo(2_000));
      expect(agent.openings).toEqual([{ resumed: false, session: 1 }]);
    });

    test('resumes after both directions lost their tails', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      for (let round = 0; round < 3; round += 1) {
        agent.say(300);
        house.say(agent, 300);
        await Promise.resolve();
        house.cut();
        await agent.until(() => agent.openings.length === round + 2);
      }
      await agent.until(() => agent.heard.length === 900);
      await house.until(() => house.heard(agent).length === 900);
      expect(agent.heard).toEqual(upTo(900));
      expect(house.heard(agent)).toEqual(upTo(900));
      expect(agent.openings.slice(1).every((opening) => opening.resumed)).toBe(true);
    });

    test(`neither loses, doubles nor reorders while links are cut and moved (seed ${options.seed ?? 1})`, async () => {
      const random = seeded(options.seed ?? 1);
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      let moves = 0;
      for (let step = 0; step < 40; step += 1) {
        agent.say(1 + Math.floor(random() * 40));
        house.say(agent, 1 + Math.floor(random() * 40));
        const chance = random();
        if (chance < 0.2) house.cut();
        else if (chance < 0.5) moves += (await agent.session.moveTo(await house.dial())) ? 1 : 0;
        else await agent.turn();
      }
      await agent.until(() => agent.heard.length === house.told(agent));
      await house.until(() => house.heard(agent).length === agent.said());
      expect(agent.heard).toEqual(upTo(house.told(agent)));
      expect(house.heard(agent)).toEqual(upTo(agent.said()));
      expect(moves).toBeGreaterThan(0);
    });

    test('a node that joins again displaces its older session, which stays away', async () => {
      const first = house.join(1);
      await first.until(() => first.openings.length === 1);
      const second = house.join(1);
      await first.until(() => first.closed.length === 1);
      await second.until(() => second.openings.length === 1);
      expect(first.refusals).toEqual(['displaced']);
      expect(second.openings).toEqual([{ resumed: false, session: 2 }]);
      expect(house.ended).toEqual(['displaced']);
      second.say(5);
      await house.until(() => house.heard(second).length === 5);
      expect(first.openings).toHaveLength(1);
    });

    test('says goodbye, and the host hears it', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      await agent.session.close('the volunteer stopped');
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['bye']);
      expect(agent.closed).toEqual(['the volunteer stopped']);
    });

    test('a replayed frame is dropped and counted', async () => {
      const { link, agent } = await house.rawJoin(7);
      const frame = encodeFrame({
        sequence: 1,
        acknowledged: 0,
        messages: [encodeAgentMessage(progress(1))],
      });
      link.send(frame);
      link.send(frame);
      link.send(encodeFrame({ sequence: 2, acknowledged: 0, messages: [encodeAgentMessage(progress(2))] }));
      await house.until(() => house.heardBy(agent).length === 2);
      expect(house.heardBy(agent)).toEqual([1, 2]);
      expect(house.counted.get('repeat')).toBe(1);
    });

    test('a gap ends the link, not the session', async () => {
      const { link, agent } = await house.rawJoin(7);
      link.send(encodeFrame({ sequence: 2, acknowledged: 0, messages: [encodeAgentMessage(progress(2))] }));
      await house.until(() => house.suspended.length === 1);
      expect(house.heardBy(agent)).toEqual([]);
      expect(house.host.session(agent)?.linkKind).toBeUndefined();
      expect(house.counted.get('out-of-order')).toBe(1);
    });

    test('broken frames end the session at the third, and others go on', async () => {
      const other = house.join(1);
      const { link } = await house.rawJoin(7);
      for (let index = 0; index < 200; index += 1) link.send(systemEntropy(64));
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['malformed-frame']);
      expect(house.counted.get('malformed')).toBe(LIMITS.malformedFrames.value);
      await other.until(() => other.openings.length === 1);
      other.say(3);
      await house.until(() => house.heard(other).length === 3);
    });

    test('garbage instead of a handshake is refused', async () => {
      const link = await house.dial();
      const recorded = record(link);
      for (let index = 0; index < 50; index += 1) link.send(systemEntropy(200));
      await recorded.until(() => recorded.ends.length === 1);
      expect(refusalIn(recorded.frames)).toBe('malformed-frame');
    });

    test('a flood of messages is cut off', async () => {
      const { link } = await house.rawJoin(7);
      const one = encodeAgentMessage(progress(1));
      for (let sequence = 1; sequence <= 12; sequence += 1) {
        link.send(
          encodeFrame({ sequence, acknowledged: 0, messages: Array.from({ length: 500 }, () => one) }),
        );
      }
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['rate-limited']);
    });

    test('a peer that acknowledges nothing is given up before it costs more than the bound', async () => {
      const { agent } = await house.rawJoin(7);
      const reason = 'x'.repeat(900);
      const session = house.host.session(agent);
      for (let index = 0; index < 6_000; index += 1) session?.send({ type: 'idle-reason', reason });
      await house.until(() => house.ended.length === 1);
      expect(house.ended).toEqual(['peer-too-slow']);
    });

    test('a hello signed by another key is refused', async () => {
      const link = await house.dial();
      const outcome = await shakeHands(link, {
        ...handshakeDefaults(),
        identity: { publicKey: identityOf(1).publicKey, sign: (bytes) => identityOf(2).sign(bytes) },
      });
      expect(outcome).toMatchObject({ type: 'refused', refused: { code: 'handshake-failed' } });
    });

    test('a handshake relayed from another origin is refused', async () => {
      const agent = house.join(1, { origin: 'http://impostor.test:3000' });
      await agent.until(() => agent.closed.length === 1);
      expect(agent.refusals).toEqual(['origin-refused']);
      expect(agent.openings).toEqual([]);
    });

    test('a hello recorded from another link is refused', async () => {
      const [first, second] = [record(await house.dial()), await house.dial()];
      const atSecond = record(second);
      await first.until(() => first.frames.length === 1);
      await atSecond.until(() => atSecond.frames.length === 1);
      second.send(encodeHandshake(await helloFor(first.frames[0])));
      await atSecond.until(() => atSecond.frames.length === 2);
      expect(refusalIn(atSecond.frames)).toBe('handshake-failed');
    });

    test('an agent that pinned another coordinator stays away', async () => {
      const agent = house.join(1, { coordinatorKey: identityOf(99).publicKey });
      await agent.until(() => agent.closed.length === 1);
      expect(agent.refusals).toEqual(['handshake-failed']);
      expect(house.host.session(nodeIdOf(identityOf(1).publicKey))).toBeUndefined();
    });

    test('a session that the host forgot is followed by a new one', async () => {
      const agent = house.join(1);
      await agent.until(() => agent.openings.length === 1);
      await house.restart();
      await agent.until(() => agent.openings.length === 2);
      expect(agent.openings[1]?.resumed).toBe(false);
      agent.say(3);
      await house.until(() => house.heard(agent).length === 3);
    });
  });
}

// ── the parts that the session tests are made of ─────────────────────────────────────────────────────

/** Lets a test wait for what it can see instead of for time. */
interface Watch {
  changed(): void;
  until(condition: () => boolean): Promise<void>;
}

function createWatch(): Watch {
  let waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];
  return {
    changed() {
      const met = waiting.filter(({ condition }) => condition());
      waiting = waiting.filter((waiter) => !met.includes(waiter));
      for (const { resolve } of met) resolve();
    },
    until: (condition) =>
      new Promise((resolve) => {
        if (condition()) resolve();
        else waiting.push({ condition, resolve });
      }),
  };
}

interface TestAgent extends Watch {
  readonly identity: NodeIdentity;
  readonly session: AgentSession;
  /** Numbers received, in order. */
  readonly heard: number[];
  readonly openings: { readonly resumed: boolean; readonly session: number }[];
  readonly refusals: string[];
  readonly closed: string[];
  say(count: number): void;
  said(): number;
  turn(): Promise<void>;
}

interface House extends Watch {
  readonly host: SessionHost;
  readonly counted: ReadonlyMap<string, number>;
  readonly ended: string[];
  readonly suspended: string[];
  dial(): Promise<Link>;
  cut(): void;
  join(
    seed: number,
    overrides?: { readonly origin?: string; readonly coordinatorKey?: Uint8Array },
  ): TestAgent;
  /** A node without a session core behind it, so that a test can send any bytes. */
  rawJoin(seed: number): Promise<{ readonly link: Link; readonly agent: ReturnType<typeof nodeIdOf> }>;
  say(agent: TestAgent, count: number): void;
  told(agent: TestAgent): number;
  heard(agent: TestAgent): readonly number[];
  heardBy(node: ReturnType<typeof nodeIdOf>): readonly number[];
  restart(): Promise<void>;
  close(): Promise<void>;
}

async function openHouse(rig: LinkRig): Promise<House> {
  const watch = createWatch();
  const heard = new Map<string, number[]>();
  const told = new Map<string, number>();
  const counted = new Map<string, number>();
  const ended: string[] = [];
  const suspended: string[] = [];
  const agents: AgentSession[] = [];
  let cuts: (() => void)[] = [];
  let sessions = 0;
  const heardOf = (node: string): number[] => {
    const numbers = heard.get(node) ?? [];
    heard.set(node, numbers);
    return numbers;
  };
  const makeHost = (): SessionHost =>
    createSessionHost({
      identity: identityOf(100),
      originsAllowed: (origin) => origin === ORIGIN,
      admit: async (hello): Promise<Admission> => {
        sessions += 1;
        return { type: 'admitted', node: nodeIdOf(hello.key), owner: 'itself', session: sessions };
      },
      coordinators: () => [ORIGIN],
      on: {
        opened: () => watch.changed(),
        messages: (session, messages) => {
          for (const message of messages) {
            if (message.type === 'progress') heardOf(session.node).push(message.done);
          }
          watch.changed();
        },
        suspended: (_session, reason) => {
          suspended.push(reason);
          watch.changed();
        },
        resumed: () => watch.changed(),
        ended: (_session, reason) => {
          ended.push(reason);
          watch.changed();
        },
        counted: (kind) => {
          counted.set(kind, (counted.get(kind) ?? 0) + 1);
        },
      },
    });
  let host = makeHost();

  const dial = async (): Promise<Link> => {
    const { near, far, cut } = await rig.connect();
    cuts.push(cut);
    host.accept(far, { remoteAddress: '192.0.2.1' });
    return near;
  };
  const sessionOf = (agent: TestAgent): HostSession | undefined =>
    host.session(nodeIdOf(agent.identity.publicKey));
  return {
    ...watch,
    get host() {
      return host;
    },
    counted,
    ended,
    suspended,
    dial,
    cut: () => {
      for (const cut of cuts) cut();
      cuts = [];
    },
    join: (seed, overrides = {}) => {
      const agent = startAgent({ identity: identityOf(seed), dial, origin: ORIGIN, ...overrides });
      agents.push(agent.session);
      return agent;
    },
    rawJoin: async (seed) => {
      const link = await dial();
      const outcome = await shakeHands(link, { ...handshakeDefaults(), identity: identityOf(seed) });
      expect(outcome.type).toBe('welcome');
      if (outcome.type === 'welcome')
        outcome.handOver({ onFrame: () => undefined, onClose: () => undefined });
      return { link, agent: nodeIdOf(identityOf(seed).publicKey) };
    },
    say: (agent, count) => {
      const from = told.get(sessionOf(agent)?.node ?? '') ?? 0;
      for (let number = from + 1; number <= from + count; number += 1) {
        sessionOf(agent)?.send({ type: 'idle-reason', reason: String(number) });
      }
      told.set(sessionOf(agent)?.node ?? '', from + count);
    },
    told: (agent) => told.get(nodeIdOf(agent.identity.publicKey)) ?? 0,
    heard: (agent) => heardOf(nodeIdOf(agent.identity.publicKey)),
    heardBy: (node) => heardOf(node),
    restart: async () => {
      await host.close();
      host = makeHost();
    },
    close: async () => {
      await Promise.all(agents.map((agent) => agent.close('the test is over')));
      await host.close();
    },
  };
}

function startAgent(options: {
  readonly identity: NodeIdentity;
  readonly dial: () => Promise<Link>;
  readonly origin: string;
  readonly coordinatorKey?: Uint8Array;
}): TestAgent {
  const watch = createWatch();
  const heard: number[] = [];
  const openings: { resumed: boolean; session: number }[] = [];
  const refusals: string[] = [];
  const closed: string[] = [];
  let said = 0;
  const session = createAgentSession({
    ...options,
    entropy: promptEntropy,
    hello: () => ({ profile: PROFILE, held: [] }),
    on: {
      opened: ({ resumed, session }) => {
        openings.push({ resumed, session });
        watch.changed();
      },
      messages: (messages) => {
        heard.push(...messages.flatMap(numberIn));
        watch.changed();
      },
      suspended: () => undefined,
      refused: ({ code }) => {
        refusals.push(code);
      },
      closed: (reason) => {
        closed.push(reason);
        watch.changed();
      },
      linkChanged: () => undefined,
    },
  });
  return {
    ...watch,
    identity: options.identity,
    session,
    heard,
    openings,
    refusals,
    closed,
    say: (count) => {
      for (let index = 0; index < count; index += 1) {
        said += 1;
        session.send(progress(said));
      }
    },
    said: () => said,
    turn: nextTurn,
  };
}

const PROFILE: Hello['profile'] = {
  agent: 'runner',
  version: '0.0.0',
  cores: 1,
  threads: 1,
  features: [],
  labels: [],
};

/** Real nonces, but no pauses before dialling again. */
const promptEntropy: Entropy = (sizeBytes) =>
  sizeBytes === 4 ? new Uint8Array(4) : systemEntropy(sizeBytes);

const handshakeDefaults = () => ({
  clock: systemClock,
  entropy: systemEntropy,
  identity: identityOf(1),
  verify: verifySignature,
  origin: ORIGIN,
  introduce: () => ({ profile: PROFILE, held: [] }),
});

async function helloFor(challengeFrame: Uint8Array | undefined): Promise<Hello> {
  const decoded = decodeFrame(challengeFrame ?? new Uint8Array());
  if (decoded.type !== 'handshake' || decoded.handshake.type !== 'challenge') throw new Error('no challenge');
  const identity = identityOf(1);
  const unsigned = {
    type: 'hello' as const,
    version: 1,
    key: identity.publicKey,
    nonce: systemEntropy(32),
    origin: ORIGIN,
    profile: PROFILE,
    held: [],
  };
  return { ...unsigned, signature: await identity.sign(agentTranscript(decoded.handshake, unsigned)) };
}

const identities = new Map<number, NodeIdentity>();
function identityOf(seed: number): NodeIdentity {
  const identity = identities.get(seed) ?? createNobleIdentity(new Uint8Array(32).fill(seed));
  identities.set(seed, identity);
  return identity;
}

const progress = (done: number): AgentMessage => ({ type: 'progress', lease: LEASE, done, total: done });
const LEASE = 64 as Extract<AgentMessage, { type: 'progress' }>['lease'];

const numberIn = (message: CoordinatorMessage): readonly number[] =>
  message.type === 'idle-reason' ? [Number(message.reason)] : [];

const refusalIn = (frames: readonly Uint8Array[]): string | undefined =>
  frames
    .map((frame) => decodeFrame(frame))
    .flatMap((decoded) =>
      decoded.type === 'handshake' && decoded.handshake.type === 'refused' ? [decoded.handshake.code] : [],
    )[0];

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Mulberry32: small, seeded, good enough to choose moments. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
