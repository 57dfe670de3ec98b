/**
 * Reads deterministic CBOR (RFC 8949 §4.2) item by item, in place: byte strings are views of what is read, so a
 * large input is not copied. Takes nothing that the writer would not make: shortest heads, definite lengths, keys
 * in order, each once.
 */
import { encodedName, inCborOrder } from './cbor-writer.ts';

const MAJOR = { uint: 0, bytes: 2, text: 3, array: 4, map: 5 } as const;

/** The bytes are not what was expected. Callers turn it into a refusal; it never leaves this package. */
export class CborMistake extends Error {}

export class CborCursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read yet. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  uint(): number {
    return this.#head(MAJOR.uint, 'a number');
  }

  bytes(): Uint8Array {
    return this.#take(this.#head(MAJOR.bytes, 'a byte string'));
  }

  text(): string {
    const bytes = this.#take(this.#head(MAJOR.text, 'a text'));
    const text = utf8Text(bytes);
    if (text === undefined) throw new CborMistake('a text that is not UTF-8');
    return text;
  }

  array<T>(countMax: number, item: () => T): readonly T[] {
    const count = this.#count(this.#head(MAJOR.array, 'an array'), countMax);
    return Array.from({ length: count }, item);
  }

  /** Calls `entry` for each key of a map; `entry` reads the value. */
  map(countMax: number, entry: (key: string) => void): void {
    const count = this.#count(this.#head(MAJOR.map, 'a map'), countMax);
    let before: Uint8Array | undefined;
    for (let index = 0; index < count; index += 1) {
      const key = this.text();
      const encoded = encodedName(key);
      if (before !== undefined && inCborOrder(before, encoded) >= 0) {
        throw new CborMistake(`the key ${JSON.stringify(key)} twice or out of order`);
      }
      before = encoded;
      entry(key);
    }
  }

  // Each item takes a byte at least, so a count over what is left is a lie that must not cost memory.
  #count(count: number, countMax: number): number {
    if (count > countMax) throw new CborMistake(`${count} entries where at most ${countMax} may be`);
    if (count > this.#bytes.length - this.#at) throw new CborMistake('more entries than bytes');
    return count;
  }

  #head(major: number, what: string): number {
    const first = this.#byte();
    if (first >> 5 !== major) throw new CborMistake(`${what} was expected`);
    const short = first & 31;
    if (short < 24) return short;
    if (short > 27) throw new CborMistake('a length that CBOR does not have');
    const size = 1 << (short - 24);
    let value = 0;
    for (let index = 0; index < size; index += 1) value = value * 256 + this.#byte();
    const least = size === 1 ? 24 : 256 ** (size / 2);
    if (value < least || value > Number.MAX_SAFE_INTEGER) throw new CborMistake('a length not in short form');
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new CborMistake('an end in the middle');
    this.#at += 1;
    return byte;
  }

  #take(size: number): Uint8Array {
    if (size > this.#bytes.length - this.#at) throw new CborMistake('an end in the middle');
    const taken = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return taken;
  }
}

/** What a lead byte says: its own bits, how many bytes follow, and the least that so many may say. */
const SHAPES = [
  { mask: 0x80, lead: 0x00, more: 0, least: 0 },
  { mask: 0xe0, lead: 0xc0, more: 1, least: 0x80 },
  { mask: 0xf0, lead: 0xe0, more: 2, least: 0x800 },
  { mask: 0xf8, lead: 0xf0, more: 3, least: 0x1_0000 },
] as const;

/** UTF-8, strictly, or `undefined`. A decoder of the platform's would mend mistakes or take a mark at the start away. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const shape = SHAPES.find(({ mask, lead }) => (first & mask) === lead);
    if (shape === undefined || at + shape.more >= bytes.length) return undefined;
    let code = first & ~shape.mask & 0xff;
    for (let index = 1; index <= shape.more; index += 1) {
      const byte = bytes[at + index] ?? 0;
      if ((byte & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (byte & 0x3f);
    }
    if (code < shape.least || code > 0x10_ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    text += String.fromCodePoint(code);
    at += 1 + shape.more;
  }
  return text;
}
