// A delta: what of a checkpoint changed since an earlier one of the same task. Its form is a checkpoint's, with only the
// pages that changed, an item of deterministic CBOR [base root, root, state bytes, which pages are carried], its
// length and the eight bytes "TRINE-D1". Whoever applies it needs the base, and gets nothing but the promised root.
import {
  decodeCbor,
  type Digest,
  digestFromBytes,
  digestToBytes,
  encodeCbor,
  type Sha256,
} from '@trine/protocol';
import { CHECKPOINT_BYTES_MAX } from '../limits.ts';
import {
  type Checkpoint,
  checkpointBytes,
  decodeState,
  hasBit,
  pageBits,
  splitTrailer,
  writeTrailer,
} from './checkpoint.ts';
import { isZeroPage, PAGE_BYTES, type Page } from './pages.ts';
import { type CheckpointRefusal, refuseCheckpoint } from './refusal.ts';
import { type CheckpointTree, hashCheckpoint } from './tree.ts';

/** The checkpoint that a delta leads to, or why it leads nowhere. */
export type AppliedDelta = { readonly type: 'checkpoint'; readonly tree: CheckpointTree } | CheckpointRefusal;

const MAGIC = new TextEncoder().encode('TRINE-D1');
const TRAILER_BYTES = 4 + MAGIC.length;

/** The bytes that lead from `base` to `next`. */
export function encodeDelta(base: CheckpointTree, next: CheckpointTree): Uint8Array<ArrayBuffer> {
  const carried = next.checkpoint.pages.map((page, index) => {
    const isKept = isSameDigest(base.digests[index], next.digests[index]);
    return isKept ? undefined : page;
  });
  const pages = carried.filter((page) => page !== undefined);
  const item = encodeCbor([
    digestToBytes(base.root),
    digestToBytes(next.root),
    next.checkpoint.stateBytes,
    pageBits(carried),
  ]);
  const bytes = new Uint8Array(pages.length * PAGE_BYTES + item.length + TRAILER_BYTES);
  for (const [index, page] of pages.entries()) bytes.set(page, index * PAGE_BYTES);
  bytes.set(item, pages.length * PAGE_BYTES);
  writeTrailer(bytes, item.length, MAGIC);
  return bytes;
}

/**
 * Applies a delta from anywhere. Never throws; the pages it carries stay views of `bytes`. The answer's root is the one
 * that the delta promises, so a caller compares that with the one it was promised.
 */
export function applyDelta(base: CheckpointTree, bytes: Uint8Array, sha256: Sha256): AppliedDelta {
  if (bytes.length > CHECKPOINT_BYTES_MAX) {
    const message = `A delta of ${bytes.length} bytes is over the limit of ${CHECKPOINT_BYTES_MAX}.`;
    return refuseCheckpoint('checkpoint-too-large', message);
  }
  const delta = parseDelta(bytes);
  if (delta === undefined) return malformed('It has not the form of one.');
  if (delta.base !== base.root)
    return refuseCheckpoint('checkpoint-other-root', 'The delta begins at another checkpoint.');
  const checkpoint = follow(base.checkpoint, delta);
  if (checkpoint === undefined) return malformed('Its pages are not those that its state announces.');
  if (checkpointBytes(checkpoint) > CHECKPOINT_BYTES_MAX)
    return refuseCheckpoint('checkpoint-too-large', 'The delta leads to a checkpoint over the limit.');
  const tree = hashCheckpoint(checkpoint, sha256, base);
  if (tree.root !== delta.root)
    return refuseCheckpoint('checkpoint-other-root', 'The delta does not lead to the root it promises.');
  return { type: 'checkpoint', tree };
}

interface Delta {
  readonly base: Digest;
  readonly root: Digest;
  readonly stateBytes: Uint8Array;
  readonly carried: Uint8Array;
  readonly pages: Uint8Array;
}

function parseDelta(bytes: Uint8Array): Delta | undefined {
  const found = splitTrailer(bytes, MAGIC);
  const list = found === undefined ? undefined : decodeCbor(found.item)?.value;
  if (found === undefined || !Array.isArray(list) || list.length !== 4) return undefined;
  const [base, root, stateBytes, carried]: unknown[] = list;
  if (!isDigest(base) || !isDigest(root)) return undefined;
  if (!(stateBytes instanceof Uint8Array && carried instanceof Uint8Array)) return undefined;
  return {
    base: digestFromBytes(base),
    root: digestFromBytes(root),
    stateBytes,
    carried,
    pages: found.pages,
  };
}

const isDigest = (value: unknown): value is Uint8Array => value instanceof Uint8Array && value.length === 32;

/** Every page of the new state is carried, the base's, or zeros. */
function follow(base: Checkpoint, { stateBytes, carried, pages: bytes }: Delta): Checkpoint | undefined {
  const decoded = decodeState(stateBytes);
  if (decoded === undefined || carried.length !== decoded.present.length) return undefined;
  const pages: Page[] = [];
  let at = 0;
  for (let index = 0; index < carried.length * 8; index += 1) {
    const isPresent = hasBit(decoded.present, index);
    const isCarried = hasBit(carried, index);
    const page = isCarried ? bytes.subarray(at, at + PAGE_BYTES) : isPresent ? base.pages[index] : undefined;
    if (
      isPresent !== (page !== undefined) ||
      (isCarried && (page?.length !== PAGE_BYTES || isZeroPage(page)))
    )
      return undefined;
    at += isCarried ? PAGE_BYTES : 0;
    if (index < decoded.state.pages) pages.push(page);
  }
  return at === bytes.length ? { state: decoded.state, stateBytes, pages } : undefined;
}

function isSameDigest(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return (
    one === other ||
    (one !== undefined && other !== undefined && one.every((byte, index) => byte === other[index]))
  );
}

function malformed(why: string): CheckpointRefusal {
  return refuseCheckpoint('checkpoint-malformed', `These bytes are no delta. ${why}`);
}
