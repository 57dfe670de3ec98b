/** Retention, whole: rows and files go together, whatever interrupts it. */
import { mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@trine/mesh';
import type { Digest } from '@trine/protocol';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ArtifactFiles, openArtifactFiles } from '../artifacts/artifact-files.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { commitOf, jobRowFor, keyId, shardId, specRow, taskRowFor } from '../store/rows.testing.ts';
import type { Store } from '../store/store.ts';
import { RETENTION_LIMITS } from './limits.ts';
import { createRetention, type RetentionOptions } from './retention.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_795_000_000_000 + 365 * DAY_MS;

let directory: string;
let files: ArtifactFiles;
let store: Store;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trine-retention-'));
  files = await openArtifactFiles(directory);
  store = createMemoryStore();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const retentionOf = (over: Partial<RetentionOptions> = {}) =>
  createRetention({
    store: store.retention,
    files,
    clock: systemClock,
    nowMs: () => NOW_MS,
    settings: {},
    log: pino({ level: 'silent' }),
    onTrimmed: () => undefined,
    ...over,
  });

/** Puts an artifact of a year ago that nothing names. */
async function strayArtifact(text: string): Promise<Digest> {
  const ref = await files.putBytes(new TextEncoder().encode(text));
  await store.registry.saveArtifact(ref, keyId('mine'));
  return ref.digest;
}

/** Commits rows; the store's clock stands at the newest commit. */
async function commitAt(atMs: number, changes: Parameters<typeof commitOf>[1] = {}): Promise<void> {
  const [acquired] = await store.shards.acquire([shardId(3)], 'tester');
  if (acquired === undefined) throw new Error('The shard was not given.');
  const shard = { shard: shardId(3), timeMs: atMs, leaseCounter: 1 };
  await store.shards.commit([{ ...commitOf(acquired.right, { ...changes, shard }), atMs }]);
}

test('one sweep takes what is over, leaves what is not, and says how much', async () => {
  const stray = await strayArtifact('nobody names it');
  const [old, open] = [specRow('old'), specRow('open')];
  await commitAt(NOW_MS - 300 * DAY_MS, {
    jobs: [
      jobRowFor(old, { state: 'finished', finishedAtMs: NOW_MS - 31 * DAY_MS }),
      jobRowFor(open, { finishedAtMs: undefined }),
    ],
    tasks: [taskRowFor(old.job, 0, { closed: true, state: 'verified' }), taskRowFor(open.job, 0)],
  });
  await commitAt(NOW_MS);
  const trimmed: [string, number][] = [];
  const retention = retentionOf({ onTrimmed: (kind, count) => trimmed.push([kind, count]) });
  expect(await retention.sweep()).toMatchObject({ jobs: 1, tasks: 1, artifacts: 1, batches: 1, nodes: 0 });
  expect(new Map(trimmed)).toEqual(
    new Map([
      ['jobs', 1],
      ['tasks', 1],
      ['batches', 1],
      ['artifacts', 1],
    ]),
  );
  expect(await files.sizeOf(stray)).toBeUndefined();
  expect(await files.aside()).toEqual([]);
  expect(await store.views.job(open.job)).toBeDefined();
  expect(await retention.sweep()).toMatchObject({ jobs: 0, tasks: 0, artifacts: 0, batches: 0 });
});

test('a crash before the rows go brings the files back, one after it lets them go', async () => {
  const [stays, goes] = [await strayArtifact('its row stays'), await strayArtifact('its row went')];
  await files.setAside([stays, goes]);
  await commitAt(NOW_MS);
  const onlyGoes = { ...store.retention, knownArtifacts: async () => new Set([stays]) };
  await retentionOf({ store: onlyGoes }).recover();
  expect([await files.sizeOf(stays), await files.sizeOf(goes)]).toEqual([13, undefined]);
  expect(await files.aside()).toEqual([]);
});

test('when the store fails after the files were set aside, they come back at once', async () => {
  const digest = await strayArtifact('kept by a failing store');
  await commitAt(NOW_MS);
  const failing = {
    ...store.retention,
    removeArtifacts: async (
      ...[unusedMs, step, setAside]: Parameters<Store['retention']['removeArtifacts']>
    ) => {
      await store.retention.removeArtifacts(unusedMs, step, async (digests) => {
        await setAside(digests);
        throw new Error('the connection is lost');
      });
      return { removed: [], next: undefined };
    },
  };
  await expect(retentionOf({ store: failing }).sweep()).rejects.toThrow('the connection is lost');
  expect((await stat(join(directory, digest.slice(0, 2), digest.slice(2, 4), digest))).size).toBe(23);
  expect(await retentionOf().sweep()).toMatchObject({ artifacts: 1 });
});

test('a file that has no row for a day goes; a young one and one with a row stay', async () => {
  const [stray, young] = [await files.putBytes(new Uint8Array(1)), await files.putBytes(new Uint8Array(2))];
  const named = await strayArtifact('has a row');
  const longAgo = new Date(NOW_MS - 2 * DAY_MS);
  for (const digest of [stray.digest, named]) await utimes(pathOf(digest), longAgo, longAgo);
  await utimes(pathOf(young.digest), new Date(NOW_MS), new Date(NOW_MS));
  const retention = retentionOf({
    clock: { ...systemClock, setTimer: (_, run) => systemClock.setTimer(0, run) },
  });
  let strayFiles = 0;
  for (let folder = 0; folder < 256; folder += 1) ({ strayFiles } = sum(strayFiles, await retention.sweep()));
  expect(strayFiles).toBe(1);
  const sizes = [stray.digest, young.digest, named].map((digest) => files.sizeOf(digest));
  expect(await Promise.all(sizes)).toEqual([undefined, 2, 9]);
});

const pathOf = (digest: Digest): string => join(directory, digest.slice(0, 2), digest.slice(2, 4), digest);
const sum = (before: number, { strayFiles }: { readonly strayFiles: number }) => ({
  strayFiles: before + strayFiles,
});

test('what is asked for again is young again', async () => {
  const digest = await strayArtifact('asked for');
  await commitAt(NOW_MS);
  await store.registry.findArtifact(digest);
  expect(await retentionOf().sweep()).toMatchObject({ artifacts: 0 });
  await commitAt(NOW_MS + RETENTION_LIMITS.artifactsMs.value + 1);
  expect(await retentionOf().sweep()).toMatchObject({ artifacts: 1 });
});

test('closing ends a sweep between two slices', async () => {
  await strayArtifact('still there');
  await commitAt(NOW_MS);
  const retention = retentionOf();
  await retention.close();
  await retention.close();
  expect(await retention.sweep()).toMatchObject({ artifacts: 0 });
});
