// Reads the primitive encodings of a WebAssembly binary, strictly: every malformed byte is a refusal.

import { assertLimit, refuse } from './refusals.ts';
import { NAME_BYTES_MAX } from './limits.ts';

/** A position in bytes that never reads at or past `end`. */
export class Reader {
  readonly bytes: Uint8Array;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, position: number, end: number) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  u8(): number {
    if (this.position >= this.end) {
      this.truncated();
    }
    return this.bytes[this.position++] ?? 0;
  }

  /** Moves over `count` bytes. */
  skip(count: number): void {
    if (count > this.end - this.position) {
      this.truncated();
    }
    this.position += count;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const at = this.position;
    const first = this.bytes[at] ?? 0x80;
    if (first < 0x80 && at < this.end) {
      this.position = at + 1;
      return first;
    }
    const second = this.bytes[at + 1] ?? 0x80;
    if (second < 0x80 && at + 1 < this.end) {
      this.position = at + 2;
      return (first & 0x7f) | (second << 7);
    }
    return this.longU32();
  }

  /** A signed LEB128 of at most 32 bits. */
  s32(): number {
    const start = this.position;
    const first = this.bytes[start] ?? 0x80;
    if (first < 0x80 && start < this.end) {
      this.position = start + 1;
      return (first << 25) >> 25;
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift === 28) {
          this.checkLastByte(start, byte, 0x78);
        }
        return shift < 28 && (byte & 0x40) !== 0 ? value | (-1 << (shift + 7)) : value;
      }
    }
    return refuse('malformed', start, 'A 32-bit number is encoded in more than five bytes.');
  }

  /** A signed 33-bit LEB128, the encoding of block types. Exact: 33 bits fit a double. */
  s33(): number {
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (shift === 28) {
          this.checkLastByte(start, byte, 0x70);
        }
        return (byte & 0x40) === 0 ? value : value - 2 ** (shift + 7);
      }
    }
    return refuse('malformed', start, 'A 33-bit number is encoded in more than five bytes.');
  }

  /** A signed LEB128 of at most 64 bits. */
  s64(): bigint {
    const start = this.position;
    this.skipS64();
    let value = 0n;
    for (let at = this.position - 1; at >= start; at--) {
      value = (value << 7n) | BigInt((this.bytes[at] ?? 0) & 0x7f);
    }
    return BigInt.asIntN(Math.min(64, (this.position - start) * 7), value);
  }

  /** Moves over a signed LEB128 of at most 64 bits: constants of bodies are copied, never computed with. */
  skipS64(): void {
    const start = this.position;
    for (let count = 1; count <= 10; count++) {
      const byte = this.u8();
      if (byte < 0x80) {
        if (count === 10) {
          this.checkLastByte(start, byte, 0x7f);
        }
        return;
      }
    }
    refuse('malformed', start, 'A 64-bit number is encoded in more than ten bytes.');
  }

  /** A name: a length and that many bytes of UTF-8. */
  name(): string {
    const start = this.position;
    const length = this.u32();
    assertLimit('name-bytes', length, NAME_BYTES_MAX, start);
    const from = this.position;
    this.skip(length);
    return decodeUtf8(this.bytes, from, this.position);
  }

  private longU32(): number {
    const start = this.position;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) {
          refuse('malformed', start, 'A 32-bit number has bits beyond the 32nd.');
        }
        return value;
      }
    }
    return refuse('malformed', start, 'A 32-bit number is encoded in more than five bytes.');
  }

  // In the longest form of a signed number all bits from its sign bit on must agree.
  private checkLastByte(start: number, byte: number, signBits: number): void {
    const bits = byte & signBits;
    if (bits !== 0 && bits !== signBits) {
      refuse('malformed', start, 'A signed number has bits beyond its width.');
    }
  }

  private truncated(): never {
    return refuse('malformed', this.position, 'The module ends in the middle of something.');
  }
}

// UTF-8 by hand: the pure packages have no TextDecoder, and the standard wants surrogates and overlong
// forms refused.
function decodeUtf8(bytes: Uint8Array, from: number, to: number): string {
  let position = from;
  while (position < to && (bytes[position] ?? 0) < 0x80) {
    position += 1;
  }
  // At once, because a string that grows letter by letter takes thirty bytes for each.
  let text = String.fromCharCode(...bytes.subarray(from, position));
  while (position < to) {
    const first = bytes[position] ?? 0;
    const length = utf8Length(first);
    if (length === 0 || position + length > to) {
      refuse('malformed', position, 'A name is not valid UTF-8.');
    }
    text += String.fromCodePoint(length === 1 ? first : decodeSequence(bytes, position, length));
    position += length;
  }
  return text;
}

function utf8Length(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function decodeSequence(bytes: Uint8Array, position: number, length: number): number {
  let point = (bytes[position] ?? 0) & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    const byte = bytes[position + index] ?? 0;
    if ((byte & 0xc0) !== 0x80) {
      refuse('malformed', position, 'A name is not valid UTF-8.');
    }
    point = point * 64 + (byte & 0x3f);
  }
  const smallest = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
  if (point < smallest || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
    refuse('malformed', position, 'A name is not valid UTF-8.');
  }
  return point;
}
