/**
 * The store port: what the control plane keeps, and nothing about how. `PrismaStore` keeps it in Postgres,
 * `MemoryStore` in memory; both pass `store/conformance.ts`.
 *
 * Parts with different owners: shards (written by the shard loop alone, in one transaction a batch),
 * the registry (nodes, owners, tokens, keys, artifacts: written by use cases), views (read by pages), and
 * retention (trims what is over).
 */
import type {
  ArtifactRef,
  JobRow,
  NodeCounters,
  ResultEntry,
  ShardChanges,
  StoredShard,
  TaskInput,
  TaskRow,
} from '@trine/scheduler';
import type {
  Digest,
  JobId,
  JobState,
  KeyId,
  NodeId,
  NodeProfile,
  OwnerId,
  QuorumGroup,
  ShardId,
  TaskState,
} from '@trine/protocol';
import type { RetentionStore } from './retention-store.ts';

/** The right to decide for a shard: the epoch fences out every earlier holder, `seq` counts its batches. */
export interface ShardRight {
  readonly shard: ShardId;
  readonly epoch: number;
  readonly seq: number;
}

export interface ShardCommit {
  readonly right: ShardRight;
  /** `right.seq + 1`. */
  readonly seq: number;
  readonly atMs: number;
  /** Deterministic CBOR of the batch's events. */
  readonly events: Uint8Array;
  readonly changes: ShardChanges;
}

export type CommitOutcome =
  | { readonly type: 'committed' }
  /** These shards' (epoch, seq) moved on under us; nothing was written. */
  | { readonly type: 'fenced'; readonly shards: readonly ShardId[] };

export interface ShardStore {
  /**
   * Takes shards over: locks each row (which waits out a commit in flight), raises the epoch, and reads
   * what is not closed.
   */
  acquire(
    shards: readonly ShardId[],
    holder: string,
  ): Promise<readonly { readonly right: ShardRight; readonly stored: StoredShard }[]>;
  /**
   * Writes one batch of each named shard in one transaction, or nothing. Throws only when the outcome is
   * unknown or the store is unreachable: the caller then drops its memory and acquires again.
   */
  commit(commits: readonly ShardCommit[]): Promise<CommitOutcome>;
  /** Inputs `from … from + count − 1` of a list job. */
  loadInputs(job: JobId, from: number, count: number): Promise<readonly TaskInput[]>;
  /** History of a shard after `seq`, oldest first, for replay and audit. */
  readBatches(shard: ShardId, afterSeq: number, count: number): Promise<readonly StoredBatch[]>;
}

export interface StoredBatch {
  readonly seq: number;
  readonly epoch: number;
  readonly atMs: number;
  readonly events: Uint8Array;
  /** SHA-256 over the previous batch's hash, epoch, seq and events. */
  readonly hash: Digest;
}

export type KeyRole = 'operator' | 'submitter';

export interface ApiKeyRow {
  readonly key: KeyId;
  readonly name: string;
  readonly role: KeyRole;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | undefined;
  readonly lastUsedAtMs: number | undefined;
}

export interface JoinTokenRow {
  readonly token: string;
  readonly owner: OwnerId;
  readonly ownerName: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
  readonly uses: number;
}

export interface NodeRow {
  readonly node: NodeId;
  readonly publicKey: Uint8Array;
  readonly owner: OwnerId;
  readonly ownerName: string;
  /** Token it joined with; absent for a node that is its own owner. */
  readonly token: string | undefined;
  readonly session: number;
  readonly profile: NodeProfile;
  readonly networkPrefix: string;
  readonly group: QuorumGroup;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Set for a node that was started to lie in a demonstration: shown wherever the node is. */
  readonly label: string;
}

/** A hello that checks out: the registry raises the session number and answers with it. */
export interface NodeHello {
  readonly node: NodeId;
  readonly publicKey: Uint8Array;
  /** SHA-256 of the join token's secret, when one was shown. */
  readonly tokenHash: Digest | undefined;
  readonly profile: NodeProfile;
  readonly networkPrefix: string;
  readonly atMs: number;
}

export type NodeAdmission =
  | { readonly type: 'admitted'; readonly row: NodeRow }
  | { readonly type: 'token-refused'; readonly message: string };

/** A new job's inputs, stored before the job itself is. */
export interface NewInput {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Present when inline; otherwise the digest names an artifact. */
  readonly bytes: Uint8Array | undefined;
}

export interface SignInRow {
  readonly key: KeyId;
  readonly expiresAtMs: number;
}

export interface RegistryStore {
  /** A named secret of this coordinator (its Ed25519 seed, its bearer key), made by `make` the first time. */
  secret(name: string, make: () => Uint8Array): Promise<Uint8Array>;

  createKey(row: {
    readonly key: KeyId;
    readonly name: string;
    readonly role: KeyRole;
    readonly hash: Digest;
    readonly atMs: number;
  }): Promise<void>;
  findKey(hash: Digest, atMs: number): Promise<ApiKeyRow | undefined>;
  listKeys(): Promise<readonly ApiKeyRow[]>;
  revokeKey(key: KeyId, atMs: number): Promise<boolean>;

  createToken(row: {
    readonly token: string;
    readonly owner: OwnerId;
    readonly ownerName: string;
    readonly hash: Digest;
    readonly atMs: number;
    readonly expiresAtMs: number | undefined;
    readonly label: string;
  }): Promise<void>;
  /** The owner of this name, made the first time it is named. */
  ownerByName(name: string, make: () => OwnerId): Promise<OwnerId>;
  listTokens(): Promise<readonly JoinTokenRow[]>;
  /** Also revokes the admission of every node that joined with it. */
  revokeToken(token: string, atMs: number): Promise<boolean>;

  /** Cookies and one-time sign-in links, hashed. */
  createSignIn(row: {
    readonly hash: Digest;
    readonly kind: 'cookie' | 'link';
    readonly key: KeyId;
    readonly expiresAtMs: number;
  }): Promise<void>;
  findSignIn(hash: Digest, kind: 'cookie', atMs: number): Promise<SignInRow | undefined>;
  /** Takes a one-time link: it is gone afterwards. */
  takeSignIn(hash: Digest, kind: 'link', atMs: number): Promise<SignInRow | undefined>;
  deleteSignIn(hash: Digest): Promise<void>;

  /** Admits a node: checks its token, keeps its owner, raises its session number. */
  admitNode(hello: NodeHello): Promise<NodeAdmission>;
  touchNode(node: NodeId, atMs: number, profile: NodeProfile | undefined): Promise<void>;

  saveArtifact(ref: ArtifactRef, owner: KeyId | NodeId): Promise<void>;
  /** Who asks is about to use it: retention leaves it alone for a while. */
  findArtifact(digest: Digest): Promise<ArtifactRef | undefined>;
  /** Whether this key uploaded the artifact, owns a job that reads it, or owns a job whose verified output it is. */
  mayRead(digest: Digest, key: KeyId): Promise<boolean>;
  /** Whether a public job reads the artifact or has it as a verified output. */
  mayAnyoneRead(digest: Digest): Promise<boolean>;

  /** Inputs of a job that is about to be submitted; visible to nobody before the job is. */
  saveInputs(job: JobId, inputs: readonly NewInput[]): Promise<void>;
  /**
   * Reserves an idempotency key; answers the job that holds it and the digest of what was asked then. A repeat
   * counts as young again for retention.
   */
  reserveIdempotency(row: {
    readonly key: KeyId;
    readonly idempotencyKey: string;
    readonly job: JobId;
    readonly request: Digest;
    readonly atMs: number;
  }): Promise<{ readonly job: JobId; readonly request: Digest }>;
}

export interface StoredResult {
  readonly entry: ResultEntry;
  readonly task: TaskRow;
}

export interface JobCounts {
  readonly jobs: number;
  readonly tasks: number;
  readonly verified: number;
  readonly disputed: number;
  readonly abandoned: number;
  readonly invalidResults: number;
  readonly fuel: bigint;
}

export interface ViewStore {
  job(job: JobId): Promise<JobRow | undefined>;
  /** Newest first. `key` limits to that key's jobs and public ones; `undefined` lists all. */
  jobs(query: {
    readonly key: KeyId | undefined;
    readonly publicOnly: boolean;
    readonly state: JobState | undefined;
    readonly count: number;
    readonly before: number | undefined;
  }): Promise<readonly JobRow[]>;
  /** Rows of tasks that have begun, by index. */
  tasks(job: JobId, from: number, count: number): Promise<readonly TaskRow[]>;
  task(job: JobId, index: number): Promise<TaskRow | undefined>;
  /** State of each begun task from `from`, for the grid: cheap. */
  taskStates(
    job: JobId,
    from: number,
    count: number,
  ): Promise<readonly { readonly index: number; readonly state: TaskState }[]>;
  /** Tasks with an invalid or inconclusive verdict, newest first. */
  disagreements(job: JobId | undefined, count: number): Promise<readonly TaskRow[]>;
  /** Result log after `sequence`, in order. */
  results(job: JobId, afterSequence: number, count: number): Promise<readonly StoredResult[]>;
  nodes(count: number): Promise<readonly NodeRow[]>;
  node(node: NodeId): Promise<NodeRow | undefined>;
  /** Sums over shards. */
  counters(nodes: readonly NodeId[]): Promise<readonly NodeCounters[]>;
  totals(): Promise<JobCounts>;
}

export interface Store {
  readonly retention: RetentionStore;
  readonly shards: ShardStore;
  readonly registry: RegistryStore;
  readonly views: ViewStore;
  /** Answers when the store does; throws `store-unavailable` otherwise. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
