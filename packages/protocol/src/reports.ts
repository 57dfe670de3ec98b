/**
 * A report frame: up to 64 results under one signature. The node signs the Merkle root over leaves
 * H(grant digest, outcome, output digest, fuel); the gateway rebuilds the root from what was reported,
 * so the root itself never travels.
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import * as z from 'zod/mini';
import { CborWriter } from './cbor-writer.ts';
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
import { type Digest, portableSha256, type Sha256 } from './ids.ts';
import { LIMITS } from './limits.ts';
import { merkleRoot } from './merkle.ts';
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

/** First byte of what is hashed: a leaf never passes for an inner node, nor the other way (RFC 6962 §2.1). */
const LEAF_MARK = Uint8Array.of(0);

/** One for all: nothing waits between the first byte and the hash. */
const writer = new CborWriter();

/** Leaf of one result: SHA-256 of 0x00 and the deterministic encoding of what is claimed. */
export const reportLeaf = (leaf: LeafContent): Uint8Array => leafOf(leaf, portableSha256);

/** Root of the tree over a report's results. `sha256` is how to hash, the portable way unless told otherwise. */
export const reportRoot = (results: readonly LeafContent[], sha256: Sha256 = portableSha256): Uint8Array =>
  merkleRoot(
    results.map((result) => leafOf(result, sha256)),
    sha256,
  );

function leafOf(leaf: LeafContent, sha256: Sha256): Uint8Array {
  writer.begin();
  writer.raw(LEAF_MARK);
  writer.array(4);
  writer.digest(leaf.grant);
  writer.text(leaf.outcome);
  writer.digest(leaf.outputDigest);
  writer.bigint(leaf.fuel);
  return sha256(writer.view());
}

/** Bytes a node signs for a report of `count` results. */
export const reportTranscript = (root: Uint8Array, count: number): Uint8Array =>
  concatBytes(utf8ToBytes('trine/report/1/'), root, encodeCbor(count));
