// The open descriptors of one WASI run: 0 stdin, 1 stdout, 2 stderr, 3 the root folder, then what the guest opens,
// always at the lowest free number.
import type { StreamName } from './output-streams.ts';
import { DESCRIPTORS_MAX } from './limits.ts';
import type { VirtualFile, VirtualFolder } from './virtual-tree.ts';

/** What a descriptor stands for. `flags` are what the guest set; they change nothing on a read-only tree. */
export type Descriptor = OpenFile | OpenFolder | OpenStream;

export interface OpenFile {
  readonly type: 'file';
  readonly file: VirtualFile;
  offset: number;
  flags: number;
}

export interface OpenFolder {
  readonly type: 'folder';
  readonly folder: VirtualFolder;
  readonly isPreopened: boolean;
  flags: number;
}

export interface OpenStream {
  readonly type: 'stream';
  readonly stream: StreamName;
  flags: number;
}

/** The table of descriptors. */
export class Descriptors {
  readonly #open: (Descriptor | undefined)[];

  constructor(stdin: Uint8Array, root: VirtualFolder) {
    this.#open = [
      { type: 'file', file: { type: 'file', inode: 0n, content: stdin }, offset: 0, flags: 0 },
      { type: 'stream', stream: 'stdout', flags: 0 },
      { type: 'stream', stream: 'stderr', flags: 0 },
      { type: 'folder', folder: root, isPreopened: true, flags: 0 },
    ];
  }

  get(descriptor: number): Descriptor | undefined {
    return this.#open[descriptor];
  }

  /** The number of a new descriptor, or `undefined` when there are too many. */
  add(opened: Descriptor): number | undefined {
    const free = this.#open.indexOf(undefined);
    const descriptor = free < 0 ? this.#open.length : free;
    if (descriptor >= DESCRIPTORS_MAX) return undefined;
    this.#open[descriptor] = opened;
    return descriptor;
  }

  close(descriptor: number): void {
    this.#open[descriptor] = undefined;
  }

  /** `to` becomes what `from` was; `from` is closed. Both are open. */
  move(from: number, to: number): void {
    const moved = this.#open[from];
    this.#open[from] = undefined;
    this.#open[to] = moved;
  }
}
