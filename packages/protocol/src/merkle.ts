/** The root of a binary hash tree, for results under one signature and for the state of a step guest. */
import { portableSha256, type Sha256 } from './ids.ts';

const PARENT_MARK = 1;
const HASH_BYTES = 32;

/** One for all: nothing waits between the first byte and the hash. */
const pair = Uint8Array.of(PARENT_MARK, ...new Uint8Array(2 * HASH_BYTES));

/** Root of the tree over at least one leaf of 32 bytes; a level's odd last element moves up unchanged. */
export function merkleRoot(leaves: readonly Uint8Array[], sha256: Sha256 = portableSha256): Uint8Array {
  let level = leaves;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) above.push(parentOf(level[i], level[i + 1], sha256));
    level = above;
  }
  const [root] = level;
  if (root === undefined) throw new Error('A Merkle tree needs at least one leaf.');
  return root;
}

function parentOf(left: Uint8Array | undefined, right: Uint8Array | undefined, sha256: Sha256): Uint8Array {
  if (left === undefined) throw new Error('A pair starts inside its level.');
  if (right === undefined) return left;
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
}
