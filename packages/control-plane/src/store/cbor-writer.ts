/**
 * Deterministic CBOR for what is written most: the protocol's `encodeCbor` builds a tree of tokens first, which
 * costs more than everything else in a commit. The bytes are the same; a property test holds them to it.
 * Writes into one growing buffer; digests go from hex to bytes on the way.
 */
import { type CborValue, type Digest, encodeCbor } from '@trine/protocol';

const MAJOR = { uint: 0x00, negative: 0x20, bytes: 0x40, text: 0x60, array: 0x80, map: 0xa0 } as const;
const [FALSE, TRUE, NULL] = [0xf4, 0xf5, 0xf6];
const START_BYTES = 4_096;
/** A buffer that one large value grew past this is not kept. */
const KEPT_BYTES = 4_194_304;
const DIGEST_BYTES = 32;

export class CborWriter {
  #buffer = Buffer.allocUnsafe(START_BYTES);
  #at = 0;

  /** Starts anew, whatever an earlier value that could not be written left behind. */
  begin(): void {
    this.#at = 0;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafe(START_BYTES);
  }

  /** What was written since `begin`, as bytes of its own. */
  take(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at));
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
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(value);
    else this.#raw(encodeCbor(value));
  }

  bigint(value: bigint): void {
    if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.#integer(Number(value));
    } else {
      this.#raw(encodeCbor(value));
    }
  }

  bytes(value: Uint8Array): void {
    this.#head(MAJOR.bytes, value.length);
    this.#raw(value);
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.#head(MAJOR.text, size);
    this.#room(size);
    this.#at += this.#buffer.write(value, this.#at, size, 'utf8');
  }

  /** The 32 bytes of a digest. */
  digest(value: Digest): void {
    this.#head(MAJOR.bytes, DIGEST_BYTES);
    this.#room(DIGEST_BYTES);
    this.#at += this.#buffer.write(value, this.#at, DIGEST_BYTES, 'hex');
  }

  /** Any value. Text fields that `isDigest` names are written as the bytes of a digest. */
  value(value: CborValue, isDigest: (field: string) => boolean = never): void {
    if (value === null) this.nothing();
    else if (typeof value === 'string') this.text(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.bigint(value);
    else if (typeof value === 'boolean') this.boolean(value);
    else if (value instanceof Uint8Array) this.bytes(value);
    else if (isList(value)) this.#list(value, isDigest);
    else this.#fields(value, isDigest);
  }

  #list(values: readonly CborValue[], isDigest: (field: string) => boolean): void {
    this.array(values.length);
    for (const value of values) this.value(value, isDigest);
  }

  #fields(
    fields: { readonly [key: string]: CborValue | undefined },
    isDigest: (field: string) => boolean,
  ): void {
    const names = Object.keys(fields).filter((name) => fields[name] !== undefined);
    this.map(names.length);
    for (const name of names.sort(inCborOrder)) {
      const value = fields[name];
      this.text(name);
      if (typeof value === 'string' && isDigest(name)) this.digest(value as Digest);
      else if (value !== undefined) this.value(value, isDigest);
    }
  }

  #integer(value: number): void {
    if (value >= 0) this.#head(MAJOR.uint, value);
    else this.#head(MAJOR.negative, -1 - value);
  }

  #head(major: number, count: number): void {
    this.#room(9);
    if (count < 24) {
      this.#at = this.#buffer.writeUInt8(major | count, this.#at);
    } else if (count < 0x100) {
      this.#at = this.#buffer.writeUInt8(count, this.#buffer.writeUInt8(major | 24, this.#at));
    } else if (count < 0x1_0000) {
      this.#at = this.#buffer.writeUInt16BE(count, this.#buffer.writeUInt8(major | 25, this.#at));
    } else if (count < 0x1_0000_0000) {
      this.#at = this.#buffer.writeUInt32BE(count, this.#buffer.writeUInt8(major | 26, this.#at));
    } else {
      const high = this.#buffer.writeUInt8(major | 27, this.#at);
      const low = this.#buffer.writeUInt32BE(Math.floor(count / 0x1_0000_0000), high);
      this.#at = this.#buffer.writeUInt32BE(count % 0x1_0000_0000, low);
    }
  }

  #byte(value: number): void {
    this.#room(1);
    this.#at = this.#buffer.writeUInt8(value, this.#at);
  }

  #raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #room(size: number): void {
    if (this.#at + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + size));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

const never = (): boolean => false;

const isList = (value: object): value is readonly CborValue[] => Array.isArray(value);

/** Keys by their encoded bytes: shorter first, then by letters. All of ours are ASCII. */
const inCborOrder = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);
