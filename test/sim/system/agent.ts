/**
 * A node's agent, small: real sessions, a list of what it runs, and an outbox on its disk that keeps every result
 * until it is told that it is recorded. What it answers, and how it misbehaves, is its character's.
 */
import { type AgentSession, createAgentSession, type Link, type NodeIdentity } from '@trine/mesh';
import {
  type CoordinatorMessage,
  digestOf,
  type Grant,
  grantDigest,
  type LeaseId,
  LIMITS,
  type NodeId,
  nodeIdOf,
  type NodeProfile,
  type ReportedResult,
  reportRoot,
  reportTranscript,
} from '@trine/protocol';
import type { Chance } from '../chance.ts';
import type { Timeline } from '../timeline.ts';
import { type Character, lieOf, truthOf, wordsBytes } from './character.ts';
import { signatureOf, simIdentity, simVerify } from './identity.ts';
import { SimProcess } from './process.ts';

/** What a node is, whatever becomes of its programs. */
export interface Device {
  readonly name: string;
  /** Its place among all. */
  readonly number: number;
  readonly identity: NodeIdentity;
  readonly node: NodeId;
  readonly token: string | undefined;
  readonly address: string;
  /** What must differ within a quorum, as the simulation knows it: its owner, or its network. */
  readonly group: string;
  readonly slots: number;
  readonly clockRate: number;
  readonly character: Character;
  /** Results that are not known to be recorded: its disk. */
  outbox: Map<LeaseId, ReportedResult>;
}

/** Who hears what agents do, to check it. */
export interface AgentWatch {
  /** The node puts its name to this. */
  said(node: NodeId, result: ReportedResult): void;
  /** The node may forget these. */
  told(node: NodeId, leases: readonly LeaseId[]): void;
  /** It runs this many on so many slots. */
  running(node: NodeId, count: number, slots: number): void;
}

export interface AgentOptions {
  readonly device: Device;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly watch: AgentWatch;
  readonly dial: (process: SimProcess) => Promise<Link>;
  readonly onMessage: (message: CoordinatorMessage) => void;
  /** Grants of all nodes, as forgers would like to know them. */
  readonly leaked: Grant[];
  /** Longest run of a task, ms. */
  readonly runMs: number;
  /** The session is over for good: displaced, or refused. */
  readonly onClosed: (agent: SimAgent) => void;
}

export const ORIGIN = 'http://coordinator.test:3000';
const REPORT_DELAY_MS = 60;
const MISTAKE_MS = 2_000;
const LEAKED_KEPT = 6;

export function createDevice(facts: Omit<Device, 'identity' | 'node' | 'outbox'>): Device {
  const identity = simIdentity(facts.name);
  return { ...facts, identity, node: nodeIdOf(identity.publicKey), outbox: new Map() };
}

interface Running {
  /** It was told to abandon it, and goes on. */
  isDefied: boolean;
  readonly grant: Grant;
  readonly stop: () => void;
}

export class SimAgent {
  readonly device: Device;
  readonly process: SimProcess;
  readonly #options: AgentOptions;
  readonly #session: AgentSession;
  readonly #running = new Map<LeaseId, Running>();
  readonly #unsent = new Set<LeaseId>();
  #isOpen = false;
  #sessionNumber = 0;
  #counted = 0;
  #isPaused = false;
  #reportPlanned = false;

  constructor(options: AgentOptions) {
    const { device, timeline, dial } = options;
    this.#options = options;
    this.device = device;
    this.process = new SimProcess({ timeline, name: device.name, rate: device.clockRate });
    this.#session = createAgentSession({
      dial: () => dial(this.process),
      origin: ORIGIN,
      identity: device.identity,
      verify: simVerify,
      clock: this.process,
      entropy: options.chance.bytes,
      hello: () => ({
        profile: PROFILE,
        held: this.#held(),
        ...(device.token === undefined ? {} : { token: device.token }),
      }),
      on: {
        opened: ({ resumed, session }) => this.#opened(resumed, session),
        messages: (messages) => {
          for (const message of messages) this.#hear(message);
          this.#settle();
        },
        suspended: () => {
          this.#isOpen = false;
        },
        refused: () => undefined,
        closed: () => options.onClosed(this),
        linkChanged: () => undefined,
      },
    });
    if (device.character.forges > 0) this.#forgeLater();
  }

  /** Neither runs nor keeps anything. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.device.outbox.size === 0;
  }

  /** For a person who wonders why it does not end. */
  describe(): string {
    const state = this.process.isDead
      ? 'dead'
      : this.process.isFrozen
        ? 'frozen'
        : this.#isOpen
          ? 'open'
          : 'without a session';
    return `(${state}, runs ${[...this.#running.keys()].join(' ') || 'nothing'})`;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Its person pauses it: everything unfinished goes back. */
  pause(): void {
    this.#isPaused = true;
    const leases = [...this.#running.keys()];
    for (const { stop } of this.#running.values()) stop();
    this.#running.clear();
    if (leases.length > 0) this.#session.send({ type: 'return-leases', leases, reason: 'paused' });
    this.#tellCapacity();
    this.#settle();
  }

  resume(): void {
    this.#isPaused = false;
    this.#tellCapacity();
  }

  heartbeat(): void {
    if (this.#isOpen) this.#session.send({ type: 'heartbeat', threadsBusy: this.#running.size });
  }

  /** Says the next number of its session, so that the other side can tell whether it hears all, once, in order. */
  count(): void {
    if (!this.#isOpen) return;
    this.#counted += 1;
    const lease = this.#sessionNumber as LeaseId;
    this.#session.send({ type: 'progress', lease, done: this.#counted, total: this.device.number });
  }

  /** Leaves cleanly. */
  leave(): void {
    for (const { stop } of this.#running.values()) stop();
    this.#running.clear();
    this.#isOpen = false;
    void this.#session.close('its person closed it');
  }

  // ── the session ────────────────────────────────────────────────────────────────────────────────────

  #held(): LeaseId[] {
    const held = [...this.#running.keys(), ...this.device.outbox.keys()];
    const { chance, device } = this.#options;
    if (!chance.happens(device.character.liesInHello)) return held;
    // Claims what it does not have, and hides some of what it has.
    const claimed = chance.below(1_000) * LIMITS.shards.value + chance.below(LIMITS.shards.value);
    return [...held.filter(() => chance.happens(0.5)), claimed as LeaseId];
  }

  #opened(resumed: boolean, session: number): void {
    this.#isOpen = true;
    if (!resumed) {
      this.#sessionNumber = session;
      this.#counted = 0;
      this.#tellCapacity();
      for (const lease of this.device.outbox.keys()) this.#unsent.add(lease);
      this.#reportLater();
    }
    this.#settle();
  }

  #tellCapacity(): void {
    if (!this.#isOpen) return;
    this.#session.send({ type: 'capacity', leases: this.#isPaused ? 0 : this.device.slots });
  }

  #settle(): void {
    this.#session.keepalive(this.#running.size + this.device.outbox.size > 0);
  }

  #hear(message: CoordinatorMessage): void {
    this.#options.onMessage(message);
    switch (message.type) {
      case 'grants':
        for (const grant of message.grants) this.#run(grant);
        return;
      case 'results-recorded':
        this.#options.watch.told(this.device.node, message.leases);
        for (const lease of message.leases) this.#recorded(lease);
        return;
      case 'abandon':
        for (const lease of message.leases) this.#abandon(lease);
        return;
      case 'upload-granted':
      case 'upload-refused':
      case 'standing':
      case 'idle-reason':
      case 'signal':
      case 'go-away':
        return;
    }
  }

  /** A stubborn one finishes what it was told to drop, and says so. */
  #abandon(lease: LeaseId): void {
    const { chance, device } = this.#options;
    const running = this.#running.get(lease);
    if (running !== undefined && chance.happens(device.character.stubborn)) {
      running.isDefied = true;
      return;
    }
    this.#forget(lease);
  }

  #forget(lease: LeaseId): void {
    this.#running.get(lease)?.stop();
    this.#running.delete(lease);
    this.device.outbox.delete(lease);
    this.#unsent.delete(lease);
  }

  /** A careless agent says it again, or says something else, now that it is done. */
  #recorded(lease: LeaseId): void {
    const { chance, device } = this.#options;
    const result = device.outbox.get(lease);
    this.#forget(lease);
    if (result === undefined || !chance.happens(device.character.repeats)) return;
    const again = chance.happens(0.5) ? result : { ...result, fuel: result.fuel + 1n };
    this.process.setTimer(MISTAKE_MS * chance.unit(), () => this.#report([again]));
  }

  // ── work ───────────────────────────────────────────────────────────────────────────────────────────

  #run(grant: Grant): void {
    const { chance, device, runMs, watch, leaked } = this.#options;
    if (this.#running.has(grant.lease)) return;
    leaked.push(grant);
    if (leaked.length > LEAKED_KEPT) leaked.shift();
    const { hoards, slow } = device.character;
    const neverEnds = chance.happens(hoards);
    const lastsMs = chance.happens(slow)
      ? grant.deadlineMs * (0.9 + chance.unit())
      : 20 + runMs * chance.unit() ** 2;
    const stop = neverEnds ? () => undefined : this.process.setTimer(lastsMs, () => this.#finished(grant));
    this.#running.set(grant.lease, { grant, stop, isDefied: false });
    // Who hides what it holds is given more than it lends, by its own doing.
    const owned = [...this.#running.values()].filter(({ isDefied }) => !isDefied).length;
    if (device.character.liesInHello === 0) watch.running(device.node, owned, device.slots);
  }

  #finished(grant: Grant): void {
    if (!this.#running.delete(grant.lease)) return;
    this.device.outbox.set(grant.lease, this.#answer(grant));
    this.#unsent.add(grant.lease);
    this.#reportLater();
    this.#settle();
  }

  #answer(grant: Grant): ReportedResult {
    const { chance, device } = this.#options;
    const { lies, aborts, inflates } = device.character;
    const grantOf = grantDigest(grant);
    const wallMs = 1;
    if (chance.happens(aborts)) {
      const empty = new Uint8Array();
      const outputDigest = digestOf(empty);
      const fuel = 0n;
      const reason = 'memory was refused';
      const outcome = 'aborted';
      return {
        lease: grant.lease,
        grant: grantOf,
        outcome,
        outputDigest,
        outputBytes: 0,
        fuel,
        wallMs,
        reason,
      };
    }
    const { words, fuel, outcome } = chance.happens(lies)
      ? lieOf(device.character, grant, chance)
      : truthOf(grant.job, grant.index);
    const output = wordsBytes(words);
    return {
      lease: grant.lease,
      grant: grantOf,
      outcome,
      outputDigest: digestOf(output),
      outputBytes: output.length,
      output,
      fuel: chance.happens(inflates) ? fuel * 3n + grant.limits.fuel * BigInt(chance.below(2)) : fuel,
      wallMs,
    };
  }

  #reportLater(): void {
    if (this.#reportPlanned || this.#unsent.size === 0) return;
    this.#reportPlanned = true;
    this.process.setTimer(REPORT_DELAY_MS * this.#options.chance.unit(), () => {
      this.#reportPlanned = false;
      const results = [...this.#unsent].flatMap((lease) => this.device.outbox.get(lease) ?? []);
      this.#unsent.clear();
      for (let from = 0; from < results.length; from += LIMITS.resultsPerReport.value) {
        this.#report(results.slice(from, from + LIMITS.resultsPerReport.value));
      }
    });
  }

  /** Signs and sends; before the first session it is dropped, and said again when that opens. */
  #report(results: readonly ReportedResult[]): void {
    const { device, watch } = this.#options;
    for (const result of results) watch.said(device.node, result);
    const transcript = reportTranscript(reportRoot(results), results.length);
    const signature = signatureOf(device.identity.publicKey, transcript);
    this.#session.send({ type: 'report', results: [...results], signature });
  }

  /** Mostly a lease that somebody has; now and then a neighbour of it, or the number before all. */
  #forgedLease({ lease }: Grant): LeaseId {
    const { chance } = this.#options;
    const shards = LIMITS.shards.value;
    if (chance.happens(0.8)) return lease;
    return (chance.happens(0.5) ? lease % shards : lease + (1 + chance.below(3)) * shards) as LeaseId;
  }

  /** Answers leases that are not its own, or were never given. */
  #forgeLater(): void {
    const { chance, device } = this.#options;
    this.process.setTimer(MISTAKE_MS / 2 + (MISTAKE_MS * chance.unit()) / device.character.forges, () => {
      const { leaked } = this.#options;
      const grant = leaked[chance.below(leaked.length)];
      if (grant !== undefined && this.#isOpen) {
        const [own] = this.#running.keys();
        // Its own lease with the answer to another's, or another's lease with what its grant must look like.
        const forged =
          own !== undefined && chance.happens(0.3)
            ? { ...this.#answer(grant), lease: own }
            : this.#answer({ ...grant, lease: this.#forgedLease(grant) });
        this.#report([forged]);
      }
      this.#forgeLater();
    });
  }
}

const PROFILE: NodeProfile = {
  agent: 'runner',
  version: 'simulated',
  cores: 4,
  threads: 4,
  features: [],
  labels: [],
};
