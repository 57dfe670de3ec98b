/**
 * Deterministic CBOR (RFC 8949 §4.2): the same value is always the same bytes, so that digests and
 * signatures over encodings mean something. Decoding accepts nothing that encoding would not make.
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg';

export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined };

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: true,
  rejectDuplicateMapKeys: true,
  useMaps: false,
} as const;

/** Encodes `value`; fields that are `undefined` are left out. Throws on what CBOR cannot say: a bug. */
export const encodeCbor = (value: CborValue): Uint8Array =>
  encode(value, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true });

/** The decoded value, or `undefined` for anything that is not one deterministic CBOR item. Never throws. */
export function decodeCbor(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: decode(bytes, DECODE_OPTIONS) };
  } catch {
    return undefined;
  }
}
