/**
 * Nodes and gateway in little, for tests of the shard loop: offers slots where there is demand, answers every
 * grant, repeats a result until it is recorded, and says presence anew after a recovery, as the real ones do.
 */
import {
  digestOf,
  type JobId,
  type JobState,
  jobIdFrom,
  type KeyId,
  type LeaseId,
  type NodeId,
  type OwnerId,
  type QuorumGroup,
  type ShardId,
  shardOf,
  shardOfLease,
} from '@trine/protocol';
import type { JobSpec, LeaseGrant, NodeResult, ShardEffect, ShardEvent } from '@trine/scheduler';
import type { ShardLoop } from './shard-loop.ts';

export interface SwarmOptions {
  readonly nodes: number;
  readonly slots: number;
}

interface SwarmNode {
  readonly node: NodeId;
  readonly owner: OwnerId;
  readonly group: QuorumGroup;
  readonly session: number;
  readonly unrecorded: Map<LeaseId, NodeResult>;
  readonly offered: Map<ShardId, number>;
}

export class Swarm {
  readonly #options: SwarmOptions;
  readonly #nodes = new Map<NodeId, SwarmNode>();
  readonly #demand = new Map<ShardId, number>();
  readonly #states = new Map<JobId, JobState>();
  readonly #waiters = new Set<() => void>();
  /** Every lease ever granted, with how often. */
  readonly granted = new Map<LeaseId, number>();
  readonly recorded = new Set<LeaseId>();
  #loop: ShardLoop | undefined;
  #frames = 0;
  #isPaused = false;

  constructor(options: SwarmOptions) {
    this.#options = options;
    for (let n = 1; n <= options.nodes; n += 1) this.#nodes.set(swarmNode(n).node, swarmNode(n));
  }

  /** The loop to talk to; nodes of an earlier one keep what they hold. */
  attach(loop: ShardLoop): void {
    this.#loop = loop;
  }

  pause(): void {
    this.#isPaused = true;
  }

  readonly onEffects = (shard: ShardId, effects: readonly ShardEffect[]): void => {
    for (const effect of effects) this.#hear(shard, effect);
    // After a refusal alone nothing has changed: offering again would go round for ever.
    if (effects.every(({ type }) => type === 'refuse-slots')) return;
    for (const wanting of this.#demand.keys()) this.#offer(wanting);
  };

  readonly onRecovered = (shards: readonly ShardId[]): void => {
    for (const shard of shards) this.#reintroduce(shard);
  };

  async untilState(job: JobId, state: JobState): Promise<void> {
    while (this.#states.get(job) !== state) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  #hear(shard: ShardId, effect: ShardEffect): void {
    if (effect.type === 'publish-demand') this.#demand.set(shard, effect.leases);
    if (effect.type === 'grant-leases') this.#work(shard, effect.node, effect.grants);
    if (effect.type === 'refuse-slots') this.#nodes.get(effect.node)?.offered.delete(shard);
    if (effect.type === 'record-results') this.#record(effect.node, effect.leases);
    if (effect.type === 'abandon-leases') {
      for (const lease of effect.leases) this.#nodes.get(effect.node)?.unrecorded.delete(lease);
    }
    if (effect.type === 'announce-job') {
      this.#states.set(effect.job, effect.state);
      for (const resolve of this.#waiters) resolve();
      this.#waiters.clear();
    }
  }

  #work(shard: ShardId, id: NodeId, grants: readonly LeaseGrant[]): void {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    const left = (node.offered.get(shard) ?? 0) - grants.length;
    if (left > 0) node.offered.set(shard, left);
    else node.offered.delete(shard);
    for (const grant of grants) {
      this.granted.set(grant.lease, (this.granted.get(grant.lease) ?? 0) + 1);
      node.unrecorded.set(grant.lease, resultFor(grant));
    }
    if (!this.#isPaused)
      this.#report(
        shard,
        node,
        grants.map(({ lease }) => lease),
      );
  }

  #report(shard: ShardId, node: SwarmNode, leases: readonly LeaseId[]): void {
    const results = leases.flatMap((lease) => node.unrecorded.get(lease) ?? []);
    if (results.length === 0) return;
    this.#frames += 1;
    const { node: id, owner, group, session } = node;
    this.#loop?.submit(shard, {
      type: 'results-reported',
      node: id,
      owner,
      group,
      session,
      frame: {
        id: digestOf(new TextEncoder().encode(`${id} ${this.#frames}`)),
        root: new Uint8Array(32),
        signature: new Uint8Array(64),
        leaves: results.length,
      },
      results: results.map((result, leaf) => ({ ...result, leaf })),
    });
  }

  #record(id: NodeId, leases: readonly LeaseId[]): void {
    for (const lease of leases) {
      this.recorded.add(lease);
      this.#nodes.get(id)?.unrecorded.delete(lease);
    }
  }

  #offer(shard: ShardId): void {
    if (this.#isPaused || (this.#demand.get(shard) ?? 0) === 0) return;
    for (const node of this.#nodes.values()) {
      const busy = node.unrecorded.size + [...node.offered.values()].reduce((sum, count) => sum + count, 0);
      const count = this.#options.slots - busy;
      if (count <= 0 || node.offered.has(shard)) continue;
      node.offered.set(shard, count);
      const { node: id, owner, group, session } = node;
      this.#loop?.submit(shard, {
        type: 'slots-offered',
        offer: { node: id, owner, group, session, labels: [], count },
      });
    }
  }

  #reintroduce(shard: ShardId): void {
    this.#demand.delete(shard);
    this.#loop?.submit(shard, { type: 'fleet-changed', groups: this.#options.nodes });
    for (const node of this.#nodes.values()) {
      node.offered.delete(shard);
      const held = [...node.unrecorded.keys()].filter((lease) => shardOfLease(lease) === shard);
      this.#loop?.submit(shard, { type: 'node-said-hello', node: node.node, session: node.session, held });
      this.#report(shard, node, held);
    }
  }
}

function swarmNode(n: number): SwarmNode {
  const owner = `o${n}` as OwnerId;
  return {
    node: n.toString(16).padStart(32, '0') as NodeId,
    owner,
    group: `owner:${owner}` as QuorumGroup,
    session: 1,
    unrecorded: new Map(),
    offered: new Map(),
  };
}

/** What every honest node computes: the digest of the task's input. */
function resultFor(grant: LeaseGrant): NodeResult {
  const output = new TextEncoder().encode(grant.input.digest);
  return {
    lease: grant.lease,
    grant: grant.grant,
    outcome: 'completed',
    outputDigest: digestOf(output),
    outputBytes: output.length,
    output,
    fuel: 1_000n,
    wallMs: 1,
    reason: '',
    leaf: 0,
  };
}

/** A job of `count` tasks and the events that make it run. */
export function swarmJob(
  seed: number,
  inputs: JobSpec['inputs'],
): {
  readonly job: JobId;
  readonly shard: ShardId;
  readonly submitted: ShardEvent;
  readonly prepared: ShardEvent;
} {
  const job = jobIdFrom(Uint8Array.from({ length: 20 }, (_, index) => (seed * 7 + index * 13) & 255));
  const module = {
    digest: digestOf(new TextEncoder().encode(`module ${seed}`)),
    sizeBytes: 100,
    chunks: digestOf(new Uint8Array([seed & 255])),
  };
  const spec: JobSpec = {
    job,
    key: 'ktester' as KeyId,
    name: `job ${seed}`,
    module,
    abi: 'trine-1',
    inputs,
    limits: { fuel: 1_000_000n, memoryBytes: 65_536, outputBytes: 4_096 },
    policy: { replicas: 3, quorum: 2, replicasMax: 6, failedAttemptsMax: 5, timeoutMs: 300_000, priority: 0 },
    isPublic: false,
    manifest: '',
  };
  return {
    job,
    shard: shardOf(job),
    submitted: { type: 'job-submitted', spec },
    prepared: { type: 'job-prepared', job, module, code: { module: module.digest, edition: 'test/1' } },
  };
}

export const rangeOf = (count: number): JobSpec['inputs'] => ({
  type: 'range',
  shared: new Uint8Array([1, 2, 3]),
  first: 0,
  count,
});
