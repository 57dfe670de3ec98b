/**
 * Secrets that people and machines carry: a prefix that says what it is, then 160 random bits. Only the SHA-256
 * of the random part is kept; with that much entropy a slow password hash would protect nothing more.
 */
import { hash, randomBytes } from 'node:crypto';
import { type Digest, type KeyId, type OwnerId, randomText } from '@trine/protocol';

export const KEY_PREFIX = 'trine_key_';
export const JOIN_PREFIX = 'trine_join_';

/** 32 characters of 5 bits each. */
const SECRET_CHARACTERS = 32;
const SECRET = /^[a-z2-7]{32}$/;
const ID_CHARACTERS = 16;

const random = (characters: number): string => randomText(randomBytes(characters));

export const newApiKey = (): string => KEY_PREFIX + random(SECRET_CHARACTERS);
export const newJoinToken = (): string => JOIN_PREFIX + random(SECRET_CHARACTERS);
/** Secret of a cookie or a one-time link. */
export const newSignInSecret = (): string => random(SECRET_CHARACTERS);

export const newKeyId = (): KeyId => `k${random(ID_CHARACTERS)}` as KeyId;
export const newTokenId = (): string => `t${random(ID_CHARACTERS)}`;
export const newOwnerId = (): OwnerId => `o${random(ID_CHARACTERS)}` as OwnerId;

/** The platform's SHA-256: ten times the portable one. */
export const sha256 = (bytes: Uint8Array | string): Digest => hash('sha256', bytes, 'hex') as Digest;

/** Hash of a secret's random part, or `undefined` for what cannot be such a secret. */
export function hashOfSecret(text: string, prefix: string): Digest | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const secret = text.slice(prefix.length);
  return SECRET.test(secret) ? sha256(secret) : undefined;
}
