/** Digest and base64 by the platform's own means where it has them; they are absent on plain http. */
import { type Digest, digestFromBytes, digestOf } from '@trine/protocol';

/** SHA-256 of some bytes. */
export async function digestBytes(bytes: Uint8Array): Promise<Digest> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) return digestOf(bytes);
  return digestFromBytes(new Uint8Array(await subtle.digest('SHA-256', bytes as BufferSource)));
}

/** Characters a call of `fromCharCode` can take as arguments. */
const PIECE = 8_192;

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += PIECE) {
    text += String.fromCharCode(...bytes.subarray(from, from + PIECE));
  }
  return btoa(text);
}

export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
