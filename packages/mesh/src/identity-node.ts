/** Ed25519 through Node's own crypto: a signature in 0.05 ms, a verification in 0.1 ms. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { isStrict, type NodeIdentity, type VerifySignature } from './identity.ts';

/** DER around a raw key (RFC 8410): the prefixes of PKCS #8 and SubjectPublicKeyInfo. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** From a 32-byte seed; the same seed gives the same key as `createNobleIdentity`. */
export function createNodeIdentity(seed: Uint8Array): NodeIdentity {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PRIVATE_PREFIX, seed.subarray(0, 32)]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    publicKey: new Uint8Array(spki.subarray(PUBLIC_PREFIX.length)),
    sign: async (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

/** Verification for coordinators. Never throws. */
export const verifyWithNode: VerifySignature = (publicKey, bytes, signature) => {
  if (!isStrict(publicKey, signature)) return false;
  try {
    const key = createPublicKey({
      key: Buffer.concat([PUBLIC_PREFIX, publicKey]),
      format: 'der',
      type: 'spki',
    });
    return verify(null, bytes, key, signature);
  } catch {
    return false;
  }
};
