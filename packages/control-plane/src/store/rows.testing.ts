/** Rows for tests: small, complete, and awkward where a store could go wrong. */
import {
  type Digest,
  digestOf,
  type JobId,
  type KeyId,
  type LeaseId,
  type NodeId,
  type NodeProfile,
  type OwnerId,
  type QuorumGroup,
  type ShardId,
} from '@trine/protocol';
import type {
  ArtifactRef,
  JobRow,
  JobSpec,
  NodeCounters,
  ReplicaRow,
  ShardChanges,
  TaskRow,
} from '@trine/scheduler';
import type { NodeHello, ShardCommit, ShardRight } from './store.ts';

export const digestFor = (text: string): Digest => digestOf(new TextEncoder().encode(text));
export const jobId = (name: string): JobId => `j${name.padEnd(20, 'a')}` as JobId;
export const nodeId = (n: number): NodeId => n.toString(16).padStart(32, '0') as NodeId;
export const keyId = (name: string): KeyId => `k${name.padEnd(16, 'a')}` as KeyId;
export const shardId = (n: number): ShardId => n as ShardId;
export const artifactFor = (text: string): ArtifactRef => ({
  digest: digestFor(text),
  sizeBytes: 5_000_000_000,
  chunks: digestFor(`chunks of ${text}`),
});

/** Text that breaks careless quoting. */
export const AWKWARD = 'it\'s "quoted", \\ back\\slashed, {braced}, NULL,\n new line — ünïcode 🜁';
export const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);
export const LARGE_FUEL = (1n << 62n) + 12_345n;

export function specRow(name: string, over: Partial<JobSpec> = {}): JobSpec {
  return {
    job: jobId(name),
    key: keyId('mine'),
    name: AWKWARD,
    module: artifactFor(`module of ${name}`),
    abi: 'trine-1',
    inputs: { type: 'range', shared: EVERY_BYTE, first: 7, count: 100_000_000 },
    limits: { fuel: LARGE_FUEL, memoryBytes: 1 << 26, outputBytes: 1 << 20 },
    policy: {
      replicas: 3,
      quorum: 2,
      replicasMax: 6,
      failedAttemptsMax: 5,
      timeoutMs: 300_000,
      priority: -3,
    },
    isPublic: false,
    manifest: '{"title":"\\"quoted\\""}',
    ...over,
  };
}

export function jobRowFor(spec: JobSpec, over: Partial<JobRow> = {}): JobRow {
  return {
    spec,
    state: 'running',
    reason: '',
    code: { module: spec.module.digest, edition: 'trine-1/c/1' },
    preparedModule: artifactFor(`prepared ${spec.job}`),
    begun: 3,
    closed: 1,
    verified: 1,
    disputed: 0,
    abandoned: 0,
    results: 1,
    invalidResults: 2,
    fuel: 10n ** 30n,
    submittedAtMs: 1_795_000_000_000,
    finishedAtMs: undefined,
    ...over,
  };
}

export function replicaRow(n: number, over: Partial<ReplicaRow> = {}): ReplicaRow {
  return {
    lease: (n * 64) as LeaseId,
    node: nodeId(n),
    owner: `o${n}` as OwnerId,
    group: `owner:o${n}` as QuorumGroup,
    session: n,
    grantedAtMs: 1_795_000_000_000 + n,
    deadlineAtMs: 1_795_000_300_000 + n,
    grant: digestFor(`grant ${n}`),
    ended: undefined,
    endedAtMs: undefined,
    result: undefined,
    verdict: undefined,
    reason: '',
    ...over,
  };
}

/** A replica of each ending, with and without result and verdict. */
export const MANY_REPLICAS: readonly ReplicaRow[] = [
  replicaRow(1),
  replicaRow(2, {
    ended: 'reported',
    endedAtMs: 1_795_000_000_500,
    verdict: 'valid',
    result: {
      outcome: 'completed',
      outputDigest: digestFor('output'),
      outputBytes: 256,
      output: EVERY_BYTE,
      fuel: LARGE_FUEL,
      wallMs: 12.5,
      frame: digestFor('frame'),
      leaf: 3,
    },
  }),
  replicaRow(3, { ended: 'expired', endedAtMs: 5, reason: AWKWARD }),
  replicaRow(4, { ended: 'lost', endedAtMs: 6 }),
  replicaRow(5, { ended: 'returned', endedAtMs: 7 }),
  replicaRow(6, {
    ended: 'reported',
    endedAtMs: 8,
    verdict: 'invalid',
    result: {
      outcome: 'trapped',
      outputDigest: digestFor(''),
      outputBytes: 0,
      output: undefined,
      fuel: 0n,
      wallMs: 0,
      frame: digestFor('frame'),
      leaf: 0,
    },
  }),
];

export function taskRowFor(job: JobId, index: number, over: Partial<TaskRow> = {}): TaskRow {
  const bytes = new Uint8Array([index & 255, 0, 92, 34]);
  return {
    job,
    index,
    state: 'running',
    closed: false,
    input: { type: 'inline', bytes, digest: digestOf(bytes) },
    replicas: [replicaRow(1)],
    canonical: undefined,
    reason: '',
    changedAtMs: 1_795_000_000_000 + index,
    ...over,
  };
}

export const countersRow = (n: number, over: Partial<NodeCounters> = {}): NodeCounters => ({
  node: nodeId(n),
  valid: n,
  invalid: 1,
  inconclusive: 2,
  late: 3,
  unanswered: 4,
  credit: 10n ** 25n,
  ...over,
});

export function commitOf(right: ShardRight, changes: Partial<ShardChanges> = {}): ShardCommit {
  return {
    right,
    seq: right.seq + 1,
    atMs: 1_795_000_000_000,
    events: EVERY_BYTE,
    changes: {
      shard: { shard: right.shard, timeMs: 1_795_000_000_000 + right.seq, leaseCounter: 17 + right.seq },
      jobs: [],
      tasks: [],
      results: [],
      frames: [],
      counters: [],
      ...changes,
    },
  };
}

export const PROFILE: NodeProfile = {
  agent: 'runner',
  version: '0.1.0',
  name: AWKWARD,
  cores: 8,
  threads: 4,
  features: ['simd'],
  labels: [],
};

export const helloOf = (n: number, over: Partial<NodeHello> = {}): NodeHello => ({
  node: nodeId(n),
  publicKey: EVERY_BYTE.subarray(0, 32),
  tokenHash: undefined,
  profile: PROFILE,
  networkPrefix: '192.0.2.0/24',
  atMs: 1_795_000_000_000,
  ...over,
});
