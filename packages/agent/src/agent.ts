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
  digestOf,
  type Grant,
  type LeaseId,
  LIMITS,
  type LinkKind,
  type NodeProfile,
  nodeIdOf,
  type Welcome,
} from '@trine/protocol';
import { type AgentSession, createAgentSession } from '@trine/mesh';
import type { RunResult } from '@trine/sandbox';
import { viewOf } from './agent-view.ts';
import { type Artifacts, createArtifacts } from './artifacts.ts';
import {
  type Attempt,
  beginAttempt,
  outputDigestOf,
  prepareAttempt,
  refuseGrant,
  reportedResult,
} from './attempt.ts';
import { capacityFor } from './capacity.ts';
import { ChannelKeeper } from './channel-keeper.ts';
import { Counters } from './counters.ts';
import { createFuelMeter, type FuelMeter } from './fuel-meter.ts';
import {
  COOL_DOWN_MAX_MS,
  COOL_DOWN_MS,
  FAREWELL_MS,
  HEARTBEAT_INTERVAL_MIN_MS,
  INPUT_BYTES_MAX,
  LEASES_SPARE,
  PROGRESS_INTERVAL_MS,
  THAW_GAP_MS,
  THREADS_MAX,
  TICK_MS,
  VIEW_INTERVAL_MS,
} from './limits.ts';
import { Outbox } from './outbox.ts';
import type { AgentPorts, MachineFigures } from './ports.ts';
import { ThreadPool } from './thread-pool.ts';
import { createUploads, type Uploads } from './uploads.ts';
import type { AgentPhase, AgentView } from './view.ts';

export interface AgentSettings {
  /** Scheme, host and port of the coordinator, e.g. `http://192.0.2.7:3000`. */
  readonly origin: string;
  /** Threads to lend at first. */
  readonly threads: number;
  /** Join token from the operator; without one the node is its own owner. */
  readonly token?: string | undefined;
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

/** Makes an agent, stopped. */
export function createAgent(options: {
  readonly ports: AgentPorts;
  readonly settings: AgentSettings;
}): Agent {
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
  readonly #attempts = new Map<LeaseId, Attempt>();
  readonly #listeners = new Set<(view: AgentView) => void>();
  readonly #pool: ThreadPool;
  readonly #outbox: Outbox;
  readonly #uploads: Uploads;
  readonly #artifacts: Artifacts;
  readonly #counters: Counters;
  readonly #channels: ChannelKeeper;
  #meter: FuelMeter = createFuelMeter();
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
  #cooling: { readonly untilMs: number; readonly failures: number; readonly reason: string } | undefined;
  #capacitySent: number | undefined;
  #lastTickMs = 0;
  #heartbeat = { sentAtMs: Number.NEGATIVE_INFINITY, state: '' };
  #figures: { readonly readAtMs: number; readonly values: MachineFigures } = {
    readAtMs: Number.NEGATIVE_INFINITY,
    values: {},
  };
  #cancelTick: (() => void) | undefined;
  #cancelView: (() => void) | undefined;
  #onRecorded: (() => void) | undefined;

  constructor(ports: AgentPorts, settings: AgentSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#threads = boundThreads(settings.threads);
    this.#pool = new ThreadPool(ports.threads, {
      progress: (attempt, done, total) => this.#progressed(attempt, { done, total }),
      finished: (attempt, result) => this.#finished(attempt, result),
      changed: () => this.#pump(),
      log: ({ grant }, text) => ports.log.debug({ job: grant.job, index: grant.index, text }, 'guest log'),
    });
    this.#outbox = new Outbox(ports, {
      key: `unrecorded-${digestOf(new TextEncoder().encode(settings.origin)).slice(0, 16)}`,
      send: (report) => this.#send(report),
    });
    this.#uploads = createUploads(ports, settings.origin, (message) => this.#send(message));
    this.#artifacts = createArtifacts(ports, settings.origin);
    this.#counters = new Counters(ports);
    this.#channels = new ChannelKeeper({
      clock: ports.clock,
      source: ports.channels,
      onNote: (note) => this.#noted(note),
    });
  }

  async start(): Promise<void> {
    if (this.#intent.type === 'running') return;
    await this.#leaving;
    this.#intent = { type: 'running' };
    this.#linkLost = '';
    this.#refusal = undefined;
    this.#idleReason = '';
    this.#cooling = undefined;
    this.#show();
    await (this.#loaded ??= this.#load());
    if (!this.#isRunning()) return;
    this.#pool.resize(this.#threads);
    this.#lastTickMs = this.#ports.clock.nowMs();
    this.#scheduleTick();
    this.#session = this.#openSession();
  }

  async stop(reason: string): Promise<void> {
    if (this.#intent.type === 'running') {
      this.#intent = { type: 'stopping', reason };
      this.#leaving = this.#leave(reason);
      this.#show();
    }
    await this.#leaving;
    this.#intent = { type: 'stopped', reason };
    this.#show();
  }

  pause(reason: string): void {
    this.#paused = reason;
    this.#giveBack([...this.#attempts.keys()], reason);
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
    const stopped = this.#pool.resize(this.#threads);
    this.#giveBack(
      stopped.map(({ grant }) => grant.lease),
      'its thread was taken back',
    );
    this.#tellProfile();
    this.#settle();
  }

  view(): AgentView {
    const nowMs = this.#ports.clock.nowMs();
    return viewOf({
      ...this.#phase(),
      kind: this.#ports.kind,
      node: this.#standing?.node ?? nodeIdOf(this.#ports.identity.publicKey),
      owner: this.#standing?.owner ?? '',
      coordinator: this.#settings.origin,
      link: this.#open ? this.#linkKind : undefined,
      linkNote: this.#linkNote,
      slots: this.#pool.slots(),
      attempts: [...this.#attempts.values()],
      threadsAllowed: this.#threads,
      fuelPerSecond: this.#meter.perSecond(nowMs, this.#runningSince()),
      counters: this.#counters.values,
      unrecorded: this.#outbox.size,
      weaker: this.#ports.weaker,
      nowMs,
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
    const { size } = this.#attempts;
    if (!this.#open) {
      const goesOn = size === 0 ? '' : `; ${tasks(size)} at hand go on meanwhile`;
      const why = this.#linkLost === '' ? '' : ` again: ${this.#linkLost}`;
      return { phase: 'connecting', reason: `connecting to ${this.#settings.origin}${why}${goesOn}` };
    }
    if (this.#paused !== undefined) return { phase: 'paused', reason: this.#paused };
    if (size > 0) return { phase: 'working', reason: `working on ${tasks(size)}` };
    if (this.#threads === 0)
      return { phase: 'idle', reason: 'no thread is lent: raise the number of threads' };
    const cooling = this.#coolingReason();
    if (cooling !== undefined) {
      return { phase: 'idle', reason: `waiting a moment after a failed transfer: ${cooling}` };
    }
    return { phase: 'idle', reason: this.#idleReason === '' ? 'waiting for work' : this.#idleReason };
  }

  #runningSince(): readonly number[] {
    return [...this.#attempts.values()].flatMap(({ stage, startedAtMs }) =>
      stage === 'running' && startedAtMs !== undefined ? [startedAtMs] : [],
    );
  }

  /** After any change: the session is told what it should know, and whoever watches sees it. */
  #settle(): void {
    this.#session?.keepalive(this.#attempts.size + this.#outbox.size > 0);
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
    const [profile] = await Promise.all([
      this.#ports.sensors.profile(),
      this.#outbox.load(),
      this.#counters.load(),
    ]);
    this.#profile = profile;
    const { threadSpeed } = this.#counters.values;
    this.#meter = createFuelMeter(threadSpeed > 0 ? threadSpeed : undefined);
  }

  #send(message: AgentMessage): void {
    this.#session?.send(message);
  }

  #currentProfile(): NodeProfile {
    const speed = this.#meter.threadSpeed();
    return {
      ...(this.#profile ?? UNKNOWN_MACHINE),
      agent: this.#ports.kind,
      threads: this.#threads,
      ...(speed === undefined ? {} : { fuelPerSecond: speed }),
      ...(this.#linkNote === '' ? {} : { webrtc: this.#linkNote.slice(0, LIMITS.nameCharacters.value) }),
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
        held: [...this.#attempts.keys(), ...this.#outbox.leases()],
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
      this.#outbox.sessionBegan();
      this.#uploads.askAgain();
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
    this.#drop([...this.#attempts.keys()]);
    this.#leaving = Promise.all([this.#pool.close(), this.#outbox.save(), this.#counters.save()]).then(() =>
      this.#show(),
    );
    this.#show();
  }

  #hear(message: CoordinatorMessage): void {
    switch (message.type) {
      case 'grants':
        return this.#granted(message.grants);
      case 'results-recorded':
        return this.#recorded(message.leases);
      case 'abandon':
        return this.#abandoned(message.leases, message.reason);
      case 'upload-granted':
      case 'upload-refused':
        return this.#uploads.answered(message);
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

  // ── leases ─────────────────────────────────────────────────────────────────────────────────────────

  #accepts(): boolean {
    return this.#isRunning() && this.#paused === undefined && this.#threads > 0;
  }

  #granted(grants: readonly Grant[]): void {
    for (const grant of grants) {
      if (this.#attempts.has(grant.lease) || this.#outbox.holds(grant.lease)) continue;
      const reason = this.#accepts() ? (refuseGrant(grant) ?? this.#overfull(grant)) : this.#phase().reason;
      if (reason === undefined) this.#begin(grant);
      else this.#send({ type: 'return-leases', leases: [grant.lease], reason });
    }
  }

  /** What was asked for is taken, and a little more for words that crossed; a flood goes back. */
  #overfull(grant: Grant): string | undefined {
    const [capacity] = this.#capacity();
    const most = Math.min(capacity * 2 + LEASES_SPARE, LIMITS.leasesPerNode.value);
    if (this.#attempts.size + this.#outbox.size >= most) return 'more leases than this node asked for';
    const bytes = [...this.#attempts.values()].reduce((sum, attempt) => sum + inputBytes(attempt.grant), 0);
    return bytes + inputBytes(grant) > INPUT_BYTES_MAX
      ? 'its input does not fit beside those at hand'
      : undefined;
  }

  #begin(grant: Grant): void {
    const attempt = beginAttempt(grant, this.#ports.clock.nowMs());
    this.#attempts.set(grant.lease, attempt);
    void this.#prepare(attempt);
  }

  async #prepare(attempt: Attempt): Promise<void> {
    const prepared = await prepareAttempt(this.#artifacts, this.#ports.hash, attempt);
    if (!this.#isLive(attempt)) return;
    switch (prepared.type) {
      case 'ready':
        attempt.request = prepared.request;
        attempt.stage = 'ready';
        this.#cooling = undefined;
        this.#pump();
        return;
      case 'unfetched':
        this.#cool(prepared.reason);
        this.#giveBack([attempt.grant.lease], prepared.reason);
        return;
      case 'unable':
        void this.#report(attempt, abortedRun(prepared.reason));
    }
  }

  #isLive(attempt: Attempt): boolean {
    return this.#attempts.get(attempt.grant.lease) === attempt;
  }

  /** A failed transfer must not become a storm of leases that come and go. */
  #cool(reason: string): void {
    const failures = (this.#cooling?.failures ?? 0) + 1;
    const pauseMs = Math.min(COOL_DOWN_MS * 2 ** (failures - 1), COOL_DOWN_MAX_MS);
    this.#cooling = { untilMs: this.#ports.clock.nowMs() + pauseMs, failures, reason };
    this.#ports.log.warn({ reason, pauseMs }, 'a lease goes back for want of its bytes');
  }

  #coolingReason(): string | undefined {
    const cooling = this.#cooling;
    return cooling !== undefined && this.#ports.clock.nowMs() < cooling.untilMs ? cooling.reason : undefined;
  }

  /** Starts what is ready, oldest first, on the threads that are free. */
  #pump(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const attempt of this.#attempts.values()) {
      if (attempt.stage !== 'ready') continue;
      if (attempt.expiresAtMs <= nowMs)
        this.#giveBack([attempt.grant.lease], 'its time ended before it began');
      else if (!this.#pool.start(attempt, nowMs)) break;
    }
    this.#settle();
  }

  #progressed(attempt: Attempt, progress: { readonly done: number; readonly total: number }): void {
    const nowMs = this.#ports.clock.nowMs();
    if (!this.#isLive(attempt) || progress.done < 0 || progress.total < 0) return;
    attempt.progress = progress;
    this.#touch();
    if (nowMs - attempt.progressSentAtMs < PROGRESS_INTERVAL_MS) return;
    attempt.progressSentAtMs = nowMs;
    this.#send({ type: 'progress', lease: attempt.grant.lease, ...progress });
  }

  #finished(attempt: Attempt, result: RunResult): void {
    if (!this.#isLive(attempt)) return;
    if (result.outcome !== 'aborted' && attempt.startedAtMs !== undefined) {
      const endedAtMs = this.#ports.clock.nowMs();
      const { wallMs } = result;
      this.#meter.ended({ startedAtMs: attempt.startedAtMs, endedAtMs, wallMs, fuel: Number(result.fuel) });
    }
    attempt.stage = 'uploading';
    void this.#report(attempt, result);
  }

  async #report(attempt: Attempt, result: RunResult): Promise<void> {
    const { grant } = attempt;
    const digest = await outputDigestOf(this.#ports.hash, result.output);
    if (!this.#isLive(attempt)) return;
    const reported = reportedResult(grant, result, digest);
    if (reported.output === undefined) {
      const uploaded = await this.#uploads.begin(grant.lease, digest, result.output);
      if (!this.#isLive(attempt)) return;
      if (uploaded.type === 'refused') {
        this.#cool(uploaded.reason);
        this.#giveBack([grant.lease], uploaded.reason);
        return;
      }
    }
    this.#attempts.delete(grant.lease);
    this.#outbox.add(reported);
    const { reported: count, fuelSpent } = this.#counters.values;
    this.#counters.change({
      reported: count + 1,
      fuelSpent: fuelSpent + result.fuel,
      threadSpeed: this.#meter.threadSpeed() ?? 0,
    });
    this.#settle();
  }

  #recorded(leases: readonly LeaseId[]): void {
    this.#outbox.forget(leases);
    if (this.#outbox.size === 0) this.#onRecorded?.();
  }

  /** The coordinator took leases away: their runs end at once, and nothing of them is reported. */
  #abandoned(leases: readonly LeaseId[], reason: string): void {
    this.#ports.log.debug({ leases: leases.length, reason }, 'leases abandoned');
    this.#drop(leases);
    this.#recorded(leases);
  }

  /** We let leases go: the coordinator is told at once. */
  #giveBack(leases: readonly LeaseId[], reason: string): void {
    const held = leases.filter((lease) => this.#attempts.has(lease));
    if (held.length === 0) return;
    this.#drop(held);
    this.#send({ type: 'return-leases', leases: held, reason });
    this.#settle();
  }

  #drop(leases: readonly LeaseId[]): void {
    for (const lease of leases) {
      const attempt = this.#attempts.get(lease);
      this.#attempts.delete(lease);
      attempt?.stop.abort();
      this.#uploads.drop(lease);
    }
  }

  #tellCapacity(): void {
    if (!this.#open) return;
    const [leases, reason] = this.#capacity();
    if (leases === this.#capacitySent) return;
    this.#capacitySent = leases;
    this.#send({ type: 'capacity', leases, ...(leases === 0 ? { reason } : {}) });
  }

  #capacity(): readonly [number, string] {
    if (!this.#accepts()) return [0, this.#phase().reason];
    const cooling = this.#coolingReason();
    if (cooling !== undefined) return [0, cooling];
    return [capacityFor(this.#threads, this.#meter.meanRunMs()), ''];
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
    if (gapMs > THAW_GAP_MS) this.#thawed(nowMs, gapMs);
    this.#pump();
    this.#beat(nowMs);
  }

  /** The machine slept: what expired meanwhile is another node's by now. */
  #thawed(nowMs: number, gapMs: number): void {
    this.#ports.log.info({ gapMs: Math.round(gapMs) }, 'the clock jumped: expired leases are dropped');
    const expired = [...this.#attempts.values()].filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    this.#giveBack(
      expired.map(({ grant }) => grant.lease),
      'the machine slept past their time',
    );
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
    const running = this.#runningSince();
    this.#send({
      type: 'heartbeat',
      ...figures,
      threadsBusy: running.length,
      fuelPerSecond: this.#meter.perSecond(nowMs, running),
      state,
    });
  }

  /** Reading sensors starts programs on some systems, so figures are no younger than a heartbeat. */
  async #readFigures(nowMs: number): Promise<MachineFigures> {
    if (nowMs - this.#figures.readAtMs >= LIMITS.heartbeatMs.value) {
      const values = await this.#ports.sensors.figures().catch(() => ({}));
      this.#figures = { readAtMs: nowMs, values };
    }
    return this.#figures.values;
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────

  async #leave(reason: string): Promise<void> {
    this.#cancelTick?.();
    this.#giveBack([...this.#attempts.keys()], reason);
    this.#settle();
    const threadsEnded = this.#pool.close();
    await this.#sayGoodbye(reason);
    await Promise.all([threadsEnded, this.#outbox.save(), this.#counters.save()]);
  }

  /** Results already reported are given a moment to be recorded, so that they need not be kept. */
  async #sayGoodbye(reason: string): Promise<void> {
    await this.#outbox.flush();
    if (this.#open && this.#outbox.size > 0) await this.#allRecorded(FAREWELL_MS);
    const session = this.#session;
    await session?.close(reason);
    this.#forgetSession();
  }

  #allRecorded(boundMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#ports.clock.setTimer(boundMs, resolve);
      this.#onRecorded = () => {
        cancel();
        resolve();
      };
    });
  }

  #forgetSession(): void {
    this.#channels.close();
    this.#session = undefined;
    this.#open = false;
    this.#linkKind = undefined;
    this.#capacitySent = undefined;
    this.#outbox.sessionEnded();
  }
}

const DISPLACED =
  'another tab or program of this device has taken this node over; stop it there, then start again here';

const UNKNOWN_MACHINE = { version: 'unknown', cores: 0, features: [], labels: [] };

const inputBytes = ({ input }: Grant): number =>
  input.type === 'artifact' ? input.artifact.sizeBytes : LIMITS.inlineBytes.value;

const boundThreads = (count: number): number =>
  Number.isFinite(count) ? Math.min(Math.max(0, Math.floor(count)), THREADS_MAX) : 0;

const tasks = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);

const abortedRun = (reason: string): RunResult => ({
  outcome: 'aborted',
  output: new Uint8Array(0),
  fuel: 0n,
  reason,
  wallMs: 0,
});
