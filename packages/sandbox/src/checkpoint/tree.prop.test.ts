// The root against an independent reading of its definition, proofs of single pages, and deltas.
import { createHash } from 'node:crypto';
import { assert, type Arbitrary, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { createCheckpoint, encodeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { applyDelta, encodeDelta } from './delta.ts';
import { PAGE_BYTES, type Page } from './pages.ts';
import { anyCheckpoint, anyMutation, anyPage, sha256 } from './samples.testing.ts';
import { hashCheckpoint, isPageOf, isStateOf, proveLeaf } from './tree.ts';

const hash = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

/** The definition, top down: a tree over n leaves splits at the largest power of two below n. */
function rootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return hash(
    Uint8Array.of(1),
    rootByDefinition(leaves.slice(0, half)),
    rootByDefinition(leaves.slice(half)),
  );
}

function leavesByDefinition({ stateBytes, pages }: Checkpoint): Uint8Array[] {
  const pageLeaf = (page: Page, index: number): Uint8Array => {
    const place = Buffer.alloc(4);
    place.writeUInt32BE(index);
    return hash(Uint8Array.of(3), place, hash(page ?? new Uint8Array(PAGE_BYTES)));
  };
  return [hash(Uint8Array.of(2), stateBytes), ...pages.map(pageLeaf)];
}

/** A checkpoint, and a later one of the same task: some pages changed, added or cleared. */
const twoCheckpoints: Arbitrary<readonly [Checkpoint, Checkpoint]> = anyCheckpoint.chain((base) =>
  tuple(nat(6), anyPage, nat(3)).map(([at, page, growth]) => {
    const pages = [...base.pages, ...Array.from({ length: growth }, () => undefined)];
    if (pages.length > 0) pages[at % pages.length] = page;
    const state = { ...base.state, steps: base.state.steps + 1, pages: pages.length };
    return [base, createCheckpoint(state, pages)];
  }),
);

test('the root is that of the definition', () => {
  assert(
    property(anyCheckpoint, (checkpoint) => {
      const { root } = hashCheckpoint(checkpoint, sha256);
      expect(root).toBe(Buffer.from(rootByDefinition(leavesByDefinition(checkpoint))).toString('hex'));
    }),
  );
});

test('what is known of an earlier checkpoint saves hashing and changes no root', () => {
  assert(
    property(twoCheckpoints, ([base, next]) => {
      const before = hashCheckpoint(base, sha256);
      let pagesHashed = 0;
      const counting = (bytes: Uint8Array): Uint8Array => {
        pagesHashed += bytes.length === PAGE_BYTES ? 1 : 0;
        return sha256(bytes);
      };
      expect(hashCheckpoint(next, counting, before).root).toBe(hashCheckpoint(next, sha256).root);
      expect(pagesHashed).toBeLessThanOrEqual(1);
    }),
  );
});

test('every page and the state are proved; nothing else passes for them', () => {
  assert(
    property(anyCheckpoint, nat(), (checkpoint, seed) => {
      const tree = hashCheckpoint(checkpoint, sha256);
      const { root } = tree;
      const forState = proveLeaf(tree, 0, sha256);
      expect(isStateOf(root, checkpoint.stateBytes, { proof: forState, sha256 })).toBe(true);
      expect(isStateOf(root, checkpoint.stateBytes.subarray(1), { proof: forState, sha256 })).toBe(false);
      expect(isPageOf(root, undefined, { proof: forState, sha256 })).toBe(false);
      for (const [index, page] of checkpoint.pages.entries()) {
        const proof = proveLeaf(tree, index + 1, sha256);
        expect(isPageOf(root, page, { proof, sha256 })).toBe(true);
        const other = page === undefined ? new Uint8Array(PAGE_BYTES).fill(1) : undefined;
        expect(isPageOf(root, other, { proof, sha256 })).toBe(false);
        expect(isPageOf(root, page, { proof: { ...proof, place: proof.place + 1 }, sha256 })).toBe(false);
        expect(isPageOf(root, page, { proof: { ...proof, place: seed }, sha256 })).toBe(seed === proof.place);
        const longer = { ...proof, siblings: [...proof.siblings, new Uint8Array(32)] };
        expect(isPageOf(root, page, { proof: longer, sha256 })).toBe(false);
        expect(isPageOf(root, page, { proof: { ...proof, leaves: 1e300 }, sha256 })).toBe(false);
      }
    }),
  );
});

test('a delta leads from one checkpoint to the next, and carries what changed', () => {
  assert(
    property(twoCheckpoints, ([base, next]) => {
      const [before, after] = [hashCheckpoint(base, sha256), hashCheckpoint(next, sha256)];
      const delta = encodeDelta(before, after);
      expect(delta.length).toBeLessThan(PAGE_BYTES + 2_000);
      const applied = applyDelta(before, delta, sha256);
      if (applied.type === 'refused') throw new Error(applied.message);
      expect(applied.tree.root).toBe(after.root);
      expect(hash(encodeCheckpoint(applied.tree.checkpoint))).toEqual(hash(encodeCheckpoint(next)));
      const elsewhere = applyDelta(after, delta, sha256);
      if (before.root !== after.root) expect(elsewhere).toMatchObject({ code: 'checkpoint-other-root' });
    }),
  );
});

test('a changed delta is refused', () => {
  assert(
    property(
      twoCheckpoints
        .map(([base, next]) => ({
          before: hashCheckpoint(base, sha256),
          after: hashCheckpoint(next, sha256),
        }))
        .chain(({ before, after }) => {
          const delta = encodeDelta(before, after);
          return anyMutation(delta).map((bytes) => ({
            before,
            bytes,
            isSame: hash(delta).equals(hash(bytes)),
          }));
        }),
      ({ before, bytes, isSame }) => {
        expect(applyDelta(before, bytes, sha256).type).toBe(isSame ? 'checkpoint' : 'refused');
      },
    ),
    { numRuns: 300 },
  );
});
