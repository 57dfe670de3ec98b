/**
 * Which proposals of WebAssembly a module uses, by walking its code. Only for explanations: a body that holds
 * something unknown is left where it stops, for the rewriter has said what is wrong with it.
 */
import { ByteReader } from './bytes.ts';
import { type Outline, SECTION_CODE } from './outline.ts';

export type UsedFeature =
  | 'bulk-memory'
  | 'exceptions'
  | 'gc'
  | 'multi-value'
  | 'reference-types'
  | 'relaxed-simd'
  | 'saturating-conversion'
  | 'sign-extension'
  | 'simd'
  | 'tail-calls'
  | 'threads';

/** In alphabetical order; empty for a module of the first version. */
export function usedFeatures(bytes: Uint8Array, outline: Outline): readonly UsedFeature[] {
  const used = new Set<UsedFeature>();
  if (outline.types.some(({ results }) => results.length > 1)) used.add('multi-value');
  for (const { start, end } of functionBodies(bytes, outline)) {
    try {
      walkBody(new ByteReader(bytes, start, end), used);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return [...used].toSorted();
}

/** Where each function's body is, local declarations included. */
export function functionBodies(
  bytes: Uint8Array,
  { sections }: Outline,
): readonly { readonly start: number; readonly end: number }[] {
  const section = sections.find(({ id }) => id === SECTION_CODE);
  if (section === undefined) return [];
  const reader = new ByteReader(bytes, section.start, section.end);
  const bodies: { start: number; end: number }[] = [];
  try {
    for (let count = reader.u32(); count > 0; count -= 1) {
      const size = reader.u32();
      bodies.push({ start: reader.at, end: reader.at + size });
      reader.take(size);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return bodies;
}

/** A tail call: where it is, and whom it names if it does not go through a table. */
export interface TailCall {
  readonly at: number;
  readonly callee: number | undefined;
}

/** The tail calls of a valid body, local declarations included, in their order. */
export function tailCalls(body: Uint8Array): readonly TailCall[] {
  const found: TailCall[] = [];
  walkBody(new ByteReader(body), new Set(), (op, at) => {
    if (op !== RETURN_CALL && op !== RETURN_CALL_INDIRECT) return;
    const callee = op === RETURN_CALL ? new ByteReader(body, at + 1).u32() : undefined;
    found.push({ at, callee });
  });
  return found;
}

const RETURN_CALL = 0x12;
const RETURN_CALL_INDIRECT = 0x13;

type Walk = (reader: ByteReader, used: Set<UsedFeature>) => void;
type Visit = (op: number, at: number) => void;

function walkBody(reader: ByteReader, used: Set<UsedFeature>, visit?: Visit): void {
  for (let groups = reader.u32(); groups > 0; groups -= 1) {
    reader.skipNumber();
    reader.skipNumber();
  }
  while (!reader.isDone) {
    const { at } = reader;
    const op = reader.u8();
    visit?.(op, at);
    const feature = featureOf(op);
    if (feature !== undefined) used.add(feature);
    IMMEDIATES[op]?.(reader, used);
  }
}

function featureOf(op: number): UsedFeature | undefined {
  if ((op >= 0x06 && op <= 0x0a) || op === 0x18 || op === 0x19 || op === 0x1f) return 'exceptions';
  if (op === RETURN_CALL || op === RETURN_CALL_INDIRECT) return 'tail-calls';
  if (op === 0x1c || op === 0x25 || op === 0x26 || (op >= 0xd0 && op <= 0xd2)) return 'reference-types';
  if (op === 0x14 || op === 0x15 || (op >= 0xd3 && op <= 0xd6) || op === 0xfb) return 'gc';
  if (op === 0xfe) return 'threads';
  return op >= 0xc0 && op <= 0xc4 ? 'sign-extension' : undefined;
}

const numbers =
  (count: number): Walk =>
  (reader) => {
    for (let index = 0; index < count; index += 1) reader.skipNumber();
  };
const fixed =
  (count: number): Walk =>
  (reader) => {
    reader.take(count);
  };

// Bit 6 of the alignment says that a memory's index follows.
const memoryArgument: Walk = (reader) => {
  if ((reader.u32() & 0x40) !== 0) reader.skipNumber();
  reader.skipNumber();
};

const list =
  (entry: Walk): Walk =>
  (reader, used) => {
    for (let count = reader.u32(); count > 0; count -= 1) entry(reader, used);
  };

// A type index instead of a value type: the block takes operands or leaves several.
const blockType: Walk = (reader, used) => {
  const first = reader.bytes[reader.at] ?? 0;
  if ((first & 0xc0) !== 0x40) used.add('multi-value');
  reader.skipNumber();
};

const branchTable: Walk = (reader, used) => {
  list(numbers(1))(reader, used);
  reader.skipNumber();
};

const catches: Walk = (reader, used) => {
  blockType(reader, used);
  list((inner) => numbers(inner.u8() < 2 ? 2 : 1)(inner, used))(reader, used);
};

const BULK_NUMBERS: readonly number[] = [2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
const FIRST_BULK = 8;
const FIRST_TABLE = 15;

const prefixedBulk: Walk = (reader, used) => {
  const op = reader.u32();
  if (op < FIRST_BULK) used.add('saturating-conversion');
  else used.add(op < FIRST_TABLE ? 'bulk-memory' : 'reference-types');
  numbers(BULK_NUMBERS[op - FIRST_BULK] ?? 0)(reader, used);
};

const FIRST_RELAXED = 0x100;

const prefixedVector: Walk = (reader, used) => {
  const op = reader.u32();
  used.add(op >= FIRST_RELAXED ? 'relaxed-simd' : 'simd');
  if (op <= 11 || (op >= 84 && op <= 93)) memoryArgument(reader, used);
  if (op === 12 || op === 13) reader.take(16);
  if ((op >= 21 && op <= 34) || (op >= 84 && op <= 91)) reader.u8();
};

const ATOMIC_FENCE = 3;

const prefixedAtomic: Walk = (reader, used) => {
  if (reader.u32() === ATOMIC_FENCE) reader.u8();
  else memoryArgument(reader, used);
};

// Garbage collection has immediates of many shapes, and a module with it is refused: no need to go on.
const stop: Walk = (reader) => {
  reader.at = reader.end;
};

/** What follows an opcode; nothing for most. */
const IMMEDIATES: readonly (Walk | undefined)[] = immediates([
  [[0x02, 0x03, 0x04, 0x06], blockType],
  [[0x0e], branchTable],
  [[0x1f], catches],
  [[0x1c], list(numbers(1))],
  [[0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18], numbers(1)],
  [[0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2, 0xd5, 0xd6], numbers(1)],
  [[0x11, 0x13], numbers(2)],
  [Array.from({ length: 0x3f - 0x28 }, (_, index) => 0x28 + index), memoryArgument],
  [[0x43], fixed(4)],
  [[0x44], fixed(8)],
  [[0xfb], stop],
  [[0xfc], prefixedBulk],
  [[0xfd], prefixedVector],
  [[0xfe], prefixedAtomic],
]);

function immediates(rows: readonly (readonly [readonly number[], Walk])[]): readonly (Walk | undefined)[] {
  const table: (Walk | undefined)[] = Array.from({ length: 256 }, () => undefined);
  for (const [ops, walk] of rows) for (const op of ops) table[op] = walk;
  return table;
}
