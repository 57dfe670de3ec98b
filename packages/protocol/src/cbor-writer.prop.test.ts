/** The writer against a library as oracle, and against the examples of the standard. */
import { encode, rfc8949EncodeOptions } from 'cborg';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CborWriter } from './cbor-writer.ts';
import { type CborValue, decodeCbor, digestOf, digestToBytes, encodeCbor } from './index.ts';

const oracle = (value: unknown): Uint8Array =>
  Uint8Array.from(encode(value, { ...rfc8949EncodeOptions, ignoreUndefinedProperties: true }));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Any UTF-16, lone surrogates included. */
const anyText = fc.array(fc.nat(0xffff), { maxLength: 140 }).map((codes) => String.fromCharCode(...codes));
const text = fc.oneof(fc.string({ maxLength: 140 }), fc.string({ unit: 'grapheme' }), anyText);
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'z', 'A', 'Z', '0', '_'), maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constant('__proto__'),
);
/** The oracle writes subnormal halves of more than one bit as singles; RFC 8949 wants the shorter form. */
const isOddSubnormal = (value: number): boolean =>
  Math.abs(value) < 2 ** -14 && Number.isInteger(value * 2 ** 24);
const { value } = fc.letrec<{ readonly value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.double().filter((number) => !isOddSubnormal(number)),
    fc.float().filter((number) => !isOddSubnormal(number)),
    fc.integer({ min: -2_048, max: 2_048 }).map((number) => number / 32),
    fc.bigInt({ min: -(1n << 64n), max: (1n << 64n) - 1n }),
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value')),
    fc.dictionary(name, fc.option(tie('value'), { nil: undefined })),
  ),
}));

describe('CborWriter', () => {
  test('writes the bytes of the oracle, whatever was written before', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(hex(encodeCbor(one))).toBe(hex(oracle(one)));
      }),
      { numRuns: 5_000 },
    );
  });

  test('writes what decodes to the same and encodes to the same again', () => {
    fc.assert(
      fc.property(value, (one) => {
        const bytes = encodeCbor(one);
        const decoded = decodeCbor(bytes);
        if (decoded !== undefined) expect(hex(encodeCbor(decoded.value as CborValue))).toBe(hex(bytes));
      }),
    );
  });

  test('orders keys by their encoded bytes, not by their characters', () => {
    const keys = ['b', 'aa', 'é', 'z', '\u{10000}', '\uffff', ''];
    const fields = Object.fromEntries(keys.map((key, index) => [key, index]));
    expect(hex(encodeCbor(fields))).toBe(hex(oracle(fields)));
  });

  test('orders a map of more names than it remembers, given backwards', () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `later${index}`);
    const backwards = Object.fromEntries(names.toReversed().map((key) => [key, 1]));
    expect(hex(encodeCbor(backwards))).toBe(hex(oracle(backwards)));
  });

  // RFC 8949, appendix A.
  test.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [1_000_000_000_000, '1b000000e8d4a51000'],
    [18_446_744_073_709_551_615n, '1bffffffffffffffff'],
    [-18_446_744_073_709_551_616n, '3bffffffffffffffff'],
    [-1_000, '3903e7'],
    [-0, 'f98000'],
    [1.5, 'f93e00'],
    [100_000.5, 'fa47c35040'],
    [3.402_823_466_385_288_6e38, 'fa7f7fffff'],
    [1e300, 'fb7e37e43c8800759c'],
    [5.960_464_477_539_063e-8, 'f90001'],
    [3 * 2 ** -24, 'f90003'],
    [1_023 * 2 ** -24, 'f903ff'],
    [0.000_061_035_156_25, 'f90400'],
    [2 ** -25, 'fa33000000'],
    [-4.1, 'fbc010666666666666'],
    [Number.POSITIVE_INFINITY, 'f97c00'],
    [Number.NaN, 'f97e00'],
    ['\ud800', '63efbfbd'],
  ] as const)('writes %s as the standard does', (one, bytes) => {
    expect(hex(encodeCbor(one))).toBe(bytes);
  });

  test('writes digests as bytes and keeps them while the buffer grows', () => {
    const writer = new CborWriter();
    const digest = digestOf(new Uint8Array([1]));
    const long = new Uint8Array(100_000).fill(7);
    writer.begin();
    writer.value({ digest, text: digest, long, list: [{ digest }] }, (field) => field === 'digest');
    const bytes = digestToBytes(digest);
    expect(hex(writer.take())).toBe(
      hex(oracle({ digest: bytes, text: digest, long, list: [{ digest: bytes }] })),
    );
  });

  test('refuses what is no digest, and what CBOR cannot say', () => {
    const writer = new CborWriter();
    for (const wrong of ['ab', 'g'.repeat(64), `${'0'.repeat(63)}é`, `${'0'.repeat(63)}/`]) {
      expect(() => writer.digest(wrong as ReturnType<typeof digestOf>)).toThrow('64 hex');
    }
    for (const wrong of [undefined, [undefined], () => 1, Symbol('x'), 1n << 64n]) {
      expect(() => encodeCbor(wrong as never)).toThrow();
    }
    expect(hex(encodeCbor([1]))).toBe('8101');
  });
});
