/**
 * A week of two hundred nodes on ten-minute tasks, in less than a minute: the real scheduler, shard loop and gateway,
 * a store and a coordinator that fail now and then. Sessions are modelled: of a node's keepalives and heartbeats only
 * the gaps between their arrivals happen, and of those only the ones that are long enough to matter.
 */
import { inspect } from 'node:util';
import { createMemoryStore, sha256, type Store } from '@trine/control-plane/parts';
import type { HostSession } from '@trine/mesh';
import {
  type AgentMessage,
  type CoordinatorMessage,
  type ErrorCode,
  type Grant,
  grantDigest,
  type Hello,
  jobIdFrom,
  type LeaseId,
  LIMITS,
  type NodeId,
  type ReportedResult,
  reportRoot,
  reportTranscript,
  shardOf,
  type ShardId,
} from '@trine/protocol';
import { testJob } from '@trine/scheduler/testing';
import { type Chance, createChance, spreadSeed } from '../chance.ts';
import { createTimeline, type Timeline } from '../timeline.ts';
import { createDevice, type Device } from './agent.ts';
import { type Character, HONEST, lieOf, truthOf, wordsBytes } from './character.ts';
import { SimCoordinator } from './coordinator.ts';
import { FaultyStore } from './faulty-store.ts';
import { signatureOf } from './identity.ts';
import { Oracle, Violation } from './oracle.ts';
import { tokenOf } from './plan.ts';
import { SimProcess } from './process.ts';
import { isOver } from './row-rules.ts';
import { Submitter } from './submitter.ts';
import { createTokens, SimFailure, WALL_MS } from './world.ts';

export interface WeekOptions {
  readonly seed: number;
  readonly days: number;
  readonly nodes: number;
  readonly drain: () => Promise<void>;
}

export interface WeekReport {
  readonly simulatedMs: number;
  readonly steps: number;
  readonly leases: number;
  readonly verified: number;
  readonly disputed: number;
  readonly abandoned: number;
  readonly invalid: number;
  readonly results: number;
  readonly commits: number;
  readonly coordinators: number;
  readonly gaps: number;
  readonly departures: number;
  readonly storeFailures: number;
  readonly memoryChecks: number;
  /** Share of slots' time spent on a lease. */
  readonly busy: number;
  readonly digest: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const RUN_MS = 10 * MINUTE_MS;
const RUN_SPREAD = 0.3;
const TIMEOUT_SECONDS = 30 * 60;
const NETWORK_MS = 80;
/** Silence on a link, per node: how often one begins that is longer than a second, and its mean length. */
const GAP_EVERY_MS = 6 * HOUR_MS;
const GAP_MS = 8_000;
/** A node's owner switches it off this often, for this long. */
const AWAY_EVERY_MS = 2 * DAY_MS;
const AWAY_MS = 6 * HOUR_MS;
const KILL_EVERY_MS = 12 * HOUR_MS;
const RESTART_MS = 5_000;
const NODES_PER_OWNER = 3;
const LIARS = 0.1;
const TASKS_PER_JOB = 1_000;
/** So many tasks are submitted ahead of those that run. */
const TASKS_AHEAD = 500;

export async function simulateWeek(options: WeekOptions): Promise<WeekReport> {
  const week = new Week(options);
  const onRejection = (cause: unknown): void =>
    week.foundBug(`a promise was left to fail: ${inspect(cause)}`);
  process.on('unhandledRejection', onRejection);
  try {
    await week.run(options.drain);
    return week.report();
  } catch (cause) {
    const words = cause instanceof Violation ? cause.message : inspect(cause);
    throw new SimFailure(`${Math.round(week.timeline.nowMs())} ms: ${words}`, { cause });
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

class Week {
  readonly timeline: Timeline = createTimeline();
  readonly chance: Chance;
  readonly oracle: Oracle;
  readonly nodes: readonly WeekNode[];
  coordinator: SimCoordinator | undefined;
  gaps = 0;
  departures = 0;
  busyMs = 0;
  // What the loop hands over it never touches again: storms check that, a week takes it as given.
  readonly #tables: Store = createMemoryStore({ keep: (rows) => rows });
  readonly #store: FaultyStore;
  readonly #submitter: Submitter;
  readonly #shards: readonly ShardId[];
  readonly #endMs: number;
  #jobs: string[] = [];
  #coordinators = 0;
  #steps = 0;
  #bug: string | undefined;

  constructor(options: WeekOptions) {
    this.#endMs = options.days * DAY_MS;
    const chance = createChance(spreadSeed(options.seed));
    this.chance = chance;
    const { timeline } = this;
    const devices = Array.from({ length: options.nodes }, (_, number) => planDevice(chance, number));
    const groups = new Map(devices.map(({ node, group }) => [node, group] as const));
    const liars = new Set(devices.filter(({ character }) => character.lies > 0).map(({ group }) => group));
    this.oracle = new Oracle({
      chance,
      nowMs: timeline.nowMs,
      groupOf: (node: NodeId) => groups.get(node),
      // Liars of different owners say different things, so no number of them makes a quorum.
      liarGroups: Math.min(1, liars.size),
      thoroughness: 0.0005,
      readsHistory: false,
    });
    this.#store = new FaultyStore({
      timeline,
      chance,
      tables: this.#tables,
      faults: () => ({ before: 1e-4, during: 1e-4, answer: 1e-4, late: 1e-4, stall: 1e-5, latencyMs: 2 }),
      onCommitted: (commits, by) => {
        const writer = this.coordinator?.process === by ? this.coordinator : undefined;
        this.oracle.committed(commits, (shard) => (by.isDead ? undefined : writer?.loop.machine(shard)));
      },
      onFenced: (shards, by) => this.oracle.fenced(shards, by.name),
      onAcquired: (acquired, by) => this.oracle.acquired(acquired, by.name),
    });
    this.#submitter = new Submitter({
      timeline,
      chance,
      oracle: this.oracle,
      coordinator: () => this.coordinator,
    });
    this.#shards = [3 as ShardId, 40 as ShardId];
    this.nodes = devices.map((device) => new WeekNode(this, device));
  }

  async run(drain: () => Promise<void>): Promise<void> {
    await createTokens(
      this.#tables.registry,
      this.nodes.map(({ device }) => device),
    );
    this.#startCoordinator();
    for (const node of this.nodes) node.start();
    this.#everyMinute();
    while (this.timeline.nowMs() < this.#endMs && this.timeline.step()) {
      this.#steps += 1;
      await drain();
      if (this.oracle.broken !== undefined) throw this.oracle.broken;
      if (this.#bug !== undefined) this.oracle.fail(this.#bug);
    }
  }

  report(): WeekReport {
    const rows = this.oracle.ledgers.flatMap(({ jobs }) => [...jobs.values()]);
    const sum = (field: 'verified' | 'disputed' | 'abandoned' | 'invalidResults'): number =>
      rows.reduce((total, row) => total + row[field], 0);
    const slotMs = this.nodes.length * this.timeline.nowMs();
    return {
      simulatedMs: Math.round(this.timeline.nowMs()),
      steps: this.#steps,
      leases: this.oracle.grants,
      verified: sum('verified'),
      disputed: sum('disputed'),
      abandoned: sum('abandoned'),
      invalid: sum('invalidResults'),
      results: this.oracle.recorded,
      commits: this.oracle.commits,
      coordinators: this.#coordinators,
      gaps: this.gaps,
      departures: this.departures,
      storeFailures: this.#store.failures,
      memoryChecks: this.oracle.checks,
      busy: Math.round((this.busyMs / slotMs) * 1_000) / 1_000,
      digest: this.oracle.digest().slice(0, 16),
    };
  }

  /** Something that no fault of the week explains. */
  foundBug(words: string): void {
    this.#bug ??= words;
  }

  soon(withinMs: number, act: () => void): void {
    this.timeline.after(withinMs * this.chance.unit(), act);
  }

  /** A time from an exponential distribution. */
  exponential(meanMs: number): number {
    return -Math.log(1 - this.chance.unit()) * meanMs;
  }

  #startCoordinator(): void {
    this.#coordinators += 1;
    const process = new SimProcess({
      timeline: this.timeline,
      name: `coordinator ${this.#coordinators}`,
      wallMs: WALL_MS,
    });
    const coordinator = new SimCoordinator({
      process,
      chance: this.chance,
      store: this.#store.for(process),
      shards: this.#shards,
      onEffects: (_, shard, effects) => this.oracle.spoke(shard, effects),
      onFenced: () => this.oracle.fail('a coordinator was fenced, and there is no other'),
      onEvent: () => undefined,
      onCounted: () => undefined,
      onBug: (words) => this.foundBug(words),
    });
    this.coordinator = coordinator;
    this.timeline.after(this.exponential(KILL_EVERY_MS), () => {
      process.kill();
      this.coordinator = undefined;
      for (const node of this.nodes) node.coordinatorDied();
      this.soon(RESTART_MS, () => this.#startCoordinator());
    });
  }

  #everyMinute(): void {
    this.timeline.after(MINUTE_MS, () => {
      this.oracle.checkLeases();
      this.oracle.forgetJobs();
      this.#submitAhead();
      this.#everyMinute();
    });
    this.#submitAhead();
  }

  /** Keeps work enough for everyone, and no more. */
  #submitAhead(): void {
    this.#jobs = this.#jobs.filter((job) => {
      const row = this.oracle.job(job as Parameters<Oracle['job']>[0]);
      return row === undefined || !isOver(row);
    });
    const left = this.#jobs.reduce((sum, job) => {
      const row = this.oracle.job(job as Parameters<Oracle['job']>[0]);
      return sum + (row === undefined ? TASKS_PER_JOB : row.spec.inputs.count - row.begun);
    }, 0);
    if (left >= TASKS_AHEAD) return;
    for (;;) {
      const job = jobIdFrom(this.chance.bytes(20));
      if (!this.#shards.includes(shardOf(job))) continue;
      this.#jobs.push(job);
      this.#submitter.submit(testJob(job, TASKS_PER_JOB, ['timeout', `${TIMEOUT_SECONDS}`]));
      return;
    }
  }
}

function planDevice(chance: Chance, number: number): Device {
  const owner = Math.floor(number / NODES_PER_OWNER);
  const isLiar = spreadSeed(owner) / 2 ** 32 < LIARS;
  const liar: Character = { ...HONEST, lies: 0.5 };
  return createDevice({
    name: `node ${number}`,
    number,
    token: owner % 4 === 0 ? undefined : tokenOf(owner % 26),
    address: `10.${owner >> 8}.${owner & 255}.${1 + (number % NODES_PER_OWNER)}`,
    group: `group ${owner % 4 === 0 ? owner : `t${owner % 26}`}`,
    slots: 1,
    clockRate: 0.999 + 0.002 * chance.unit(),
    character: isLiar ? liar : HONEST,
  });
}

/** A node, its session as its coordinator sees it, and the gaps in what arrives of it. */
class WeekNode {
  readonly device: Device;
  readonly #week: Week;
  readonly #running = new Map<LeaseId, () => void>();
  #session: GapSession | undefined;
  #isOn = true;
  /** Raised by whatever ends what was planned for the present session. */
  #life = 0;

  constructor(week: Week, device: Device) {
    this.#week = week;
    this.device = device;
  }

  start(): void {
    this.#week.soon(MINUTE_MS, () => this.#sayHello());
    this.#planGap();
    this.#planAway();
  }

  coordinatorDied(): void {
    this.#session = undefined;
    this.#life += 1;
    this.#sayHelloSoon(10_000);
  }

  /** A message of the coordinator's has come over the network. */
  hear(message: CoordinatorMessage): void {
    switch (message.type) {
      case 'grants':
        for (const grant of message.grants) this.#run(grant);
        return;
      case 'results-recorded':
        this.#week.oracle.told(this.device.node, message.leases);
        for (const lease of message.leases) this.device.outbox.delete(lease);
        return;
      case 'abandon':
        for (const lease of message.leases) {
          this.#running.get(lease)?.();
          this.#running.delete(lease);
          this.device.outbox.delete(lease);
        }
        return;
      case 'go-away':
      case 'idle-reason':
      case 'signal':
      case 'standing':
      case 'upload-granted':
      case 'upload-refused':
        return;
    }
  }

  /** The coordinator ended the session; the node comes back. */
  ended(session: GapSession, retryAfterMs: number): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#life += 1;
    this.#sayHelloSoon(retryAfterMs + 1_000);
  }

  #sayHelloSoon(withinMs: number): void {
    const life = this.#life;
    this.#week.soon(withinMs, () => {
      if (life === this.#life) this.#sayHello();
    });
  }

  #sayHello(): void {
    const { coordinator } = this.#week;
    if (!this.#isOn || this.#session !== undefined) return;
    if (coordinator === undefined) return this.#sayHelloSoon(5_000);
    const life = this.#life;
    const hello = this.#hello();
    coordinator.gateway.admit(hello, this.device.address).then(
      (admission) => {
        if (life !== this.#life || coordinator.process.isDead) return;
        if (admission.type === 'refused') return this.#sayHelloSoon(2_000 + (admission.retryAfterMs ?? 0));
        const { session: number, owner } = admission;
        const facts = { node: this.device.node, owner, number, hello, remoteAddress: this.device.address };
        const session = new GapSession({ ...facts, coordinator, agent: this, week: this.#week });
        this.#session = session;
        coordinator.gateway.events.opened(session);
        session.say([{ type: 'capacity', leases: this.device.slots }]);
        this.#report([...this.device.outbox.values()]);
      },
      () => this.#sayHelloSoon(5_000),
    );
  }

  #hello(): Hello {
    const { identity, token, outbox } = this.device;
    return {
      type: 'hello',
      version: 1,
      key: identity.publicKey,
      nonce: NONCE,
      origin: 'http://coordinator.test:3000',
      profile: PROFILE,
      held: [...this.#running.keys(), ...outbox.keys()],
      signature: SIGNATURE,
      ...(token === undefined ? {} : { token }),
    };
  }

  #run(grant: Grant): void {
    const { timeline, chance } = this.#week;
    if (!this.#isOn) return;
    let isOn = true;
    const lastsMs = RUN_MS * (1 + RUN_SPREAD * (2 * chance.unit() - 1));
    this.#running.set(grant.lease, () => {
      isOn = false;
    });
    timeline.after(lastsMs, () => {
      if (!isOn) return;
      this.#week.busyMs += lastsMs;
      this.#running.delete(grant.lease);
      const result = this.#answer(grant, lastsMs);
      this.device.outbox.set(grant.lease, result);
      this.#report([result]);
    });
  }

  #answer(grant: Grant, wallMs: number): ReportedResult {
    const { character } = this.device;
    const { words, fuel, outcome } = this.#week.chance.happens(character.lies)
      ? lieOf(character, grant, this.#week.chance)
      : truthOf(grant.job, grant.index);
    const output = wordsBytes(words);
    return {
      lease: grant.lease,
      grant: grantDigest(grant, sha256),
      outcome,
      outputDigest: sha256(output),
      outputBytes: output.length,
      output,
      fuel,
      wallMs: Math.round(wallMs),
    };
  }

  #report(results: readonly ReportedResult[]): void {
    if (results.length === 0) return;
    for (const result of results) this.#week.oracle.said(this.device.node, result);
    const transcript = reportTranscript(reportRoot(results), results.length);
    const signature = signatureOf(this.device.identity.publicKey, transcript);
    this.#session?.say([{ type: 'report', results: [...results], signature }]);
  }

  /** The next silence; most are short and only delay what is said. */
  #planGap(): void {
    const { timeline } = this.#week;
    timeline.after(this.#week.exponential(GAP_EVERY_MS), () => {
      this.#week.gaps += 1;
      this.#session?.fallSilent(1_000 + this.#week.exponential(GAP_MS));
      this.#planGap();
    });
  }

  #planAway(): void {
    const week = this.#week;
    week.timeline.after(week.exponential(AWAY_EVERY_MS), () => {
      week.departures += 1;
      this.#leave(week.chance.happens(0.5));
      week.timeline.after(week.exponential(AWAY_MS), () => {
        this.#isOn = true;
        this.#sayHelloSoon(5_000);
        this.#planAway();
      });
    });
  }

  /** Switched off: with a farewell, or as if the plug was pulled. */
  #leave(isClean: boolean): void {
    this.#isOn = false;
    this.#life += 1;
    for (const stop of this.#running.values()) stop();
    this.#running.clear();
    if (isClean) this.#session?.leave();
    else this.#session?.fallSilent(Number.POSITIVE_INFINITY);
    this.#session = undefined;
  }
}

interface GapSessionOptions {
  readonly node: NodeId;
  readonly owner: string;
  readonly number: number;
  readonly hello: Hello;
  readonly remoteAddress: string;
  readonly coordinator: SimCoordinator;
  readonly agent: WeekNode;
  readonly week: Week;
}

/** How long a silent session is kept for its node, as the mesh keeps it. */
const RESUME_WINDOW_MS = 60_000;

/**
 * What the gateway sees of a session. While the link is silent both sides' words wait; a silence longer than a link
 * may have suspends the session, one longer than the window ends it.
 */
class GapSession implements HostSession {
  readonly node: NodeId;
  readonly owner: string;
  readonly number: number;
  readonly hello: Hello;
  readonly remoteAddress: string;
  readonly #options: GapSessionOptions;
  #isSilent = false;
  #isSuspended = false;
  #isOver = false;
  #toAgent: CoordinatorMessage[] = [];
  #toCoordinator: AgentMessage[] = [];

  constructor(options: GapSessionOptions) {
    this.#options = options;
    this.node = options.node;
    this.owner = options.owner;
    this.number = options.number;
    this.hello = options.hello;
    this.remoteAddress = options.remoteAddress;
  }

  get publicKey(): Uint8Array {
    return this.hello.key;
  }

  get linkKind(): 'memory' | undefined {
    return this.#isSuspended ? undefined : 'memory';
  }

  send(message: CoordinatorMessage): void {
    if (this.#isOver) return;
    this.#toAgent.push(message);
    if (this.#toAgent.length > 1 || this.#isSilent) return;
    this.#later(() => this.#flushToAgent());
  }

  sendLater(message: CoordinatorMessage): void {
    this.send(message);
  }

  expectKeepalives(): void {
    // Keepalives do not happen one by one here; `fallSilent` says when they would be missed.
  }

  end(code: ErrorCode, message: string, retryAfterMs = 0): void {
    if (this.#isOver) return;
    this.#finish(code, message);
    this.#options.week.soon(NETWORK_MS, () => this.#options.agent.ended(this, retryAfterMs));
  }

  /** The agent says something. */
  say(messages: readonly AgentMessage[]): void {
    const isFirst = this.#toCoordinator.length === 0;
    this.#toCoordinator.push(...messages);
    if (isFirst && !this.#isSilent) this.#later(() => this.#flushToCoordinator());
  }

  leave(): void {
    const { coordinator } = this.#options;
    this.#later(() => {
      if (this.#isOver) return;
      coordinator.gateway.events.messages(this, [{ type: 'bye', reason: 'switched off' }]);
      this.#finish('bye', 'switched off');
    });
  }

  /** Nothing arrives for a while, either way. */
  fallSilent(lengthMs: number): void {
    if (this.#isSilent || this.#isOver) return;
    const { week, coordinator } = this.#options;
    this.#isSilent = true;
    const silenceMs = LIMITS.linkSilenceMs.value;
    if (lengthMs > silenceMs) {
      this.#at(silenceMs, () => {
        this.#isSuspended = true;
        coordinator.gateway.events.suspended(this, 'the node was silent');
      });
    }
    if (lengthMs > silenceMs + RESUME_WINDOW_MS) {
      this.#at(silenceMs + RESUME_WINDOW_MS, () => {
        this.#finish('window-over', 'the node did not come back');
        week.soon(10_000, () => this.#options.agent.ended(this, 0));
      });
    } else {
      this.#at(lengthMs, () => this.#speakAgain());
    }
  }

  #speakAgain(): void {
    const { coordinator } = this.#options;
    this.#isSilent = false;
    if (this.#isSuspended) {
      this.#isSuspended = false;
      coordinator.gateway.events.resumed(this);
    }
    this.#later(() => this.#flushToCoordinator());
    this.#later(() => this.#flushToAgent());
  }

  #flushToAgent(): void {
    if (this.#isSilent || this.#isOver) return;
    const messages = this.#toAgent;
    this.#toAgent = [];
    for (const message of messages) this.#options.agent.hear(message);
  }

  #flushToCoordinator(): void {
    if (this.#isSilent || this.#isOver) return;
    const messages = this.#toCoordinator;
    this.#toCoordinator = [];
    if (messages.length > 0) this.#options.coordinator.gateway.events.messages(this, messages);
  }

  #later(act: () => void): void {
    this.#at(NETWORK_MS * this.#options.week.chance.unit(), act);
  }

  #at(delayMs: number, act: () => void): void {
    const { week, coordinator } = this.#options;
    week.timeline.after(delayMs, () => {
      if (!this.#isOver && !coordinator.process.isDead) act();
    });
  }

  #finish(reason: Parameters<SimCoordinator['gateway']['events']['ended']>[1], message: string): void {
    this.#isOver = true;
    this.#options.coordinator.gateway.events.ended(this, reason, message);
  }
}

const NONCE = new Uint8Array(32);
const SIGNATURE = new Uint8Array(64);
const PROFILE: Hello['profile'] = {
  agent: 'runner',
  version: 'simulated',
  cores: 4,
  threads: 1,
  features: [],
  labels: [],
};
