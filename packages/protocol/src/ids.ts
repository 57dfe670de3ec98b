/** Branded identifiers: the compiler keeps a lease from being taken for a node. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { LIMITS } from './limits.ts';

declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** SHA-256 of some bytes, 64 lowercase hex characters; `sha256sum` prints the same. */
export type Digest = Brand<string, 'Digest'>;
/** First 16 bytes, as hex, of the SHA-256 over the signature algorithm and the node's public key. */
export type NodeId = Brand<string, 'NodeId'>;
/** `j` and 20 characters of a–z2–7. */
export type JobId = Brand<string, 'JobId'>;
/** Who answers for nodes: `o` and 16 characters, or `node:<NodeId>` for a node that joined without a token. */
export type OwnerId = Brand<string, 'OwnerId'>;
/** The API key a job belongs to: `k` and 16 characters. */
export type KeyId = Brand<string, 'KeyId'>;
/** Counter × 64 + shard, unique for ever; tells its shard. */
export type LeaseId = Brand<number, 'LeaseId'>;
/** 0 … 63. */
export type ShardId = Brand<number, 'ShardId'>;
/**
 * What must differ between the results of one quorum: `owner:<OwnerId>`, or `net:<prefix>` for nodes
 * that joined without a token, so that all such nodes of one network prefix count as one.
 */
export type QuorumGroup = Brand<string, 'QuorumGroup'>;

export const SIGNATURE_ALGORITHM = 'ed25519';

const DIGEST = /^[0-9a-f]{64}$/;
const JOB = /^j[a-z2-7]{20}$/;
const NODE = /^[0-9a-f]{32}$/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

export const parseDigest = (text: string): Digest | undefined =>
  DIGEST.test(text) ? (text as Digest) : undefined;
export const parseJobId = (text: string): JobId | undefined => (JOB.test(text) ? (text as JobId) : undefined);
export const parseNodeId = (text: string): NodeId | undefined =>
  NODE.test(text) ? (text as NodeId) : undefined;

export const digestToBytes = (digest: Digest): Uint8Array => hexToBytes(digest);
export const digestFromBytes = (bytes: Uint8Array): Digest => bytesToHex(bytes) as Digest;

/**
 * SHA-256 as 32 bytes. Must be done with its input when it returns. The platform's own is several times as fast as
 * the portable one, and this package has no platform, so those who hash by the thousand bring theirs.
 */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export const portableSha256: Sha256 = sha256;

/** SHA-256 in portable code, about 100 MB/s: for small pieces. Large ones go through the platform's own. */
export const digestOf = (bytes: Uint8Array): Digest => bytesToHex(sha256(bytes)) as Digest;

export const nodeIdOf = (publicKey: Uint8Array): NodeId =>
  bytesToHex(
    sha256(concatBytes(utf8ToBytes(`trine/node/1/${SIGNATURE_ALGORITHM}/`), publicKey)).subarray(0, 16),
  ) as NodeId;

/** Text of `length` characters a–z2–7 from as many random bytes (the low five bits of each). */
export const randomText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('');

/** A new job id from 20 random bytes. */
export const jobIdFrom = (random: Uint8Array): JobId => `j${randomText(random.subarray(0, 20))}` as JobId;

/** The shard a job lives on: the first byte of the hash of its id, modulo 64. Fixed for ever. */
export const shardOf = (job: JobId): ShardId =>
  ((sha256(utf8ToBytes(job))[0] ?? 0) % LIMITS.shards.value) as ShardId;

export const shardOfLease = (lease: LeaseId): ShardId => (lease % LIMITS.shards.value) as ShardId;
export const leaseIdOf = (shard: ShardId, counter: number): LeaseId =>
  (counter * LIMITS.shards.value + shard) as LeaseId;

/** The owner of a node that joined without a token is the node itself. */
export const ownOwner = (node: NodeId): OwnerId => `node:${node}` as OwnerId;
