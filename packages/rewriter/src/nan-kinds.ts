// What may be known of the NaNs in a value. The standard leaves sign and payload of a NaN that arithmetic makes to
// the engine; its deterministic profile says that they are those of the canonical NaN, a positive one. A value
// that arithmetic made may go on with the engine's bits as long as nothing shows them, if it is known what the
// profile would have in their place. That is its *kind*: a lane shape and a sign. Kinds are bits, so that
// what a place may hold is a set of them.

/** The value has the bits of the deterministic profile. */
export const EXACT = 1;
/** A NaN in it stands for the canonical one, for that negated, or for one with a sign that is already right. */
export const F32_POSITIVE = 1 << 1;
export const F32_NEGATIVE = 1 << 2;
export const F32_SIGNED = 1 << 3;
export const F64_POSITIVE = 1 << 4;
export const F64_NEGATIVE = 1 << 5;
export const F64_SIGNED = 1 << 6;
/** Each lane of the vector is such a value. */
export const F32X4_POSITIVE = 1 << 7;
export const F32X4_NEGATIVE = 1 << 8;
export const F64X2_POSITIVE = 1 << 9;
export const F64X2_NEGATIVE = 1 << 10;
const KINDS = 11;

/** Nothing at all: a value that is certainly no NaN, however it is read. */
export const CLEAN = 0;

/** The kinds of vectors with f32 lanes, and with f64 lanes. */
export const F32X4 = F32X4_POSITIVE | F32X4_NEGATIVE;
export const F64X2 = F64X2_POSITIVE | F64X2_NEGATIVE;

// What an instruction that passes lanes on makes of a kind: the kind of its result, EXACT where the operand must be
// made canonical first.
export const COPY = 0;
export const NEGATE = 1;
export const ABSOLUTE = 2;
/** The first operand of copysign. */
export const SIGN = 3;
/** Copies f32 lanes, f64 lanes. */
export const COPY_F32X4 = 4;
export const COPY_F64X2 = 5;
export const NEGATE_F32X4 = 6;
export const NEGATE_F64X2 = 7;
export const ABSOLUTE_F32X4 = 8;
export const ABSOLUTE_F64X2 = 9;
/** A scalar into lanes, and a lane into a scalar. */
export const TO_LANES = 10;
export const FROM_F32X4 = 11;
export const FROM_F64X2 = 12;
const TRANSFERS = 13;

type Mapping = readonly (readonly [number, number])[];

const SAME_F32X4: Mapping = [
  [F32X4_POSITIVE, F32X4_POSITIVE],
  [F32X4_NEGATIVE, F32X4_NEGATIVE],
];
const SAME_F64X2: Mapping = [
  [F64X2_POSITIVE, F64X2_POSITIVE],
  [F64X2_NEGATIVE, F64X2_NEGATIVE],
];
const SAME_SCALARS: Mapping = [
  F32_POSITIVE,
  F32_NEGATIVE,
  F32_SIGNED,
  F64_POSITIVE,
  F64_NEGATIVE,
  F64_SIGNED,
].map((kind) => [kind, kind] as const);

const MAPPINGS: readonly (readonly [number, Mapping])[] = [
  [COPY, [...SAME_SCALARS, ...SAME_F32X4, ...SAME_F64X2]],
  [
    NEGATE,
    [
      [F32_POSITIVE, F32_NEGATIVE],
      [F32_NEGATIVE, F32_POSITIVE],
      [F32_SIGNED, F32_SIGNED],
      [F64_POSITIVE, F64_NEGATIVE],
      [F64_NEGATIVE, F64_POSITIVE],
      [F64_SIGNED, F64_SIGNED],
    ],
  ],
  [
    ABSOLUTE,
    [
      [F32_POSITIVE, F32_POSITIVE],
      [F32_NEGATIVE, F32_POSITIVE],
      [F32_SIGNED, F32_POSITIVE],
      [F64_POSITIVE, F64_POSITIVE],
      [F64_NEGATIVE, F64_POSITIVE],
      [F64_SIGNED, F64_POSITIVE],
    ],
  ],
  [
    SIGN,
    [
      [F32_POSITIVE, F32_SIGNED],
      [F32_NEGATIVE, F32_SIGNED],
      [F32_SIGNED, F32_SIGNED],
      [F64_POSITIVE, F64_SIGNED],
      [F64_NEGATIVE, F64_SIGNED],
      [F64_SIGNED, F64_SIGNED],
    ],
  ],
  [COPY_F32X4, SAME_F32X4],
  [COPY_F64X2, SAME_F64X2],
  [
    NEGATE_F32X4,
    [
      [F32X4_POSITIVE, F32X4_NEGATIVE],
      [F32X4_NEGATIVE, F32X4_POSITIVE],
    ],
  ],
  [
    NEGATE_F64X2,
    [
      [F64X2_POSITIVE, F64X2_NEGATIVE],
      [F64X2_NEGATIVE, F64X2_POSITIVE],
    ],
  ],
  [
    ABSOLUTE_F32X4,
    [
      [F32X4_POSITIVE, F32X4_POSITIVE],
      [F32X4_NEGATIVE, F32X4_POSITIVE],
    ],
  ],
  [
    ABSOLUTE_F64X2,
    [
      [F64X2_POSITIVE, F64X2_POSITIVE],
      [F64X2_NEGATIVE, F64X2_POSITIVE],
    ],
  ],
  [
    TO_LANES,
    [
      [F32_POSITIVE, F32X4_POSITIVE],
      [F32_NEGATIVE, F32X4_NEGATIVE],
      [F64_POSITIVE, F64X2_POSITIVE],
      [F64_NEGATIVE, F64X2_NEGATIVE],
    ],
  ],
  [
    FROM_F32X4,
    [
      [F32X4_POSITIVE, F32_POSITIVE],
      [F32X4_NEGATIVE, F32_NEGATIVE],
    ],
  ],
  [
    FROM_F64X2,
    [
      [F64X2_POSITIVE, F64_POSITIVE],
      [F64X2_NEGATIVE, F64_NEGATIVE],
    ],
  ],
];

// By transfer and kind.
const RESULTS = buildResults();

function buildResults(): Uint16Array {
  const table = new Uint16Array(TRANSFERS * KINDS).fill(EXACT);
  for (const [transfer, mapping] of MAPPINGS) {
    for (const [kind, result] of mapping) {
      table[transfer * KINDS + indexOfKind(kind)] = result;
    }
  }
  return table;
}

function indexOfKind(kind: number): number {
  return 31 - Math.clz32(kind);
}

/** What a transfer makes of a set of kinds. */
export function transferKinds(transfer: number, kinds: number): number {
  if (transfer === COPY || kinds === CLEAN || kinds === EXACT) {
    return kinds;
  }
  let result = 0;
  for (let rest = kinds; rest !== 0; rest &= rest - 1) {
    result |= RESULTS[transfer * KINDS + indexOfKind(rest & -rest)] ?? EXACT;
  }
  return result;
}

/** Whether the set is of one kind, and that not EXACT: such values may keep the engine's NaNs. */
export function isOpen(kinds: number): boolean {
  return kinds > EXACT && (kinds & (kinds - 1)) === 0;
}

/** Whether values of different kinds meet: then all must be made exact before. */
export function isMixed(kinds: number): boolean {
  return (kinds & (kinds - 1)) !== 0;
}
