// The read-only tree of files that a WASI task brings, below one root folder. Inode numbers count from 1 in the
// order of a walk, so they follow from the task alone.
import type { WasiTask } from '@trine/protocol';

export interface VirtualFile {
  readonly type: 'file';
  readonly inode: bigint;
  readonly content: Uint8Array;
}

export interface VirtualFolder {
  readonly type: 'folder';
  readonly inode: bigint;
  readonly parent: VirtualFolder | undefined;
  readonly byName: ReadonlyMap<string, VirtualNode>;
  /** In the order of their names' bytes. */
  readonly entries: readonly FolderEntry[];
}

export type VirtualNode = VirtualFile | VirtualFolder;

export interface FolderEntry {
  readonly name: Uint8Array;
  readonly node: VirtualNode;
}

/** Builds the tree. The paths are those of a parsed input: no `..`, no empty names, no file that is a folder. */
export function buildTree(files: WasiTask['files']): VirtualFolder {
  const root: Plan = new Map();
  for (const [path, content] of files) plan(root, path.split('/'), content);
  return finish(root, undefined, { last: 0n });
}

/** A folder under construction: what becomes a folder is a map still. */
type Plan = Map<string, Plan | Uint8Array>;

function plan(root: Plan, names: readonly string[], content: Uint8Array): void {
  let folder = root;
  for (const name of names.slice(0, -1)) {
    const known = folder.get(name);
    const next = known instanceof Map ? known : new Map<string, Plan | Uint8Array>();
    folder.set(name, next);
    folder = next;
  }
  folder.set(names.at(-1) ?? '', content);
}

function finish(from: Plan, parent: VirtualFolder | undefined, inodes: { last: bigint }): VirtualFolder {
  const encoder = new TextEncoder();
  const byName = new Map<string, VirtualNode>();
  const entries: FolderEntry[] = [];
  inodes.last += 1n;
  const folder: VirtualFolder = { type: 'folder', inode: inodes.last, parent, byName, entries };
  const named = Array.from(from, ([name, what]) => ({ name, bytes: encoder.encode(name), what }));
  for (const { name, bytes, what } of named.sort((a, b) => compareBytes(a.bytes, b.bytes))) {
    const node = what instanceof Map ? finish(what, folder, inodes) : file(what, inodes);
    byName.set(name, node);
    entries.push({ name: bytes, node });
  }
  return folder;
}

function file(content: Uint8Array, inodes: { last: bigint }): VirtualFile {
  inodes.last += 1n;
  return { type: 'file', inode: inodes.last, content };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
