/**
 * The frames that open a link, before any session traffic: CBOR maps with a `type`.
 *
 *   coordinator → agent   challenge   versions, nonce, the coordinator's public key
 *   agent → coordinator   hello       a new session: key, origin, profile, token, leases still held
 *                      or resume      an earlier session moves to this link
 *   coordinator → agent   welcome | refused
 *
 * Both proofs sign a domain-tagged transcript with the other side's nonce, the coordinator's key and the
 * origin the agent dialled in it, so a handshake can be neither replayed nor relayed to another coordinator.
 */
import * as z from 'zod/mini';
import type { CborValue } from './cbor-writer.ts';
import { encodeCbor } from './codec.ts';
import { bytesOf, countField, leaseField, nameText, nodeField, sentenceText } from './fields.ts';
import { profileSchema } from './profile.ts';

export const challengeSchema = z.object({
  type: z.literal('challenge'),
  versions: z.array(countField).check(z.maxLength(16)),
  nonce: bytesOf(32),
  coordinatorKey: bytesOf(32),
});

const proof = {
  version: countField,
  /** Ed25519 public key. */
  key: bytesOf(32),
  nonce: bytesOf(32),
  /** Scheme, host and port the agent dialled, e.g. `http://192.0.2.7:3000`. */
  origin: nameText,
  signature: bytesOf(64),
};

export const helloSchema = z.object({
  type: z.literal('hello'),
  ...proof,
  /** Join token, from the operator; absent for a node that is its own owner. */
  token: z.optional(nameText),
  profile: profileSchema,
  /** Leases the agent still holds from an earlier session, unrecorded results included. */
  held: z.array(leaseField).check(z.maxLength(1024)),
});

export const resumeSchema = z.object({
  type: z.literal('resume'),
  ...proof,
  /** Session number of the welcome. */
  session: countField,
  /** Highest frame sequence number received so far. */
  received: countField,
});

export const welcomeSchema = z.object({
  type: z.literal('welcome'),
  version: countField,
  node: nodeField,
  /** Who answers for the node, in words. */
  owner: nameText,
  session: countField,
  /** True when an earlier session goes on: `received` then says from where to send again. */
  resumed: z.boolean(),
  received: countField,
  /** Origins of all coordinators, to try the next when this one falls silent. */
  coordinators: z.array(nameText).check(z.maxLength(64)),
  /** What the agent needs to open a data channel; absent where the coordinator has no WebRTC. */
  webrtc: z.optional(z.object({ iceServers: z.array(z.object({ urls: nameText })).check(z.maxLength(8)) })),
  signature: bytesOf(64),
});

export const refusedSchema = z.object({
  type: z.literal('refused'),
  code: nameText,
  message: sentenceText,
  retryAfterMs: z.optional(countField),
});

export const handshakeSchema = z.discriminatedUnion('type', [
  challengeSchema,
  helloSchema,
  resumeSchema,
  welcomeSchema,
  refusedSchema,
]);

export type Challenge = z.infer<typeof challengeSchema>;
export type Hello = z.infer<typeof helloSchema>;
export type Resume = z.infer<typeof resumeSchema>;
export type Welcome = z.infer<typeof welcomeSchema>;
export type Refused = z.infer<typeof refusedSchema>;
export type Handshake = z.infer<typeof handshakeSchema>;

/**
 * A handshake frame as it was said, fields that this build does not know included: a newer agent or coordinator signs
 * those as well, so signatures are checked over this and not over what a schema made of it.
 */
export type Said = { readonly [field: string]: CborValue | undefined };

/** Bytes the agent signs: everything it says but the signature, bound to this challenge. */
export const agentTranscript = (challenge: Challenge, hello: Said): Uint8Array =>
  encodeCbor(['trine/handshake/agent/1', challenge.nonce, challenge.coordinatorKey, unsigned(hello)]);

/** Bytes the coordinator signs: its answer but the signature, bound to the agent's nonce, key and dialled origin. */
export const coordinatorTranscript = (
  agent: Pick<Hello | Resume, 'nonce' | 'key' | 'origin'>,
  welcome: Said,
): Uint8Array =>
  encodeCbor(['trine/handshake/coordinator/1', agent.nonce, agent.key, agent.origin, unsigned(welcome)]);

const unsigned = (said: Said): Said => ({ ...said, signature: undefined });
