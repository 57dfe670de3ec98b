/** The store in memory: for tests and simulations. It forgets everything when it is dropped. */
import { createHash } from 'node:crypto';
import {
  type Digest,
  digestFromBytes,
  digestToBytes,
  type JobId,
  type KeyId,
  type NodeId,
  type OwnerId,
  type ShardId,
} from '@trine/protocol';
import type { ArtifactRef, JobRow, NodeCounters, ResultEntry, ShardRow, TaskRow } from '@trine/scheduler';
import { addCounters, zeroCounters } from './counters.ts';
import { closedError, failWhenClosed } from './closed.ts';
import { STORE_LIMITS } from './limits.ts';
import { memoryRetention } from './memory-retention.ts';
import { type KnownToken, ownershipOf } from './node-admission.ts';
import type {
  ApiKeyRow,
  CommitOutcome,
  JobCounts,
  JoinTokenRow,
  NewInput,
  NodeAdmission,
  NodeHello,
  NodeRow,
  RegistryStore,
  ShardCommit,
  ShardStore,
  SignInRow,
  Store,
  StoredBatch,
  ViewStore,
} from './store.ts';
import type { HistoryAnchor } from './retention-store.ts';
import { isDisagreed, taskCount } from './table-rows.ts';

export interface MemoryStoreOptions {
  /**
   * How rows are kept apart from whoever wrote them: a deep copy unless told. Writers that never touch a row again may
   * spare it.
   */
  readonly keep?: <T>(rows: T) => T;
}

/** An empty store. `close()` makes every later call fail like a database that is away. */
export function createMemoryStore({ keep = copyOf }: MemoryStoreOptions = {}): Store {
  const tables = new Tables(keep);
  const guard = <T extends object>(part: T): T => failWhenClosed(part, () => tables.isClosed);
  return {
    shards: guard(memoryShards(tables)),
    registry: guard(memoryRegistry(tables)),
    views: guard(memoryViews(tables)),
    retention: guard(memoryRetention(tables)),
    ping: () => (tables.isClosed ? Promise.reject(closedError()) : Promise.resolve()),
    close() {
      tables.isClosed = true;
      return Promise.resolve();
    },
  };
}

interface ShardRecord {
  epoch: number;
  seq: number;
  holder: string;
  row: ShardRow;
  hash: Digest;
  batches: StoredBatch[];
  anchor: HistoryAnchor;
}

interface TokenRecord extends JoinTokenRow {
  readonly hash: Digest;
  readonly label: string;
}

interface SignInRecord extends SignInRow {
  readonly kind: 'cookie' | 'link';
}

const NOTHING_TRIMMED: JobCounts = {
  jobs: 0,
  tasks: 0,
  verified: 0,
  disputed: 0,
  abandoned: 0,
  invalidResults: 0,
  fuel: 0n,
};

export class Tables {
  isClosed = false;
  readonly keep: <T>(rows: T) => T;
  readonly shards = new Map<ShardId, ShardRecord>();
  readonly jobs = new Map<
    JobId,
    { readonly shard: ShardId; readonly row: JobRow; readonly storedAtMs: number }
  >();
  readonly tasks = new Map<JobId, Map<number, TaskRow>>();
  readonly results = new Map<JobId, Map<number, ResultEntry>>();
  readonly frames = new Map<Digest, ShardCommit['changes']['frames'][number]>();
  readonly counters = new Map<ShardId, Map<NodeId, NodeCounters>>();
  readonly inputs = new Map<JobId, Map<number, NewInput>>();
  readonly secrets = new Map<string, Uint8Array>();
  readonly keys = new Map<KeyId, ApiKeyRow & { readonly hash: Digest }>();
  readonly tokens = new Map<string, TokenRecord>();
  readonly owners = new Map<string, OwnerId>();
  readonly signIns = new Map<Digest, SignInRecord>();
  readonly nodes = new Map<NodeId, NodeRow>();
  readonly artifacts = new Map<Digest, ArtifactRef>();
  readonly artifactOwners = new Map<Digest, Set<KeyId | NodeId>>();
  readonly idempotency = new Map<
    string,
    { readonly job: JobId; readonly request: Digest; readonly atMs: number }
  >();
  readonly artifactUses = new Map<Digest, number>();
  readonly framesStored = new Map<Digest, { readonly atMs: number; readonly trimmedLeaves: number }>();
  /** By shard and node. */
  readonly folded = new Map<string, bigint>();
  readonly retired = new Map<JobId, number>();
  trimmed: JobCounts = NOTHING_TRIMMED;
  sessionFloor = 0;

  /** The store's own clock: the newest time that any shard stored. */
  nowMs(): number {
    return Math.max(0, ...[...this.shards.values()].map(({ row }) => row.timeMs));
  }

  constructor(keep: <T>(rows: T) => T) {
    this.keep = keep;
  }

  shard(shard: ShardId): ShardRecord {
    return entryOf(this.shards, shard, () => ({
      epoch: 0,
      seq: 0,
      holder: '',
      row: { shard, timeMs: 0, leaseCounter: 0 },
      hash: '00'.repeat(32) as Digest,
      batches: [],
      anchor: { seq: 0, hash: '00'.repeat(32) as Digest },
    }));
  }

  tasksOf(job: JobId): TaskRow[] {
    return [...(this.tasks.get(job)?.values() ?? [])].sort((a, b) => a.index - b.index);
  }
}

const memoryShards = (tables: Tables): ShardStore => ({
  async acquire(shards, holder) {
    return [...shards]
      .sort((a, b) => a - b)
      .map((shard) => {
        const record = tables.shard(shard);
        record.epoch += 1;
        record.holder = holder;
        return {
          right: { shard, epoch: record.epoch, seq: record.seq },
          stored: tables.keep(storedShard(tables, shard)),
        };
      });
  },
  async commit(commits) {
    return commit(tables, commits);
  },
  async loadInputs(job, from, count) {
    const inputs = [...(tables.inputs.get(job) ?? [])].filter(
      ([index]) => index >= from && index < from + count,
    );
    return inputs
      .sort(([a], [b]) => a - b)
      .map(([index, { digest, bytes }]) => {
        if (bytes !== undefined) return { type: 'inline', bytes, digest };
        const artifact = tables.artifacts.get(digest);
        if (artifact === undefined)
          throw new Error(`Input ${index} of ${job} names an artifact without a row.`);
        return { type: 'artifact', artifact, digest };
      });
  },
  async readBatches(shard, afterSeq, count) {
    return tables
      .shard(shard)
      .batches.filter(({ seq }) => seq > afterSeq)
      .slice(0, count);
  },
});

function storedShard(tables: Tables, shard: ShardId) {
  const here = [...tables.jobs.values()].filter((job) => job.shard === shard);
  const tasks = here.flatMap(({ row }) => tables.tasksOf(row.spec.job).filter(({ closed }) => !closed));
  const open = new Set(tasks.map(({ job }) => job));
  const jobs = here
    .map(({ row }) => row)
    .filter(({ state, spec }) => state === 'preparing' || state === 'running' || open.has(spec.job))
    .sort((a, b) => a.submittedAtMs - b.submittedAtMs || (a.spec.job < b.spec.job ? -1 : 1));
  return {
    shard: tables.shard(shard).row,
    jobs,
    tasks,
    counters: [...(tables.counters.get(shard)?.values() ?? [])],
  };
}

function commit(tables: Tables, commits: readonly ShardCommit[]): CommitOutcome {
  const fenced = commits
    .map(({ right }) => right)
    .filter(({ shard, epoch, seq }) => {
      const record = tables.shard(shard);
      return record.epoch !== epoch || record.seq !== seq;
    });
  if (fenced.length > 0) return { type: 'fenced', shards: fenced.map(({ shard }) => shard) };
  for (const one of commits) writeCommit(tables, tables.keep(one));
  return { type: 'committed' };
}

function writeCommit(tables: Tables, { right, seq, atMs, events, changes }: ShardCommit): void {
  const { shard, epoch } = right;
  const record = tables.shard(shard);
  record.seq = seq;
  record.row = changes.shard;
  record.hash = chainedHash(record.hash, { epoch, seq, events });
  record.batches.push({ seq, epoch, atMs, events, hash: record.hash });
  trimBatches(record, record.batches.length - STORE_LIMITS.batchesKept.value);
  for (const row of changes.jobs) {
    const storedAtMs = tables.jobs.get(row.spec.job)?.storedAtMs ?? tables.nowMs();
    tables.jobs.set(row.spec.job, { shard, row, storedAtMs });
  }
  for (const row of changes.tasks) entryOf(tables.tasks, row.job, () => new Map()).set(row.index, row);
  for (const row of changes.results) entryOf(tables.results, row.job, () => new Map()).set(row.sequence, row);
  for (const row of changes.frames) {
    if (tables.frames.has(row.id)) continue;
    tables.frames.set(row.id, row);
    tables.framesStored.set(row.id, { atMs: tables.nowMs(), trimmedLeaves: 0 });
  }
  for (const row of changes.counters) entryOf(tables.counters, shard, () => new Map()).set(row.node, row);
}

/** Drops a shard's oldest batches; the newest of them becomes the anchor. */
export function trimBatches(record: Pick<ShardRecord, 'batches' | 'anchor'>, count: number): void {
  const last = count > 0 ? record.batches.splice(0, count).at(-1) : undefined;
  if (last !== undefined) record.anchor = { seq: last.seq, hash: last.hash };
}

/** SHA-256 over the previous hash, epoch and seq as u64 big-endian, and the events: what Postgres computes. */
function chainedHash(
  previous: Digest,
  { epoch, seq, events }: { readonly epoch: number; readonly seq: number; readonly events: Uint8Array },
): Digest {
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64BE(BigInt(epoch), 0);
  numbers.writeBigUInt64BE(BigInt(seq), 8);
  const hash = createHash('sha256').update(digestToBytes(previous)).update(numbers).update(events).digest();
  return digestFromBytes(hash);
}

const memoryRegistry = (tables: Tables): RegistryStore => ({
  ...memoryKeys(tables),
  ...memoryTokens(tables),
  ...memorySignIns(tables),
  ...memoryNodes(tables),
  ...memoryArtifacts(tables),
  async saveInputs(job, inputs) {
    const rows = entryOf(tables.inputs, job, () => new Map<number, NewInput>());
    for (const [index, input] of inputs.entries()) if (!rows.has(index)) rows.set(index, tables.keep(input));
  },
  async reserveIdempotency({ key, idempotencyKey, job, request, atMs }) {
    const name = `${key}/${idempotencyKey}`;
    const held = tables.idempotency.get(name) ?? { job, request };
    tables.idempotency.set(name, { ...held, atMs });
    return { job: held.job, request: held.request };
  },
});

const memoryKeys = (
  tables: Tables,
): Pick<RegistryStore, 'secret' | 'createKey' | 'findKey' | 'listKeys' | 'revokeKey'> => ({
  async secret(name, make) {
    return entryOf(tables.secrets, name, make);
  },
  async createKey({ key, name, role, hash, atMs }) {
    tables.keys.set(key, {
      key,
      name,
      role,
      hash,
      createdAtMs: atMs,
      revokedAtMs: undefined,
      lastUsedAtMs: undefined,
    });
  },
  async findKey(hash, atMs) {
    const row = [...tables.keys.values()].find((key) => key.hash === hash);
    if (row === undefined || row.revokedAtMs !== undefined) return undefined;
    if (atMs - (row.lastUsedAtMs ?? 0) >= STORE_LIMITS.lastUsedMs.value) {
      tables.keys.set(row.key, { ...row, lastUsedAtMs: atMs });
    }
    return withoutHash(row);
  },
  async listKeys() {
    return [...tables.keys.values()].map(withoutHash);
  },
  async revokeKey(key, atMs) {
    const row = tables.keys.get(key);
    for (const [hash, signIn] of tables.signIns) if (signIn.key === key) tables.signIns.delete(hash);
    if (row === undefined || row.revokedAtMs !== undefined) return false;
    tables.keys.set(key, { ...row, revokedAtMs: atMs });
    return true;
  },
});

const memoryTokens = (
  tables: Tables,
): Pick<RegistryStore, 'createToken' | 'ownerByName' | 'listTokens' | 'revokeToken'> => ({
  async createToken({ token, owner, ownerName, hash, atMs, expiresAtMs, label }) {
    const row = { token, owner, ownerName, hash, label, createdAtMs: atMs, expiresAtMs };
    tables.tokens.set(token, { ...row, revokedAtMs: undefined, uses: 0 });
  },
  async ownerByName(name, make) {
    return entryOf(tables.owners, name, make);
  },
  async listTokens() {
    return [...tables.tokens.values()].map(publicToken);
  },
  async revokeToken(token, atMs) {
    const row = tables.tokens.get(token);
    if (row === undefined || row.revokedAtMs !== undefined) return false;
    tables.tokens.set(token, { ...row, revokedAtMs: atMs });
    return true;
  },
});

const memorySignIns = (
  tables: Tables,
): Pick<RegistryStore, 'createSignIn' | 'findSignIn' | 'takeSignIn' | 'deleteSignIn'> => {
  const find = (hash: Digest, kind: SignInRecord['kind'], atMs: number): SignInRow | undefined => {
    const row = tables.signIns.get(hash);
    if (row === undefined || row.kind !== kind || row.expiresAtMs <= atMs) return undefined;
    return { key: row.key, expiresAtMs: row.expiresAtMs };
  };
  return {
    async createSignIn({ hash, kind, key, expiresAtMs }) {
      tables.signIns.set(hash, { kind, key, expiresAtMs });
    },
    async findSignIn(hash, kind, atMs) {
      return find(hash, kind, atMs);
    },
    async takeSignIn(hash, kind, atMs) {
      const row = find(hash, kind, atMs);
      if (tables.signIns.get(hash)?.kind === kind) tables.signIns.delete(hash);
      return row;
    },
    async deleteSignIn(hash) {
      tables.signIns.delete(hash);
    },
  };
};

const memoryNodes = (tables: Tables): Pick<RegistryStore, 'admitNode' | 'touchNode'> => ({
  async admitNode(hello) {
    return admit(tables, hello);
  },
  async touchNode(node, atMs, profile) {
    const row = tables.nodes.get(node);
    if (row !== undefined)
      tables.nodes.set(node, { ...row, lastSeenAtMs: atMs, profile: profile ?? row.profile });
  },
});

function admit(tables: Tables, hello: NodeHello): NodeAdmission {
  const known = tables.nodes.get(hello.node);
  const owned = ownershipOf(hello, tokenFor(tables, hello.tokenHash, known?.token), known?.token);
  if (owned.type === 'token-refused') return owned;
  const token = tables.tokens.get(owned.token ?? '');
  if (owned.isNewUse && token !== undefined) {
    tables.tokens.set(token.token, { ...token, uses: token.uses + 1 });
  }
  const row: NodeRow = {
    node: hello.node,
    publicKey: hello.publicKey,
    owner: owned.owner,
    ownerName: owned.ownerName,
    token: owned.token,
    session: (known?.session ?? tables.sessionFloor) + 1,
    profile: hello.profile,
    networkPrefix: hello.networkPrefix,
    group: owned.group,
    firstSeenAtMs: known?.firstSeenAtMs ?? hello.atMs,
    lastSeenAtMs: hello.atMs,
    label: owned.label,
  };
  tables.nodes.set(hello.node, row);
  return { type: 'admitted', row };
}

const tokenFor = (
  tables: Tables,
  hash: Digest | undefined,
  joinedWith: string | undefined,
): KnownToken | undefined =>
  hash === undefined
    ? tables.tokens.get(joinedWith ?? '')
    : [...tables.tokens.values()].find((token) => token.hash === hash);

const memoryArtifacts = (
  tables: Tables,
): Pick<RegistryStore, 'saveArtifact' | 'findArtifact' | 'mayRead' | 'mayAnyoneRead'> => ({
  async saveArtifact(ref, owner) {
    if (!tables.artifacts.has(ref.digest)) tables.artifacts.set(ref.digest, ref);
    tables.artifactUses.set(ref.digest, tables.nowMs());
    entryOf(tables.artifactOwners, ref.digest, () => new Set()).add(owner);
  },
  async findArtifact(digest) {
    const ref = tables.artifacts.get(digest);
    if (ref !== undefined) tables.artifactUses.set(digest, tables.nowMs());
    return ref;
  },
  async mayRead(digest, key) {
    if (tables.artifactOwners.get(digest)?.has(key) === true) return true;
    return [...tables.jobs.values()].some(({ row }) => row.spec.key === key && reads(tables, row, digest));
  },
  async mayAnyoneRead(digest) {
    return [...tables.jobs.values()].some(({ row }) => row.spec.isPublic && reads(tables, row, digest));
  },
});

const reads = (tables: Tables, { spec }: JobRow, digest: Digest): boolean =>
  spec.module.digest === digest ||
  [...(tables.inputs.get(spec.job)?.values() ?? [])].some(
    (input) => input.bytes === undefined && input.digest === digest,
  ) ||
  tables
    .tasksOf(spec.job)
    .some(
      ({ state, canonical }) =>
        state === 'verified' &&
        canonical?.outputDigest === digest &&
        canonical.output === undefined &&
        canonical.outputBytes > 0,
    );

const memoryViews = (tables: Tables): ViewStore => ({
  async job(job) {
    return tables.jobs.get(job)?.row;
  },
  async jobs({ key, publicOnly, state, before, count }) {
    const mayList = ({ spec }: JobRow) =>
      spec.isPublic || (!publicOnly && (key === undefined || spec.key === key));
    return [...tables.jobs.values()]
      .map(({ row }) => row)
      .filter(mayList)
      .filter((row) => state === undefined || row.state === state)
      .filter((row) => before === undefined || row.submittedAtMs < before)
      .sort((a, b) => b.submittedAtMs - a.submittedAtMs || (a.spec.job < b.spec.job ? 1 : -1))
      .slice(0, count);
  },
  async tasks(job, from, count) {
    return tables.tasksOf(job).filter(({ index }) => index >= from && index < from + count);
  },
  async task(job, index) {
    return tables.tasks.get(job)?.get(index);
  },
  async taskStates(job, from, count) {
    return tables
      .tasksOf(job)
      .filter(({ index }) => index >= from && index < from + count)
      .map(({ index, state }) => ({ index, state }));
  },
  async disagreements(job, count) {
    const jobs = job === undefined ? [...tables.tasks.keys()] : [job];
    return jobs
      .flatMap((one) => tables.tasksOf(one))
      .filter(isDisagreed)
      .sort((a, b) => b.changedAtMs - a.changedAtMs)
      .slice(0, count);
  },
  async results(job, afterSequence, count) {
    const entries = [...(tables.results.get(job)?.values() ?? [])].sort((a, b) => a.sequence - b.sequence);
    return entries
      .filter(({ sequence }) => sequence > afterSequence)
      .slice(0, count)
      .map((entry) => {
        const task = tables.tasks.get(job)?.get(entry.index);
        if (task === undefined)
          throw new Error(`Result ${entry.sequence} of ${job} names a task without a row.`);
        return { entry, task };
      });
  },
  async nodes(count) {
    return [...tables.nodes.values()]
      .sort((a, b) => b.lastSeenAtMs - a.lastSeenAtMs || (a.node < b.node ? -1 : 1))
      .slice(0, count);
  },
  async node(node) {
    return tables.nodes.get(node);
  },
  async counters(nodes) {
    return nodes.map((node) =>
      [...tables.counters.values()]
        .flatMap((rows) => rows.get(node) ?? [])
        .reduce(addCounters, zeroCounters(node)),
    );
  },
  async totals() {
    return [...tables.jobs.values()].map(({ row }) => row).reduce(addJob, tables.trimmed);
  },
});

export const addJob = (total: JobCounts, row: JobRow): JobCounts => ({
  jobs: total.jobs + 1,
  tasks: total.tasks + taskCount(row.spec),
  verified: total.verified + row.verified,
  disputed: total.disputed + row.disputed,
  abandoned: total.abandoned + row.abandoned,
  invalidResults: total.invalidResults + row.invalidResults,
  fuel: total.fuel + row.fuel,
});

/** Rows without what proves them: hashes stay in the store. */
const withoutHash = ({ key, name, role, createdAtMs, revokedAtMs, lastUsedAtMs }: ApiKeyRow): ApiKeyRow => ({
  key,
  name,
  role,
  createdAtMs,
  revokedAtMs,
  lastUsedAtMs,
});

const publicToken = (row: TokenRecord): JoinTokenRow => ({
  token: row.token,
  owner: row.owner,
  ownerName: row.ownerName,
  createdAtMs: row.createdAtMs,
  expiresAtMs: row.expiresAtMs,
  revokedAtMs: row.revokedAtMs,
  uses: row.uses,
});

/** A deep copy of rows: plain objects, lists, bytes and what cannot change. Several times as fast as `structuredClone`. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice() as T;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) copy[name] = copyOf(field);
  return copy as T;
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
