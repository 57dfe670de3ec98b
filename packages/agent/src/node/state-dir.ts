/** A runner's state as files that only its own account can read: key, counters, unrecorded results, modules. */
import { type Digest, parseDigest, TrineError } from '@trine/protocol';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { MODULE_CACHE_BYTES_MAX } from '../limits.ts';
import type { ByteStore, ModuleCache } from '../ports.ts';

const OWNER_ONLY_DIR = 0o700;
const OWNER_ONLY_FILE = 0o600;

/** Makes the folder, or tightens the one that is there. Rejects with `permission-missing` when it cannot be had. */
export async function openStateDir(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: OWNER_ONLY_DIR });
    await chmod(path, OWNER_ONLY_DIR);
    return path;
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    const message = `The folder ${path} cannot be used (${why}). Name one that this account may write to: --data-dir <folder>`;
    throw new TrineError('permission-missing', message, { cause });
  }
}

/** Replaces a file whole, so that a crash leaves the old one or the new one. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, bytes, { mode: OWNER_ONLY_FILE });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Keys must be plain file names: they are ours. */
export function createFileStore(dir: string): ByteStore {
  return {
    get: (key) => readIfThere(join(dir, key)),
    put: (key, bytes) => replaceFile(join(dir, key), bytes),
    delete: (key) => rm(join(dir, key), { force: true }),
  };
}

/** Module bytes by digest; when they grow over the limit the ones used longest ago go. */
export async function createFileModuleCache(
  dir: string,
  bytesMax = MODULE_CACHE_BYTES_MAX,
): Promise<ModuleCache> {
  await openStateDir(dir);
  const pathOf = (digest: Digest): string => join(dir, digest);
  return {
    async get(digest) {
      const bytes = await readIfThere(pathOf(digest));
      const now = new Date();
      if (bytes !== undefined) await utimes(pathOf(digest), now, now).catch(() => undefined);
      return bytes;
    },
    async put(digest, bytes) {
      await replaceFile(pathOf(digest), bytes);
      await trim(dir, bytesMax);
    },
    delete: (digest) => rm(pathOf(digest), { force: true }),
  };
}

async function trim(dir: string, bytesMax: number): Promise<void> {
  const names = (await readdir(dir)).filter((name) => parseDigest(name) !== undefined);
  const files = await Promise.all(
    names.map(async (name) => ({ path: join(dir, name), ...(await statOf(join(dir, name))) })),
  );
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files.sort((one, other) => one.mtimeMs - other.mtimeMs)) {
    if (total <= bytesMax) return;
    await unlink(path).catch(() => undefined);
    total -= size;
  }
}

async function statOf(path: string): Promise<{ readonly size: number; readonly mtimeMs: number }> {
  return stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
}

/** Bytes of a file, or `undefined` when it is not there; any other fault rejects. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
