/**
 * The coordinator's end of all sessions: takes links, checks who speaks, keeps one live session a node.
 *
 *   link ──challenge──▶ shaking ──hello, admitted──▶ open session      (an older one of the node: displaced)
 *                          ├──── resume, known ────▶ open session, on this link (its old link is closed)
 *                          └──── anything else ────▶ refused, closed
 *   open ──link lost, silent──▶ suspended ──resume──▶ open
 *                                   └──── window over ──▶ ended
 *   open, suspended ──end, bye, displaced, fault──▶ ended
 *
 * What a stranger sends never throws and holds bounded memory: a handshake has a deadline and a number of
 * places, a session has rates, a bound on what it keeps, and a count of broken frames.
 */
import {
  type AgentMessage,
  agentTranscript,
  type Challenge,
  type CoordinatorMessage,
  coordinatorMessageBytes,
  coordinatorTranscript,
  decodeAgentMessages,
  decodeFrame,
  encodeHandshake,
  type ErrorCode,
  type Hello,
  LIMITS,
  type LinkKind,
  type NodeId,
  nodeIdOf,
  PROTOCOL_VERSIONS,
  type Resume,
  type Said,
  type Welcome,
} from '@trine/protocol';
import { type Clock, type Entropy, systemClock, systemEntropy } from './clock.ts';
import { type NodeIdentity, type VerifySignature, verifySignature } from './identity.ts';
import { HANDSHAKES_MAX, IDLE_SILENCE_MS, RESUME_WINDOW_MS, SWEEP_MS } from './limits.ts';
import type { Link } from './link.ts';
import { type Counted, SessionCore } from './session-core.ts';
import { TokenBucket } from './token-bucket.ts';

export type Admission =
  | {
      readonly type: 'admitted';
      readonly node: NodeId;
      /** Who answers for the node, in words. */
      readonly owner: string;
      /** The node's raised session number. */
      readonly session: number;
    }
  | {
      readonly type: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly retryAfterMs?: number;
    };

/** Why a session ended: a code of the table, `bye` for a clean departure, `window-over` when nobody resumed it. */
export type EndReason = ErrorCode | 'bye' | 'window-over';

/** What a host counts about strangers, beside what sessions count. */
export type HostCounted = Counted | 'handshake-refused' | 'handshake-timeout' | 'too-many-handshakes';

export interface HostSessionEnd {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
}

/** One node's session. */
export interface HostSession {
  readonly node: NodeId;
  readonly number: number;
  readonly publicKey: Uint8Array;
  readonly owner: string;
  readonly hello: Hello;
  /** The address that `accept` was given with the hello's link. */
  readonly remoteAddress: string;
  /** What carries it at the moment; `undefined` while suspended. */
  readonly linkKind: LinkKind | undefined;
  /** Queues a message; while suspended it waits for the resume. After the end it is dropped. */
  send(message: CoordinatorMessage): void;
  /** Like `send` for what is not urgent: it waits a moment for a frame to share. */
  sendLater(message: CoordinatorMessage): void;
  /** On while the node holds leases: five silent seconds suspend the session instead of forty-five. */
  expectKeepalives(on: boolean): void;
  /** Tells the agent `go-away` and ends the session. */
  end(code: ErrorCode, message: string, retryAfterMs?: number): void;
}

export interface SessionHostEvents {
  opened(session: HostSession): void;
  messages(session: HostSession, messages: readonly AgentMessage[]): void;
  /** The link is gone; the session can be resumed for a while. */
  suspended(session: HostSession, reason: string): void;
  /** It goes on, perhaps on another kind of link. Also told when a live session moves. */
  resumed(session: HostSession): void;
  ended(session: HostSession, reason: EndReason, message: string): void;
  counted?(kind: HostCounted): void;
}

export interface SessionHostOptions {
  /** The coordinator's own key, which agents pin. */
  readonly identity: NodeIdentity;
  /** Whether `origin` is an address of this coordinator: what keeps handshakes from being relayed. */
  readonly originsAllowed: (origin: string, link: Link) => boolean;
  /** Called for a hello whose signature holds. */
  readonly admit: (hello: Hello, remoteAddress: string) => Promise<Admission>;
  /** Origins of all coordinators. */
  readonly coordinators: () => readonly string[];
  /** Told to agents that may try WebRTC; absent where this coordinator has none now. */
  readonly webrtc?: () => Welcome['webrtc'];
  readonly on: SessionHostEvents;
  /** How long a session without a link is kept. Default 60 s. */
  readonly resumeWindowMs?: number;
  readonly verify?: VerifySignature;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
}

export interface SessionHost {
  /** Takes a fresh link of any kind. The session that says hello or resume on it follows. */
  accept(link: Link, from: { readonly remoteAddress: string }): void;
  /** The node's live or suspended session. */
  session(node: NodeId): HostSession | undefined;
  readonly sessions: Iterable<HostSession>;
  /** Ends all sessions with `shutting-down`; agents come back by themselves. */
  close(): Promise<void>;
}

export const createSessionHost = (options: SessionHostOptions): SessionHost => new LinkHost(options);

type Core = SessionCore<CoordinatorMessage, AgentMessage>;

/** Tells the caller of the host that a session opened or resumed. */
type Tell = () => void;

/** A link that has not proved who it is. */
interface Visitor {
  readonly link: Link;
  readonly remoteAddress: string;
  readonly challenge: Challenge;
  readonly sinceMs: number;
  /** A hello or resume is being looked at; nothing else may be said meanwhile. */
  busy: boolean;
  /** A resume was refused as unknown; only a hello may follow. */
  forgotten: boolean;
  gone: boolean;
}

const CROWDED: HostSessionEnd = {
  code: 'rate-limited',
  message: `More than ${HANDSHAKES_MAX} links are in their handshake; try again in a moment.`,
  retryAfterMs: 1_000,
};

class LinkHost implements SessionHost {
  readonly #options: SessionHostOptions;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #verify: VerifySignature;
  readonly #visitors = new Set<Visitor>();
  readonly #sessions = new Map<NodeId, LinkedSession>();
  #cancelSweep: (() => void) | undefined;
  #closed = false;

  constructor(options: SessionHostOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#entropy = options.entropy ?? systemEntropy;
    this.#verify = options.verify ?? verifySignature;
    this.#sweepLater();
  }

  get sessions(): Iterable<HostSession> {
    return this.#sessions.values();
  }

  session(node: NodeId): HostSession | undefined {
    return this.#sessions.get(node);
  }

  accept(link: Link, from: { readonly remoteAddress: string }): void {
    if (this.#closed)
      return refuseLink(link, { code: 'shutting-down', message: 'The coordinator is ending.' });
    if (this.#visitors.size >= HANDSHAKES_MAX && !this.#makeRoom()) return refuseLink(link, CROWDED);
    const challenge: Challenge = {
      type: 'challenge',
      versions: [...PROTOCOL_VERSIONS],
      nonce: this.#entropy(32),
      coordinatorKey: this.#options.identity.publicKey,
    };
    const visitor: Visitor = {
      link,
      remoteAddress: from.remoteAddress,
      challenge,
      sinceMs: this.#clock.nowMs(),
      busy: false,
      forgotten: false,
      gone: false,
    };
    this.#visitors.add(visitor);
    link.send(encodeHandshake(challenge));
    link.listen({
      onFrame: (frame) => this.#visitorSaid(visitor, frame),
      onClose: () => this.#dismiss(visitor),
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelSweep?.();
    for (const visitor of this.#visitors) {
      this.#refuse(visitor, { code: 'shutting-down', message: 'The coordinator is ending.' });
    }
    for (const session of this.#sessions.values()) {
      session.end('shutting-down', 'The coordinator is ending; it may be back soon.');
    }
  }

  /** The oldest that says nothing goes: an honest handshake takes milliseconds, and silence must not lock the door. */
  #makeRoom(): boolean {
    this.#count('too-many-handshakes');
    for (const visitor of this.#visitors) {
      if (visitor.busy) continue;
      this.#refuse(visitor, CROWDED);
      return true;
    }
    return false;
  }

  // ── visitors ───────────────────────────────────────────────────────────────────────────────────────

  #visitorSaid(visitor: Visitor, bytes: Uint8Array): void {
    if (visitor.gone) return;
    const decoded = decodeFrame(bytes);
    if (visitor.busy || decoded.type !== 'handshake') {
      this.#count('malformed');
      const message = decoded.type === 'malformed' ? decoded.reason : 'a handshake frame was due';
      return this.#refuse(visitor, { code: 'malformed-frame', message });
    }
    const frame = decoded.handshake;
    if (frame.type === 'hello' || (frame.type === 'resume' && !visitor.forgotten)) {
      visitor.busy = true;
      // Told outside of what is caught: a fault of the caller's own must not pass for a stranger's.
      void this.#tryProof(visitor, frame, decoded.said).then((tell) => tell?.());
    } else {
      this.#refuse(visitor, { code: 'handshake-failed', message: `A ${frame.type} is not due here.` });
    }
  }

  async #tryProof(visitor: Visitor, frame: Hello | Resume, said: Said): Promise<Tell | undefined> {
    try {
      return await this.#prove(visitor, frame, said);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'the handshake failed inside the coordinator';
      this.#refuse(visitor, { code: 'internal', message: message.slice(0, 1_000), retryAfterMs: 1_000 });
      return undefined;
    }
  }

  /** Answers what to tell the caller when the visitor has become a session. */
  async #prove(visitor: Visitor, frame: Hello | Resume, said: Said): Promise<Tell | undefined> {
    if (!PROTOCOL_VERSIONS.includes(frame.version)) {
      const message = `This coordinator speaks version ${PROTOCOL_VERSIONS.join(', ')}, not ${frame.version}.`;
      return this.#refuse(visitor, { code: 'version-unsupported', message });
    }
    if (!this.#options.originsAllowed(frame.origin, visitor.link)) {
      const message = `This coordinator is not ${frame.origin}: the handshake was made for another address.`;
      return this.#refuse(visitor, { code: 'origin-refused', message });
    }
    const transcript = agentTranscript(visitor.challenge, said);
    if (!(await this.#verify(frame.key, transcript, frame.signature))) {
      const message = 'The signature does not belong to this key and this challenge.';
      return this.#refuse(visitor, { code: 'handshake-failed', message });
    }
    return frame.type === 'hello' ? this.#admit(visitor, frame) : this.#resume(visitor, frame);
  }

  async #admit(visitor: Visitor, hello: Hello): Promise<Tell | undefined> {
    const admission = await this.#options.admit(hello, visitor.remoteAddress);
    if (admission.type === 'refused') return this.#refuse(visitor, admission);
    const { node, owner, session: number } = admission;
    const welcome = await this.#welcome(hello, { node, owner, session: number, resumed: false, received: 0 });
    const older = this.#sessions.get(node);
    if (older !== undefined && older.number >= number) {
      const message = 'The same node opened a newer session meanwhile.';
      return this.#refuse(visitor, { code: 'displaced', message });
    }
    if (visitor.gone) {
      // The number is raised, so an older session speaks with one that is ignored: it must say hello again.
      older?.end('session-unknown', 'A newer session was begun and lost; say hello again.');
      return undefined;
    }
    older?.end('displaced', 'The same node joined again elsewhere; this one stays away.');
    const session = this.#newSession(visitor, { hello, node, owner, number });
    this.#sessions.set(node, session);
    this.#move(visitor, session, { received: 0, welcome });
    return () => this.#options.on.opened(session);
  }

  async #resume(visitor: Visitor, resume: Resume): Promise<Tell | undefined> {
    const node = nodeIdOf(resume.key);
    const session = this.#resumable(node, resume);
    if (session === undefined) return this.#refuseUnknown(visitor);
    const { owner } = session;
    const received = session.core.received;
    const facts = { node, owner, session: session.number, resumed: true, received };
    const welcome = await this.#welcome(resume, facts);
    if (visitor.gone) return undefined;
    if (this.#resumable(node, resume) !== session) return this.#refuseUnknown(visitor);
    this.#move(visitor, session, { received: resume.received, welcome });
    return () => this.#options.on.resumed(session);
  }

  #resumable(node: NodeId, resume: Resume): LinkedSession | undefined {
    const session = this.#sessions.get(node);
    const fits = session?.number === resume.session && session.core.canResume(resume.received);
    return fits ? session : undefined;
  }

  async #welcome(
    frame: Hello | Resume,
    facts: Pick<Welcome, 'node' | 'owner' | 'session' | 'resumed' | 'received'>,
  ): Promise<Welcome> {
    const webrtc = this.#options.webrtc?.();
    const unsigned = {
      type: 'welcome' as const,
      version: frame.version,
      ...facts,
      coordinators: [...this.#options.coordinators()],
      ...(webrtc === undefined ? {} : { webrtc }),
    };
    const signature = await this.#options.identity.sign(coordinatorTranscript(frame, unsigned));
    return { ...unsigned, signature };
  }

  /** The visitor's link becomes the session's. */
  #move(visitor: Visitor, session: LinkedSession, start: { received: number; welcome: Welcome }): void {
    this.#visitors.delete(visitor);
    visitor.gone = true;
    visitor.link.send(encodeHandshake(start.welcome));
    session.attach(visitor.link, start.received);
  }

  /** The link stays open: a hello for a new session may follow on it. */
  #refuseUnknown(visitor: Visitor): undefined {
    if (visitor.gone) return;
    visitor.busy = false;
    visitor.forgotten = true;
    const message = 'This coordinator does not know the session; say hello.';
    visitor.link.send(encodeHandshake({ type: 'refused', code: 'session-unknown', message }));
  }

  #refuse(visitor: Visitor, why: HostSessionEnd): undefined {
    if (visitor.gone) return;
    this.#count('handshake-refused');
    this.#dismiss(visitor);
    refuseLink(visitor.link, why);
  }

  #dismiss(visitor: Visitor): void {
    visitor.gone = true;
    this.#visitors.delete(visitor);
  }

  // ── sessions ───────────────────────────────────────────────────────────────────────────────────────

  #newSession(visitor: Visitor, facts: SessionFacts): LinkedSession {
    return new LinkedSession(
      { ...facts, remoteAddress: visitor.remoteAddress },
      {
        clock: this.#clock,
        on: this.#options.on,
        forget: (session) => {
          if (this.#sessions.get(facts.node) === session) this.#sessions.delete(facts.node);
        },
      },
    );
  }

  #sweepLater(): void {
    const dueMs = this.#clock.nowMs() + SWEEP_MS;
    this.#cancelSweep = this.#clock.setTimer(SWEEP_MS, () => {
      const nowMs = this.#clock.nowMs();
      // A sweep that is late itself (a stalled process) proves nothing about the others: what they said
      // meanwhile is still to be read, so silence is judged by the next one.
      if (nowMs - dueMs < SWEEP_MS) this.#sweep(nowMs);
      if (!this.#closed) this.#sweepLater();
    });
  }

  #sweep(nowMs: number): void {
    const windowMs = this.#options.resumeWindowMs ?? RESUME_WINDOW_MS;
    for (const visitor of this.#visitors) this.#sweepVisitor(visitor, nowMs);
    for (const session of this.#sessions.values()) session.sweep(nowMs, windowMs);
  }

  #sweepVisitor(visitor: Visitor, nowMs: number): void {
    if (nowMs - visitor.sinceMs < LIMITS.handshakeMs.value) return;
    this.#count('handshake-timeout');
    this.#refuse(visitor, { code: 'handshake-timeout', message: 'The handshake took too long.' });
  }

  #count(kind: HostCounted): void {
    this.#options.on.counted?.(kind);
  }
}

interface SessionFacts {
  readonly hello: Hello;
  readonly node: NodeId;
  readonly owner: string;
  readonly number: number;
}

interface SessionPorts {
  readonly clock: Clock;
  readonly on: SessionHostEvents;
  readonly forget: (session: LinkedSession) => void;
}

class LinkedSession implements HostSession {
  readonly node: NodeId;
  readonly number: number;
  readonly owner: string;
  readonly hello: Hello;
  readonly remoteAddress: string;
  readonly core: Core;
  readonly #ports: SessionPorts;
  readonly #messageRate: TokenBucket;
  readonly #byteRate: TokenBucket;
  #link: Link | undefined;
  #expecting = false;
  #heardMs: number;
  #suspendedMs = 0;
  #ending = false;
  #ended = false;

  constructor(facts: SessionFacts & { readonly remoteAddress: string }, ports: SessionPorts) {
    this.node = facts.node;
    this.number = facts.number;
    this.owner = facts.owner;
    this.hello = facts.hello;
    this.remoteAddress = facts.remoteAddress;
    this.#ports = ports;
    this.#heardMs = ports.clock.nowMs();
    this.#messageRate = new TokenBucket(LIMITS.messagesPerSecond.value, this.#heardMs);
    this.#byteRate = new TokenBucket(LIMITS.bytesPerSecond.value, this.#heardMs);
    this.core = new SessionCore<CoordinatorMessage, AgentMessage>({
      clock: ports.clock,
      encode: coordinatorMessageBytes,
      decode: decodeAgentMessages,
      onMessages: (messages) => this.#deliver(messages),
      onKeepalive: () => this.#answerKeepalive(),
      onFault: (code, reason) => this.#fault(code, reason),
      onCounted: (kind) => ports.on.counted?.(kind),
    });
  }

  get publicKey(): Uint8Array {
    return this.hello.key;
  }

  get linkKind(): LinkKind | undefined {
    return this.#link?.kind;
  }

  send(message: CoordinatorMessage): void {
    if (!this.#ended) this.core.send(message);
  }

  sendLater(message: CoordinatorMessage): void {
    if (!this.#ended) this.core.sendLater(message);
  }

  expectKeepalives(on: boolean): void {
    if (this.#expecting === on) return;
    this.#expecting = on;
    this.#heardMs = this.#ports.clock.nowMs();
  }

  end(code: ErrorCode, message: string, retryAfterMs?: number): void {
    // Telling it may itself overflow what is kept, which would end the session once more.
    if (this.#ended || this.#ending) return;
    this.#ending = true;
    this.core.send({
      type: 'go-away',
      code,
      message,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    this.#finish(code, message);
  }

  /** Carries on over `link`; the one before is closed. */
  attach(link: Link, peerReceived: number): void {
    const old = this.#link;
    this.#link = link;
    this.#heardMs = this.#ports.clock.nowMs();
    this.core.attach(link, peerReceived);
    old?.close('closed', 'the session moved to another link');
    link.listen({
      onFrame: (frame) => this.#hear(link, frame),
      onClose: (_code, reason) => this.#lost(link, reason),
    });
  }

  sweep(nowMs: number, windowMs: number): void {
    if (this.#link === undefined) {
      if (nowMs - this.#suspendedMs >= windowMs) this.#finish('window-over', 'the node did not come back');
      return;
    }
    const silenceMs = this.#expecting ? LIMITS.linkSilenceMs.value : IDLE_SILENCE_MS;
    if (nowMs - this.#heardMs >= silenceMs) {
      this.#lost(this.#link, `the node was silent for ${Math.round((nowMs - this.#heardMs) / 1_000)} s`);
    }
  }

  #hear(link: Link, frame: Uint8Array): void {
    if (link !== this.#link) return;
    const nowMs = this.#ports.clock.nowMs();
    this.#heardMs = nowMs;
    const bytesFit = this.#byteRate.take(frame.length, nowMs);
    if (bytesFit && this.#messageRate.take(this.core.receive(frame), nowMs)) return;
    this.#ports.on.counted?.('rate-limited');
    this.end('rate-limited', 'More messages or bytes than a node may send.', 10_000);
  }

  #deliver(messages: readonly AgentMessage[]): void {
    this.#ports.on.messages(this, messages);
    const bye = messages.find((message) => message.type === 'bye');
    if (bye === undefined) return;
    // The farewell's acknowledgement, so that the agent need not wait.
    this.core.keepalive();
    this.#finish('bye', bye.reason);
  }

  /** Agents hear a silent coordinator by these answers; agents answer none, so words do not echo for ever. */
  #answerKeepalive(): void {
    if (this.#ports.clock.nowMs() - this.core.sentAtMs >= LIMITS.keepaliveMs.value / 2) this.core.keepalive();
  }

  #fault(code: ErrorCode, reason: string): void {
    const link = this.#link;
    if (code !== 'frame-out-of-order') this.end(code, reason);
    else if (link !== undefined) this.#lost(link, reason);
  }

  #lost(link: Link, reason: string): void {
    if (link !== this.#link || this.#ended) return;
    this.#link = undefined;
    this.#suspendedMs = this.#ports.clock.nowMs();
    this.core.detach();
    link.close('closed', reason);
    this.#ports.on.suspended(this, reason);
  }

  #finish(reason: EndReason, message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.core.flush();
    this.core.close();
    const link = this.#link;
    this.#link = undefined;
    link?.close(reason === 'bye' || reason === 'window-over' ? 'closed' : reason, message);
    this.#ports.forget(this);
    this.#ports.on.ended(this, reason, message);
  }
}

function refuseLink(link: Link, why: HostSessionEnd): void {
  const { code, message, retryAfterMs } = why;
  const frame = {
    type: 'refused' as const,
    code,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  link.send(encodeHandshake(frame));
  link.close(code, message);
}
