// Artifacts on a real disk: what is kept is whole, what is refused leaves nothing.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Digest } from '@trine/protocol';
import { TrineError } from '@trine/protocol';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createChunkList, openArtifactFiles } from './artifact-files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trine-artifacts-'));
});
afterEach(() => rm(directory, { recursive: true }));

const digestOf = (bytes: Uint8Array): Digest => createHash('sha256').update(bytes).digest('hex') as Digest;

async function* pieces(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const cause: unknown = await work.catch((error: unknown) => error);
  return cause instanceof TrineError ? cause.code : 'no error';
}

test('bytes come back as they were put, under their own digest', async () => {
  const files = await openArtifactFiles(directory);
  const bytes = new Uint8Array(200_000).map((_, index) => index % 251);
  const ref = await files.put(pieces(bytes.subarray(0, 70_000), bytes.subarray(70_000)), {
    digest: digestOf(bytes),
    maxBytes: 1_000_000,
  });
  expect(ref).toMatchObject({ digest: digestOf(bytes), sizeBytes: 200_000 });
  expect(Buffer.compare(await files.read(ref.digest), bytes)).toBe(0);
  expect(await files.sizeOf(ref.digest)).toBe(200_000);
  expect(await files.putBytes(bytes)).toEqual(ref);
});

test('a wrong digest, a wrong size and too many bytes are refused and leave no file', async () => {
  const files = await openArtifactFiles(directory);
  const bytes = new Uint8Array(100);
  const digest = digestOf(bytes);
  expect(
    await codeOf(files.put(pieces(bytes), { digest: digestOf(new Uint8Array(1)), maxBytes: 1_000 })),
  ).toBe('digest-mismatch');
  expect(await codeOf(files.put(pieces(bytes), { digest, maxBytes: 1_000, sizeBytes: 99 }))).toBe(
    'digest-mismatch',
  );
  expect(await codeOf(files.put(pieces(bytes), { digest, maxBytes: 99 }))).toBe('artifact-too-large');
  expect(await files.sizeOf(digest)).toBeUndefined();
  expect(await readdir(join(directory, 'incoming'))).toEqual([]);
});

test('a source that breaks off leaves nothing, and what a crash left is swept at the next start', async () => {
  const files = await openArtifactFiles(directory);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw new Error('the sender is gone');
  }
  await expect(files.put(broken(), { digest: digestOf(new Uint8Array(10)), maxBytes: 100 })).rejects.toThrow(
    'gone',
  );
  expect(await readdir(join(directory, 'incoming'))).toEqual([]);
  await mkdir(join(directory, 'incoming'), { recursive: true });
  await writeFile(join(directory, 'incoming', 'left-over'), 'x');
  await openArtifactFiles(directory);
  expect(await readdir(join(directory, 'incoming'))).toEqual([]);
});

test('the chunk list does not depend on how the bytes arrive', () => {
  const listOf = (parts: readonly Uint8Array[]): Digest => {
    const list = createChunkList();
    for (const part of parts) list.add(part);
    return list.digest();
  };
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 150_000 }), { maxLength: 6 }),
      fc.integer({ min: 0, max: 400_000 }),
      (cuts, size) => {
        const bytes = new Uint8Array(size).map((_, index) => (index * 31) % 256);
        const at = [0, ...cuts.filter((cut) => cut < size).sort((a, b) => a - b), size];
        const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        const hashes = Array.from({ length: Math.ceil(size / 65_536) }, (_, index) =>
          createHash('sha256')
            .update(bytes.subarray(index * 65_536, (index + 1) * 65_536))
            .digest(),
        );
        expect(listOf(parts)).toBe(digestOf(Buffer.concat(hashes)));
      },
    ),
    { numRuns: 30 },
  );
});
