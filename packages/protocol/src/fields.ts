/** Wire forms of the fields that messages share: bytes on the wire, branded values inside. */
import * as z from 'zod/mini';
import {
  type Digest,
  digestFromBytes,
  digestToBytes,
  type JobId,
  type LeaseId,
  type NodeId,
  parseJobId,
  parseNodeId,
} from './ids.ts';
import { LIMITS } from './limits.ts';

export const bytesOf = (size: number) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length === size,
    `${size} bytes expected`,
  );
export const bytesUpTo = (max: number) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length <= max,
    `at most ${max} bytes expected`,
  );
export const inlineBytes = bytesUpTo(LIMITS.inlineBytes.value);

/** 32 bytes on the wire, 64 hex characters inside. */
export const digestField = z.codec(bytesOf(32), z.custom<Digest>(), {
  decode: (bytes) => digestFromBytes(bytes),
  encode: (digest) => digestToBytes(digest),
});

export const countField = z.int().check(z.gte(0));
export const leaseField = z.custom<LeaseId>(
  (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
  'a lease expected',
);
export const jobField = z.custom<JobId>(
  (value) => typeof value === 'string' && parseJobId(value) !== undefined,
  'a job expected',
);
export const nodeField = z.custom<NodeId>(
  (value) => typeof value === 'string' && parseNodeId(value) !== undefined,
  'a node expected',
);

/** Fuel: an unsigned integer below 2⁶³ on the wire, always a bigint inside. */
const wireFuel = z.custom<number | bigint>(
  (value) =>
    (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) ||
    (typeof value === 'bigint' && value >= 0n && value < 1n << 63n),
  'fuel expected',
);
export const fuelField = z.codec(wireFuel, z.custom<bigint>(), {
  decode: (value) => BigInt(value),
  encode: (value) => value,
});

export const nameText = z.string().check(z.maxLength(LIMITS.nameCharacters.value));
export const sentenceText = z.string().check(z.maxLength(1_000));
