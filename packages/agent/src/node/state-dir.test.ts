// The runner's files: who may read them, what a crash leaves, and what goes when there is too much.
import { digestOf } from '@trine/protocol';
import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNodeKey } from './identity.ts';
import { createFileModuleCache, createFileStore, openStateDir } from './state-dir.ts';

let dir = '';
beforeEach(async () => {
  dir = await openStateDir(join(await mkdtemp(join(tmpdir(), 'trine-state-')), 'state'));
});
afterEach(() => rm(join(dir, '..'), { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test('files and folder belong to their account alone', async () => {
  await createFileStore(dir).put('counters', Uint8Array.of(1));
  expect(await modeOf(dir)).toBe(0o700);
  expect(await modeOf(join(dir, 'counters'))).toBe(0o600);
});

test('a folder that cannot be had is refused with a sentence', async () => {
  await createFileStore(dir).put('a-file', Uint8Array.of(1));
  const refusal = openStateDir(join(dir, 'a-file', 'below'));
  await expect(refusal).rejects.toMatchObject({ code: 'permission-missing' });
  await expect(refusal).rejects.toThrow('--data-dir');
});

test('values are read back, replaced, and deleted twice', async () => {
  const store = createFileStore(dir);
  expect(await store.get('counters')).toBeUndefined();
  await store.put('counters', Uint8Array.of(1));
  await store.put('counters', Uint8Array.of(2));
  expect(await store.get('counters')).toEqual(Uint8Array.of(2));
  await store.delete('counters');
  await store.delete('counters');
  expect(await readdir(dir)).toEqual([]);
});

test('the module used longest ago goes when the cache is full', async () => {
  const cache = await createFileModuleCache(join(dir, 'modules'), 250);
  const modules = [1, 2, 3].map((byte) => new Uint8Array(100).fill(byte));
  const digests = modules.map((bytes) => digestOf(bytes));
  for (const [index, digest] of digests.entries()) {
    if (index === 2) await cache.get(digests[0] ?? digest);
    await cache.put(digest, modules[index] ?? new Uint8Array(0));
    // The file system's clock may be coarser than this loop.
    if (index < 2) await utimes(join(dir, 'modules', digest), index, index);
  }
  expect(await Promise.all(digests.map(async (digest) => (await cache.get(digest))?.[0]))).toEqual([
    1,
    undefined,
    3,
  ]);
});

test('the key is made once and kept', async () => {
  const first = await createNodeKey(dir);
  const second = await createNodeKey(dir);
  expect(second.publicKey).toEqual(first.publicKey);
  expect(await modeOf(join(dir, 'node.key'))).toBe(0o600);
});
