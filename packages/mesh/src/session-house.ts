/** A host, agents that count, and what lets a test wait for what it can see: parts of the session suites. */
import {
  agentTranscript,
  type AgentMessage,
  type CoordinatorMessage,
  decodeFrame,
  encodeCbor,
  type Hello,
  nodeIdOf,
  type Said,
  type SignalMessage,
} from '@trine/protocol';
import { expect } from 'vitest';
import { shakeHands } from './agent-handshake.ts';
import { type AgentSession, createAgentSession } from './agent-session.ts';
import { type Entropy, systemClock, systemEntropy } from './clock.ts';
import { createNobleIdentity, type NodeIdentity, verifySignature } from './identity.ts';
import type { Link } from './link.ts';
import type { LinkRig } from './link-rig.ts';
import type { PeerSource } from './peer-source.ts';
import { type Admission, createSessionHost, type HostSession, type SessionHost } from './session-host.ts';
import { createWebRtcGate } from './webrtc-gate.ts';

export const ORIGIN = 'http://coordinator.test:3000';

/** Lets a test wait for what it can see instead of for time. */
export interface Watch {
  changed(): void;
  until(condition: () => boolean): Promise<void>;
}

export function createWatch(): Watch {
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

export interface TestAgent extends Watch {
  readonly identity: NodeIdentity;
  readonly session: AgentSession;
  /** Takes the `signal` messages of the session. */
  onSignal: (message: SignalMessage) => void;
  /** Numbers received, in order. */
  readonly heard: number[];
  readonly openings: { readonly resumed: boolean; readonly session: number }[];
  readonly refusals: string[];
  readonly closed: string[];
  say(count: number): void;
  said(): number;
  turn(): Promise<void>;
}

export interface House extends Watch {
  readonly host: SessionHost;
  readonly counted: ReadonlyMap<string, number>;
  readonly ended: string[];
  readonly suspended: string[];
  /** What the gate said of attempts at data channels. */
  readonly notes: readonly string[];
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

/** `peers`, when given, answers offers of data channels. */
export async function openHouse(rig: LinkRig, peers?: PeerSource): Promise<House> {
  const watch = createWatch();
  const heard = new Map<string, number[]>();
  const told = new Map<string, number>();
  const counted = new Map<string, number>();
  const ended: string[] = [];
  const suspended: string[] = [];
  const notes: string[] = [];
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
            if (message.type === 'signal') gate?.signal(session, message);
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
  const gate =
    peers &&
    createWebRtcGate({
      host: { accept: (link, from) => host.accept(link, from) },
      peers,
      iceServers: [],
      onNote: (_session, note) => {
        notes.push(note);
        watch.changed();
      },
    });

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
    notes,
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
        for (const message of messages) if (message.type === 'signal') agent.onSignal(message);
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
      linkChanged: () => watch.changed(),
    },
  });
  const agent: TestAgent = {
    ...watch,
    onSignal: () => undefined,
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
  return agent;
}

export const PROFILE: Hello['profile'] = {
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

export const handshakeDefaults = () => ({
  clock: systemClock,
  entropy: systemEntropy,
  identity: identityOf(1),
  verify: verifySignature,
  origin: ORIGIN,
  introduce: () => ({ profile: PROFILE, held: [] }),
});

/** The frame of a signed hello, with fields that no schema knows where `later` has some. */
export async function helloFor(
  challengeFrame: Uint8Array | undefined,
  later: Said = {},
): Promise<Uint8Array> {
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
    ...later,
  };
  const signature = await identity.sign(agentTranscript(decoded.handshake, unsigned));
  return encodeCbor({ ...unsigned, signature });
}

const identities = new Map<number, NodeIdentity>();
export function identityOf(seed: number): NodeIdentity {
  const identity = identities.get(seed) ?? createNobleIdentity(new Uint8Array(32).fill(seed));
  identities.set(seed, identity);
  return identity;
}

export const progress = (done: number): AgentMessage => ({
  type: 'progress',
  lease: LEASE,
  done,
  total: done,
});
const LEASE = 64 as Extract<AgentMessage, { type: 'progress' }>['lease'];

const numberIn = (message: CoordinatorMessage): readonly number[] =>
  message.type === 'idle-reason' ? [Number(message.reason)] : [];

export const refusalIn = (frames: readonly Uint8Array[]): string | undefined =>
  frames
    .map((frame) => decodeFrame(frame))
    .flatMap((decoded) =>
      decoded.type === 'handshake' && decoded.handshake.type === 'refused' ? [decoded.handshake.code] : [],
    )[0];

export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const upTo = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index + 1);

/** Mulberry32: small, seeded, good enough to choose moments. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
