// What a pass is: one safety property, planned as edits to a body that the validator has read.

import type { EditList, EditWriter, Layout, LocalAllocator } from '../edits.ts';
import type { ScannedFunction } from '../instructions.ts';
import type { NanFlow } from '../nan-flow.ts';

/** One safety property. A pass keeps nothing from one function to the next. */
export interface Pass {
  readonly name: string;
  /** Fills `edits` for one function and returns the writer of their code. */
  plan(input: PassInput, edits: EditList): EditWriter;
}

/** One function and its surroundings. */
export interface PassInput {
  readonly scanned: ScannedFunction;
  /** The whole original module: offsets of the body are offsets here. */
  readonly bytes: Uint8Array;
  readonly layout: Layout;
  readonly locals: LocalAllocator;
  readonly nanFlow: NanFlow;
}
