// What the reference interpreter computes with.

/** A value as unsigned bits. */
export interface Value {
  readonly bits: bigint;
  /** A float that arithmetic made, or a copy of one. */
  readonly made: boolean;
}

/** The bits of a null reference: no function has this index. */
export const NULL = 2n ** 64n;

/** The guest trapped. */
export class Trap extends Error {}
