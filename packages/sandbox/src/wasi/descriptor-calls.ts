// Host calls on open descriptors: reading, writing, seeking, listing.
import type { OpenFile } from './descriptors.ts';
import { ERRNO, type Errno } from './errno.ts';
import {
  FDSTAT_BYTES,
  FILE_TYPE,
  FILESTAT_BYTES,
  putDescriptorStatus,
  putFileStatus,
} from './file-status.ts';
import { type HostCalls, readVectors } from './host-call.ts';
import { ENTRY_FUEL } from './limits.ts';
import type { VirtualFolder, VirtualNode } from './virtual-tree.ts';
import type { WasiRun } from './wasi-run.ts';

const ROOT_NAME = new TextEncoder().encode('/');

/** Flags of a descriptor that exist: append, dsync, nonblock, rsync, sync. */
const FLAGS_MAX = 0x1f;

export const descriptorCalls = {
  fd_close({ descriptors }: WasiRun, [fd]: readonly [number]): Errno {
    if (descriptors.get(fd) === undefined) return ERRNO.badf;
    descriptors.close(fd);
    return ERRNO.success;
  },
  fd_renumber({ descriptors }: WasiRun, [from, to]: readonly [number, number]): Errno {
    if (descriptors.get(from) === undefined || descriptors.get(to) === undefined) return ERRNO.badf;
    if (from !== to) descriptors.move(from, to);
    return ERRNO.success;
  },

  fd_fdstat_get({ descriptors, memory }: WasiRun, [fd, answer]: readonly [number, number]): Errno {
    const opened = descriptors.get(fd);
    if (opened === undefined) return ERRNO.badf;
    if (!memory.has(answer, FDSTAT_BYTES)) return ERRNO.fault;
    putDescriptorStatus(memory, answer, opened);
    return ERRNO.success;
  },
  fd_fdstat_set_flags({ descriptors }: WasiRun, [fd, flags]: readonly [number, number]): Errno {
    const opened = descriptors.get(fd);
    if (opened === undefined) return ERRNO.badf;
    if (flags > FLAGS_MAX) return ERRNO.inval;
    opened.flags = flags;
    return ERRNO.success;
  },
  fd_filestat_get({ descriptors, memory }: WasiRun, [fd, answer]: readonly [number, number]): Errno {
    const opened = descriptors.get(fd);
    if (opened === undefined) return ERRNO.badf;
    if (!memory.has(answer, FILESTAT_BYTES)) return ERRNO.fault;
    const node = opened.type === 'file' ? opened.file : opened.type === 'folder' ? opened.folder : undefined;
    putFileStatus(memory, answer, node);
    return ERRNO.success;
  },
  fd_prestat_get({ descriptors, memory }: WasiRun, [fd, answer]: readonly [number, number]): Errno {
    if (!isPreopened(descriptors.get(fd))) return ERRNO.badf;
    if (!memory.has(answer, 8)) return ERRNO.fault;
    memory.setU32(answer, 0);
    memory.setU32(answer + 4, ROOT_NAME.length);
    return ERRNO.success;
  },
  fd_prestat_dir_name(
    { descriptors, memory }: WasiRun,
    [fd, pointer, size]: readonly [number, number, number],
  ): Errno {
    if (!isPreopened(descriptors.get(fd))) return ERRNO.badf;
    if (size < ROOT_NAME.length) return ERRNO.nametoolong;
    if (!memory.has(pointer, ROOT_NAME.length)) return ERRNO.fault;
    memory.write(pointer, ROOT_NAME);
    return ERRNO.success;
  },

  fd_read(run: WasiRun, [fd, vectors, count, answer]: readonly [number, number, number, number]): Errno {
    const opened = readable(run, fd);
    if (typeof opened === 'number') return opened;
    const { offset } = opened;
    return readAt(run, { opened, offset, vectors, count, answer, moves: true });
  },
  fd_pread(
    run: WasiRun,
    [fd, vectors, count, from, answer]: readonly [number, number, number, bigint, number],
  ): Errno {
    const opened = readable(run, fd);
    if (typeof opened === 'number') return run.descriptors.get(fd)?.type === 'stream' ? ERRNO.spipe : opened;
    const offset = Number(BigInt.asUintN(64, from));
    return readAt(run, { opened, offset, vectors, count, answer, moves: false });
  },
  fd_write(run: WasiRun, [fd, vectors, count, answer]: readonly [number, number, number, number]): Errno {
    const { descriptors, memory, output } = run;
    const opened = descriptors.get(fd);
    if (opened?.type !== 'stream') return ERRNO.badf;
    if (!memory.has(answer, 4)) return ERRNO.fault;
    const given = readVectors(run, vectors, count);
    if (typeof given === 'number') return given;
    run.chargeBytes(given.totalBytes);
    output.reserve(given.totalBytes);
    for (const [pointer, size] of given.parts) output.append(opened.stream, memory.bytes(pointer, size));
    memory.setU32(answer, given.totalBytes);
    return ERRNO.success;
  },
  fd_pwrite({ descriptors }: WasiRun, [fd]: readonly [number]): Errno {
    return descriptors.get(fd)?.type === 'stream' ? ERRNO.spipe : ERRNO.badf;
  },

  fd_seek(
    { descriptors, memory }: WasiRun,
    [fd, by, whence, answer]: readonly [number, bigint, number, number],
  ): Errno {
    const opened = descriptors.get(fd);
    if (opened?.type !== 'file') return opened?.type === 'stream' ? ERRNO.spipe : ERRNO.badf;
    const from = [0, opened.offset, opened.file.content.length][whence];
    if (from === undefined) return ERRNO.inval;
    const to = BigInt(from) + by;
    if (to < 0n || to > BigInt(Number.MAX_SAFE_INTEGER)) return ERRNO.inval;
    if (!memory.has(answer, 8)) return ERRNO.fault;
    opened.offset = Number(to);
    memory.setU64(answer, to);
    return ERRNO.success;
  },
  fd_tell({ descriptors, memory }: WasiRun, [fd, answer]: readonly [number, number]): Errno {
    const opened = descriptors.get(fd);
    if (opened?.type !== 'file') return opened?.type === 'stream' ? ERRNO.spipe : ERRNO.badf;
    if (!memory.has(answer, 8)) return ERRNO.fault;
    memory.setU64(answer, BigInt(opened.offset));
    return ERRNO.success;
  },
  fd_readdir(
    run: WasiRun,
    [fd, pointer, size, cookie, answer]: readonly [number, number, number, bigint, number],
  ): Errno {
    const { descriptors, memory } = run;
    const opened = descriptors.get(fd);
    if (opened?.type !== 'folder') return opened === undefined ? ERRNO.badf : ERRNO.notdir;
    if (!memory.has(pointer, size) || !memory.has(answer, 4)) return ERRNO.fault;
    const used = listFolder(run, opened.folder, { pointer, size, from: BigInt.asUintN(64, cookie) });
    memory.setU32(answer, used);
    return ERRNO.success;
  },

  // Nothing is ever written, so there is nothing to advise on or to bring to a disk.
  fd_advise: (run: WasiRun, [fd]: readonly [number]): Errno => onOpenFile(run, fd),
  fd_sync: (run: WasiRun, [fd]: readonly [number]): Errno => onOpenFile(run, fd),
  fd_datasync: (run: WasiRun, [fd]: readonly [number]): Errno => onOpenFile(run, fd),
} satisfies HostCalls;

const onOpenFile = ({ descriptors }: WasiRun, fd: number): Errno =>
  descriptors.get(fd) === undefined ? ERRNO.badf : ERRNO.success;

const isPreopened = (opened: ReturnType<WasiRun['descriptors']['get']>): boolean =>
  opened?.type === 'folder' && opened.isPreopened;

function readable({ descriptors }: WasiRun, fd: number): OpenFile | Errno {
  const opened = descriptors.get(fd);
  if (opened?.type === 'folder') return ERRNO.isdir;
  return opened?.type === 'file' ? opened : ERRNO.badf;
}

interface Reading {
  readonly opened: OpenFile;
  readonly offset: number;
  readonly vectors: number;
  readonly count: number;
  readonly answer: number;
  /** Whether the descriptor's own offset goes on. */
  readonly moves: boolean;
}

function readAt(run: WasiRun, { opened, offset, vectors, count, answer, moves }: Reading): Errno {
  const { memory } = run;
  if (!memory.has(answer, 4)) return ERRNO.fault;
  const wanted = readVectors(run, vectors, count);
  if (typeof wanted === 'number') return wanted;
  const { content } = opened.file;
  const taken = Math.min(wanted.totalBytes, Math.max(0, content.length - offset));
  run.chargeBytes(taken);
  let at = offset;
  for (const [pointer, size] of wanted.parts) {
    const part = content.subarray(at, Math.min(at + size, offset + taken));
    memory.write(pointer, part);
    at += part.length;
  }
  if (moves) opened.offset = offset + taken;
  memory.setU32(answer, taken);
  return ERRNO.success;
}

interface Listing {
  readonly pointer: number;
  readonly size: number;
  /** Entries to pass over; `.` and `..` are the first two. */
  readonly from: bigint;
}

const ENTRY_HEAD_BYTES = 24;
const DOTS = ['.', '..'].map((name) => new TextEncoder().encode(name));

/** Fills the guest's buffer to the last byte, an entry cut short included: so the guest knows that there is more. */
function listFolder(run: WasiRun, folder: VirtualFolder, { pointer, size, from }: Listing): number {
  const count = DOTS.length + folder.entries.length;
  let used = 0;
  for (let index = Number(from); index < count && used < size; index += 1) {
    const { name, node } = entryAt(folder, index);
    const entry = directoryEntry(index, name, node);
    run.charge(ENTRY_FUEL + name.length);
    const part = entry.subarray(0, size - used);
    run.memory.write(pointer + used, part);
    used += part.length;
  }
  return used;
}

function entryAt(
  folder: VirtualFolder,
  index: number,
): { readonly name: Uint8Array; readonly node: VirtualNode } {
  const dots = DOTS[index];
  if (dots !== undefined) return { name: dots, node: index === 0 ? folder : (folder.parent ?? folder) };
  const entry = folder.entries[index - DOTS.length];
  if (entry === undefined) throw new Error(`A folder has no entry ${index}.`);
  return entry;
}

function directoryEntry(index: number, name: Uint8Array, node: VirtualNode): Uint8Array {
  const entry = new Uint8Array(ENTRY_HEAD_BYTES + name.length);
  const view = new DataView(entry.buffer);
  view.setBigUint64(0, BigInt(index + 1), true);
  view.setBigUint64(8, node.inode, true);
  view.setUint32(16, name.length, true);
  view.setUint8(20, FILE_TYPE[node.type]);
  entry.set(name, ENTRY_HEAD_BYTES);
  return entry;
}
