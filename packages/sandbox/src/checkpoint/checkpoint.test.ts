// One checkpoint written down byte for byte, so that its form cannot change unnoticed; and bytes made to hurt.
import { decodeCbor, digestFromBytes, digestOf } from '@trine/protocol';
import { expect, test } from 'vitest';
import { CHECKPOINT_BYTES_MAX, CHECKPOINT_STATE_BYTES_MAX } from '../limits.ts';
import { createCheckpoint, encodeCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { PAGE_BYTES } from './pages.ts';
import { sha256 } from './samples.testing.ts';
import { hashCheckpoint } from './tree.ts';

const MAGIC = new TextEncoder().encode('TRINE-C1');
const [MODULE, INPUT] = [digestOf(Uint8Array.of(1)), digestOf(Uint8Array.of(2))];

/** Three pages, the one in the middle all zeros. */
const EXAMPLE = createCheckpoint(
  {
    abi: 'trine-1',
    task: { code: { module: MODULE, edition: 'edition' }, inputDigest: INPUT },
    limits: { fuel: 1_000_000_000_000_000_000n, memoryBytes: 1_048_576, outputBytes: 16 },
    fuel: 4_096n,
    steps: 3,
    pages: 3,
    words: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    references: Uint8Array.of(2, 0, 0, 0),
    tables: [{ size: 9, entries: Uint8Array.of(1, 0, 0, 0) }],
  },
  [new Uint8Array(PAGE_BYTES).fill(1), undefined, new Uint8Array(PAGE_BYTES).fill(2)],
);

test('a checkpoint is its pages, its state, the state’s length and eight letters', () => {
  const bytes = encodeCheckpoint(EXAMPLE);
  const { stateBytes } = EXAMPLE;
  expect(bytes.length).toBe(2 * PAGE_BYTES + stateBytes.length + 12);
  expect(bytes[0]).toBe(1);
  expect(bytes[PAGE_BYTES]).toBe(2);
  expect(bytes.subarray(-8)).toEqual(MAGIC);
  expect(new DataView(bytes.buffer).getUint32(bytes.length - 12)).toBe(stateBytes.length);
  expect(decodeCbor(stateBytes)?.value).toEqual({
    version: 'trine/checkpoint/1',
    abi: 'trine-1',
    module: Uint8Array.from(Buffer.from(MODULE, 'hex')),
    edition: 'edition',
    input: Uint8Array.from(Buffer.from(INPUT, 'hex')),
    limits: { fuel: 1_000_000_000_000_000_000n, memoryBytes: 1_048_576, outputBytes: 16 },
    fuel: 4_096,
    steps: 3,
    pages: 3,
    present: Uint8Array.of(0b101),
    words: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    references: Uint8Array.of(2, 0, 0, 0),
    tables: [[9, Uint8Array.of(1, 0, 0, 0)]],
  });
});

test('version 1 stays as it is', () => {
  expect({
    bytes: digestFromBytes(sha256(encodeCheckpoint(EXAMPLE))),
    root: hashCheckpoint(EXAMPLE, sha256).root,
  }).toEqual({
    bytes: '17ae5b415eaf52e5078886ce4eee52bc099d8e60710bab68ff71436e4aceacc9',
    root: 'b063cee1e2b9cafcc0fab15325dcbc6e343dd11b9d4d3ab5dedadcaafe0a0c48',
  });
});

function withState(state: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(state.length + 12);
  bytes.set(state);
  new DataView(bytes.buffer).setUint32(state.length, state.length);
  bytes.set(MAGIC, state.length + 4);
  return bytes;
}

test('bytes made to hurt are refused', () => {
  const deep = new Uint8Array(2_000_000).fill(0x81);
  const wide = new Uint8Array(2_000_000);
  wide.set([0x9a, 0, 0x1e, 0x84, 0x7b]);
  const cases = {
    'nested two million deep': withState(deep),
    'an array of two million zeros': withState(wide),
    'a string longer than the bytes': withState(Uint8Array.of(0x5b, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff)),
    'an empty state': withState(new Uint8Array(0)),
    'a state over its limit': withState(new Uint8Array(CHECKPOINT_STATE_BYTES_MAX + 1)),
    'a state of another kind': withState(Uint8Array.of(0xa0)),
    'nothing but an end': Uint8Array.of(0xff, 0xff, 0xff, 0xff, ...MAGIC),
    'no bytes': new Uint8Array(0),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    expect(parseCheckpoint(bytes), name).toMatchObject({ type: 'refused', code: 'checkpoint-malformed' });
  }
  const large = parseCheckpoint(new Uint8Array(CHECKPOINT_BYTES_MAX + 1));
  expect(large).toMatchObject({ type: 'refused', code: 'checkpoint-too-large' });
});

test('fields that no run has are refused', () => {
  const { state, pages } = EXAMPLE;
  const wrong: readonly object[] = [
    { fuel: state.limits.fuel + 1n },
    { words: new Uint8Array(7) },
    { references: new Uint8Array(3) },
    { tables: [{ size: 0, entries: Uint8Array.of(1, 0, 0, 0) }] },
    { tables: [{ size: 2, entries: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }] },
    { tables: [{ size: 2, entries: Uint8Array.of(1, 0, 0) }] },
    { abi: 'trine-9' },
    { pages: 12 },
    { pages: 2 },
    { steps: -1 },
    { steps: 0.5 },
  ];
  for (const change of wrong) {
    const bytes = encodeCheckpoint(createCheckpoint({ ...state, ...change }, pages));
    expect(parseCheckpoint(bytes), JSON.stringify(Object.keys(change))).toMatchObject({ type: 'refused' });
  }
});
