/**
 * Holds the nodes' sessions and owns their slots. Between the mesh (sessions, messages) and the shards (events,
 * effects) it adds what neither knows: who is admitted, what a report proves, where a free slot goes, how long a
 * silent link is forgiven. Everything here is presence: after a restart it is rebuilt by hellos.
 *
 *   opened ──▶ seated ──link lost──▶ suspended ──grace over──▶ given up (its leases move to others)
 *                 ▲                      │                          │
 *                 └──────── resumed ─────┴──────────────────────────┘
 *   any ──ended──▶ gone; its leases are given up after the grace unless the node says hello again before
 */
import type { Admission, Clock, EndReason, HostSession, SessionHostEvents } from '@trine/mesh';
import {
  type AgentMessage,
  assertNever,
  type ErrorCode,
  type Hello,
  LIMITS,
  type LeaseId,
  type NodeId,
  nodeIdOf,
  type Report,
  type ShardId,
  shardOfLease,
  type SignalMessage,
  TrineError,
} from '@trine/protocol';
import type { ShardEffect } from '@trine/scheduler';
import type { Logger } from 'pino';
import type { Announcements } from '../announcements.ts';
import { networkPrefix } from '../auth/addresses.ts';
import type { Bearers } from '../auth/bearers.ts';
import { hashOfSecret, JOIN_PREFIX } from '../auth/secrets.ts';
import type { Activity } from '../cluster/activity.ts';
import type { EventSink } from '../event-sink.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { NodeDirectory } from '../node-directory.ts';
import type { NodeRow, Store } from '../store/store.ts';
import { createBans } from './bans.ts';
import { grantsMessages } from './grants.ts';
import { type Newcomers, TOO_MANY_NEWCOMERS } from './newcomers.ts';
import { checkReport, uploadedIn, type VerifyReport } from './reports.ts';
import { createSeat, newSeatLease, type Seat, type SeatLease } from './seat.ts';
import { SlotMarket } from './slot-market.ts';
import { createStandings } from './standings.ts';

export interface GatewayOptions {
  readonly store: Pick<Store, 'registry' | 'views'>;
  readonly sink: EventSink;
  readonly bearers: Bearers;
  readonly clock: Clock;
  /** Wall clock, for rows. */
  readonly nowMs: () => number;
  readonly announcements: Announcements;
  readonly activity: Activity;
  readonly directory: NodeDirectory;
  readonly newcomers: Newcomers;
  /** Whether every shard decides now: reports wait without being lost while one does not. */
  readonly isDeciding: () => boolean;
  /** Takes the signals by which a session moves to a data channel. */
  readonly onSignal: (session: HostSession, signal: SignalMessage) => void;
  /** A session ended: nothing of it needs to be kept. */
  readonly onEnded: (session: HostSession) => void;
  /** How signatures of reports are checked, where not in the platform's thread pool. */
  readonly verifyReport?: VerifyReport;
  readonly log: Logger;
}

type MessageOf<T extends AgentMessage['type']> = Extract<AgentMessage, { readonly type: T }>;
type EffectOf<T extends ShardEffect['type']> = Extract<ShardEffect, { readonly type: T }>;

/** Effects that end at a node's session. */
export type GatewayEffect = EffectOf<
  | 'publish-demand'
  | 'grant-leases'
  | 'refuse-slots'
  | 'record-results'
  | 'abandon-leases'
  | 'free-slots'
  | 'reject-result'
  | 'announce-counters'
  | 'announce-job'
>;

/** Leases of a node whose session ended, until it comes back or the grace is over. */
interface Departure {
  readonly shards: ReadonlySet<ShardId>;
  readonly cancel: () => void;
}

/** Node rows admitted and not yet seated; a handshake that breaks off leaves one behind. */
const ADMITTED_KEPT = 4_096;
/** Nodes whose leases this process is sure to know. */
const MET_KEPT = 100_000;
/** How soon an agent asks again when the store is away. */
const ASK_AGAIN_MS = 2_000;

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #seats = new Map<NodeId, Seat>();
  readonly #admitted = new Map<NodeId, NodeRow>();
  readonly #departures = new Map<NodeId, Departure>();
  readonly #met = new Set<NodeId>();
  readonly #market: SlotMarket;
  readonly #bans: ReturnType<typeof createBans>;
  readonly #standings: ReturnType<typeof createStandings>;
  #groups = 0;
  #isFleetDirty = false;
  #cancelSweep: () => void = () => undefined;
  #isClosed = false;

  /** For the session host. */
  readonly events: SessionHostEvents = {
    opened: (session) => this.#opened(session),
    messages: (session, messages) => this.#messages(session, messages),
    suspended: (session) => this.#suspended(session),
    resumed: (session) => this.#resumed(session),
    ended: (session, reason) => this.#ended(session, reason),
    counted: (kind) => this.#options.activity.countFault(kind),
  };

  constructor(options: GatewayOptions) {
    const { clock, sink, store } = options;
    this.#options = options;
    this.#bans = createBans(clock);
    this.#market = new SlotMarket({
      clock,
      sink,
      seats: () => this.#seats.values(),
      groups: () => this.#groups,
    });
    this.#standings = createStandings({ clock, views: store.views, seat: (node) => this.#seats.get(node) });
    this.#sweepLater();
  }

  /** Everyone with a session, suspended ones included. */
  get seats(): Iterable<Seat> {
    return this.#seats.values();
  }

  seat(node: NodeId): Seat | undefined {
    return this.#seats.get(node);
  }

  holds(node: NodeId, lease: LeaseId): boolean {
    return this.#seats.get(node)?.leases.has(lease) === true;
  }

  // ── admission ──────────────────────────────────────────────────────────────────────────────────────

  /** Decides over a hello whose signature holds. */
  async admit(hello: Hello, remoteAddress: string): Promise<Admission> {
    const node = nodeIdOf(hello.key);
    const bannedMs = this.#bans.remainingMs(node);
    if (bannedMs > 0) {
      return refusal(
        'rate-limited',
        'This node was cut off for breaking the protocol; it may come back later.',
        bannedMs,
      );
    }
    const tokenHash = hello.token === undefined ? undefined : hashOfSecret(hello.token, JOIN_PREFIX);
    if (hello.token !== undefined && tokenHash === undefined) {
      return refusal('token-refused', 'This is not a join token. Ask the operator for one.');
    }
    try {
      return await this.#admitKnown(hello, { node, tokenHash, prefix: networkPrefix(remoteAddress) });
    } catch (cause) {
      const code = cause instanceof TrineError ? cause.code : 'internal';
      this.#options.log.warn({ err: cause, node }, 'a hello could not be answered');
      return refusal(code, 'The coordinator cannot look the node up now; it tries again.', ASK_AGAIN_MS);
    }
  }

  async #admitKnown(
    hello: Hello,
    facts: {
      readonly node: NodeId;
      readonly tokenHash: ReturnType<typeof hashOfSecret>;
      readonly prefix: string;
    },
  ): Promise<Admission> {
    const { node } = facts;
    const fullMs = facts.tokenHash === undefined ? await this.#options.newcomers.waitMs(facts) : 0;
    if (fullMs > 0) return refusal('rate-limited', TOO_MANY_NEWCOMERS, fullMs);
    const admission = await this.#options.store.registry.admitNode({
      node,
      publicKey: hello.key,
      tokenHash: facts.tokenHash,
      profile: hello.profile,
      networkPrefix: facts.prefix,
      atMs: this.#options.nowMs(),
    });
    if (admission.type === 'token-refused') return refusal('token-refused', admission.message);
    const { row } = admission;
    this.#admitted.delete(node);
    this.#admitted.set(node, row);
    const [oldest] = this.#admitted.keys();
    if (this.#admitted.size > ADMITTED_KEPT && oldest !== undefined) this.#admitted.delete(oldest);
    return { type: 'admitted', node, owner: row.ownerName || 'this device itself', session: row.session };
  }

  /** Why a node's session is not on a data channel, in words. */
  noteLink(session: HostSession, note: string): void {
    const seat = this.#seatOf(session);
    if (seat !== undefined) seat.linkNote = note;
  }

  /** A revoked token: its nodes leave at once. */
  dismiss(token: string): void {
    for (const { row, session } of this.#seats.values()) {
      if (row.token === token) session.end('token-refused', 'The join token of this node was revoked.');
    }
  }

  // ── sessions ───────────────────────────────────────────────────────────────────────────────────────

  #opened(session: HostSession): void {
    const row = this.#admitted.get(session.node);
    if (row === undefined || row.session !== session.number) {
      return session.end('session-unknown', 'Another hello of this node came between; say hello again.');
    }
    this.#admitted.delete(session.node);
    const seat = createSeat(session, row);
    this.#seats.set(session.node, seat);
    this.#options.directory.learn(row);
    for (const shard of this.#helloShards(seat)) {
      const held = session.hello.held.filter((lease) => shardOfLease(lease) === shard);
      this.#options.sink.submit(shard, {
        type: 'node-said-hello',
        node: row.node,
        session: row.session,
        held,
      });
    }
    this.#leasesChanged(seat);
    this.#standings.tell(row.node);
    this.#options.announcements.nodes();
  }

  #sayHello(seat: Seat, shard: ShardId): void {
    const { node, session } = seat.row;
    const held = [...seat.leases.keys()].filter((lease) => shardOfLease(lease) === shard);
    this.#options.sink.submit(shard, { type: 'node-said-hello', node, session, held });
  }

  /** Shards that may know leases of this node: all of them unless this process has seen where its leases went. */
  #helloShards(seat: Seat): ReadonlySet<ShardId> {
    const { node } = seat.row;
    const departure = this.#departures.get(node);
    departure?.cancel();
    this.#departures.delete(node);
    const isKnown = this.#met.has(node) || seat.row.session === 1;
    if (this.#met.size >= MET_KEPT) this.#met.clear();
    this.#met.add(node);
    if (!isKnown) return new Set(ALL_SHARDS);
    return new Set([...shardsOf(seat), ...(departure?.shards ?? [])]);
  }

  #suspended(session: HostSession): void {
    const seat = this.#seatOf(session);
    if (seat === undefined) return;
    seat.isSuspended = true;
    seat.cancelGrace?.();
    seat.cancelGrace = this.#options.clock.setTimer(LIMITS.linkGraceMs.value, () => {
      this.#giveUp(seat, `silent for more than ${LIMITS.linkGraceMs.value / 1_000} s`);
    });
    this.#options.announcements.nodes();
  }

  /** The grace is over: its leases move to others. The session itself may still be resumed. */
  #giveUp(seat: Seat, reason: string): void {
    const { node, session } = seat.row;
    for (const shard of shardsOf(seat)) {
      this.#options.sink.submit(shard, { type: 'node-lost', node, session, reason });
    }
    seat.leases.clear();
    seat.isGone = true;
    this.#market.forgetSeat(seat);
    this.#fleetMayHaveChanged();
  }

  #resumed(session: HostSession): void {
    const seat = this.#seatOf(session);
    if (seat === undefined) return;
    seat.cancelGrace?.();
    seat.isSuspended = false;
    seat.isGone = false;
    this.#fleetMayHaveChanged();
    this.#market.consider(seat);
  }

  #ended(session: HostSession, reason: EndReason): void {
    this.#options.onEnded(session);
    const seat = this.#seatOf(session);
    if (seat === undefined) return;
    this.#seats.delete(session.node);
    seat.cancelGrace?.();
    const wasGone = seat.isGone;
    seat.isGone = true;
    if (!this.#isClosed && !wasGone) this.#depart(seat, reason);
    this.#fleetMayHaveChanged();
  }

  /** What was reported before the end is handed on first, whatever the end. */
  #depart(seat: Seat, reason: EndReason): void {
    const { node, session } = seat.row;
    const shards = shardsOf(seat);
    this.#market.forgetSeat(seat);
    this.#inTurn(seat, () => this.#options.store.registry.touchNode(node, this.#options.nowMs(), undefined));
    const lose = (why: string): void => {
      this.#departures.delete(node);
      for (const shard of shards)
        this.#options.sink.submit(shard, { type: 'node-lost', node, session, reason: why });
    };
    if (reason === 'bye') {
      this.#inTurn(seat, async () => {
        this.#returnLeases(seat, [...seat.leases.keys()], 'the node left');
        lose('the node left');
      });
      return;
    }
    const cancel = this.#options.clock.setTimer(LIMITS.linkGraceMs.value, () =>
      lose(`its session ended: ${reason}`),
    );
    this.#departures.get(node)?.cancel();
    this.#departures.set(node, { shards, cancel });
  }

  #seatOf(session: HostSession): Seat | undefined {
    const seat = this.#seats.get(session.node);
    return seat?.session === session ? seat : undefined;
  }

  // ── messages of agents ─────────────────────────────────────────────────────────────────────────────

  #messages(session: HostSession, messages: readonly AgentMessage[]): void {
    const seat = this.#seatOf(session);
    if (seat === undefined) return;
    for (const message of messages) this.#message(seat, message);
  }

  #message(seat: Seat, message: AgentMessage): void {
    switch (message.type) {
      case 'capacity':
        return this.#capacity(seat, message);
      case 'report':
        return this.#report(seat, message);
      case 'return-leases':
        return this.#inTurn(seat, async () => this.#returnLeases(seat, message.leases, message.reason));
      case 'upload-request':
        return this.#inTurn(seat, async () => this.#uploadRequest(seat, message));
      case 'heartbeat':
        seat.heartbeat = message;
        return this.#touch(seat);
      case 'profile-changed':
        seat.row = { ...seat.row, profile: message.profile };
        this.#options.directory.learn(seat.row);
        return this.#touch(seat);
      case 'signal':
        return this.#options.onSignal(seat.session, message);
      case 'progress':
        return this.#options.activity.progress(message);
      case 'bye':
        // The host ends the session right after this; `#ended` gives the leases back.
        return;
    }
    assertNever(message);
  }

  /** Reports, returns and the farewell keep their order, though checking a signature takes a while. */
  #inTurn(seat: Seat, step: () => Promise<void>): void {
    seat.queue = seat.queue.then(step).catch((cause: unknown) => {
      this.#options.log.warn({ err: cause, node: seat.row.node }, 'a message of a node could not be handled');
    });
  }

  #capacity(seat: Seat, message: MessageOf<'capacity'>): void {
    seat.capacity = message.leases;
    seat.capacityReason = message.reason ?? '';
    seat.idleReason = '';
    this.#fleetMayHaveChanged();
    this.#market.consider(seat);
    this.#options.announcements.nodes();
  }

  #report(seat: Seat, report: Report): void {
    if (seat.reportsPending >= CONTROL_PLANE_LIMITS.reportsPending.value) {
      return this.#cutOff(seat, 'rate-limited', 'More reports at once than can be checked.');
    }
    seat.reportsPending += 1;
    this.#inTurn(seat, async () => {
      try {
        await this.#checkedReport(seat, report);
      } finally {
        seat.reportsPending -= 1;
      }
    });
  }

  async #checkedReport(seat: Seat, report: Report): Promise<void> {
    const { node, owner, group, session } = seat.row;
    const reporter = {
      node,
      key: seat.key,
      outputBytesMax: (lease: LeaseId) => seat.leases.get(lease)?.outputBytesMax,
    };
    const { store, verifyReport: verify } = this.#options;
    const checked = await checkReport(report, reporter, { hasUploaded: uploadedIn(store.registry), verify });
    if (checked.type === 'bad-signature') {
      this.#options.activity.countFault('bad-signature');
      return this.#cutOff(seat, 'bad-signature', 'The signature of a report does not hold.');
    }
    const { frame, faulty } = checked;
    for (const [shard, results] of byShard(checked.results)) {
      for (const { lease, fuel } of results)
        markReported(seat, lease, { fuel, atMs: this.#options.clock.nowMs() });
      const event = { type: 'results-reported', node, owner, group, session, frame, results } as const;
      this.#options.sink.submit(shard, event);
    }
    for (const { lease, message } of faulty) {
      this.#options.activity.countFault('faulty-result');
      this.#returnLeases(seat, [lease], message);
      seat.session.send({ type: 'abandon', leases: [lease], reason: message });
    }
    if (faulty.length > 0) this.#offend(seat, faulty.length);
  }

  #returnLeases(seat: Seat, leases: readonly LeaseId[], reason: string): void {
    const { node, session } = seat.row;
    const held = leases.filter((lease) => seat.leases.delete(lease));
    for (const [shard, ids] of byShard(held.map((lease) => ({ lease })))) {
      const returned = ids.map(({ lease }) => lease);
      this.#options.sink.submit(shard, { type: 'leases-returned', node, session, leases: returned, reason });
    }
    if (held.length > 0) seat.unanswered += 1;
    this.#leasesChanged(seat);
  }

  #uploadRequest(seat: Seat, request: MessageOf<'upload-request'>): void {
    const { lease, digest, sizeBytes } = request;
    const refused = uploadRefusal(seat, request);
    if (refused !== undefined) {
      this.#options.activity.countFault('upload-refused');
      if (refused.code === 'not-your-lease') this.#offend(seat, 1);
      return seat.session.send({ type: 'upload-refused', lease, digest, ...refused });
    }
    const bearer = this.#options.bearers.forUpload({ node: seat.row.node, lease, digest, sizeBytes });
    seat.session.send({ type: 'upload-granted', lease, digest, bearer });
  }

  #touch(seat: Seat): void {
    const atMs = this.#options.nowMs();
    const isSoon = atMs - (seat.heartbeatAtMs ?? 0) < LIMITS.heartbeatMs.value / 4;
    seat.heartbeatAtMs = atMs;
    this.#options.announcements.nodes();
    if (isSoon) return;
    this.#inTurn(seat, () => this.#options.store.registry.touchNode(seat.row.node, atMs, seat.row.profile));
  }

  #offend(seat: Seat, count: number): void {
    seat.offences += count;
    if (seat.offences < CONTROL_PLANE_LIMITS.offences.value) return;
    this.#cutOff(seat, 'not-your-lease', 'Too many results that cannot be accepted.');
  }

  #cutOff(seat: Seat, code: ErrorCode, message: string): void {
    this.#options.log.warn({ node: seat.row.node, code }, 'a node was cut off');
    this.#bans.add(seat.row.node);
    seat.session.end(code, message, CONTROL_PLANE_LIMITS.banMs.value);
  }

  // ── effects of shards ──────────────────────────────────────────────────────────────────────────────

  /** Carries out what a shard wants, after its commit. */
  handle(shard: ShardId, effect: GatewayEffect): void {
    switch (effect.type) {
      case 'publish-demand':
        return this.#market.publish(shard, effect);
      case 'grant-leases':
        return this.#granted(shard, effect);
      case 'refuse-slots': {
        const seat = this.#current(effect);
        if (seat !== undefined) this.#market.refused(shard, seat, effect);
        return;
      }
      case 'record-results':
        return this.#recorded(effect);
      case 'abandon-leases':
        return this.#abandoned(effect);
      case 'free-slots': {
        // Which leases ended is said by name in other effects; this one says when.
        const seat = this.#current(effect);
        if (seat !== undefined) this.#market.consider(seat);
        return;
      }
      case 'reject-result':
        return this.#rejected(effect);
      case 'announce-counters':
        return this.#standings.tell(effect.counters.node);
      case 'announce-job':
        return this.#market.jobWaits(effect.job, effect.state === 'running' ? effect.reason : '');
    }
    assertNever(effect);
  }

  /** The seat that an effect means, unless the node has said hello since. */
  #current({ node, session }: { readonly node: NodeId; readonly session: number }): Seat | undefined {
    const seat = this.#seats.get(node);
    return seat?.session.number === session ? seat : undefined;
  }

  #granted(shard: ShardId, { node, session, grants }: EffectOf<'grant-leases'>): void {
    const seat = this.#current({ node, session });
    // A node that said hello since does not name these leases, and so has returned them.
    if (seat === undefined) return;
    this.#market.granted(shard, seat, grants.length);
    if (seat.isGone) {
      this.#options.sink.submit(shard, { type: 'node-lost', node, session, reason: 'gone when work came' });
      return;
    }
    for (const { lease, limits } of grants) seat.leases.set(lease, newSeatLease(limits.outputBytes));
    for (const message of grantsMessages(grants, node, this.#options.bearers)) seat.session.send(message);
    this.#leasesChanged(seat);
  }

  #recorded({ node, leases }: EffectOf<'record-results'>): void {
    const seat = this.#seats.get(node);
    if (seat === undefined) return;
    for (const lease of leases) {
      this.#options.activity.recorded(seat.leases.get(lease)?.reported?.fuel ?? 0n);
      seat.leases.delete(lease);
    }
    seat.unanswered = 0;
    // The slots these results free are mostly granted again in the next batch: one frame says both.
    seat.session.sendLater({ type: 'results-recorded', leases: [...leases] });
    this.#leasesChanged(seat);
  }

  #abandoned({ node, leases, reason }: EffectOf<'abandon-leases'>): void {
    const seat = this.#seats.get(node);
    if (seat === undefined) return;
    const held = leases.filter((lease) => seat.leases.delete(lease));
    if (held.length > 0) seat.unanswered += 1;
    seat.session.send({ type: 'abandon', leases: [...leases], reason });
    this.#leasesChanged(seat);
  }

  #rejected({ node, code }: EffectOf<'reject-result'>): void {
    this.#options.activity.countFault(code);
    const seat = this.#seats.get(node);
    // An unknown lease is what an honest agent reports after the store was put back; the others are not.
    if (seat !== undefined && code !== 'unknown-lease') this.#offend(seat, 1);
  }

  #leasesChanged(seat: Seat): void {
    seat.session.expectKeepalives(seat.leases.size > 0);
    this.#market.consider(seat);
  }

  // ── fleet ──────────────────────────────────────────────────────────────────────────────────────────

  #fleetMayHaveChanged(): void {
    if (this.#isFleetDirty || this.#isClosed) return;
    this.#isFleetDirty = true;
    this.#options.clock.defer(() => {
      this.#isFleetDirty = false;
      const groups = this.#countGroups();
      this.#options.announcements.nodes();
      if (groups === this.#groups || this.#isClosed) return;
      this.#groups = groups;
      this.#tellFleet(ALL_SHARDS);
      this.#market.fleetChanged();
    });
  }

  #countGroups(): number {
    const groups = new Set<string>();
    for (const seat of this.#seats.values()) {
      if (!seat.isGone && seat.capacity > 0) groups.add(seat.row.group);
    }
    return groups.size;
  }

  #tellFleet(shards: Iterable<ShardId>): void {
    for (const shard of shards)
      this.#options.sink.submit(shard, { type: 'fleet-changed', groups: this.#groups });
  }

  /**
   * Shards were read from the store again: what they were told of presence is gone. Nothing that was said is
   * lost, so a node's own word for what it holds is enough; offers are made anew when demand is published.
   */
  recovered(shards: readonly ShardId[]): void {
    for (const shard of shards) this.#market.forgetShard(shard);
    this.#tellFleet(shards);
    for (const seat of this.#seats.values()) {
      const held = new Set([...seat.leases.keys()].map(shardOfLease));
      for (const shard of shards) if (!seat.isGone && held.has(shard)) this.#sayHello(seat, shard);
    }
  }

  /** A report that went down with a batch is repeated by its node in a new session, so that is asked for. */
  #sweepLater(): void {
    const { clock, isDeciding } = this.#options;
    const { value: ageMs } = CONTROL_PLANE_LIMITS.unrecordedMs;
    this.#cancelSweep = clock.setTimer(ageMs / 3, () => {
      const lost = (seat: Seat): boolean =>
        [...seat.leases.values()].some(
          ({ reported }) => reported !== undefined && clock.nowMs() - reported.atMs > ageMs,
        );
      for (const seat of isDeciding() ? this.#seats.values() : []) {
        if (!lost(seat)) continue;
        this.#options.activity.countFault('report-lost');
        seat.session.end(
          'store-unavailable',
          'A report could not be stored; say hello again and repeat it.',
          1,
        );
      }
      if (!this.#isClosed) this.#sweepLater();
    });
  }

  /** The loop has more to do than it likes: no new work until it has caught up. */
  hold(isHeld: boolean): void {
    this.#market.hold(isHeld);
  }

  /** Resolves when every report that has arrived is with its shards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSweep();
    this.#market.close();
    this.#standings.close();
    for (const { cancel } of this.#departures.values()) cancel();
    const seats = [...this.#seats.values()];
    for (const seat of seats) seat.cancelGrace?.();
    await Promise.all(seats.map((seat) => seat.queue));
  }
}

const ALL_SHARDS: readonly ShardId[] = Array.from(
  { length: LIMITS.shards.value },
  (_, index) => index as ShardId,
);

const refusal = (code: ErrorCode, message: string, retryAfterMs?: number): Admission => ({
  type: 'refused',
  code,
  message,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/** Shards that hold, or are about to grant, leases of this seat. */
const shardsOf = (seat: Seat): ReadonlySet<ShardId> =>
  new Set([...[...seat.leases.keys()].map(shardOfLease), ...seat.offered.keys()]);

function byShard<T extends { readonly lease: LeaseId }>(
  items: readonly T[],
): ReadonlyMap<ShardId, readonly T[]> {
  const shards = new Map<ShardId, T[]>();
  for (const item of items) {
    const shard = shardOfLease(item.lease);
    const list = shards.get(shard);
    if (list === undefined) shards.set(shard, [item]);
    else list.push(item);
  }
  return shards;
}

function markReported(seat: Seat, lease: LeaseId, reported: NonNullable<SeatLease['reported']>): void {
  const held = seat.leases.get(lease);
  if (held !== undefined) held.reported = reported;
}

/** Why this upload may not be, or `undefined`; a try is counted. */
function uploadRefusal(
  seat: Seat,
  { lease, sizeBytes }: MessageOf<'upload-request'>,
): { readonly code: ErrorCode; readonly message: string } | undefined {
  const held = seat.leases.get(lease);
  if (held === undefined) return { code: 'not-your-lease', message: 'This node does not hold the lease.' };
  if (sizeBytes <= LIMITS.inlineBytes.value) {
    const message = `Outputs of up to ${LIMITS.inlineBytes.value} bytes travel in the result.`;
    return { code: 'bad-request', message };
  }
  if (sizeBytes > held.outputBytesMax) {
    return { code: 'artifact-too-large', message: `The job allows outputs of ${held.outputBytesMax} bytes.` };
  }
  held.uploads += 1;
  return held.uploads > CONTROL_PLANE_LIMITS.uploadsPerLease.value
    ? { code: 'limit-exceeded', message: 'Too many uploads for one lease.' }
    : undefined;
}
