// Host calls that name files by path. Paths stay below the folder they start from; there are no links.
import { LIMITS, utf8Text } from '@trine/protocol';
import type { OpenFolder } from './descriptors.ts';
import { ERRNO, type Errno } from './errno.ts';
import { FILESTAT_BYTES, putFileStatus, RIGHT } from './file-status.ts';
import type { HostCalls } from './host-call.ts';
import { PATH_BYTE_FUEL } from './limits.ts';
import type { VirtualNode } from './virtual-tree.ts';
import type { WasiRun } from './wasi-run.ts';

/** Bits of how a file is to be opened. */
const OPEN = { create: 1, folder: 2, exclusive: 4, truncate: 8 } as const;

/** Rights that no file of a read-only tree can give. */
const CHANGING_RIGHTS = RIGHT.write | RIGHT.allocate | RIGHT.setSize;

export const pathCalls = {
  path_filestat_get(
    run: WasiRun,
    [fd, , pointer, size, answer]: readonly [number, number, number, number, number],
  ): Errno {
    const node = find(run, fd, pointer, size);
    if (typeof node === 'number') return node;
    if (!run.memory.has(answer, FILESTAT_BYTES)) return ERRNO.fault;
    putFileStatus(run.memory, answer, node);
    return ERRNO.success;
  },

  path_open(
    run: WasiRun,
    [fd, , pointer, size, how, rights, , flags, answer]: readonly [
      number,
      number,
      number,
      number,
      number,
      bigint,
      bigint,
      number,
      number,
    ],
  ): Errno {
    const { memory, descriptors } = run;
    if (!memory.has(answer, 4)) return ERRNO.fault;
    const node = find(run, fd, pointer, size);
    if (typeof node === 'number') {
      return node === ERRNO.noent && (how & OPEN.create) !== 0 ? ERRNO.rofs : node;
    }
    const refused = refusedOpening(node, how, rights);
    if (refused !== ERRNO.success) return refused;
    const opened = descriptors.add(
      node.type === 'file'
        ? { type: 'file', file: node, offset: 0, flags }
        : { type: 'folder', folder: node, isPreopened: false, flags },
    );
    if (opened === undefined) return ERRNO.mfile;
    memory.setU32(answer, opened);
    return ERRNO.success;
  },

  /** There are no links, so whatever is there is none. */
  path_readlink(run: WasiRun, [fd, pointer, size]: readonly [number, number, number]): Errno {
    const node = find(run, fd, pointer, size);
    return typeof node === 'number' ? node : ERRNO.inval;
  },
} satisfies HostCalls;

function refusedOpening(node: VirtualNode, how: number, rights: bigint): Errno {
  if ((how & OPEN.create) !== 0 && (how & OPEN.exclusive) !== 0) return ERRNO.exist;
  if (node.type === 'file') {
    if ((how & OPEN.folder) !== 0) return ERRNO.notdir;
    const changes = (how & OPEN.truncate) !== 0 || (rights & CHANGING_RIGHTS) !== 0n;
    return changes ? ERRNO.rofs : ERRNO.success;
  }
  const writes = (how & (OPEN.truncate | OPEN.create)) !== 0 || (rights & RIGHT.write) !== 0n;
  return writes && (how & OPEN.folder) === 0 ? ERRNO.isdir : ERRNO.success;
}

/** What a path of the guest names, from the folder that a descriptor stands for. */
function find(run: WasiRun, fd: number, pointer: number, size: number): VirtualNode | Errno {
  const opened = run.descriptors.get(fd);
  if (opened?.type !== 'folder') return opened === undefined ? ERRNO.badf : ERRNO.notdir;
  if (!run.memory.has(pointer, size)) return ERRNO.fault;
  if (size > LIMITS.wasiPathBytes.value) return ERRNO.nametoolong;
  run.charge(size * PATH_BYTE_FUEL);
  const path = utf8Text(run.memory.bytes(pointer, size));
  if (path === undefined) return ERRNO.ilseq;
  if (path.includes('\0')) return ERRNO.inval;
  if (path === '') return ERRNO.noent;
  return path.startsWith('/') ? ERRNO.notcapable : walk(opened, path);
}

function walk({ folder }: OpenFolder, path: string): VirtualNode | Errno {
  let node: VirtualNode = folder;
  for (const name of path.split('/')) {
    if (node.type === 'file') return ERRNO.notdir;
    if (name === '' || name === '.') continue;
    if (name === '..' && node === folder) return ERRNO.notcapable;
    const next: VirtualNode | undefined = name === '..' ? node.parent : node.byName.get(name);
    if (next === undefined) return ERRNO.noent;
    node = next;
  }
  return node;
}
