// What the reference interpreter computes with.

/** A value as unsigned bits. */
export interface Value {
  readonly bits: bigint;
  /** A float that arithmetic made, or a copy of one. */
  readonly made: boolean;
}

/** The guest trapped. */
export class Trap extends Error {}
