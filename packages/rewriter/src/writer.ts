// Writes the primitive encodings of a WebAssembly binary into bytes that grow.

import { PREPARED_BYTES_MAX } from './limits.ts';
import { assertLimit } from './refusals.ts';

// Below this many bytes a loop copies faster than making a view for `set`.
const LOOP_COPY_BYTES_MAX = 64;

/** An append-only byte buffer. `clear` keeps the memory for the next use. */
export class Writer {
  private bytes: Uint8Array;
  private used = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.used;
  }

  clear(): void {
    this.used = 0;
  }

  /** What was written: a copy, unless the capacity was just right. */
  toBytes(): Uint8Array {
    return this.used === this.bytes.length ? this.bytes : this.bytes.slice(0, this.used);
  }

  u8(byte: number): void {
    this.reserve(1);
    this.bytes[this.used++] = byte;
  }

  u32(value: number): void {
    this.reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.bytes[this.used++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.used++] = rest;
  }

  /** Leaves room for a size, as it would take for `guess`, and returns the mark that `endSized` wants. */
  beginSized(guess: number): number {
    this.reserve(5);
    this.used += lengthOfU32(guess);
    return this.used;
  }

  /** Writes the size of all that came since the mark before it, moving it when the guess was wrong. */
  endSized(mark: number, guess: number): void {
    const size = this.used - mark;
    const begin = mark - lengthOfU32(guess);
    const start = begin + lengthOfU32(size);
    if (start !== mark) {
      this.reserve(5);
      this.bytes.copyWithin(start, mark, this.used);
    }
    this.used = begin;
    this.u32(size);
    this.used = start + size;
  }

  /** A signed LEB128; 32 bits are enough for every constant the rewriter adds. */
  s32(value: number): void {
    this.reserve(5);
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.bytes[this.used++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.bytes[this.used++] = rest & 0x7f;
  }

  /** A signed LEB128 of 64 bits. */
  s64(value: bigint): void {
    let rest = value;
    while (rest < -64n || rest > 63n) {
      this.u8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.u8(Number(rest & 0x7fn));
  }

  /** Opcodes and other ready bytes. */
  raw(...bytes: readonly number[]): void {
    for (const byte of bytes) {
      this.u8(byte);
    }
  }

  copy(source: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.reserve(count);
    const { bytes } = this;
    let at = this.used;
    if (count > LOOP_COPY_BYTES_MAX) {
      bytes.set(source.subarray(from, to), at);
    } else {
      for (let index = from; index < to; index++) {
        bytes[at++] = source[index] ?? 0;
      }
    }
    this.used += count;
  }

  append(other: Writer): void {
    this.copy(other.bytes, 0, other.used);
  }

  /** A name of ASCII characters with its length: all names the rewriter adds are. */
  asciiName(name: string): void {
    this.u32(name.length);
    for (let index = 0; index < name.length; index++) {
      this.u8(name.charCodeAt(index));
    }
  }

  private reserve(count: number): void {
    const needed = this.used + count;
    if (needed <= this.bytes.length) {
      return;
    }
    assertLimit('prepared-bytes', needed, PREPARED_BYTES_MAX, 0);
    const larger = new Uint8Array(Math.min(Math.max(needed, this.bytes.length * 2), PREPARED_BYTES_MAX));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}

/** Bytes that an unsigned LEB128 takes. */
export function lengthOfU32(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) {
    length += 1;
  }
  return length;
}
