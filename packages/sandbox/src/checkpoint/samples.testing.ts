// Arbitrary checkpoints for this folder's property tests.
import { createHash } from 'node:crypto';
import { digestOf, type Sha256 } from '@trine/protocol';
import { type Arbitrary, array, bigInt, constant, nat, oneof, record, uint8Array } from 'fast-check';
import { type Checkpoint, createCheckpoint, type TableState } from './checkpoint.ts';
import { PAGE_BYTES, type Page } from './pages.ts';

export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** A page of which a few bytes are set. */
const somePage: Arbitrary<Page> = array(record({ at: nat(PAGE_BYTES - 1), byte: nat(254) }), {
  minLength: 1,
  maxLength: 4,
}).map((bytes) => {
  const page = new Uint8Array(PAGE_BYTES);
  for (const { at, byte } of bytes) page[at] = byte + 1;
  return page;
});

export const anyPage: Arbitrary<Page> = oneof(constant(undefined), somePage);

/** Entries as they are stored: nulls at the end left out. */
const someTable: Arbitrary<TableState> = record({
  entries: array(nat(5), { maxLength: 6 }),
  more: nat(3),
}).map(({ entries, more }) => {
  const used = entries.findLastIndex((entry) => entry !== 0) + 1;
  return {
    size: entries.length + more,
    entries: new Uint8Array(Uint32Array.from(entries.slice(0, used)).buffer),
  };
});

const someWords = nat(4).chain((count) => uint8Array({ minLength: count * 8, maxLength: count * 8 }));
const someReferences = nat(3).chain((count) => uint8Array({ minLength: count * 4, maxLength: count * 4 }));

/** Any checkpoint of up to five pages. */
export const anyCheckpoint: Arbitrary<Checkpoint> = record({
  pages: array(anyPage, { maxLength: 5 }),
  fuel: bigInt({ min: 0n, max: 1n << 62n }),
  steps: nat(1_000),
  words: someWords,
  references: someReferences,
  tables: array(someTable, { maxLength: 2 }),
}).map(({ pages, ...state }) =>
  createCheckpoint(
    {
      ...state,
      abi: 'trine-1',
      task: {
        code: { module: digestOf(Uint8Array.of(1)), edition: 'edition' },
        inputDigest: digestOf(Uint8Array.of(2)),
      },
      limits: { fuel: 1n << 62n, memoryBytes: 5 * PAGE_BYTES, outputBytes: 16 },
      pages: pages.length,
    },
    pages,
  ),
);

/** The bytes changed: some flipped, or some left out or put in. */
export function anyMutation(bytes: Uint8Array): Arbitrary<Uint8Array> {
  // Most of a checkpoint is pages: half of the places are drawn from its end, where everything else is.
  const place = oneof(
    nat(bytes.length - 1),
    nat(Math.min(400, bytes.length - 1)).map((back) => bytes.length - 1 - back),
  );
  const flips = array(record({ at: place, by: nat(254) }), { minLength: 1, maxLength: 3 }).map((all) => {
    const changed = bytes.slice();
    for (const { at, by } of all) changed[at] = (changed[at] ?? 0) ^ (by + 1);
    return changed;
  });
  const cuts = record({
    from: place,
    count: oneof(nat(9), constant(PAGE_BYTES)),
    insert: uint8Array({ maxLength: 9 }),
  }).map(({ from, count, insert }) =>
    Uint8Array.from([...bytes.subarray(0, from), ...insert, ...bytes.subarray(from + count)]),
  );
  return oneof({ weight: 9, arbitrary: flips }, { weight: 1, arbitrary: cuts });
}
