/**
 * The agent's end of a session: dials, proves its key, resumes after a lost link, and moves between links.
 *
 *   dialling ──link and welcome──▶ open ──link lost, silent──▶ waiting ──pause over──▶ dialling
 *       └─ no link, no welcome ──▶ waiting                  (open ──moveTo──▶ open, on the new link)
 *   any ──final refusal, displaced, close──▶ closed
 *
 * A lost link keeps the session: the next dial resumes it. When the coordinator no longer knows it, a new
 * one is opened and the caller is told, so that it can announce itself again.
 */
import {
  type AgentMessage,
  type CoordinatorMessage,
  decodeCoordinatorMessages,
  encodeAgentMessage,
  encodeCbor,
  LIMITS,
  type LinkKind,
  type Welcome,
} from '@trine/protocol';
import { type HandshakeOutcome, type Introduction, type Refusal, shakeHands } from './agent-handshake.ts';
import { type Clock, type Entropy, systemClock, systemEntropy, unitFrom } from './clock.ts';
import { type NodeIdentity, type VerifySignature, verifySignature } from './identity.ts';
import {
  DIAL_MS,
  FAREWELL_MS,
  IDLE_KEEPALIVE_MS,
  IDLE_SILENCE_MS,
  RECONNECT_BASE_MS,
  RECONNECT_CAP_MS,
  RECONNECT_RESET_MS,
  RETRY_AFTER_MAX_MS,
} from './limits.ts';
import type { Link } from './link.ts';
import { type Counted, SessionCore } from './session-core.ts';

export interface AgentSessionEvents {
  /**
   * The session is open. `welcome.resumed` is false for a new one: what was sent before and not yet
   * recorded must be sent again by the caller. Pin `coordinatorKey` to talk to no other the next time.
   */
  opened(welcome: Welcome, coordinatorKey: Uint8Array): void;
  messages(messages: readonly CoordinatorMessage[]): void;
  /** No link for now; dialling goes on. Messages queue. */
  suspended(reason: string): void;
  /** The coordinator said no, or ended the session. Final codes are followed by `closed`. */
  refused(refusal: Refusal): void;
  /** The session is over for good and nothing dials any more. Told once. */
  closed(reason: string): void;
  /** Which kind of link carries the session, and why, in words. */
  linkChanged(kind: LinkKind, note: string): void;
  counted?(kind: Counted): void;
}

export interface AgentSessionOptions {
  /** Makes a fresh link to a coordinator: a WebSocket. May try another address each time. */
  readonly dial: () => Promise<Link>;
  /** Scheme, host and port that `dial` reaches, as the coordinator knows itself. */
  readonly origin: string | (() => string);
  readonly identity: NodeIdentity;
  readonly coordinatorKey?: Uint8Array;
  /** Asked for each new session. */
  readonly hello: () => Introduction;
  readonly on: AgentSessionEvents;
  /** Default: portable verification. */
  readonly verify?: VerifySignature;
  readonly clock?: Clock;
  readonly entropy?: Entropy;
}

export interface AgentSession {
  /** Queues a message for the open or suspended session. Before the first `opened` it is dropped. */
  send(message: AgentMessage): void;
  /**
   * Carries the session on over `link`, which must reach the same coordinator. True when it has moved (the
   * old link is closed); false when it stays where it was (`link` is closed).
   */
  moveTo(link: Link, note?: string): Promise<boolean>;
  /** On while leases are held: an empty frame a second, and a silent link counts as dead after five. */
  keepalive(on: boolean): void;
  /** Says goodbye, waits a moment for the acknowledgement, and ends. */
  close(reason: string): Promise<void>;
  readonly linkKind: LinkKind | undefined;
}

/** Refusals after which coming back by itself cannot help, or is forbidden. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'displaced',
  'token-refused',
  'version-unsupported',
  'origin-refused',
  'handshake-failed',
  'bad-signature',
  'forbidden',
]);

/** Starts dialling at once. */
export const createAgentSession = (options: AgentSessionOptions): AgentSession =>
  new DiallingSession(options);

type Core = SessionCore<AgentMessage, CoordinatorMessage>;

/** A session that was welcomed once and can be resumed. */
interface Held {
  readonly core: Core;
  readonly session: number;
  readonly coordinatorKey: Uint8Array;
}

type State = 'dialling' | 'open' | 'waiting' | 'closed';

class DiallingSession implements AgentSession {
  readonly #options: AgentSessionOptions;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  #state: State = 'waiting';
  #held: Held | undefined;
  #link: Link | undefined;
  /** A move under way: a lost link waits for its end before anything is dialled. */
  #moving = false;
  #failures = 0;
  #openedAtMs = 0;
  #heardMs = 0;
  #busy = false;
  #cancelTick: (() => void) | undefined;
  #cancelPause: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #finishFarewell: (() => void) | undefined;

  constructor(options: AgentSessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#entropy = options.entropy ?? systemEntropy;
    this.#clock.defer(() => this.#dial());
  }

  get linkKind(): LinkKind | undefined {
    return this.#link?.kind;
  }

  send(message: AgentMessage): void {
    this.#held?.core.send(message);
  }

  keepalive(on: boolean): void {
    if (this.#busy === on) return;
    this.#busy = on;
    if (this.#state !== 'open') return;
    if (on) this.#held?.core.keepalive();
    this.#heardMs = Math.max(this.#heardMs, this.#clock.nowMs());
    this.#startTicking();
  }

  async moveTo(link: Link, note = ''): Promise<boolean> {
    const held = this.#held;
    if (this.#state !== 'open' || held === undefined || this.#moving) {
      link.close('closed', 'the session cannot move now');
      return false;
    }
    this.#moving = true;
    const outcome = await this.#shake(link, held);
    this.#moving = false;
    if (outcome.type === 'welcome' && this.#mayTake(held, outcome.welcome)) {
      this.#take(link, held, outcome, note);
      return true;
    }
    link.close('closed', 'the session stays where it was');
    if (this.#link === undefined && this.#isOpen()) this.#redial('the link ended during a move');
    return false;
  }

  close(reason: string): Promise<void> {
    this.#closing ??= this.#sayGoodbye(reason);
    return this.#closing;
  }

  #sayGoodbye(reason: string): Promise<void> {
    const held = this.#held;
    if (this.#state !== 'open' || held === undefined) {
      this.#finish(reason);
      return Promise.resolve();
    }
    held.core.send({ type: 'bye', reason });
    held.core.flush();
    return new Promise((resolve) => {
      const cancel = this.#clock.setTimer(FAREWELL_MS, () => this.#finishFarewell?.());
      this.#finishFarewell = () => {
        this.#finishFarewell = undefined;
        cancel();
        this.#finish(reason);
        resolve();
      };
    });
  }

  // ── dialling ───────────────────────────────────────────────────────────────────────────────────────

  #dial(): void {
    if (this.#state === 'closed') return;
    this.#state = 'dialling';
    const connecting = this.#withDeadline((async () => this.#options.dial())());
    connecting.then(
      (link) => this.#greet(link),
      (cause: unknown) => this.#redial(cause instanceof Error ? cause.message : 'no connection'),
    );
  }

  /** A dial that answers too late has its link closed. */
  #withDeadline(dialling: Promise<Link>): Promise<Link> {
    return new Promise((resolve, reject) => {
      let late = false;
      const cancel = this.#clock.setTimer(DIAL_MS, () => {
        late = true;
        reject(new Error('no connection in time'));
      });
      dialling.then(
        (link) => {
          cancel();
          if (late) link.close('closed', 'dialled too slowly');
          resolve(link);
        },
        (cause: unknown) => {
          cancel();
          reject(cause instanceof Error ? cause : new Error('no connection', { cause }));
        },
      );
    });
  }

  async #greet(link: Link): Promise<void> {
    if (this.#state === 'closed') return link.close('closed', 'the agent has stopped');
    const held = this.#held;
    const outcome = await this.#shake(link, held, this.#options.hello);
    if (this.#isClosed()) return link.close('closed', 'the agent has stopped');
    switch (outcome.type) {
      case 'lost':
        return this.#redial(outcome.reason);
      case 'refused':
        return this.#refuse(outcome.refused);
      case 'welcome':
        return this.#welcomed(link, held, outcome);
    }
  }

  #shake(link: Link, held: Held | undefined, introduce?: () => Introduction): Promise<HandshakeOutcome> {
    const { identity, coordinatorKey, origin, verify } = this.#options;
    const resume = held && {
      session: held.session,
      coordinatorKey: held.coordinatorKey,
      received: () => held.core.received,
    };
    return shakeHands(link, {
      clock: this.#clock,
      entropy: this.#entropy,
      identity,
      verify: verify ?? verifySignature,
      origin: typeof origin === 'string' ? origin : origin(),
      ...(coordinatorKey === undefined ? {} : { pinnedKey: coordinatorKey }),
      ...(resume === undefined ? {} : { resume }),
      ...(introduce === undefined ? {} : { introduce }),
    });
  }

  #welcomed(link: Link, held: Held | undefined, outcome: HandshakeOutcome & { type: 'welcome' }): void {
    const note = link.remote;
    if (outcome.welcome.resumed && held !== undefined) {
      if (this.#mayTake(held, outcome.welcome)) return this.#take(link, held, outcome, note);
      link.close('closed', 'the coordinator resumed another state than ours');
      this.#forget();
      return this.#redial('the session could not be resumed');
    }
    this.#forget();
    const { welcome, coordinatorKey } = outcome;
    this.#take(link, { core: this.#newCore(), session: welcome.session, coordinatorKey }, outcome, note);
  }

  #mayTake(held: Held, welcome: Welcome): boolean {
    return this.#held === held && welcome.resumed && held.core.canResume(welcome.received);
  }

  /** Makes `link` the session's link; the one before is closed. */
  #take(link: Link, held: Held, outcome: HandshakeOutcome & { type: 'welcome' }, note: string): void {
    const old = this.#link;
    const wasOpen = this.#state === 'open';
    this.#held = held;
    this.#link = link;
    this.#state = 'open';
    this.#heardMs = this.#clock.nowMs();
    this.#openedAtMs = wasOpen ? this.#openedAtMs : this.#heardMs;
    held.core.attach(link, outcome.welcome.received);
    old?.close('closed', 'the session moved to another link');
    this.#startTicking();
    if (!wasOpen) this.#options.on.opened(outcome.welcome, outcome.coordinatorKey);
    this.#options.on.linkChanged(link.kind, note);
    outcome.handOver({
      onFrame: (frame) => this.#hear(link, frame),
      onClose: (_code, reason) => this.#lost(link, reason),
    });
  }

  #forget(): void {
    this.#held?.core.close();
    this.#held = undefined;
  }

  #newCore(): Core {
    const core: Core = new SessionCore<AgentMessage, CoordinatorMessage>({
      clock: this.#clock,
      encode: (message) => encodeCbor(encodeAgentMessage(message)),
      decode: decodeCoordinatorMessages,
      onMessages: (messages) => this.#deliver(messages),
      onKeepalive: () => undefined,
      onFault: (code, reason) => this.#fault(code, reason),
      onCounted: (kind) => this.#options.on.counted?.(kind),
    });
    return core;
  }

  // ── an open session ────────────────────────────────────────────────────────────────────────────────

  #hear(link: Link, frame: Uint8Array): void {
    if (link !== this.#link) return;
    this.#heardMs = this.#clock.nowMs();
    this.#held?.core.receive(frame);
    if (this.#held?.core.settled === true) this.#finishFarewell?.();
  }

  #deliver(messages: readonly CoordinatorMessage[]): void {
    const end = messages.find((message) => message.type === 'go-away');
    const others = messages.filter((message) => message.type !== 'go-away');
    if (others.length > 0) this.#options.on.messages(others);
    if (end === undefined || this.#state === 'closed') return;
    this.#dropLink('the coordinator ended the session');
    this.#forget();
    this.#refuse({ code: end.code, message: end.message, retryAfterMs: end.retryAfterMs });
  }

  /** A gap is mended by resuming; after any other fault the session starts anew. */
  #fault(code: string, reason: string): void {
    if (code !== 'frame-out-of-order') this.#forget();
    const wasOpen = this.#state === 'open';
    this.#dropLink(reason);
    if (wasOpen) this.#suspend(reason);
  }

  #lost(link: Link, reason: string): void {
    if (link !== this.#link) return;
    this.#dropLink(reason);
    if (this.#finishFarewell !== undefined) return this.#finishFarewell();
    if (!this.#moving) this.#suspend(reason);
  }

  #dropLink(reason: string): void {
    const link = this.#link;
    this.#link = undefined;
    this.#held?.core.detach();
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    link?.close('closed', reason);
  }

  /** Looks at the clock once a keepalive: says a word, and gives a link up that said none for too long. */
  #startTicking(): void {
    this.#cancelTick?.();
    const everyMs = this.#busy ? LIMITS.keepaliveMs.value : IDLE_KEEPALIVE_MS;
    const silenceMs = this.#busy ? LIMITS.linkSilenceMs.value : IDLE_SILENCE_MS;
    const dueMs = this.#clock.nowMs() + everyMs;
    this.#cancelTick = this.#clock.setTimer(everyMs, () => {
      const nowMs = this.#clock.nowMs();
      // A tick that is late itself (a frozen page, a busy machine) proves nothing about the link: what has
      // arrived meanwhile gets one more turn to be heard.
      if (nowMs - dueMs > everyMs) this.#heardMs = Math.max(this.#heardMs, nowMs - silenceMs + everyMs);
      const link = this.#link;
      if (link !== undefined && nowMs - this.#heardMs >= silenceMs) {
        return this.#lost(link, `the link was silent for ${Math.round((nowMs - this.#heardMs) / 1_000)} s`);
      }
      this.#held?.core.keepalive();
      this.#startTicking();
    });
  }

  // ── pauses and ends ────────────────────────────────────────────────────────────────────────────────

  #refuse(refusal: Refusal): void {
    this.#options.on.refused(refusal);
    if (FINAL_CODES.has(refusal.code)) return this.#finish(refusal.message);
    if (refusal.code === 'session-unknown') this.#forget();
    this.#suspend(refusal.message, Math.min(refusal.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS));
  }

  #redial(reason: string): void {
    if (this.#state !== 'closed') this.#suspend(reason);
  }

  #suspend(reason: string, leastMs = 0): void {
    if (this.#isClosed()) return;
    const nowMs = this.#clock.nowMs();
    const lasted = this.#state === 'open' && nowMs - this.#openedAtMs >= RECONNECT_RESET_MS;
    this.#failures = lasted ? 0 : this.#failures;
    const ceilingMs = Math.min(RECONNECT_CAP_MS, RECONNECT_BASE_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    this.#state = 'waiting';
    this.#cancelPause?.();
    this.#cancelPause = this.#clock.setTimer(leastMs + ceilingMs * unitFrom(this.#entropy), () =>
      this.#dial(),
    );
    this.#options.on.suspended(reason);
  }

  #finish(reason: string): void {
    if (this.#isClosed()) return;
    this.#state = 'closed';
    this.#cancelPause?.();
    this.#dropLink(reason);
    this.#forget();
    this.#options.on.closed(reason);
  }

  // As calls, because a callback or an await may have changed the state meanwhile.
  #isOpen(): boolean {
    return this.#state === 'open';
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }
}
