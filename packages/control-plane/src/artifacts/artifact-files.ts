/**
 * Artifacts in a directory, named by their SHA-256: `ab/cd/abcd…`. A file is written under a temporary name,
 * fsynced, renamed, and its directory fsynced, so that a name that can be seen has all its bytes for good.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Digest, digestFromBytes, LIMITS, parseDigest, TrineError } from '@trine/protocol';
import type { ArtifactRef } from '@trine/scheduler';

export interface PutExpectation {
  /** What the bytes must hash to; anything else is `digest-mismatch`. */
  readonly digest: Digest;
  /** More bytes than this are `artifact-too-large`. */
  readonly maxBytes: number;
  /** When known before: fewer or more bytes are `digest-mismatch`. */
  readonly sizeBytes?: number;
}

export interface ByteRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

export interface ArtifactFiles {
  /** Reads the source to its end, checks it, and keeps it. Putting what is there already checks it all the same. */
  put(source: AsyncIterable<Uint8Array>, expected: PutExpectation): Promise<ArtifactRef>;
  putBytes(bytes: Uint8Array): Promise<ArtifactRef>;
  sizeOf(digest: Digest): Promise<number | undefined>;
  read(digest: Digest): Promise<Uint8Array>;
  stream(digest: Digest, range: ByteRange): Readable;
  /**
   * Takes files out of sight, before their rows go: they wait until `bringBack` or `drop`. A crash in between
   * leaves them among `aside()`, and the rows then say which of the two it is.
   */
  setAside(digests: readonly Digest[]): Promise<void>;
  bringBack(digests: readonly Digest[]): Promise<void>;
  drop(digests: readonly Digest[]): Promise<void>;
  aside(): Promise<readonly Digest[]>;
  /** Files under one of the 256 folders, or those set aside, that were last written before a time of the wall clock. */
  writtenBefore(beforeMs: number, where: number | 'aside'): Promise<readonly Digest[]>;
}

export async function openArtifactFiles(directory: string): Promise<ArtifactFiles> {
  const incoming = join(directory, 'incoming');
  const asideDir = join(directory, 'aside');
  for (const path of [incoming, asideDir]) await mkdir(path, { recursive: true, mode: 0o700 });
  await sweep(incoming);
  let counter = 0;

  const put = async (source: AsyncIterable<Uint8Array>, expected: PutExpectation): Promise<ArtifactRef> => {
    counter += 1;
    const temporary = join(incoming, `${process.pid}-${counter}`);
    try {
      const ref = await writeChecked(temporary, source, expected);
      await settle(directory, temporary, ref.digest);
      return ref;
    } catch (cause) {
      await rm(temporary, { force: true });
      throw storageError(cause);
    }
  };

  return {
    put,
    putBytes: (bytes) =>
      put(once(bytes), {
        digest: createHash('sha256').update(bytes).digest('hex') as Digest,
        maxBytes: LIMITS.artifactBytes.value,
      }),
    sizeOf: async (digest) => (await stat(pathOf(directory, digest)).catch(unlessMissing))?.size,
    read: (digest) => readFile(pathOf(directory, digest)),
    stream: (digest, range) =>
      createReadStream(pathOf(directory, digest), { start: range.first, end: range.last }),
    setAside: (digests) =>
      forEach(digests, (digest) =>
        rename(pathOf(directory, digest), join(asideDir, digest)).catch(unlessMissing),
      ),
    bringBack: (digests) =>
      forEach(digests, (digest) =>
        rename(join(asideDir, digest), pathOf(directory, digest)).catch(unlessMissing),
      ),
    drop: (digests) => forEach(digests, (digest) => rm(join(asideDir, digest), { force: true })),
    writtenBefore: (beforeMs, where) =>
      where === 'aside'
        ? writtenBefore(asideDir, beforeMs)
        : writtenBelow(join(directory, where.toString(16).padStart(2, '0')), beforeMs),
    aside: async () => (await readdir(asideDir)).flatMap((name) => parseDigest(name) ?? []),
  };
}

/** The old files of every folder of a folder; one that is not there has none. */
async function writtenBelow(folder: string, beforeMs: number): Promise<readonly Digest[]> {
  const names = (await readdir(folder).catch(unlessMissing)) ?? [];
  const found: Digest[] = [];
  for (const name of names) found.push(...(await writtenBefore(join(folder, name), beforeMs)));
  return found;
}

async function writtenBefore(folder: string, beforeMs: number): Promise<readonly Digest[]> {
  const digests = (await readdir(folder)).flatMap((name) => parseDigest(name) ?? []);
  const old: Digest[] = [];
  for (const digest of digests) {
    const file = await stat(join(folder, digest)).catch(unlessMissing);
    if (file !== undefined && file.mtimeMs < beforeMs) old.push(digest);
  }
  return old;
}

async function forEach(
  digests: readonly Digest[],
  work: (digest: Digest) => Promise<unknown>,
): Promise<void> {
  for (const digest of digests) await work(digest);
}

/** What a crash left half-written is nobody's. */
async function sweep(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) await rm(join(incoming, name), { force: true });
}

const folderOf = (directory: string, digest: Digest): string =>
  join(directory, digest.slice(0, 2), digest.slice(2, 4));
const pathOf = (directory: string, digest: Digest): string => join(folderOf(directory, digest), digest);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function writeChecked(
  path: string,
  source: AsyncIterable<Uint8Array>,
  expected: PutExpectation,
): Promise<ArtifactRef> {
  const file = await open(path, 'wx', 0o600);
  try {
    const ref = await copyHashed(file, source, expected.maxBytes);
    if (ref.digest !== expected.digest || (expected.sizeBytes ?? ref.sizeBytes) !== ref.sizeBytes) {
      throw new TrineError(
        'digest-mismatch',
        `The ${ref.sizeBytes} bytes received hash to ${ref.digest}, not to ${expected.digest}. Send them again.`,
      );
    }
    await file.sync();
    return ref;
  } finally {
    await file.close();
  }
}

async function copyHashed(
  file: FileHandle,
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<ArtifactRef> {
  const whole = createHash('sha256');
  const chunks = createChunkList();
  let sizeBytes = 0;
  for await (const piece of source) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) {
      throw new TrineError(
        'artifact-too-large',
        `An upload of more than ${maxBytes} bytes is not accepted here.`,
      );
    }
    whole.update(piece);
    chunks.add(piece);
    await file.writeFile(piece);
  }
  return { digest: whole.digest('hex') as Digest, sizeBytes, chunks: chunks.digest() };
}

/** Digest of the chunk list: the SHA-256 of each 64 KiB, one after the other, hashed. */
export function createChunkList(): { add(piece: Uint8Array): void; digest(): Digest } {
  const list = createHash('sha256');
  let chunk = createHash('sha256');
  let filled = 0;
  return {
    add(piece) {
      for (let at = 0; at < piece.length; ) {
        const taken = Math.min(piece.length - at, LIMITS.chunkBytes.value - filled);
        chunk.update(piece.subarray(at, at + taken));
        at += taken;
        filled += taken;
        if (filled === LIMITS.chunkBytes.value) {
          list.update(chunk.digest());
          chunk = createHash('sha256');
          filled = 0;
        }
      }
    },
    digest() {
      if (filled > 0) list.update(chunk.digest());
      return digestFromBytes(list.digest());
    },
  };
}

async function settle(directory: string, temporary: string, digest: Digest): Promise<void> {
  const folder = folderOf(directory, digest);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rename(temporary, join(folder, digest));
  // The name itself has to survive a power cut, and so do the folders that were just made.
  for (const path of [folder, join(folder, '..'), directory]) await syncFolder(path);
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    // Windows opens no directories; its rename is durable enough for us.
    if (process.platform === 'win32') return undefined;
    throw cause;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

const codeOf = (cause: unknown): unknown =>
  cause instanceof Error && 'code' in cause ? cause.code : undefined;

function unlessMissing(cause: unknown): undefined {
  if (codeOf(cause) === 'ENOENT') return undefined;
  throw cause;
}

const DISK_FULL = [
  'disk-full',
  'The disk that holds TRINE_DATA_DIR is full. Make room, then try again.',
] as const;
const NOT_WRITABLE = ['permission-missing', 'TRINE_DATA_DIR is not writable for this process.'] as const;
const DISK_FAULTS = new Map<unknown, typeof DISK_FULL | typeof NOT_WRITABLE>([
  ['ENOSPC', DISK_FULL],
  ['EDQUOT', DISK_FULL],
  ['EACCES', NOT_WRITABLE],
  ['EPERM', NOT_WRITABLE],
  ['EROFS', NOT_WRITABLE],
]);

/** Faults of the disk, as sentences with a next step; what is no fault of the disk stays what it is. */
function storageError(cause: unknown): unknown {
  const fault = DISK_FAULTS.get(codeOf(cause));
  return fault === undefined ? cause : new TrineError(fault[0], fault[1], { cause });
}
