// One form for each state, one root for each form; whatever else the bytes are, they are refused.
import { digestFromBytes } from '@trine/protocol';
import { assert, property, uint8Array } from 'fast-check';
import { expect, test } from 'vitest';
import { encodeCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { PAGE_BYTES } from './pages.ts';
import { anyCheckpoint, anyMutation, sha256 } from './samples.testing.ts';
import { hashCheckpoint } from './tree.ts';

function parsed(bytes: Uint8Array) {
  const answer = parseCheckpoint(bytes);
  if (answer.type === 'refused') throw new Error(answer.message);
  return answer.checkpoint;
}

const digest = (bytes: Uint8Array): string => digestFromBytes(sha256(bytes));

test('what is encoded is parsed to the same state, and encodes to the same bytes', () => {
  assert(
    property(anyCheckpoint, (checkpoint) => {
      const bytes = encodeCheckpoint(checkpoint);
      const again = parsed(bytes);
      expect(again.state).toEqual(checkpoint.state);
      expect(digest(encodeCheckpoint(again))).toBe(digest(bytes));
      expect(hashCheckpoint(again, sha256).root).toBe(hashCheckpoint(checkpoint, sha256).root);
    }),
  );
});

test('a page that begins anywhere in memory is read as well', () => {
  assert(
    property(anyCheckpoint, (checkpoint) => {
      const bytes = encodeCheckpoint(checkpoint);
      const shifted = new Uint8Array(bytes.length + 1);
      shifted.set(bytes, 1);
      const { root } = hashCheckpoint(parsed(shifted.subarray(1)), sha256);
      expect(root).toBe(hashCheckpoint(checkpoint, sha256).root);
    }),
  );
});

test('changed bytes are refused or have another root', () => {
  let refused = 0;
  let others = 0;
  assert(
    property(
      anyCheckpoint.chain((checkpoint) =>
        anyMutation(encodeCheckpoint(checkpoint)).map((bytes) => ({ checkpoint, bytes })),
      ),
      ({ checkpoint, bytes }) => {
        const isSame = digest(bytes) === digest(encodeCheckpoint(checkpoint));
        const answer = parseCheckpoint(bytes);
        if (answer.type === 'refused') {
          refused += 1;
          expect(isSame).toBe(false);
          expect(answer.message.length).toBeGreaterThan(20);
          return;
        }
        others += isSame ? 0 : 1;
        const { root } = hashCheckpoint(answer.checkpoint, sha256);
        expect(root === hashCheckpoint(checkpoint, sha256).root).toBe(isSame);
      },
    ),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(50);
  expect(others).toBeGreaterThan(50);
});

test('any bytes at all are refused or parsed, never thrown at', () => {
  assert(
    property(uint8Array({ maxLength: 200 }), (bytes) => {
      expect(parseCheckpoint(bytes).type).toBe('refused');
    }),
  );
});

test('a page of zeros that is carried, and state of another form, are refused', () => {
  const page = new Uint8Array(PAGE_BYTES).fill(1);
  assert(
    property(anyCheckpoint, (checkpoint) => {
      const bytes = encodeCheckpoint({ ...checkpoint, pages: [page, ...checkpoint.pages] });
      expect(parseCheckpoint(bytes)).toMatchObject({ type: 'refused', code: 'checkpoint-malformed' });
      const present = checkpoint.pages.findIndex((one) => one !== undefined);
      if (present < 0) return;
      const zeros = checkpoint.pages.map((one, index) =>
        index === present ? new Uint8Array(PAGE_BYTES) : one,
      );
      expect(parseCheckpoint(encodeCheckpoint({ ...checkpoint, pages: zeros })).type).toBe('refused');
    }),
  );
});
