/**
 * Ed25519 keys (RFC 8032) behind one port. The platform's own code signs where there is one, noble's where
 * there is none (pages on plain http). All of them accept the same signatures: before any library looks,
 * keys of small order and numbers in other than their shortest form are refused, the cases in which
 * implementations are known to differ for keys that their owner did not make to be ambiguous.
 */
import * as ed from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';

/** A key pair whose secret half can only be used, not read. */
export interface NodeIdentity {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Signs `bytes`: 64 bytes, always the same for the same input. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Whether the signature of `bytes` holds. Never throws, whatever a stranger sent. */
export type VerifySignature = (
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean> | boolean;

/** An identity in the platform's own key store. Keep `keys` (IndexedDB can) to be the same node again. */
export interface WebCryptoIdentity extends NodeIdentity {
  readonly keys: CryptoKeyPair;
}

ed.hashes.sha512 = sha512;

/** From a 32-byte seed, in portable code. The seed is the secret: whoever stores it must guard it. */
export function createNobleIdentity(seed: Uint8Array): NodeIdentity {
  const secret = seed.slice(0, 32);
  return {
    publicKey: ed.getPublicKey(secret),
    sign: async (bytes) => ed.sign(bytes, secret),
  };
}

/**
 * With a key that cannot be extracted: a new one, or the one kept in `keys`. `undefined` where the platform
 * has no WebCrypto (plain http) or no Ed25519 in it.
 */
export async function createWebCryptoIdentity(keys?: CryptoKeyPair): Promise<WebCryptoIdentity | undefined> {
  const subtle = platformSubtle();
  if (subtle === undefined) return undefined;
  try {
    const pair = keys ?? (await subtle.generateKey('Ed25519', false, ['sign', 'verify']));
    const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
    const sign = async (bytes: Uint8Array): Promise<Uint8Array> =>
      new Uint8Array(await subtle.sign('Ed25519', pair.privateKey, asBuffer(bytes)));
    await sign(new Uint8Array(1));
    return { publicKey, keys: pair, sign };
  } catch {
    return undefined;
  }
}

/** Portable verification, about a millisecond. */
export const verifySignature: VerifySignature = (publicKey, bytes, signature) => {
  if (!isStrict(publicKey, signature)) return false;
  try {
    return ed.verify(signature, bytes, publicKey, { zip215: false });
  } catch {
    return false;
  }
};

/** The platform's verification where it has Ed25519, else the portable one. */
export async function createWebCryptoVerify(): Promise<VerifySignature> {
  const subtle = platformSubtle();
  const probe = await createWebCryptoIdentity();
  if (subtle === undefined || probe === undefined) return verifySignature;
  return async (publicKey, bytes, signature) => {
    if (!isStrict(publicKey, signature)) return false;
    try {
      const key = await subtle.importKey('raw', asBuffer(publicKey), 'Ed25519', false, ['verify']);
      return await subtle.verify('Ed25519', key, asBuffer(signature), asBuffer(bytes));
    } catch {
      return false;
    }
  };
}

/** Sizes, shortest forms and order: what every implementation must agree on before it computes. */
export function isStrict(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return isPlainKey(publicKey) && isBelow(signature.subarray(32), GROUP_ORDER);
}

/** The field's prime and the group's order, little-endian. */
const PRIME = hexToBytes('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');
const GROUP_ORDER = hexToBytes('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** y coordinates of the eight points of small order; the sign bit is ignored. */
const SMALL_ORDER: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => hexToBytes(hex));

function isPlainKey(publicKey: Uint8Array): boolean {
  const y = publicKey.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return isBelow(y, PRIME) && !SMALL_ORDER.some((small) => small.every((byte, index) => byte === y[index]));
}

function isBelow(number: Uint8Array, bound: Uint8Array): boolean {
  for (let index = 31; index >= 0; index -= 1) {
    const difference = (number[index] ?? 0) - (bound[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const platformSubtle = (): SubtleCrypto | undefined =>
  (globalThis.crypto as { readonly subtle?: SubtleCrypto } | undefined)?.subtle;

const asBuffer = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
