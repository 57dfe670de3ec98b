import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  digestOf,
  digestToBytes,
  encodeCbor,
  merkleRoot,
  rangeInput,
  reportLeaf,
  reportRoot,
} from './index.ts';

const leaf = (n: number) => Uint8Array.of(n, ...new Uint8Array(31));
const pair = (a: Uint8Array, b: Uint8Array) =>
  Uint8Array.from(createHash('sha256').update(Uint8Array.of(1)).update(a).update(b).digest());

describe('merkleRoot', () => {
  test('of one leaf is the leaf', () => {
    expect(merkleRoot([leaf(1)])).toEqual(leaf(1));
  });

  test('of three leaves moves the odd one up unchanged', () => {
    expect(merkleRoot([leaf(1), leaf(2), leaf(3)])).toEqual(pair(pair(leaf(1), leaf(2)), leaf(3)));
  });

  test('depends on order and on count', () => {
    const roots = [
      [1, 2],
      [2, 1],
      [1, 2, 2],
      [1, 2, 1],
    ].map((ns) => Buffer.from(merkleRoot(ns.map(leaf))).toString('hex'));
    expect(new Set(roots).size).toBe(roots.length);
  });

  test('of nothing is a bug', () => {
    expect(() => merkleRoot([])).toThrow('at least one leaf');
  });
});

describe('reportLeaf', () => {
  test('changes with each thing claimed', () => {
    const base = {
      grant: digestOf(leaf(1)),
      outcome: 'completed' as const,
      outputDigest: digestOf(leaf(2)),
      fuel: 7n,
    };
    const leaves = [
      base,
      { ...base, grant: digestOf(leaf(3)) },
      { ...base, outcome: 'trapped' as const },
      { ...base, outputDigest: digestOf(leaf(4)) },
      { ...base, fuel: 8n },
    ].map((content) => Buffer.from(reportLeaf(content)).toString('hex'));
    expect(new Set(leaves).size).toBe(5);
  });
});

test('a report’s root is that over its leaves, whoever hashes', () => {
  const results = [1, 2, 3].map((n) => ({
    grant: digestOf(leaf(n)),
    outcome: 'completed' as const,
    outputDigest: digestOf(leaf(n + 3)),
    fuel: BigInt(n),
  }));
  const platform = (bytes: Uint8Array) => Uint8Array.from(createHash('sha256').update(bytes).digest());
  const leaves = results.map(({ grant, outcome, outputDigest, fuel }) =>
    platform(
      Uint8Array.of(0, ...encodeCbor([digestToBytes(grant), outcome, digestToBytes(outputDigest), fuel])),
    ),
  );
  expect(results.map((result) => reportLeaf(result))).toEqual(leaves);
  expect(reportRoot(results)).toEqual(merkleRoot(leaves));
  expect(reportRoot(results, platform)).toEqual(merkleRoot(leaves));
});

test('rangeInput appends the index as u64 little-endian', () => {
  expect([...rangeInput(Uint8Array.of(9), 0x1_0000_0002)]).toEqual([9, 2, 0, 0, 0, 1, 0, 0, 0]);
});
