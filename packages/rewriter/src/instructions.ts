// One function body after validation: its instructions as columns, so that passes walk numbers, not objects.

import type { FunctionType } from './module.ts';

/** The branch leaves the function, whatever its depth is: what `value` holds for `return`. */
export const TO_FUNCTION = 0x7fff_ffff;

/**
 * Columns over the instructions of one body, filled by the validator and reused for the next body.
 * `value` holds what passes need of the immediates: a branch's depth (the outermost one of a branch table),
 * the function a `call` names, the global, table or segment that an instruction changes.
 */
export class InstructionColumns {
  count = 0;
  op = new Uint16Array(256);
  at = new Uint32Array(256);
  value = new Int32Array(256);
  /** 1 where the instruction can never run. */
  dead = new Uint8Array(256);
  /**
   * The instructions between which code only runs straight on: blocks, branches and calls, and whatever works on
   * a whole range of memory or a table. Passes that place code walk these.
   */
  landmarks = new Uint32Array(256);
  landmarkCount = 0;

  /** Forgets the last body and makes room for `capacity` instructions. */
  reset(capacity: number): void {
    this.count = 0;
    this.landmarkCount = 0;
    if (capacity > this.op.length) {
      const size = Math.max(capacity, this.op.length * 2);
      this.op = new Uint16Array(size);
      this.at = new Uint32Array(size);
      this.value = new Int32Array(size);
      this.dead = new Uint8Array(size);
      this.landmarks = new Uint32Array(size);
    }
  }
}

/** A validated function body, as the passes see it. Valid until the next body is scanned. */
export interface ScannedFunction {
  readonly type: FunctionType;
  readonly columns: InstructionColumns;
  /** Bytes of the body: `start` is where the instructions begin, after the local declarations. */
  readonly declarations: number;
  readonly start: number;
  readonly end: number;
  /** Locals, parameters included. */
  readonly locals: number;
  /** Whether it handles vectors, which take twice the place of other values. */
  readonly isWide: boolean;
  /** Most operands on the stack at once. */
  readonly operands: number;
  /** Whether it has an instruction whose result may be a NaN of the engine's choice. */
  readonly makesNan: boolean;
  /** Value types of the locals, and whatever behind them. */
  readonly localTypes: Uint8Array;
}
