/** The fast writer and the protocol's encoder say the same bytes. */
import { type CborValue, digestOf, digestToBytes, encodeCbor } from '@trine/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CborWriter } from './cbor-writer.ts';

const name = fc.string({ unit: fc.constantFrom('a', 'b', 'z', 'A', 'Z', '0', '_'), maxLength: 30 });
const { value } = fc.letrec<{ readonly value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value')),
    fc.dictionary(name, fc.option(tie('value'), { nil: undefined })),
  ),
}));

test('the bytes are those of encodeCbor, whatever was written before', () => {
  const writer = new CborWriter();
  fc.assert(
    fc.property(value, (one) => {
      writer.begin();
      writer.value(one);
      expect(writer.take()).toEqual(Uint8Array.from(encodeCbor(one)));
    }),
    { numRuns: 2_000 },
  );
});

test('digests and long values grow the buffer and keep their bytes', () => {
  const writer = new CborWriter();
  const digest = digestOf(new Uint8Array([1]));
  const long = new Uint8Array(100_000).fill(7);
  writer.begin();
  writer.value({ digest, text: digest, long, list: [{ digest }] }, (field) => field === 'digest');
  const bytes = digestToBytes(digest);
  const same = { digest: bytes, text: digest, long, list: [{ digest: bytes }] };
  expect(writer.take()).toEqual(Uint8Array.from(encodeCbor(same)));
});
