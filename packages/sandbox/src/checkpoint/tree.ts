// The hash tree over a checkpoint: its root names the whole state in 32 bytes, and one page can be proved to belong
// to it with a few hashes.
//
//   leaf of the state    SHA-256(0x02 ‖ state bytes)                                  the first leaf
//   leaf of page i       SHA-256(0x03 ‖ i as u32 big-endian ‖ SHA-256(page))          then one a page
//   parent               SHA-256(0x01 ‖ left ‖ right); a level's odd last element moves up unchanged
//
// Hashing a page's digest and not the page makes the digest the one of the artifact's chunk, and a page of zeros costs
// one small hash. The marks keep leaves of all kinds and parents apart; the state counts the pages.
import { type Digest, digestFromBytes, merkleRoot, type Sha256 } from '@trine/protocol';
import type { Checkpoint } from './checkpoint.ts';
import { isSamePage, PAGE_BYTES, type Page, PAGES_MAX } from './pages.ts';

/** A checkpoint with the hashes over it. */
export interface CheckpointTree {
  readonly checkpoint: Checkpoint;
  /** SHA-256 of each page. */
  readonly digests: readonly Uint8Array[];
  readonly leaves: readonly Uint8Array[];
  readonly root: Digest;
}

/** What shows that a leaf belongs to a root. */
export interface CheckpointProof {
  /** The leaf's place: 0 for the state, i + 1 for page i. */
  readonly place: number;
  /** Leaves of the whole tree. */
  readonly leaves: number;
  /** The siblings from the leaf up; levels where it moves up alone have none. */
  readonly siblings: readonly Uint8Array[];
}

const STATE_MARK = 2;
const PAGE_MARK = 3;
const HASH_BYTES = 32;
const ZERO_PAGE = new Uint8Array(PAGE_BYTES);

/** SHA-256 of a page of zeros, hashed once. */
let zeroDigest: Uint8Array | undefined;

/** Hashes a checkpoint. Pages that are as in `before` keep their digest. */
export function hashCheckpoint(
  checkpoint: Checkpoint,
  sha256: Sha256,
  before?: CheckpointTree,
): CheckpointTree {
  const digests = checkpoint.pages.map((page, index) => {
    const known = before?.digests[index];
    const isKnown = known !== undefined && isSamePage(before?.checkpoint.pages[index], page);
    return isKnown ? known : digestOfPage(page, sha256);
  });
  const leaves = [
    stateLeaf(checkpoint.stateBytes, sha256),
    ...digests.map((digest, index) => knownLeaf(index, digest, before) ?? pageLeaf(index, digest, sha256)),
  ];
  return { checkpoint, digests, leaves, root: digestFromBytes(merkleRoot(leaves, sha256)) };
}

/** The proof of the leaf at `place`, which must be one of the tree's. */
export function proveLeaf(tree: CheckpointTree, place: number, sha256: Sha256): CheckpointProof {
  const siblings: Uint8Array[] = [];
  let level = tree.leaves;
  for (let at = place; level.length > 1; at >>= 1) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) siblings.push(sibling);
    level = levelAbove(level, sha256);
  }
  return { place, leaves: tree.leaves.length, siblings };
}

/** Whether `page` is page `proof.place − 1` of the checkpoint with this root. Never throws. */
export function isPageOf(
  root: Digest,
  page: Page,
  { proof, sha256 }: { readonly proof: CheckpointProof; readonly sha256: Sha256 },
): boolean {
  if (proof.place < 1 || (page !== undefined && page.length !== PAGE_BYTES)) return false;
  return rootOf(pageLeaf(proof.place - 1, digestOfPage(page, sha256), sha256), proof, sha256) === root;
}

/** Whether `stateBytes` is the state of the checkpoint with this root. Never throws. */
export function isStateOf(
  root: Digest,
  stateBytes: Uint8Array,
  { proof, sha256 }: { readonly proof: CheckpointProof; readonly sha256: Sha256 },
): boolean {
  return proof.place === 0 && rootOf(stateLeaf(stateBytes, sha256), proof, sha256) === root;
}

/** The leaf of a page whose digest was kept. */
function knownLeaf(
  index: number,
  digest: Uint8Array,
  before: CheckpointTree | undefined,
): Uint8Array | undefined {
  return before?.digests[index] === digest ? before.leaves[index + 1] : undefined;
}

function digestOfPage(page: Page, sha256: Sha256): Uint8Array {
  return page === undefined ? (zeroDigest ??= sha256(ZERO_PAGE)) : sha256(page);
}

function stateLeaf(stateBytes: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(1 + stateBytes.length);
  bytes[0] = STATE_MARK;
  bytes.set(stateBytes, 1);
  return sha256(bytes);
}

function pageLeaf(index: number, digest: Uint8Array, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(5 + HASH_BYTES);
  bytes[0] = PAGE_MARK;
  new DataView(bytes.buffer).setUint32(1, index);
  bytes.set(digest, 5);
  return sha256(bytes);
}

function levelAbove(level: readonly Uint8Array[], sha256: Sha256): readonly Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let at = 0; at < level.length; at += 2) above.push(merkleRoot(level.slice(at, at + 2), sha256));
  return above;
}

/** The root above a leaf, or `undefined` when the proof has not the shape that its place and count ask for. */
function rootOf(
  leaf: Uint8Array,
  { place, leaves, siblings }: CheckpointProof,
  sha256: Sha256,
): Digest | undefined {
  if (!Number.isSafeInteger(leaves) || !Number.isSafeInteger(place)) return undefined;
  if (place >= leaves || leaves > PAGES_MAX + 1) return undefined;
  let [hash, at, used] = [leaf, place, 0];
  for (let width = leaves; width > 1; width = Math.ceil(width / 2)) {
    const isAlone = at % 2 === 0 && at + 1 === width;
    const sibling = siblings[used];
    if (!isAlone) {
      if (sibling?.length !== HASH_BYTES) return undefined;
      hash = merkleRoot(at % 2 === 0 ? [hash, sibling] : [sibling, hash], sha256);
      used += 1;
    }
    at = Math.floor(at / 2);
  }
  return used === siblings.length ? digestFromBytes(hash) : undefined;
}
