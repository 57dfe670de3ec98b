// Edits to one function body: what each pass inserts, at offsets of the original bytes. Passes never see each
// other's code; the body is written once, by merging their lists.

import type { Writer } from './writer.ts';

/** Insertions of one pass in one body, in ascending order of `at`. */
export class EditList {
  count = 0;
  /** Offset in the original bytes before which the edit is written. */
  at = new Uint32Array(256);
  /** Original bytes that the edit replaces. */
  skip = new Uint8Array(256);
  /** What is written, in the pass's own numbering. */
  kind = new Uint8Array(256);
  /** A number that the pass wants back. */
  value = new Int32Array(256);

  clear(): void {
    this.count = 0;
  }

  /** Appends an edit and returns its index, for `addTo`. */
  push(at: number, kind: number, value: number, skip = 0): number {
    const index = this.count;
    if (index === this.at.length) {
      this.grow();
    }
    this.at[index] = at;
    this.kind[index] = kind;
    this.value[index] = value;
    this.skip[index] = skip;
    this.count = index + 1;
    return index;
  }

  private grow(): void {
    this.at = larger(this.at, new Uint32Array(this.count * 2));
    this.skip = larger(this.skip, new Uint8Array(this.count * 2));
    this.kind = larger(this.kind, new Uint8Array(this.count * 2));
    this.value = larger(this.value, new Int32Array(this.count * 2));
  }
}

function larger<Column extends Uint8Array | Uint32Array | Int32Array>(old: Column, next: Column): Column {
  next.set(old);
  return next;
}

/** Where in the module the rewriter's own parts are; all come after the guest's, so nothing is renumbered. */
export interface Layout {
  readonly importedFunctions: number;
  readonly fuelGlobal: number;
  readonly depthGlobal: number;
  readonly abortGlobal: number;
  /** Index of the function that grows memory. */
  readonly growFunction: number;
  /** Functions that pay for as many bytes, or entries, as their operand says, and answer it. */
  readonly payBytesFunction: number;
  readonly payEntriesFunction: number;
  /** The function that fills a purse. */
  readonly refillFunction: number;
  /** Index of the function that grows `table`; asking for it appends it. */
  readonly tableGrowFunction: (table: number) => number;
}

/** Scratch locals that a pass may ask for in the body at hand. */
export interface LocalAllocator {
  /** Index of a further local of value type `type`. */
  local(type: number): number;
}

/** The inserted code of one pass: called back once for each of its edits, in order. */
export type EditWriter = (kind: number, value: number, out: Writer) => void;
