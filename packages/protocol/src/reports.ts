/**
 * A report frame: up to 64 results under one signature. The node signs the Merkle root over leaves
 * H(grant digest, outcome, output digest, fuel); the gateway rebuilds the root from what was reported,
 * so the root itself never travels.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import * as z from 'zod/mini';
import { encodeCbor } from './codec.ts';
import {
  bytesOf,
  countField,
  digestField,
  fuelField,
  inlineBytes,
  leaseField,
  sentenceText,
} from './fields.ts';
import { type Digest, digestToBytes } from './ids.ts';
import { LIMITS } from './limits.ts';
import { OUTCOMES, type Outcome } from './states.ts';

export const resultSchema = z.object({
  lease: leaseField,
  /** Digest of the grant this answers. */
  grant: digestField,
  outcome: z.enum(OUTCOMES),
  outputDigest: digestField,
  outputBytes: countField,
  /** Present when the output is at most 4 KiB; larger ones are uploaded before the report. */
  output: z.optional(inlineBytes),
  fuel: fuelField,
  /** Measurements of this node, never compared. */
  wallMs: countField,
  /** Words for people: the trap, or why the attempt was aborted. Never compared. */
  reason: z.optional(sentenceText),
});
export type ReportedResult = z.infer<typeof resultSchema>;

export const reportSchema = z.object({
  type: z.literal('report'),
  results: z.array(resultSchema).check(z.minLength(1), z.maxLength(LIMITS.resultsPerReport.value)),
  /** Ed25519 over `reportTranscript(root, count)`. */
  signature: bytesOf(64),
});
export type Report = z.infer<typeof reportSchema>;

export interface LeafContent {
  readonly grant: Digest;
  readonly outcome: Outcome;
  readonly outputDigest: Digest;
  readonly fuel: bigint;
}

/** Leaf of one result: SHA-256 of 0x00 and the deterministic encoding of what is claimed. */
export const reportLeaf = (leaf: LeafContent): Uint8Array =>
  sha256(
    concatBytes(
      Uint8Array.of(0),
      encodeCbor([digestToBytes(leaf.grant), leaf.outcome, digestToBytes(leaf.outputDigest), leaf.fuel]),
    ),
  );

const parent = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(Uint8Array.of(1), left, right));

/**
 * Root of the tree over at least one leaf; a level's odd last element moves up unchanged. Leaves and inner
 * nodes are hashed under different first bytes, so that neither passes for the other (RFC 6962 §2.1).
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) above.push(pairUp(level, i));
    level = above;
  }
  const [root] = level;
  if (root === undefined) throw new Error('A Merkle tree needs at least one leaf.');
  return root;
}

function pairUp(level: readonly Uint8Array[], i: number): Uint8Array {
  const [left, right] = [level[i], level[i + 1]];
  if (left === undefined) throw new Error('A pair starts inside its level.');
  return right === undefined ? left : parent(left, right);
}

/** Bytes a node signs for a report of `count` results. */
export const reportTranscript = (root: Uint8Array, count: number): Uint8Array =>
  concatBytes(utf8ToBytes('trine/report/1/'), root, encodeCbor(count));
