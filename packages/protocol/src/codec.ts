/**
 * Deterministic CBOR (RFC 8949 §4.2): the same value is always the same bytes, so that digests and
 * signatures over encodings mean something. Decoding accepts nothing that encoding would not make.
 */
import { decode } from 'cborg';
import { type CborValue, CborWriter } from './cbor-writer.ts';

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

/** One for all: nothing waits between the first byte and the last. */
const writer = new CborWriter();

/** Encodes `value`; fields that are `undefined` are left out. Throws on what CBOR cannot say: a bug. */
export function encodeCbor(value: CborValue): Uint8Array {
  writer.begin();
  writer.value(value);
  return writer.take();
}

/** The decoded value, or `undefined` for anything that is not one deterministic CBOR item. Never throws. */
export function decodeCbor(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: decode(bytes, DECODE_OPTIONS) };
  } catch {
    return undefined;
  }
}
