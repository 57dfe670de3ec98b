// The records that describe descriptors and files: `fdstat` and `filestat`, byte for byte.
import type { Descriptor } from './descriptors.ts';
import type { GuestMemory } from './guest-memory.ts';
import { EPOCH_NS } from './limits.ts';
import type { VirtualNode } from './virtual-tree.ts';

/** Kinds of file. A stream is `unknown`, as a pipe is: a terminal's name would make programs flush every line. */
export const FILE_TYPE = { unknown: 0, folder: 3, file: 4 } as const;

/** Bits of what a descriptor may be used for. */
export const RIGHT = { write: 1n << 6n, allocate: 1n << 8n, setSize: 1n << 22n } as const;

const ALL_RIGHTS = (1n << 29n) - 1n;
const [READ, SEEK, SET_FLAGS, TELL, ADVISE, STATUS, POLL] = [1n, 2n, 3n, 5n, 7n, 21n, 27n].map(
  (bit) => 1n << bit,
);
const FILE_RIGHTS = sum(READ, SEEK, SET_FLAGS, TELL, ADVISE, STATUS, POLL);
const STREAM_RIGHTS = sum(RIGHT.write, SET_FLAGS, STATUS, POLL);

function sum(...rights: readonly (bigint | undefined)[]): bigint {
  return rights.reduce<bigint>((all, right) => all | (right ?? 0n), 0n);
}

export const FDSTAT_BYTES = 24;
export const FILESTAT_BYTES = 64;

/**
 * What a descriptor is and may do. A folder claims every right for what is opened in it, because the C library asks
 * for no more than a folder says: so a program that wants to write learns why not when it opens the file.
 */
export function putDescriptorStatus(memory: GuestMemory, at: number, descriptor: Descriptor): void {
  memory.fill(at, FDSTAT_BYTES);
  memory.setU16(at + 2, descriptor.flags);
  switch (descriptor.type) {
    case 'file':
      memory.setU8(at, FILE_TYPE.file);
      memory.setU64(at + 8, FILE_RIGHTS);
      return;
    case 'folder':
      memory.setU8(at, FILE_TYPE.folder);
      memory.setU64(at + 8, ALL_RIGHTS);
      memory.setU64(at + 16, ALL_RIGHTS);
      return;
    case 'stream':
      memory.setU8(at, FILE_TYPE.unknown);
      memory.setU64(at + 8, STREAM_RIGHTS);
  }
}

/** Device 1, one link, and the task's beginning for all three times. */
export function putFileStatus(memory: GuestMemory, at: number, node: VirtualNode | undefined): void {
  memory.fill(at, FILESTAT_BYTES);
  memory.setU64(at, 1n);
  memory.setU64(at + 8, node?.inode ?? 0n);
  memory.setU8(at + 16, node === undefined ? FILE_TYPE.unknown : FILE_TYPE[node.type]);
  memory.setU64(at + 24, 1n);
  memory.setU64(at + 32, node?.type === 'file' ? BigInt(node.content.length) : 0n);
  for (const time of [40, 48, 56]) memory.setU64(at + time, EPOCH_NS);
}
