/** One shard with many nodes and one long job, driven as a shard loop would: in batches, changes taken after each. */
import { type Digest, type JobId, type KeyId, LIMITS, rangeInput } from '@trine/protocol';
import type { LeaseId, NodeId, OwnerId, QuorumGroup, ShardId } from '@trine/protocol';
import type {
  ArtifactRef,
  JobSpec,
  NodeCounters,
  ShardContext,
  ShardEffect,
  ShardEvent,
} from '@trine/scheduler';
import { apply, restoreShard, type Shard, takeChanges } from '@trine/scheduler';
import { sha256 } from './job-ledger.ts';

/** Nodes whose events share a batch; fewer than the smallest world has, so that each comes once. */
const NODES_A_BATCH = 64;
/** As many as a task has replicas: a world of N nodes keeps N tasks in flight. */
const SLOTS = LIMITS.replicas.value;
const JOB = 'jaaaaaaaaaaaaaaaaaaaa' as JobId;
const JOB_TASKS = 100_000_000;
const TIMEOUT_MS = 86_400_000;
const SESSION = 1;
const FUEL = 1_000n;
const NODE_ID_CHARACTERS = 32;
const SHARED = new TextEncoder().encode('scheduler');
const ANSWER = new Uint8Array(32);
const ANSWER_DIGEST = sha256(ANSWER);
/** Odd and no multiple of five, so that steps of it visit every node of a power of ten. */
const STRIDE = 618_033_989;

export const CONTEXT: ShardContext = { shard: 7 as ShardId, sha256 };

/** What one batch took, the making of its events and the reading of its grants left out. */
export interface BatchTime {
  readonly events: number;
  readonly micros: number;
}

/** Nodes with the leases they hold; the shard is all else. `nodes` is a power of ten from a hundred. */
export class ShardWorld {
  readonly nodes: number;
  /** Every node has had a verdict once and is remembered by its counters. */
  readonly shard: Shard;
  readonly #leases: Float64Array;
  readonly #grants: Digest[];
  #next = 0;
  #frames = 0;
  #batches = 0;

  constructor(nodes: number) {
    this.nodes = nodes;
    this.#leases = new Float64Array(nodes * SLOTS);
    this.#grants = Array.from({ length: nodes * SLOTS }, () => ANSWER_DIGEST);
    const row = { shard: CONTEXT.shard, timeMs: 0, leaseCounter: 0 };
    this.shard = restoreShard(CONTEXT, { shard: row, jobs: [], tasks: [], counters: [] });
  }

  /** Every node says hello and is known by counters, as after its first verdict. */
  introduce(): void {
    for (let done = 0; done < this.nodes; done += NODES_A_BATCH) {
      this.#each(this.nodes - done, (number) => {
        this.shard.counters.set(nodeId(number), firstCounters());
        return [{ type: 'node-said-hello', node: nodeId(number), session: SESSION, held: [] }];
      });
    }
  }

  /** Submits the job and fills every slot. */
  fill(): readonly BatchTime[] {
    const module: ArtifactRef = { digest: ANSWER_DIGEST, sizeBytes: 1_000, chunks: ANSWER_DIGEST };
    this.play([
      { type: 'fleet-changed', groups: this.nodes },
      { type: 'job-submitted', spec: jobSpec(module) },
      { type: 'job-prepared', job: JOB, module, code: { module: module.digest, edition: 'bench' } },
    ]);
    return this.offerAll(this.nodes);
  }

  /** The next nodes answer all they hold, agreeing, and offer their slots again. */
  turnOver(): BatchTime {
    return this.#each(NODES_A_BATCH, (number) => [this.#report(number), this.#offer(number)]);
  }

  turnOverAll(): void {
    for (let done = 0; done < this.nodes; done += NODES_A_BATCH) this.turnOver();
  }

  /** The next `nodes` fall silent. */
  loseNext(nodes: number): readonly BatchTime[] {
    return this.#inBatches(nodes, (number) => {
      this.#leases.fill(0, number * SLOTS, (number + 1) * SLOTS);
      return [{ type: 'node-lost', node: nodeId(number), session: SESSION, reason: 'silent for too long' }];
    });
  }

  /** The next `nodes` offer what is free; those that were lost last if `goBack` came first. */
  offerAll(nodes: number): readonly BatchTime[] {
    return this.#inBatches(nodes, (number) => [this.#offer(number)]);
  }

  goBack(nodes: number): void {
    for (let i = 0; i < nodes; i += 1) {
      this.#next = (this.#next + this.nodes - (STRIDE % this.nodes)) % this.nodes;
    }
  }

  /** One batch of these events. */
  play(events: readonly ShardEvent[], numbers: ReadonlyMap<NodeId, number> = new Map()): BatchTime {
    this.#batches += 1;
    const entropy = rangeInput(SHARED, this.#batches);
    const beganMs = performance.now();
    apply(this.shard, { type: 'batch-began', atMs: this.#batches, entropy });
    const effects = events.flatMap((event) => apply(this.shard, event));
    takeChanges(this.shard);
    const micros = (performance.now() - beganMs) * 1_000;
    for (const effect of effects) this.#learn(effect, numbers);
    return { events: events.length, micros };
  }

  #inBatches(nodes: number, eventsOf: (number: number) => readonly ShardEvent[]): readonly BatchTime[] {
    const times: BatchTime[] = [];
    for (let left = nodes; left > 0; left -= NODES_A_BATCH) times.push(this.#each(left, eventsOf));
    return times;
  }

  /** One batch of the next nodes' events, `NODES_A_BATCH` of them at most. */
  #each(nodes: number, eventsOf: (number: number) => readonly ShardEvent[]): BatchTime {
    const numbers = new Map<NodeId, number>();
    const events: ShardEvent[] = [];
    for (let i = 0; i < Math.min(nodes, NODES_A_BATCH); i += 1) {
      numbers.set(nodeId(this.#next), this.#next);
      events.push(...eventsOf(this.#next));
      this.#next = (this.#next + STRIDE) % this.nodes;
    }
    return this.play(events, numbers);
  }

  #learn(effect: ShardEffect, numbers: ReadonlyMap<NodeId, number>): void {
    if (effect.type === 'reject-result') throw new Error(`A result was refused: ${effect.code}.`);
    if (effect.type !== 'grant-leases') return;
    const first = (numbers.get(effect.node) ?? Number.NaN) * SLOTS;
    for (const { lease, grant } of effect.grants) {
      const free = this.#leases.subarray(first, first + SLOTS).indexOf(0);
      if (!(free >= 0)) throw new Error('More was granted than was offered.');
      this.#leases[first + free] = lease;
      this.#grants[first + free] = grant;
    }
  }

  #offer(number: number): ShardEvent {
    const held = this.#held(number).length;
    return { type: 'slots-offered', offer: { ...identity(number), labels: [], count: SLOTS - held } };
  }

  #held(number: number): readonly number[] {
    const all = Array.from({ length: SLOTS }, (_, slot) => number * SLOTS + slot);
    return all.filter((at) => this.#leases[at] !== 0);
  }

  #report(number: number): ShardEvent {
    this.#frames += 1;
    const id = sha256(rangeInput(ANSWER, this.#frames));
    const held = this.#held(number);
    const results = held.map((at, leaf) => ({
      lease: (this.#leases[at] ?? 0) as LeaseId,
      grant: this.#grants[at] ?? ANSWER_DIGEST,
      outcome: 'completed' as const,
      outputDigest: ANSWER_DIGEST,
      outputBytes: ANSWER.length,
      output: ANSWER.slice(),
      fuel: FUEL,
      wallMs: 1,
      reason: '',
      leaf,
    }));
    for (const at of held) this.#leases[at] = 0;
    const frame = { id, root: new Uint8Array(32), signature: new Uint8Array(64), leaves: held.length };
    return { type: 'results-reported', ...identity(number), frame, results };
  }
}

/** Length as the real ones; a new string each time, as if read from a frame. */
const nodeId = (number: number): NodeId =>
  sha256(rangeInput(SHARED, number)).slice(0, NODE_ID_CHARACTERS) as NodeId;

/** Every node is of another owner, so of another group. */
function identity(number: number) {
  const node = nodeId(number);
  const [owner, group] = [`node:${node}` as OwnerId, `owner:${node}` as QuorumGroup];
  return { node, owner, group, session: SESSION };
}

const firstCounters = (): Omit<NodeCounters, 'node'> => ({
  valid: 1,
  invalid: 0,
  inconclusive: 0,
  late: 0,
  unanswered: 0,
  credit: FUEL,
});

const jobSpec = (module: ArtifactRef): JobSpec => ({
  job: JOB,
  key: 'bench' as KeyId,
  name: 'bench',
  module,
  abi: 'trine-1',
  inputs: { type: 'range', shared: SHARED, first: 0, count: JOB_TASKS },
  limits: { fuel: 1_000_000n, memoryBytes: 65_536, outputBytes: 4_096 },
  policy: {
    replicas: LIMITS.replicas.value,
    quorum: LIMITS.quorum.value,
    replicasMax: LIMITS.replicasMax.value,
    failedAttemptsMax: LIMITS.failedAttemptsMax.value,
    timeoutMs: TIMEOUT_MS,
    priority: 0,
  },
  isPublic: true,
  manifest: '{}',
});
