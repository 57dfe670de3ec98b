/** One coordinator program: the real shard loop, gateway and session host, wired as the product wires them, on simulated ports. */
import type { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import {
  carryOut,
  createActivity,
  createAnnouncements,
  createNodeDirectory,
  createShardLoop,
  Gateway,
  type ShardLoop,
  sha256,
  type Store,
} from '@trine/control-plane/parts';
import { createSessionHost, type Link, type SessionHost } from '@trine/mesh';
import {
  type AgentMessage,
  type JobId,
  type NodeId,
  type ShardId,
  shardOf,
  TrineError,
} from '@trine/protocol';
import type { ShardEffect, ShardEvent } from '@trine/scheduler';
import { artifact } from '@trine/scheduler/testing';
import type { Chance } from '../chance.ts';
import { ORIGIN } from './agent.ts';
import { simIdentity, simVerify } from './identity.ts';
import type { Listener } from './network.ts';
import type { SimProcess } from './process.ts';

export interface CoordinatorOptions {
  readonly process: SimProcess;
  readonly chance: Chance;
  readonly store: Store;
  readonly shards: readonly ShardId[];
  readonly onEffects: (coordinator: SimCoordinator, shard: ShardId, effects: readonly ShardEffect[]) => void;
  readonly onEvent: (coordinator: SimCoordinator, shard: ShardId, event: ShardEvent) => void;
  /** Another program decides for a shard of this one. */
  readonly onFenced: (coordinator: SimCoordinator) => void;
  /** The next number of a session, as its agent counts. */
  readonly onCounted: (session: string, number: number) => void;
  /** Something that no fault of the world explains. */
  readonly onBug: (words: string) => void;
}

type GatewayOptions = ConstructorParameters<typeof Gateway>[0];

const PREPARE_MS = 400;
const VERIFY_MS = 200;
/** Chance, with each event, that an old one comes once more; and how many are remembered for that. */
const SAY_AGAIN = 0.05;
const SAID_KEPT = 64;

interface Said {
  readonly shard: ShardId;
  readonly event: ShardEvent;
  readonly node: NodeId;
  readonly session: number;
}

export class SimCoordinator implements Listener {
  readonly process: SimProcess;
  readonly loop: ShardLoop;
  readonly gateway: Gateway;
  readonly #options: CoordinatorOptions;
  #host: SessionHost | undefined;
  readonly #said: Said[] = [];

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.process = options.process;
    const activity = {
      ...createActivity(() => this.process.wallMs(), SILENT_METER),
      progress: ({ lease, done, total }: Progress) =>
        options.onCounted(`node ${total}, session ${lease}`, done),
    };
    const announcements = createAnnouncements();
    this.gateway = this.#createGateway(activity, announcements);
    const preparation = { begin: (effect: PrepareModule) => this.#prepare(effect) };
    const ports = { gateway: this.gateway, preparation, announcements, activity };
    this.loop = this.#createLoop((shard, effect) => carryOut(ports, shard, effect));
  }

  accept(link: Link, from: { readonly remoteAddress: string }): void {
    this.#host ??= this.#createHost();
    this.#host.accept(link, from);
  }

  async isStored(job: JobId): Promise<boolean> {
    return (await this.#options.store.views.job(job)) !== undefined;
  }

  /** What a submit writes before its job is one. */
  saveInputs(...inputs: Parameters<Store['registry']['saveInputs']>): Promise<void> {
    return this.#options.store.registry.saveInputs(...inputs);
  }

  /** Ends as on SIGTERM. */
  async close(): Promise<void> {
    await this.#host?.close();
    await this.gateway.close();
    await this.loop.close();
  }

  /** Made for the first link: a world without links needs none. */
  #createHost(): SessionHost {
    return createSessionHost({
      identity: simIdentity('the coordinator'),
      originsAllowed: (origin) => origin === ORIGIN,
      admit: (hello, remoteAddress) => this.gateway.admit(hello, remoteAddress),
      coordinators: () => [ORIGIN],
      on: this.gateway.events,
      verify: simVerify,
      clock: this.process,
      entropy: this.#options.chance.bytes,
    });
  }

  #createLoop(perform: (shard: ShardId, effect: ShardEffect) => void): ShardLoop {
    const { store, chance, shards, onEffects, onFenced } = this.#options;
    return createShardLoop({
      store,
      shards,
      sha256,
      holder: this.process.name,
      clock: this.process,
      wallMs: () => this.process.wallMs(),
      random: chance.bytes,
      nextTurn: (run) => this.process.nextTurn(run),
      onEffects: (shard, effects) => {
        // A dead program says nothing, though its last promises may still settle.
        if (this.process.isDead) return;
        onEffects(this, shard, effects);
        for (const effect of effects) perform(shard, effect);
      },
      onRecovered: (recovered) => this.gateway.recovered(recovered),
      onFenced: () => onFenced(this),
      onPressure: (isHigh) => this.gateway.hold(isHigh),
      log: this.#log(),
    });
  }

  #createGateway(
    activity: GatewayOptions['activity'],
    announcements: GatewayOptions['announcements'],
  ): Gateway {
    const { store } = this.#options;
    return new Gateway({
      store,
      activity,
      announcements,
      sink: {
        submit: (shard, event) => this.#submit(shard, event),
        request: (shard, event) => this.loop.request(shard, event),
      },
      bearers: SILENT_BEARERS,
      clock: this.process,
      nowMs: () => this.process.wallMs(),
      directory: createNodeDirectory(store.views),
      newcomers: { waitMs: () => Promise.resolve(0) },
      isDeciding: () => this.loop.running().state === 'running',
      onSignal: () => undefined,
      onEnded: () => undefined,
      verifyReport: (key, bytes, signature) => this.#verify(rawKeyOf(key), bytes, signature),
      log: this.#log(),
    });
  }

  #submit(shard: ShardId, event: ShardEvent): void {
    if (this.process.isDead) return;
    this.#options.onEvent(this, shard, event);
    this.loop.submit(shard, event);
    this.#remember(shard, event);
    if (this.#options.chance.happens(SAY_AGAIN)) this.#sayAgain(shard);
  }

  /** In a thread pool, which takes its time. */
  #verify(key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const holds = simVerify(key, bytes, signature) === true;
    const delayMs = VERIFY_MS * this.#options.chance.unit() ** 4;
    return new Promise((resolve) => void this.process.setTimer(delayMs, () => resolve(holds)));
  }

  /**
   * What another gateway said of an earlier session may come late: then it changes nothing. Only with a number that
   * the shard has heard a higher one of; what it never heard of it cannot know to be old.
   */
  #sayAgain(shard: ShardId): void {
    const [said] = this.#said.splice(this.#options.chance.below(this.#said.length), 1);
    const known = said && this.loop.machine(said.shard)?.sessions.get(said.node);
    if (said === undefined || known === undefined || known <= said.session) return;
    this.#options.onEvent(this, shard, said.event);
    this.loop.submit(said.shard, said.event);
  }

  #remember(shard: ShardId, event: ShardEvent): void {
    if (event.type === 'slots-offered') this.#said.push({ shard, event, ...event.offer });
    if (event.type === 'node-said-hello' || event.type === 'node-lost' || event.type === 'leases-returned') {
      this.#said.push({ shard, event, node: event.node, session: event.session });
    }
    if (this.#said.length > SAID_KEPT) this.#said.shift();
  }

  /** The rewriter takes a while, and says so twice when two recoveries asked for it. */
  #prepare({ job, module }: PrepareModule): void {
    this.process.setTimer(PREPARE_MS * this.#options.chance.unit(), () => {
      const code = { module: module.digest, edition: 'simulated' };
      this.#submit(shardOf(job), { type: 'job-prepared', job, module: artifact('prepared'), code });
    });
  }

  /** Faults of the store are expected and logged by the product; anything else is a bug. */
  #log(): GatewayOptions['log'] {
    const hear = (facts: { readonly err?: unknown }, words: string): void => {
      if (facts.err !== undefined && !(facts.err instanceof TrineError)) {
        this.#options.onBug(`${words}: ${inspect(facts.err)}`);
      }
    };
    return { info: () => undefined, warn: hear, error: hear } as unknown as GatewayOptions['log'];
  }
}

type Progress = Extract<AgentMessage, { readonly type: 'progress' }>;
type PrepareModule = Extract<ShardEffect, { readonly type: 'prepare-module' }>;

const SILENT_METER: Parameters<typeof createActivity>[1] = {
  results: () => undefined,
  task: () => undefined,
  verdict: () => undefined,
  fault: () => undefined,
};

const SILENT_BEARERS: GatewayOptions['bearers'] = {
  forReading: () => 'bearer',
  forUpload: () => 'bearer',
  reader: () => undefined,
  uploader: () => undefined,
};

const RAW_KEY_BYTES = 32;
const rawKeys = new WeakMap<KeyObject, Uint8Array>();

function rawKeyOf(key: KeyObject): Uint8Array {
  const known =
    rawKeys.get(key) ?? new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-RAW_KEY_BYTES));
  rawKeys.set(key, known);
  return known;
}
