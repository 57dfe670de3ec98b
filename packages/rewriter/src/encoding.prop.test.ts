import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Reader } from './reader.ts';
import { Refusal } from './refusals.ts';
import { Writer } from './writer.ts';

function readerOf(bytes: Uint8Array): Reader {
  return new Reader(bytes, 0, bytes.length);
}

describe('numbers', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.integer(), (unsigned, signed) => {
        const out = new Writer(1);
        out.u32(unsigned);
        out.s32(signed);
        out.s32(signed);
        const reader = readerOf(out.toBytes());
        expect([reader.u32(), reader.s32(), reader.s33()]).toEqual([unsigned, signed, signed]);
        expect(reader.position).toBe(reader.end);
      }),
    );
  });

  it('may be padded, but not beyond their width', () => {
    expect(readerOf(Uint8Array.of(0x83, 0x80, 0x80, 0x80, 0x00)).u32()).toBe(3);
    expect(() => readerOf(Uint8Array.of(0x83, 0x80, 0x80, 0x80, 0x80, 0x00)).u32()).toThrow(Refusal);
    expect(() => readerOf(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f)).u32()).toThrow(Refusal);
    expect(readerOf(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f)).s32()).toBe(-1);
    expect(() => readerOf(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x4f)).s32()).toThrow(Refusal);
    expect(() => readerOf(new Uint8Array(11).fill(0x80)).skipS64()).toThrow(Refusal);
  });
});

describe('names', () => {
  const nameOf = (bytes: Uint8Array): string => readerOf(Uint8Array.of(bytes.length, ...bytes)).name();

  it('are UTF-8, read as a strict decoder reads them', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let expected: string | undefined;
        try {
          expected = strict.decode(bytes);
        } catch {
          expected = undefined;
        }
        if (expected === undefined) {
          expect(() => nameOf(bytes)).toThrow(Refusal);
        } else {
          expect(nameOf(bytes)).toBe(expected);
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        expect(nameOf(new TextEncoder().encode(text))).toBe(text);
      }),
    );
  });
});

describe('the end of the bytes', () => {
  it('is never passed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 8 }),
        fc.constantFrom('u32', 's32', 's33', 'skipS64', 'name'),
        (bytes, read) => {
          const reader = readerOf(bytes);
          try {
            reader[read]();
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal);
          }
          expect(reader.position).toBeLessThanOrEqual(bytes.length);
        },
      ),
    );
  });
});
