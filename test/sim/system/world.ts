/**
 * A whole system on one thread and one simulated clock: a store that outlives everything, coordinators that come and
 * go, nodes and their agents, a submitter; a storm of faults from a plan, then calm in which all must come to its end.
 */
import { createMemoryStore, sha256, type Store } from '@trine/control-plane/parts';
import type { Grant, JobId, NodeId, OwnerId } from '@trine/protocol';
import type { JobSpec } from '@trine/scheduler';
import { inspect } from 'node:util';
import { type Chance, createChance, spreadSeed } from '../chance.ts';
import { createTimeline, type Timeline } from '../timeline.ts';
import { type Device, SimAgent } from './agent.ts';
import { SimCoordinator } from './coordinator.ts';
import { FaultyStore } from './faulty-store.ts';
import { Network } from './network.ts';
import { Oracle, Violation } from './oracle.ts';
import { MENDED, type Plan, planOf, type WorldFaults } from './plan.ts';
import { SimProcess } from './process.ts';
import { isOver } from './row-rules.ts';
import { planJobs, Submitter } from './submitter.ts';

export interface SimOptions {
  readonly seed: number;
  /** Ends the run early, for a look at its beginning. */
  readonly stepsMax?: number;
  /** Lets every promise that can settle do so; the caller owns the program's real turns. */
  readonly drain: () => Promise<void>;
  /** Hears all that is decided and said, for whoever looks for the cause. */
  readonly trace?: ((line: string) => void) | undefined;
}

export interface SimReport {
  readonly steps: number;
  readonly simulatedMs: number;
  readonly frames: number;
  readonly impairedFrames: number;
  readonly storeCalls: number;
  readonly storeFailures: number;
  readonly coordinators: number;
  readonly agents: number;
  readonly commits: number;
  readonly leases: number;
  readonly results: number;
  readonly memoryChecks: number;
  readonly verified: number;
  readonly disputed: number;
  readonly abandoned: number;
  readonly invalid: number;
  /** Over every row at the end: two runs that differ anywhere differ here. */
  readonly digest: string;
  readonly isWhole: boolean;
}

/** What a run was doing when a promise broke. */
export class SimFailure extends Error {
  override readonly name = 'SimFailure';
}

/** Calm after which a job that has not ended never will. */
const CALM_MAX_MS = 3_600_000;
const TICK_MS = 1_000;
/** What a wall clock shows when the simulation begins. */
export const WALL_MS = 1_800_000_000_000;
const THOROUGHNESS = 0.25;

export async function simulate(options: SimOptions): Promise<SimReport> {
  const world = new World(options.seed, options.trace);
  const onRejection = (cause: unknown): void =>
    world.foundBug(`a promise was left to fail: ${inspect(cause)}`);
  process.on('unhandledRejection', onRejection);
  try {
    await world.run(options);
    return world.report();
  } catch (cause) {
    const words =
      cause instanceof Violation ? cause.message : String(cause instanceof Error ? cause.stack : cause);
    throw new SimFailure(`step ${world.steps}, ${Math.round(world.timeline.nowMs())} ms: ${words}`, {
      cause,
    });
  } finally {
    process.off('unhandledRejection', onRejection);
  }
}

/** The plan of a seed in one line, for people. */
export function describePlan(seed: number): string {
  const { network, store, world, devices, jobs, liarGroups } = planOf(createChance(spreadSeed(seed)));
  const named = Object.entries({ ...network, ...store, ...world }).filter(
    ([name, value]) => value > 0 && !name.endsWith('Ms'),
  );
  return `${devices.length} nodes, ${jobs} jobs, ${liarGroups} lying owners; faults: ${named.map(([name]) => name).join(' ')}`;
}

const LINE_CHARACTERS = 400;

const short = (facts: unknown): string =>
  JSON.stringify(facts, (key, value: unknown) =>
    typeof value === 'bigint'
      ? `${value}`
      : value instanceof Uint8Array || ['limits', 'code', 'module', 'spec'].includes(key)
        ? undefined
        : value,
  ).slice(0, LINE_CHARACTERS);

/** Keeps leases that it never answers, or results that no coordinator takes: it will not come to rest. */
const isHopeless = ({ character }: Device): boolean => character.hoards > 0 || character.inflates > 0;

class World {
  readonly timeline: Timeline = createTimeline();
  steps = 0;
  readonly #chance: Chance;
  readonly #plan: Plan;
  readonly #jobs: readonly JobSpec[];
  readonly #tables: Store = createMemoryStore();
  readonly #store: FaultyStore;
  readonly #network: Network;
  readonly #oracle: Oracle;
  readonly #submitter: Submitter;
  /** The latest program of each node, by the node's name. */
  readonly #agents = new Map<string, SimAgent>();
  readonly #shards: ReturnType<typeof planJobs>['shards'];
  #coordinator: SimCoordinator | undefined;
  readonly #leaked: Grant[] = [];
  #coordinators = 0;
  #agentsStarted = 0;
  #isCalm = false;
  readonly #trace: ((line: string) => void) | undefined;
  #bug: string | undefined;

  constructor(seed: number, trace?: (line: string) => void) {
    this.#trace = trace;
    this.#chance = createChance(spreadSeed(seed));
    this.#plan = planOf(this.#chance);
    const { jobs, shards } = planJobs(this.#chance, this.#plan);
    this.#jobs = jobs;
    this.#shards = shards;
    const { timeline } = this;
    const chance = this.#chance;
    const groups = new Map(this.#plan.devices.map(({ node, group }) => [node, group] as const));
    this.#oracle = new Oracle({
      chance,
      nowMs: timeline.nowMs,
      groupOf: (node: NodeId) => groups.get(node),
      liarGroups: this.#plan.liarGroups,
      thoroughness: THOROUGHNESS,
      readsHistory: true,
    });
    this.#network = new Network({
      timeline,
      chance,
      faults: () => (this.#isCalm ? MENDED.network : this.#plan.network),
    });
    this.#store = new FaultyStore({
      timeline,
      chance,
      tables: this.#tables,
      faults: () => (this.#isCalm ? MENDED.store : this.#plan.store),
      onCommitted: (commits, by) => {
        const writer = this.#coordinator?.process === by ? this.#coordinator : undefined;
        this.#oracle.committed(commits, (shard) => (by.isDead ? undefined : writer?.loop.machine(shard)));
      },
      onAcquired: (acquired, by) => this.#oracle.acquired(acquired, by.name),
      onFenced: (shards, by) => this.#oracle.fenced(shards, by.name),
    });
    this.#submitter = new Submitter({
      timeline,
      chance,
      oracle: this.#oracle,
      coordinator: () => this.#coordinator,
    });
  }

  async run({ stepsMax = Number.POSITIVE_INFINITY, drain }: SimOptions): Promise<void> {
    await createTokens(this.#tables.registry, this.#plan.devices);
    this.#startCoordinator();
    for (const device of this.#plan.devices) this.#soon(5_000, () => this.#startAgent(device));
    for (const spec of this.#jobs) this.#soon(this.#plan.stormMs * 0.7, () => this.#submit(spec));
    this.#everySecond();
    this.timeline.after(this.#plan.stormMs, () => this.#mend());
    const endMs = this.#plan.stormMs + CALM_MAX_MS;
    while (!this.#isOver() && this.steps < stepsMax && this.timeline.step()) {
      this.steps += 1;
      await drain();
      if (this.#oracle.broken !== undefined) throw this.#oracle.broken;
      if (this.#bug !== undefined) this.#oracle.fail(this.#bug);
      if (this.timeline.nowMs() > endMs) this.#oracle.fail(`stuck: ${this.#openWords()}`);
    }
    this.#oracle.audit();
  }

  /** Something that no fault of the plan explains. */
  foundBug(words: string): void {
    this.#bug ??= words;
  }

  report(): SimReport {
    const rows = this.#oracle.ledgers.flatMap(({ jobs }) => [...jobs.values()]);
    const sum = (field: 'verified' | 'disputed' | 'abandoned' | 'invalidResults'): number =>
      rows.reduce((total, row) => total + row[field], 0);
    return {
      steps: this.steps,
      simulatedMs: Math.round(this.timeline.nowMs()),
      frames: this.#network.frames,
      impairedFrames: this.#network.impaired,
      storeCalls: this.#store.calls,
      storeFailures: this.#store.failures,
      coordinators: this.#coordinators,
      agents: this.#agentsStarted,
      commits: this.#oracle.commits,
      leases: this.#oracle.grants,
      results: this.#oracle.recorded,
      memoryChecks: this.#oracle.checks,
      verified: sum('verified'),
      disputed: sum('disputed'),
      abandoned: sum('abandoned'),
      invalid: sum('invalidResults'),
      digest: this.#oracle.digest().slice(0, 16),
      isWhole: this.#isOver(),
    };
  }

  // ── the calm ───────────────────────────────────────────────────────────────────────────────────────

  /** From here on nothing fails any more, but liars stay liars. */
  #mend(): void {
    this.#isCalm = true;
    this.#store.isAway = false;
    this.#store.isFull = false;
    this.#oracle.disturbed();
    if (this.#coordinator === undefined) this.#startCoordinator();
    for (const device of this.#plan.devices) {
      this.#network.heal(device.name);
      const agent = this.#agents.get(device.name);
      agent?.process.thaw();
      agent?.resume();
      if (agent === undefined || agent.process.isDead) this.#startAgent(device);
    }
  }

  /** Every job has ended, nobody runs anything, and no result waits to be recorded. */
  #isOver(): boolean {
    return (
      this.#isCalm &&
      this.#submitter.isDone &&
      this.#oracle.liveLeases === 0 &&
      this.#jobs.every(({ job }) => this.#hasEnded(job)) &&
      [...this.#agents.values()].every((agent) => agent.isIdle || isHopeless(agent.device))
    );
  }

  #hasEnded(job: JobId): boolean {
    const row = this.#oracle.job(job);
    return row !== undefined && isOver(row);
  }

  #openWords(): string {
    const open = this.#jobs
      .filter(({ job }) => !this.#hasEnded(job))
      .map(({ job }) => {
        const row = this.#oracle.job(job);
        return `job ${job} ${row?.state} ${row?.closed}/${row?.spec.inputs.count} ${row?.reason}`;
      });
    const busy = [...this.#agents.values()]
      .filter((agent) => !agent.isIdle)
      .map((agent) => `${agent.device.name} ${agent.describe()} keeps ${agent.device.outbox.size} results`);
    return [...open, ...busy, `${this.#oracle.liveLeases} live leases`].join('; ');
  }

  // ── coordinators ───────────────────────────────────────────────────────────────────────────────────

  #startCoordinator(): void {
    this.#coordinators += 1;
    const { coordinatorRate } = this.#plan;
    const process = new SimProcess({
      timeline: this.timeline,
      name: `coordinator ${this.#coordinators}`,
      rate: coordinatorRate,
      wallMs: this.#wallMs(),
    });
    this.#coordinator = new SimCoordinator({
      process,
      chance: this.#chance,
      store: this.#store.for(process),
      shards: this.#shards,
      onEffects: (coordinator, shard, effects) => {
        for (const effect of effects) this.#note(coordinator.process.name, `${shard}`, effect);
        if (coordinator.loop.machine(shard) !== undefined) this.#oracle.spoke(shard, effects);
      },
      onFenced: (coordinator) => this.#soon(500, () => this.#endCoordinator(coordinator)),
      onEvent: (coordinator, shard, event) => this.#note(coordinator.process.name, `${shard} hears`, event),
      onCounted: (session, number) => this.#oracle.heard(session, number),
      onBug: (words) => this.foundBug(words),
    });
    this.#network.listener = this.#coordinator;
    this.#oracle.disturbed();
  }

  #wallMs(): number {
    return WALL_MS + (this.#chance.unit() - 0.5) * 2 * this.#plan.wallJumpMs;
  }

  /** Killed, or ended; its system closes its sockets. */
  #endCoordinator(coordinator: SimCoordinator): void {
    if (coordinator.process.isDead) return;
    coordinator.process.kill();
    this.#network.ended(coordinator.process, false);
    if (this.#coordinator !== coordinator) return;
    this.#coordinator = undefined;
    this.#soon(4_000, () => {
      if (this.#coordinator === undefined) this.#startCoordinator();
    });
  }

  /** The first is stopped, a second takes over, and the first wakes to find that it decides for nothing. */
  #replaceFrozen(coordinator: SimCoordinator): void {
    coordinator.process.freeze();
    this.#soon(6_000, () => {
      // An operator starts a second one for a first that does not answer.
      if (this.#coordinator === coordinator && coordinator.process.isFrozen) this.#startCoordinator();
    });
    this.timeline.after(4_000 + this.#chance.below(8_000), () => {
      coordinator.process.thaw();
      // Who took over stays; an old one that nobody fences, because it has nothing to say, is ended by its operator.
      this.#soon(5_000, () => {
        if (this.#coordinator !== coordinator) this.#endCoordinator(coordinator);
      });
    });
  }

  // ── nodes ──────────────────────────────────────────────────────────────────────────────────────────

  #startAgent(device: Device): void {
    const older = this.#agents.get(device.name);
    if (older !== undefined && !older.process.isDead) return;
    this.#agents.set(device.name, this.#bootAgent(device));
  }

  #bootAgent(device: Device): SimAgent {
    this.#agentsStarted += 1;
    return new SimAgent({
      device,
      timeline: this.timeline,
      chance: this.#chance,
      watch: this.#oracle,
      onMessage: (message) => this.#note(device.name, 'hears', message),
      runMs: this.#plan.runMs,
      leaked: this.#leaked,
      dial: (process) => this.#network.dial(process, device.address),
      onClosed: (agent) => {
        this.#note(device.name, 'is closed', {});
        this.#endAgent(agent, false);
        this.#soon(15_000, () => this.#startAgent(device));
      },
    });
  }

  #endAgent(agent: SimAgent, isSilent: boolean): void {
    agent.process.kill();
    this.#network.ended(agent.process, isSilent);
  }

  #submit(spec: JobSpec): void {
    this.#submitter.submit(spec);
    if (this.#chance.happens(0.15)) this.#soon(30_000, () => this.#cancel(spec.job));
  }

  #cancel(job: JobId): void {
    if (this.#oracle.job(job) !== undefined) this.#submitter.cancel(job);
  }

  #note(who: string, what: string, facts: unknown): void {
    this.#trace?.(`${this.timeline.nowMs().toFixed(1).padStart(10)} ${who}: ${what} ${short(facts)}`);
  }

  // ── faults ─────────────────────────────────────────────────────────────────────────────────────────

  #soon(withinMs: number, act: () => void): void {
    this.timeline.after(withinMs * this.#chance.unit(), act);
  }

  #everySecond(): void {
    this.timeline.after(TICK_MS, () => {
      this.#oracle.checkLeases();
      this.#oracle.checkSpeech(
        (name) => this.#coordinator?.process.name === name && !this.#coordinator.process.isFrozen,
      );
      if (!this.#isCalm) this.#strike(this.#plan.world);
      for (const agent of this.#agents.values()) {
        if (this.#chance.happens(1 / 60)) agent.process.enter(() => agent.heartbeat());
        if (this.#chance.happens(0.3)) agent.process.enter(() => agent.count());
      }
      this.#everySecond();
    });
  }

  #strike(faults: WorldFaults): void {
    const happens = (probability: number): boolean => this.#chance.happens(probability);
    for (const agent of this.#agents.values()) this.#strikeAgent(agent, faults);
    const coordinator = this.#coordinator;
    if (happens(faults.storeAway)) this.#breakStore('isAway');
    if (happens(faults.storeFull)) this.#breakStore('isFull');
    if (coordinator === undefined || coordinator.process.isFrozen) return;
    if (happens(faults.wallClockSet)) coordinator.process.setWall(this.#wallMs());
    if (happens(faults.coordinatorKill)) return this.#endCoordinator(coordinator);
    if (happens(faults.coordinatorZombie)) return this.#replaceFrozen(coordinator);
    if (happens(faults.coordinatorStop))
      void coordinator.close().then(() => this.#endCoordinator(coordinator));
  }

  #breakStore(how: 'isAway' | 'isFull'): void {
    this.#store[how] = true;
    this.#oracle.disturbed();
    this.#soon(20_000, () => {
      this.#store[how] = false;
      this.#oracle.disturbed();
    });
  }

  #strikeAgent(agent: SimAgent, faults: WorldFaults): void {
    const { device, process } = agent;
    const happens = (probability: number): boolean => this.#chance.happens(probability);
    if (process.isDead) return;
    if (happens(faults.agentCrash)) return this.#crashAgent(agent, faults);
    if (happens(faults.agentFreeze)) {
      process.freeze();
      this.#soon(20_000, () => process.thaw());
    }
    if (process.isFrozen) return;
    if (happens(faults.agentLeave)) {
      agent.leave();
      return;
    }
    if (happens(faults.agentPause)) {
      agent.pause();
      this.#soon(20_000, () => process.enter(() => agent.resume()));
    }
    if (happens(faults.agentTwin)) {
      // Whoever joins last is the node; the other is told to stay away.
      this.#agents.set(device.name, this.#bootAgent({ ...device, outbox: new Map(device.outbox) }));
    }
    if (happens(faults.partition)) {
      this.#network.partition(device.name);
      this.#soon(25_000, () => this.#network.heal(device.name));
    }
  }

  /** What it ran is lost; its disk stays, or is put back from an older copy. */
  #crashAgent(agent: SimAgent, faults: WorldFaults): void {
    const { device } = agent;
    const copy = new Map(device.outbox);
    this.#endAgent(agent, this.#chance.happens(0.5));
    this.#soon(20_000, () => {
      if (this.#chance.happens(faults.agentOldDisk))
        for (const [lease, result] of copy) device.outbox.set(lease, result);
      this.#startAgent(device);
    });
  }
}

/** Makes the join tokens that simulated devices carry: one for each quorum group that has one. */
export async function createTokens(
  registry: Store['registry'],
  devices: readonly Pick<Device, 'token' | 'group'>[],
): Promise<void> {
  const tokens = new Map(devices.map(({ token, group }) => [token, group] as const));
  for (const [token, group] of tokens) {
    if (token === undefined) continue;
    await registry.createToken({
      token: group,
      owner: group.replace('group ', 'owner-') as OwnerId,
      ownerName: group,
      hash: sha256(token.slice(token.lastIndexOf('_') + 1)),
      atMs: WALL_MS,
      expiresAtMs: undefined,
      label: '',
    });
  }
}
