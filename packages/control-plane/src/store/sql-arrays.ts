/**
 * Postgres array literals. A set-based statement takes one parameter a column, and a text literal crosses
 * Prisma untouched, where an array of bytes would be turned to base64 element by element.
 */
import type { Digest } from '@trine/protocol';

export const numberArray = (values: readonly (number | bigint | undefined)[]): string =>
  `{${values.map((value) => (value === undefined ? 'NULL' : value.toString())).join(',')}}`;

export const booleanArray = (values: readonly boolean[]): string =>
  `{${values.map((value) => (value ? 't' : 'f')).join(',')}}`;

export const textArray = (values: readonly (string | undefined)[]): string =>
  `{${values.map((value) => (value === undefined ? 'NULL' : quoted(value))).join(',')}}`;

/** Bytes in Postgres's hex form; the backslash is doubled because the array literal takes one away. */
export const bytesArray = (values: readonly (Uint8Array | undefined)[]): string =>
  `{${values.map((value) => (value === undefined ? 'NULL' : `"\\\\x${hexOf(value)}"`)).join(',')}}`;

export const digestArray = (values: readonly (Digest | undefined)[]): string =>
  `{${values.map((value) => (value === undefined ? 'NULL' : `"\\\\x${value}"`)).join(',')}}`;

const HALF_PAIRS = /\p{Surrogate}/gu;

/** Postgres text can hold neither NUL nor half a surrogate pair; strangers send both. */
export const storableText = (text: string): string =>
  text.replaceAll('\u0000', '\uFFFD').replace(HALF_PAIRS, '\uFFFD');

const quoted = (text: string): string => `"${storableText(text).replace(/["\\]/g, String.raw`\$&`)}"`;

const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
