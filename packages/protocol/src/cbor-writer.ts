/**
 * The one writer of deterministic CBOR (RFC 8949 §4.2), for the wire, for digests and for the store: shortest
 * heads, shortest floats, map keys in the order of their encoded bytes. It writes straight into one growing buffer;
 * a library that builds a tree of tokens first cost more than everything else in a commit.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Digest } from './ids.ts';

export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined };

type Fields = { readonly [key: string]: CborValue | undefined };

const MAJOR = { uint: 0x00, negative: 0x20, bytes: 0x40, text: 0x60, array: 0x80, map: 0xa0 } as const;
const [FALSE, TRUE, NULL, HALF, SINGLE, DOUBLE] = [0xf4, 0xf5, 0xf6, 0xf9, 0xfa, 0xfb];
const HEAD_BYTES_MAX = 9;
const START_BYTES = 4_096;
/** A buffer that one large value grew past this is not kept. */
const KEPT_BYTES = 4_194_304;
const DIGEST_BYTES = 32;
/** Up to here a loop over the characters beats the platform's encoder. */
const SHORT_TEXT = 96;
/** Encoded names kept; strangers' fields may be among them, so the table is emptied when it is full. */
const NAMES_KEPT = 1_024;
/** A map of more fields is none of ours: its names are not worth keeping. */
const OWN_FIELDS_MAX = 64;

export class CborWriter {
  #buffer = new Uint8Array(START_BYTES);
  #at = 0;

  /** Starts anew, whatever an earlier value that could not be written left behind. */
  begin(): void {
    this.#at = 0;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = new Uint8Array(START_BYTES);
  }

  /** What was written since `begin`, as bytes of its own. */
  take(): Uint8Array {
    return this.#buffer.slice(0, this.#at);
  }

  /** What was written since `begin`, for a reader that is done with it before the next `begin`. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  /** Announces an array of `count` items: they are written next. */
  array(count: number): void {
    this.#head(MAJOR.array, count);
  }

  /** Announces a map of `count` entries: keys and values are written next, keys in CBOR's order. */
  map(count: number): void {
    this.#head(MAJOR.map, count);
  }

  nothing(): void {
    this.#byte(NULL);
  }

  boolean(value: boolean): void {
    this.#byte(value ? TRUE : FALSE);
  }

  number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.#float(value);
    else if (value >= 0) this.#head(MAJOR.uint, value);
    else this.#head(MAJOR.negative, -1 - value);
  }

  bigint(value: bigint): void {
    if (value >= SAFE_MIN && value <= SAFE_MAX) return this.number(Number(value));
    const count = value < 0n ? -1n - value : value;
    if (count >= 1n << 64n) throw new RangeError('CBOR integers have 64 bits.');
    this.#byte((value < 0n ? MAJOR.negative : MAJOR.uint) | 27);
    this.#uint32(Number(count >> 32n));
    this.#uint32(Number(count & 0xffff_ffffn));
  }

  bytes(value: Uint8Array): void {
    this.#head(MAJOR.bytes, value.length);
    this.raw(value);
  }

  text(value: string): void {
    if (value.length > SHORT_TEXT || !this.#shortText(value)) {
      const bytes = utf8ToBytes(value);
      this.#head(MAJOR.text, bytes.length);
      this.raw(bytes);
    }
  }

  /** The 32 bytes of a digest. */
  digest(value: Digest): void {
    if (value.length !== 2 * DIGEST_BYTES) throw new TypeError('A digest has 64 hex characters.');
    this.#head(MAJOR.bytes, DIGEST_BYTES);
    this.#room(DIGEST_BYTES);
    const [buffer, at] = [this.#buffer, this.#at];
    let all = 0;
    for (let i = 0; i < DIGEST_BYTES; i += 1) {
      const byte = (nibble(value.charCodeAt(2 * i)) << 4) | nibble(value.charCodeAt(2 * i + 1));
      all |= byte;
      buffer[at + i] = byte;
    }
    // A character that is no hex digit is −1, whose sign bit survives every shift and or.
    if (all < 0) throw new TypeError('A digest has 64 hex characters.');
    this.#at = at + DIGEST_BYTES;
  }

  /** One item that is encoded already. */
  raw(item: Uint8Array): void {
    this.#room(item.length);
    this.#buffer.set(item, this.#at);
    this.#at += item.length;
  }

  /** A key of a map, from `encodedName`. */
  name(encoded: Uint8Array): void {
    this.#room(encoded.length);
    // Names are short: a loop is quicker than `set`.
    for (const byte of encoded) {
      this.#buffer[this.#at] = byte;
      this.#at += 1;
    }
  }

  /**
   * Any value; fields that are `undefined` are left out. Text in fields that `isDigest` names is written as the
   * bytes of a digest. Throws on what CBOR cannot say: a bug.
   */
  value(value: CborValue, isDigest: (field: string) => boolean = never): void {
    if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.bigint(value);
    else if (typeof value === 'boolean') this.boolean(value);
    else if (value === null) this.nothing();
    else if (typeof value !== 'object') throw new TypeError(`CBOR cannot say ${typeof value}.`);
    else if (value instanceof Uint8Array) this.bytes(value);
    else if (isList(value)) this.#list(value, isDigest);
    else this.#fields(value, isDigest);
  }

  #list(values: readonly CborValue[], isDigest: (field: string) => boolean): void {
    this.array(values.length);
    for (const value of values) this.value(value, isDigest);
  }

  #fields(fields: Fields, isDigest: (field: string) => boolean): void {
    const entries = entriesInOrder(fields);
    this.map(entries.length);
    for (const { name, encoded } of entries) {
      const value = fields[name];
      this.name(encoded);
      if (typeof value === 'string' && isDigest(name)) this.digest(value as Digest);
      else if (value !== undefined) this.value(value, isDigest);
    }
  }

  /** Writes text of one byte a character; answers false, with nothing written, for any other. */
  #shortText(value: string): boolean {
    const { length } = value;
    const start = this.#at;
    this.#head(MAJOR.text, length);
    this.#room(length);
    const [buffer, at] = [this.#buffer, this.#at];
    for (let i = 0; i < length; i += 1) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.#at = start;
        return false;
      }
      buffer[at + i] = code;
    }
    this.#at = at + length;
    return true;
  }

  /** The shortest of half, single and double precision that says exactly this number. */
  #float(value: number): void {
    FLOAT.setFloat32(0, value);
    const bits = FLOAT.getUint32(0);
    const half = halfOf(bits);
    if (Number.isNaN(value)) this.#halfFloat(0x7e00);
    else if (FLOAT.getFloat32(0) !== value) {
      FLOAT.setFloat64(0, value);
      this.#byte(DOUBLE);
      this.#uint32(FLOAT.getUint32(0));
      this.#uint32(FLOAT.getUint32(4));
    } else if (half === undefined) {
      this.#byte(SINGLE);
      this.#uint32(bits);
    } else {
      this.#halfFloat(half);
    }
  }

  #halfFloat(half: number): void {
    this.#byte(HALF);
    this.#byte(half >>> 8);
    this.#byte(half & 0xff);
  }

  #head(major: number, count: number): void {
    this.#room(HEAD_BYTES_MAX);
    if (count < 24) return this.#byte(major | count);
    if (count < 0x100) {
      this.#byte(major | 24);
      this.#byte(count);
    } else if (count < 0x1_0000) {
      this.#byte(major | 25);
      this.#byte(count >>> 8);
      this.#byte(count & 0xff);
    } else if (count < 0x1_0000_0000) {
      this.#byte(major | 26);
      this.#uint32(count);
    } else {
      this.#byte(major | 27);
      this.#uint32(Math.floor(count / 0x1_0000_0000));
      this.#uint32(count % 0x1_0000_0000);
    }
  }

  #uint32(value: number): void {
    this.#byte(value >>> 24);
    this.#byte((value >>> 16) & 0xff);
    this.#byte((value >>> 8) & 0xff);
    this.#byte(value & 0xff);
  }

  #byte(value: number): void {
    if (this.#at === this.#buffer.length) this.#room(1);
    this.#buffer[this.#at] = value;
    this.#at += 1;
  }

  #room(size: number): void {
    if (this.#at + size <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#at + size));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

const SAFE_MIN = BigInt(Number.MIN_SAFE_INTEGER);
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const FLOAT = new DataView(new ArrayBuffer(8));

const never = (): boolean => false;

const isList = (value: object): value is readonly CborValue[] => Array.isArray(value);

interface Name {
  readonly name: string;
  readonly encoded: Uint8Array;
}

const names = new Map<string, Name>();

function nameOf(name: string): Name {
  const known = names.get(name);
  if (known !== undefined) return known;
  if (names.size >= NAMES_KEPT) names.clear();
  const made = newName(name);
  names.set(name, made);
  return made;
}

const newName = (name: string): Name => ({ name, encoded: encodedName(name) });

/** The bytes of a map's key: its head, then its UTF-8. */
export function encodedName(name: string): Uint8Array {
  nameWriter.begin();
  nameWriter.text(name);
  return nameWriter.take();
}

const nameWriter = new CborWriter();

/** Which of two encoded keys comes first: bytewise, and since the head holds the length, shorter ones first. */
export function inCborOrder(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Fields that have a value, by their encoded names. Our own are mostly in order; a stranger's may be many and not. */
function entriesInOrder(fields: Fields): readonly Name[] {
  const entries: Name[] = [];
  let isOrdered = true;
  const keys = Object.keys(fields);
  const named = keys.length > OWN_FIELDS_MAX ? newName : nameOf;
  for (const key of keys) {
    if (fields[key] === undefined) continue;
    const entry = named(key);
    const before = entries.at(-1);
    if (before !== undefined && inCborOrder(before.encoded, entry.encoded) > 0) isOrdered = false;
    entries.push(entry);
  }
  return isOrdered ? entries : entries.sort((a, b) => inCborOrder(a.encoded, b.encoded));
}

/** Values of the hex digits by their character codes, −1 for all others: a look-up is quicker than to compare. */
const NIBBLES = Int8Array.from({ length: 128 }, (_, code) => '0123456789abcdef'.indexOf(hexDigit(code)));

function hexDigit(code: number): string {
  const character = String.fromCharCode(code);
  return character >= 'A' && character <= 'F' ? character.toLowerCase() : character;
}

const nibble = (code: number): number => NIBBLES[code] ?? -1;

/** The half-precision bits of a number given in single precision, or `undefined` where half cannot say it. */
function halfOf(bits: number): number | undefined {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = bits & 0x7f_ffff;
  if (exponent === -127) return fraction === 0 ? sign : undefined;
  if (exponent === 128) return sign | 0x7c00;
  // Below 2^−14 halves are subnormal: no hidden bit, and one bit less of the fraction for each power of two.
  const dropped = exponent >= -14 ? 13 : -1 - exponent;
  if (exponent > 15 || dropped > 23) return undefined;
  const whole = exponent >= -14 ? fraction : fraction | 0x80_0000;
  if ((whole & ((1 << dropped) - 1)) !== 0) return undefined;
  return sign | (exponent >= -14 ? (exponent + 15) << 10 : 0) | (whole >>> dropped);
}
