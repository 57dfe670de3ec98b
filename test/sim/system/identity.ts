/** Keys and signatures that bind like real ones inside a simulation, at the price of one hash. */
import { hash } from 'node:crypto';
import type { NodeIdentity, VerifySignature } from '@trine/mesh';

export function simIdentity(name: string): NodeIdentity {
  const publicKey = new Uint8Array(hash('sha256', `key of ${name}`, 'buffer'));
  return { publicKey, sign: (bytes) => Promise.resolve(signatureOf(publicKey, bytes)) };
}

export const simVerify: VerifySignature = (publicKey, bytes, signature) =>
  Buffer.compare(signatureOf(publicKey, bytes), signature) === 0;

/** 64 bytes that nobody makes by chance for other bytes or another key. */
export function signatureOf(publicKey: Uint8Array, bytes: Uint8Array): Uint8Array {
  const half = hash('sha256', Buffer.concat([publicKey, bytes]), 'buffer');
  return new Uint8Array(Buffer.concat([half, half]));
}
