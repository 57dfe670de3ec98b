/**
 * A writer of CBOR made once from a schema: what `z.encode` and then `encodeCbor` would give, written straight from
 * the typed value. Names are encoded and put in order when the writer is made; fields that the schema does not name
 * stay out. It trusts its caller's types: what a stranger sent is parsed, what we say ourselves is only written.
 */
import * as z from 'zod/mini';
import { type CborValue, type CborWriter, encodedName, inCborOrder } from './cbor-writer.ts';
import { digestField } from './fields.ts';
import type { Digest } from './ids.ts';

/** Appends one value, of the schema's type, to what `writer` holds. */
export type WriteValue = (writer: CborWriter, value: unknown) => void;

interface Field {
  readonly name: string;
  readonly encoded: Uint8Array;
  readonly write: WriteValue;
}

type Fields = Readonly<Record<string, unknown>>;

/** The writer of values that `schema` describes. Digests are the one field whose two forms differ in bytes. */
export function writerFor(schema: z.core.$ZodType): WriteValue {
  if (schema === digestField) return (writer, value) => writer.digest(value as Digest);
  if (schema instanceof z.ZodMiniOptional) return writerFor(schema.def.innerType);
  if (schema instanceof z.ZodMiniArray) return writeArray(writerFor(schema.def.element));
  if (schema instanceof z.ZodMiniDiscriminatedUnion) return writeUnion(schema);
  if (schema instanceof z.ZodMiniObject) return writeObject(schema);
  return (writer, value) => writer.value(value as CborValue);
}

function writeArray(write: WriteValue): WriteValue {
  return (writer, value) => {
    const items = value as readonly unknown[];
    writer.array(items.length);
    for (const item of items) write(writer, item);
  };
}

function writeObject(schema: z.ZodMiniObject): WriteValue {
  const fields: readonly Field[] = Object.entries(schema.def.shape)
    .map(([name, field]) => ({ name, encoded: encodedName(name), write: writerFor(field) }))
    .sort((a, b) => inCborOrder(a.encoded, b.encoded));
  return (writer, value) => {
    const values = value as Fields;
    let count = 0;
    for (const { name } of fields) if (values[name] !== undefined) count += 1;
    writer.map(count);
    for (const { name, encoded, write } of fields) {
      const field = values[name];
      if (field === undefined) continue;
      writer.name(encoded);
      write(writer, field);
    }
  };
}

function writeUnion(schema: z.ZodMiniDiscriminatedUnion): WriteValue {
  const { discriminator, options } = schema._zod.def;
  const writers = new Map<unknown, WriteValue>();
  for (const option of options) {
    for (const literal of option._zod.propValues?.[discriminator] ?? []) {
      writers.set(literal, writerFor(option));
    }
  }
  return (writer, value) => {
    const write = writers.get((value as Fields)[discriminator]);
    if (write === undefined) throw new TypeError(`No such ${discriminator} in this schema.`);
    write(writer, value);
  };
}
