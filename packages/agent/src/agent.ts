/**
 * A node's loop: leases work, fetches what it needs, runs it in threads and reports. The page and the runner
 * share it; only ports differ.
 *
 *   stopped ──start──▶ connecting ◀──link lost── idle ⇄ working        (decided anew from what is true)
 *      ▲                   └──welcome──────────▶  │ ▲
 *      │                                   pause  ▼ │ resume
 *      ├── stopping ◀──stop────────────────────  paused
 *      └── start ──  refused ◀── displaced, token refused, version unsupported: it does not come back by itself
 */
import {
  type AgentMessage,
  assertNever,
  type CoordinatorMessage,
  LIMITS,
  type LinkKind,
  type NodeProfile,
  nodeIdOf,
  type Welcome,
} from '@trine/protocol';
import { type AgentSession, createAgentSession } from '@trine/mesh';
import { viewOf } from './agent-view.ts';
import { ChannelKeeper } from './channel-keeper.ts';
import { Counters } from './counters.ts';
import { LeaseDesk } from './lease-desk.ts';
import {
  CHECKPOINT_INTERVAL_MS,
  FAREWELL_MS,
  HEARTBEAT_INTERVAL_MIN_MS,
  THAW_GAP_MS,
  THREADS_MAX,
  TICK_MS,
  VIEW_INTERVAL_MS,
} from './limits.ts';
import type { AgentPorts, MachineFigures } from './ports.ts';
import type { AgentPhase, AgentView } from './view.ts';
import { assertFits, sentence, shortName, soundFigures } from './wire-words.ts';

export interface AgentSettings {
  /** Scheme, host and port of the coordinator, e.g. `http://192.0.2.7:3000`. */
  readonly origin: string;
  /** Threads to lend at first. */
  readonly threads: number;
  /** Join token from the operator; without one the node is its own owner. */
  readonly token?: string | undefined;
  /** How often a running step task is kept, so that it goes on after a crash. Default 30 s. */
  readonly checkpointEveryMs?: number | undefined;
}

/** One node's agent. */
export interface Agent {
  /** Begins, also after a stop or a refusal. Resolves when it is connecting. */
  start(): Promise<void>;
  /** Gives all leases back, ends the threads and says goodbye. Resolves when no thread burns CPU. */
  stop(reason: string): Promise<void>;
  /** Gives all leases back and takes no new ones; the session stays. */
  pause(reason: string): void;
  resume(): void;
  /** Lends this many threads from now on; work on threads taken away goes back at once. */
  setThreads(count: number): void;
  view(): AgentView;
  /** Why the coordinator does not take this agent, while that is so; the code is of the protocol's table. */
  refusal(): Refusal | undefined;
  /** Calls back with a new view at most four times a second. Answers the function that ends it. */
  onView(listener: (view: AgentView) => void): () => void;
  /** Stops and lets go of everything. Safe to call twice. */
  close(): Promise<void>;
}

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Makes an agent, stopped. Throws a `TrineError` when the settings cannot be told to any coordinator. */
export function createAgent(options: {
  readonly ports: AgentPorts;
  readonly settings: AgentSettings;
}): Agent {
  const { origin, token } = options.settings;
  assertFits('address of the coordinator', origin);
  if (token !== undefined) assertFits('join token', token);
  return new NodeAgent(options.ports, options.settings);
}

type Intent =
  | { readonly type: 'stopped'; readonly reason: string }
  | { readonly type: 'running' }
  | { readonly type: 'stopping'; readonly reason: string }
  | { readonly type: 'refused'; readonly reason: string };

/** What the coordinator said when the session opened. */
interface Standing {
  readonly node: string;
  readonly owner: string;
}

class NodeAgent implements Agent {
  readonly #ports: AgentPorts;
  readonly #settings: AgentSettings;
  readonly #listeners = new Set<(view: AgentView) => void>();
  readonly #counters: Counters;
  readonly #desk: LeaseDesk;
  readonly #channels: ChannelKeeper;
  /** Counts what its person asked for: a start that waited gives way to what came later. */
  #turn = 0;
  #intent: Intent = { type: 'stopped', reason: 'not started' };
  #loaded: Promise<void> | undefined;
  #leaving: Promise<void> = Promise.resolve();
  #session: AgentSession | undefined;
  #profile: Awaited<ReturnType<AgentPorts['sensors']['profile']>> | undefined;
  #standing: Standing | undefined;
  #open = false;
  #linkKind: LinkKind | undefined;
  #linkNote = '';
  #linkLost = '';
  #refusal: Refusal | undefined;
  #idleReason = '';
  #paused: string | undefined;
  #threads: number;
  #capacitySent: number | undefined;
  #lastTickMs = 0;
  #heartbeat = { sentAtMs: Number.NEGATIVE_INFINITY, state: '' };
  #figures: { readonly readAtMs: number; readonly values: MachineFigures } = {
    readAtMs: Number.NEGATIVE_INFINITY,
    values: {},
  };
  #cancelTick: (() => void) | undefined;
  #cancelView: (() => void) | undefined;

  constructor(ports: AgentPorts, settings: AgentSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#threads = boundThreads(settings.threads);
    this.#counters = new Counters(ports);
    this.#desk = new LeaseDesk({
      ports,
      origin: settings.origin,
      counters: this.#counters,
      send: (message) => this.#send(message),
      refusing: () => (this.#accepts() ? undefined : this.#phase().reason),
      onChange: () => this.#settle(),
      onProgress: () => this.#touch(),
      checkpointEveryMs: settings.checkpointEveryMs ?? CHECKPOINT_INTERVAL_MS,
    });
    if (ports.channels.type === 'none') this.#linkNote = ports.channels.reason;
    this.#channels = new ChannelKeeper({
      clock: ports.clock,
      source: ports.channels,
      onNote: (note) => this.#noted(note),
    });
  }

  async start(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    await this.#leaving;
    // Pressed twice, or stopped again meanwhile: the last word counts.
    if (turn !== this.#turn || this.#isRunning()) return;
    this.#intent = { type: 'running' };
    this.#linkLost = '';
    this.#refusal = undefined;
    this.#idleReason = '';
    this.#desk.startFresh();
    this.#show();
    await (this.#loaded ??= this.#load());
    if (this.#session !== undefined || !this.#isRunning()) return;
    this.#desk.lend(this.#threads);
    this.#lastTickMs = this.#ports.clock.nowMs();
    this.#scheduleTick();
    this.#session = this.#openSession();
  }

  async stop(reason: string): Promise<void> {
    this.#turn += 1;
    const { type } = this.#intent;
    if (type === 'running' || type === 'refused') {
      this.#intent = { type: 'stopping', reason };
      const before = type === 'running' ? this.#leave(reason) : this.#leaving;
      this.#leaving = before.then(() => {
        this.#intent = { type: 'stopped', reason };
        this.#show();
      });
      this.#show();
    }
    await this.#leaving;
  }

  pause(reason: string): void {
    this.#paused = reason;
    this.#desk.giveBackAll(reason);
    this.#settle();
    this.#show();
  }

  resume(): void {
    this.#paused = undefined;
    this.#settle();
    this.#show();
  }

  setThreads(count: number): void {
    this.#threads = boundThreads(count);
    if (!this.#isRunning()) return;
    this.#desk.lend(this.#threads);
    this.#tellProfile();
    this.#settle();
  }

  view(): AgentView {
    return viewOf({
      ...this.#phase(),
      kind: this.#ports.kind,
      node: this.#standing?.node ?? nodeIdOf(this.#ports.identity.publicKey),
      owner: this.#standing?.owner ?? '',
      coordinator: this.#settings.origin,
      link: this.#open ? this.#linkKind : undefined,
      linkNote: this.#linkNote,
      slots: this.#desk.slots(),
      attempts: this.#desk.attempts(),
      threadsAllowed: this.#threads,
      fuelPerSecond: this.#desk.fuelPerSecond(),
      counters: this.#counters.values,
      unrecorded: this.#desk.unrecorded,
      weaker: this.#ports.weaker,
      nowMs: this.#ports.clock.nowMs(),
    });
  }

  refusal(): Refusal | undefined {
    return this.#intent.type === 'refused' ? this.#refusal : undefined;
  }

  onView(listener: (view: AgentView) => void): () => void {
    this.#listeners.add(listener);
    listener(this.view());
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.stop('the agent was closed');
    this.#listeners.clear();
    this.#cancelView?.();
    this.#cancelView = undefined;
  }

  // ── the state, from what is true ───────────────────────────────────────────────────────────────────

  #isRunning(): boolean {
    return this.#intent.type === 'running';
  }

  #phase(): { readonly phase: AgentPhase; readonly reason: string } {
    const intent = this.#intent;
    if (intent.type === 'running') return this.#runningPhase();
    return { phase: intent.type, reason: intent.reason };
  }

  #runningPhase(): { readonly phase: AgentPhase; readonly reason: string } {
    const { size } = this.#desk;
    if (!this.#open) {
      const goesOn = size === 0 ? '' : `; ${tasks(size)} at hand go on meanwhile`;
      const why = this.#linkLost === '' ? '' : ` again: ${this.#linkLost}`;
      return { phase: 'connecting', reason: `connecting to ${this.#settings.origin}${why}${goesOn}` };
    }
    if (this.#paused !== undefined) return { phase: 'paused', reason: this.#paused };
    if (size > 0) return { phase: 'working', reason: `working on ${tasks(size)}` };
    if (this.#threads === 0)
      return { phase: 'idle', reason: 'no thread is lent: raise the number of threads' };
    const cooling = this.#desk.coolingReason();
    if (cooling !== undefined) {
      return { phase: 'idle', reason: `waiting a moment after a failed transfer: ${cooling}` };
    }
    return { phase: 'idle', reason: this.#idleReason === '' ? 'waiting for work' : this.#idleReason };
  }

  /** After any change: the session is told what it should know, and whoever watches sees it. */
  #settle(): void {
    this.#session?.keepalive(this.#desk.size + this.#desk.unrecorded > 0);
    this.#tellCapacity();
    this.#touch();
  }

  #touch(): void {
    if (this.#listeners.size === 0) return;
    this.#cancelView ??= this.#ports.clock.setTimer(VIEW_INTERVAL_MS, () => this.#show());
  }

  /** A person who pressed something is answered at once. */
  #show(): void {
    this.#cancelView?.();
    this.#cancelView = undefined;
    if (this.#listeners.size === 0) return;
    const view = this.view();
    for (const listener of this.#listeners) listener(view);
  }

  // ── the session ────────────────────────────────────────────────────────────────────────────────────

  async #load(): Promise<void> {
    const [profile] = await Promise.all([this.#ports.sensors.profile(), this.#desk.load()]);
    this.#profile = profile;
  }

  #send(message: AgentMessage): void {
    this.#session?.send(message);
  }

  #currentProfile(): NodeProfile {
    const speed = this.#desk.threadSpeed();
    return {
      ...(this.#profile ?? UNKNOWN_MACHINE),
      agent: this.#ports.kind,
      threads: this.#threads,
      ...(speed === undefined ? {} : { fuelPerSecond: speed }),
      ...(this.#linkNote === '' ? {} : { webrtc: shortName(this.#linkNote) }),
    };
  }

  #tellProfile(): void {
    if (this.#open) this.#send({ type: 'profile-changed', profile: this.#currentProfile() });
  }

  #openSession(): AgentSession {
    const { origin, token } = this.#settings;
    const { dial, identity, clock, entropy, verify } = this.#ports;
    const session: AgentSession = createAgentSession({
      dial: () => dial(origin),
      origin,
      identity,
      clock,
      entropy,
      ...(verify === undefined ? {} : { verify }),
      hello: () => ({
        profile: this.#currentProfile(),
        ...(token === undefined ? {} : { token }),
        held: this.#desk.held(),
      }),
      on: {
        opened: (welcome) => this.#opened(session, welcome),
        messages: (messages) => {
          for (const message of messages) this.#hear(message);
          this.#settle();
        },
        suspended: (reason) => this.#suspended(reason),
        refused: ({ code, message }) => {
          this.#refusal = { code, message: code === 'displaced' ? DISPLACED : message };
        },
        closed: (reason) => this.#ended(session, reason),
        linkChanged: (kind) => {
          this.#linkKind = kind;
          this.#touch();
        },
      },
    });
    return session;
  }

  #noted(note: string): void {
    if (note === this.#linkNote) return;
    this.#linkNote = note;
    this.#tellProfile();
    this.#touch();
  }

  #opened(session: AgentSession, welcome: Welcome): void {
    this.#open = true;
    this.#linkLost = '';
    this.#refusal = undefined;
    this.#standing = { node: welcome.node, owner: welcome.owner };
    this.#ports.log.info(
      { node: welcome.node, owner: welcome.owner, session: welcome.session, resumed: welcome.resumed },
      'session open',
    );
    if (!welcome.resumed) {
      this.#capacitySent = undefined;
      this.#heartbeat = { sentAtMs: Number.NEGATIVE_INFINITY, state: '' };
      this.#desk.sessionBegan();
    }
    this.#channels.opened(session, welcome);
    this.#settle();
    this.#beat(this.#ports.clock.nowMs());
  }

  /** A lost link is not a lost lease: what runs goes on. */
  #suspended(reason: string): void {
    this.#open = false;
    this.#channels.suspended();
    this.#linkLost = this.#refusal?.message ?? reason;
    this.#ports.log.info({ reason: this.#linkLost }, 'no link to the coordinator for now');
    this.#touch();
  }

  /** The session ended for good without our asking: another agent has this node, or we are not wanted. */
  #ended(session: AgentSession, reason: string): void {
    if (this.#session !== session || !this.#isRunning()) return;
    const words = this.#refusal?.message ?? reason;
    this.#ports.log.warn({ reason: words }, 'the coordinator does not take this agent');
    this.#intent = { type: 'refused', reason: words };
    this.#cancelTick?.();
    this.#forgetSession();
    this.#desk.dropAll();
    this.#leaving = Promise.all([this.#desk.endThreads(), this.#desk.save(), this.#counters.save()]).then(
      () => this.#show(),
    );
    this.#show();
  }

  #hear(message: CoordinatorMessage): void {
    switch (message.type) {
      case 'grants':
        return this.#desk.granted(message.grants);
      case 'results-recorded':
        return this.#desk.recorded(message.leases);
      case 'abandon':
        return this.#desk.abandoned(message.leases, message.reason);
      case 'upload-granted':
      case 'upload-refused':
        return this.#desk.uploadAnswered(message);
      case 'standing':
        return this.#counters.change({
          valid: message.valid,
          invalid: message.invalid,
          credit: message.credit,
        });
      case 'idle-reason':
        this.#idleReason = message.reason;
        return;
      case 'signal':
        return this.#channels.signal(message);
      // The session itself acts on this one.
      case 'go-away':
        return;
    }
    assertNever(message);
  }

  #accepts(): boolean {
    return this.#isRunning() && this.#paused === undefined && this.#threads > 0;
  }

  #tellCapacity(): void {
    if (!this.#open) return;
    const [leases, reason] = this.#capacity();
    if (leases === this.#capacitySent) return;
    this.#capacitySent = leases;
    this.#send({ type: 'capacity', leases, ...(leases === 0 ? { reason: sentence(reason) } : {}) });
  }

  #capacity(): readonly [number, string] {
    if (!this.#accepts()) return [0, this.#phase().reason];
    const cooling = this.#desk.coolingReason();
    if (cooling !== undefined) return [0, cooling];
    return [this.#desk.capacity(), ''];
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────

  #scheduleTick(): void {
    this.#cancelTick = this.#ports.clock.setTimer(TICK_MS, () => {
      this.#scheduleTick();
      this.#tick();
    });
  }

  #tick(): void {
    const nowMs = this.#ports.clock.nowMs();
    const gapMs = nowMs - this.#lastTickMs;
    this.#lastTickMs = nowMs;
    if (gapMs > THAW_GAP_MS) {
      this.#ports.log.info({ gapMs: Math.round(gapMs) }, 'the clock jumped: expired leases go back');
      this.#desk.giveBackExpired();
    }
    this.#desk.pump();
    this.#beat(nowMs);
  }

  #beat(nowMs: number): void {
    const sinceMs = nowMs - this.#heartbeat.sentAtMs;
    const { phase, reason } = this.#phase();
    // How many tasks are at hand changes all the time and is known to the coordinator anyway.
    const state = phase === 'working' ? phase : `${phase}: ${reason}`;
    const changed = state !== this.#heartbeat.state && sinceMs >= HEARTBEAT_INTERVAL_MIN_MS;
    if (!this.#open || (!changed && sinceMs < LIMITS.heartbeatMs.value)) return;
    this.#heartbeat = { sentAtMs: nowMs, state };
    void this.#sendHeartbeat(state, nowMs);
  }

  async #sendHeartbeat(state: string, nowMs: number): Promise<void> {
    const figures = await this.#readFigures(nowMs);
    this.#send({
      type: 'heartbeat',
      ...figures,
      threadsBusy: this.#desk.runningSince().length,
      fuelPerSecond: this.#desk.fuelPerSecond(),
      state: sentence(state),
    });
  }

  /** Reading sensors starts programs on some systems, so figures are no younger than a heartbeat. */
  async #readFigures(nowMs: number): Promise<MachineFigures> {
    if (nowMs - this.#figures.readAtMs >= LIMITS.heartbeatMs.value) {
      const values = soundFigures(await this.#ports.sensors.figures().catch(() => ({})));
      this.#figures = { readAtMs: nowMs, values };
    }
    return this.#figures.values;
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────

  async #leave(reason: string): Promise<void> {
    this.#cancelTick?.();
    this.#desk.giveBackAll(reason);
    this.#settle();
    const threadsEnded = this.#desk.endThreads();
    if (this.#open) await this.#desk.settleResults(FAREWELL_MS);
    await this.#session?.close(sentence(reason));
    this.#forgetSession();
    await Promise.all([threadsEnded, this.#desk.save(), this.#counters.save()]);
  }

  #forgetSession(): void {
    this.#channels.close();
    this.#session = undefined;
    this.#open = false;
    this.#linkKind = undefined;
    this.#capacitySent = undefined;
    this.#desk.sessionEnded();
  }
}

const DISPLACED =
  'another tab or program of this device has taken this node over; stop it there, then start again here';

const UNKNOWN_MACHINE = { version: 'unknown', cores: 0, features: [], labels: [] };

const boundThreads = (count: number): number =>
  Number.isFinite(count) ? Math.min(Math.max(0, Math.floor(count)), THREADS_MAX) : 0;

const tasks = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);
