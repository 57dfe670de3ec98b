/**
 * A grant says everything a node needs to carry one replica on; its canonical encoding has a digest that
 * results and receipts refer to.
 */
import * as z from 'zod/mini';
import { CborWriter } from './cbor-writer.ts';
import { countField, digestField, fuelField, inlineBytes, jobField, leaseField, nameText } from './fields.ts';
import { type Digest, digestOf, type JobId, type LeaseId } from './ids.ts';
import { ABIS, type Abi } from './states.ts';

/** An artifact by name, with what checks its pieces and what lets this node read it. */
export const artifactGrantSchema = z.object({
  digest: digestField,
  sizeBytes: countField,
  /** Digest of the chunk list: the SHA-256 of each 64 KiB, one after the other. */
  chunks: digestField,
  /** Short-lived bearer for `GET /artifacts/<digest>`, bound to node and digest. */
  bearer: nameText,
});
export type ArtifactGrant = z.infer<typeof artifactGrantSchema>;

export const inputGrantSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('inline'), bytes: inlineBytes }),
  z.object({ type: z.literal('artifact'), artifact: artifactGrantSchema }),
  /** The shared bytes followed by the task's index as u64 little-endian. */
  z.object({ type: z.literal('range'), shared: inlineBytes }),
]);
export type InputGrant = z.infer<typeof inputGrantSchema>;

export const limitsSchema = z.object({
  fuel: fuelField,
  memoryBytes: countField,
  outputBytes: countField,
});
/** Limits that are part of a task's identity: fuel in metered instructions, memory and output in bytes. */
export type TaskLimits = z.infer<typeof limitsSchema>;

export const codeIdentitySchema = z.object({ module: digestField, edition: nameText });
/** Digest of the module as submitted, and the edition that prepared it. */
export type CodeIdentity = z.infer<typeof codeIdentitySchema>;

export const grantSchema = z.object({
  lease: leaseField,
  job: jobField,
  index: countField,
  code: codeIdentitySchema,
  abi: z.enum(ABIS),
  /** The prepared module. */
  module: artifactGrantSchema,
  input: inputGrantSchema,
  inputDigest: digestField,
  limits: limitsSchema,
  /** Length of the lease from now, and the wall-clock bound of the attempt. */
  deadlineMs: countField,
  /** What a volunteer may be told about the job. */
  jobName: nameText,
});
export type Grant = z.infer<typeof grantSchema>;

export interface GrantIdentity {
  readonly job: JobId;
  readonly index: number;
  readonly lease: LeaseId;
  readonly code: CodeIdentity;
  readonly abi: Abi;
  readonly inputDigest: Digest;
  readonly limits: TaskLimits;
}

/** One for all: nothing waits between the first byte and the last. */
const writer = new CborWriter();

/**
 * Digest of a grant's canonical encoding. Bearers, deadlines and names are not part of it. `digest` is how to hash,
 * the portable way unless told otherwise; it must be done with the bytes when it returns.
 */
export function grantDigest(grant: GrantIdentity, digest: (bytes: Uint8Array) => Digest = digestOf): Digest {
  writer.begin();
  writer.array(11);
  writer.text('trine/grant/1');
  writer.text(grant.job);
  writer.number(grant.index);
  writer.number(grant.lease);
  writer.digest(grant.code.module);
  writer.text(grant.code.edition);
  writer.text(grant.abi);
  writer.digest(grant.inputDigest);
  writer.bigint(grant.limits.fuel);
  writer.number(grant.limits.memoryBytes);
  writer.number(grant.limits.outputBytes);
  return digest(writer.view());
}

/** The input of task `index` of a range job: the shared bytes, then the index as u64 little-endian. */
export function rangeInput(shared: Uint8Array, index: number): Uint8Array {
  const input = new Uint8Array(shared.length + 8);
  input.set(shared);
  new DataView(input.buffer).setBigUint64(shared.length, BigInt(index), true);
  return input;
}
