/** The registry on Postgres: nodes, owners, tokens, keys, sign-ins, artifacts, inputs. Written by use cases. */
import {
  digestFromBytes,
  type Digest,
  type JobId,
  type KeyId,
  type NodeProfile,
  type OwnerId,
  TASK_STATES,
} from '@trine/protocol';
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts';
import { STORE_LIMITS } from './limits.ts';
import { type KnownToken, ownershipOf } from './node-admission.ts';
import { bytesArray, digestArray, numberArray, storableText } from './sql-arrays.ts';
import { USE_ARTIFACT } from './retention-sql.ts';
import { withStoreErrors } from './store-errors.ts';
import type { NewInput, NodeAdmission, NodeHello, RegistryStore } from './store.ts';
import { artifactRef, digestBytes, keyRow, nodeRow, tokenRow } from './table-rows.ts';

export function prismaRegistry(prisma: PrismaClient): RegistryStore {
  const registry: RegistryStore = {
    ...secretsAndKeys(prisma),
    ...tokensAndOwners(prisma),
    ...signIns(prisma),
    ...nodes(prisma),
    ...artifacts(prisma),
    ...submissions(prisma),
  };
  return guarded(registry);
}

/** Every call's errors leave as the project's own. */
function guarded<T extends object>(calls: T): T {
  const entries = Object.entries(calls) as [string, (...args: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(
    entries.map(([name, call]) => [name, (...args: unknown[]) => withStoreErrors(() => call(...args))]),
  ) as T;
}

type Pick1<K extends keyof RegistryStore> = Pick<RegistryStore, K>;

const secretsAndKeys = (
  prisma: PrismaClient,
): Pick1<'secret' | 'createKey' | 'findKey' | 'listKeys' | 'revokeKey'> => ({
  async secret(name, make) {
    const known = await prisma.secret.findUnique({ where: { name } });
    if (known !== null) return known.value;
    // Two coordinators may make it at once: the first one stored wins, and both read that.
    await prisma.secret.createMany({ data: [{ name, value: new Uint8Array(make()) }], skipDuplicates: true });
    const stored = await prisma.secret.findUniqueOrThrow({ where: { name } });
    return stored.value;
  },
  async createKey({ key, name, role, hash, atMs }) {
    await prisma.apiKey.create({
      data: { key, name: storableText(name), role, hash: digestBytes(hash), createdAtMs: BigInt(atMs) },
    });
  },
  async findKey(hash, atMs) {
    const row = await prisma.apiKey.findUnique({ where: { hash: digestBytes(hash) } });
    if (row === null || row.revokedAtMs !== null) return undefined;
    if (atMs - Number(row.lastUsedAtMs ?? 0n) >= STORE_LIMITS.lastUsedMs.value) {
      await prisma.apiKey.updateMany({ where: { key: row.key }, data: { lastUsedAtMs: BigInt(atMs) } });
    }
    return keyRow(row);
  },
  async listKeys() {
    return (await prisma.apiKey.findMany({ orderBy: { createdAtMs: 'asc' } })).map(keyRow);
  },
  async revokeKey(key, atMs) {
    const changed = await prisma.apiKey.updateMany({
      where: { key, revokedAtMs: null },
      data: { revokedAtMs: BigInt(atMs) },
    });
    await prisma.signIn.deleteMany({ where: { key } });
    return changed.count > 0;
  },
});

const tokensAndOwners = (
  prisma: PrismaClient,
): Pick1<'createToken' | 'ownerByName' | 'listTokens' | 'revokeToken'> => ({
  async createToken({ token, owner, ownerName, hash, atMs, expiresAtMs, label }) {
    await prisma.joinToken.create({
      data: {
        token,
        owner,
        ownerName: storableText(ownerName),
        hash: digestBytes(hash),
        label: storableText(label),
        createdAtMs: BigInt(atMs),
        expiresAtMs: expiresAtMs === undefined ? null : BigInt(expiresAtMs),
      },
    });
  },
  async ownerByName(text, make) {
    const name = storableText(text);
    await prisma.owner.createMany({ data: [{ owner: make(), name }], skipDuplicates: true });
    return (await prisma.owner.findUniqueOrThrow({ where: { name } })).owner as OwnerId;
  },
  async listTokens() {
    return (await prisma.joinToken.findMany({ orderBy: { createdAtMs: 'asc' } })).map(tokenRow);
  },
  async revokeToken(token, atMs) {
    const changed = await prisma.joinToken.updateMany({
      where: { token, revokedAtMs: null },
      data: { revokedAtMs: BigInt(atMs) },
    });
    return changed.count > 0;
  },
});

const signIns = (
  prisma: PrismaClient,
): Pick1<'createSignIn' | 'findSignIn' | 'takeSignIn' | 'deleteSignIn'> => ({
  async createSignIn({ hash, kind, key, expiresAtMs }) {
    await prisma.signIn.create({
      data: { hash: digestBytes(hash), kind, key, expiresAtMs: BigInt(expiresAtMs) },
    });
  },
  async findSignIn(hash, kind, atMs) {
    const row = await prisma.signIn.findUnique({ where: { hash: digestBytes(hash) } });
    if (row === null || row.kind !== kind || Number(row.expiresAtMs) <= atMs) return undefined;
    return { key: row.key as KeyId, expiresAtMs: Number(row.expiresAtMs) };
  },
  async takeSignIn(hash, kind, atMs) {
    const [row] = await prisma.$queryRaw<{ key: string; expires_at_ms: bigint }[]>`
      DELETE FROM sign_ins WHERE hash = ${digestBytes(hash)} AND kind = ${kind} RETURNING key, expires_at_ms`;
    await prisma.signIn.deleteMany({ where: { expiresAtMs: { lte: BigInt(atMs) } } });
    if (row === undefined || Number(row.expires_at_ms) <= atMs) return undefined;
    return { key: row.key as KeyId, expiresAtMs: Number(row.expires_at_ms) };
  },
  async deleteSignIn(hash) {
    await prisma.signIn.deleteMany({ where: { hash: digestBytes(hash) } });
  },
});

const nodes = (prisma: PrismaClient): Pick1<'admitNode' | 'touchNode'> => ({
  admitNode: (hello) =>
    prisma.$transaction((tx) => admit(tx, hello), {
      timeout: STORE_LIMITS.acquireMs.value,
      maxWait: STORE_LIMITS.connectMs.value,
    }),
  async touchNode(node, atMs, profile) {
    await prisma.node.updateMany({
      where: { node },
      data: {
        lastSeenAtMs: BigInt(atMs),
        ...(profile === undefined ? {} : { profile: storableProfile(profile) }),
      },
    });
  },
});

/** A profile is its node's own word, any characters included. */
const storableProfile = (profile: NodeProfile): NodeProfile =>
  JSON.parse(
    JSON.stringify(profile, (_, value: unknown) => (typeof value === 'string' ? storableText(value) : value)),
  ) as NodeProfile;

/** The node's row is locked by its upsert alone, so two handshakes of one node get two session numbers. */
async function admit(tx: Prisma.TransactionClient, hello: NodeHello): Promise<NodeAdmission> {
  const known = await tx.node.findUnique({ where: { node: hello.node }, select: { token: true } });
  const joinedWith = known?.token ?? undefined;
  const owned = ownershipOf(hello, await tokenFor(tx, hello.tokenHash, joinedWith), joinedWith);
  if (owned.type === 'token-refused') return owned;
  if (owned.isNewUse && owned.token !== undefined) {
    await tx.joinToken.update({ where: { token: owned.token }, data: { uses: { increment: 1 } } });
  }
  const shared = {
    owner: owned.owner,
    token: owned.token ?? null,
    profile: storableProfile(hello.profile),
    networkPrefix: hello.networkPrefix,
    group: owned.group,
    label: owned.label,
    lastSeenAtMs: BigInt(hello.atMs),
  };
  const row = await tx.node.upsert({
    where: { node: hello.node },
    create: {
      ...shared,
      node: hello.node,
      publicKey: new Uint8Array(hello.publicKey),
      session: 1 + (known === null ? await sessionFloor(tx) : 0),
      firstSeenAtMs: BigInt(hello.atMs),
    },
    update: { ...shared, session: { increment: 1 } },
  });
  return { type: 'admitted', row: nodeRow(row, owned.ownerName) };
}

/** A node whose row was trimmed comes back above every number that a shard may remember of it. */
const sessionFloor = async (tx: Prisma.TransactionClient): Promise<number> =>
  (await tx.trimmed.findUniqueOrThrow({ where: { id: 0 } })).sessionFloor;

async function tokenFor(
  tx: Prisma.TransactionClient,
  hash: Digest | undefined,
  joinedWith: string | undefined,
): Promise<KnownToken | undefined> {
  const where =
    hash !== undefined
      ? { hash: digestBytes(hash) }
      : joinedWith === undefined
        ? undefined
        : { token: joinedWith };
  if (where === undefined) return undefined;
  const row = await tx.joinToken.findUnique({ where });
  return row === null ? undefined : { ...tokenRow(row), label: row.label };
}

const artifacts = (
  prisma: PrismaClient,
): Pick1<'saveArtifact' | 'findArtifact' | 'mayRead' | 'mayAnyoneRead'> => ({
  async saveArtifact(ref, owner) {
    const digest = digestBytes(ref.digest);
    await prisma.artifact.createMany({
      data: [{ digest, sizeBytes: BigInt(ref.sizeBytes), chunks: digestBytes(ref.chunks) }],
      skipDuplicates: true,
    });
    await prisma.$executeRawUnsafe(USE_ARTIFACT, digest, BigInt(STORE_LIMITS.artifactUseMs.value));
    await prisma.artifactOwner.createMany({
      data: [{ digest, owner }],
      skipDuplicates: true,
    });
  },
  async findArtifact(digest) {
    const bytes = digestBytes(digest);
    // Written first: either retention sees the use, or its row is gone already.
    await prisma.$executeRawUnsafe(USE_ARTIFACT, bytes, BigInt(STORE_LIMITS.artifactUseMs.value));
    const row = await prisma.artifact.findUnique({ where: { digest: bytes } });
    return row === null ? undefined : artifactRef(row);
  },
  async mayRead(digest, key) {
    const bytes = digestBytes(digest);
    const brought = await prisma.artifactOwner.findUnique({
      where: { digest_owner: { digest: bytes, owner: key } },
    });
    return brought !== null || isRead(prisma, bytes, key);
  },
  mayAnyoneRead: (digest) => isRead(prisma, digestBytes(digest), undefined),
});

/** Whether a job of this key (or, without one, a public job) reads the artifact or has it as a verified output. */
async function isRead(prisma: PrismaClient, digest: Uint8Array, key: KeyId | undefined): Promise<boolean> {
  const verified = TASK_STATES.indexOf('verified');
  const [row] = await prisma.$queryRaw<{ readonly may: boolean }[]>`
    WITH allowed AS (SELECT job, module_digest FROM jobs WHERE CASE WHEN ${key ?? null}::text IS NULL
      THEN is_public ELSE key = ${key ?? null}::text END)
    SELECT EXISTS (SELECT 1 FROM allowed WHERE module_digest = ${digest})
      OR EXISTS (SELECT 1 FROM job_inputs i JOIN allowed USING (job) WHERE i.digest = ${digest} AND i.bytes IS NULL)
      OR EXISTS (SELECT 1 FROM tasks t JOIN allowed USING (job) WHERE t.output_digest = ${digest}
        AND t.output IS NULL AND t.output_bytes > 0 AND t.state = ${verified}::smallint) AS may`;
  return row?.may ?? false;
}

const submissions = (prisma: PrismaClient): Pick1<'saveInputs' | 'reserveIdempotency'> => ({
  async saveInputs(job, inputs) {
    for (const { from, piece } of pieces(inputs)) await insertInputs(prisma, job, from, piece);
  },
  async reserveIdempotency({ key, idempotencyKey: text, job, request, atMs }) {
    const idempotencyKey = storableText(text);
    const held = await prisma.idempotency.upsert({
      where: { key_idempotencyKey: { key, idempotencyKey } },
      create: { key, idempotencyKey, job, request: digestBytes(request), atMs: BigInt(atMs) },
      update: { atMs: BigInt(atMs) },
    });
    return { job: held.job as JobId, request: digestFromBytes(held.request) };
  },
});

/** Cuts a long list so that no statement grows past what memory and Postgres like. */
function* pieces(inputs: readonly NewInput[]): Generator<{ from: number; piece: readonly NewInput[] }> {
  let from = 0;
  let bytes = 0;
  for (let index = 0; index < inputs.length; index += 1) {
    bytes += inputs[index]?.bytes?.length ?? 0;
    const isFull =
      index + 1 - from >= STORE_LIMITS.inputsPerStatement.value ||
      bytes >= STORE_LIMITS.inputBytesPerStatement.value;
    if (!isFull) continue;
    yield { from, piece: inputs.slice(from, index + 1) };
    from = index + 1;
    bytes = 0;
  }
  if (from < inputs.length) yield { from, piece: inputs.slice(from) };
}

/** A repeat writes nothing: the same job has the same inputs. */
async function insertInputs(
  prisma: PrismaClient,
  job: JobId,
  from: number,
  inputs: readonly NewInput[],
): Promise<void> {
  await prisma.$executeRawUnsafe(
    `INSERT INTO job_inputs (job, index, digest, size_bytes, bytes)
     SELECT $1::text, t.* FROM unnest($2::text::int[], $3::text::bytea[], $4::text::bigint[], $5::text::bytea[]) AS t
     ON CONFLICT (job, index) DO NOTHING`,
    job,
    numberArray(inputs.map((_, offset) => from + offset)),
    digestArray(inputs.map(({ digest }) => digest)),
    numberArray(inputs.map(({ sizeBytes }) => sizeBytes)),
    bytesArray(inputs.map(({ bytes }) => bytes)),
  );
}
