// NaN: the bits of a NaN that arithmetic made are the engine's choice, so they are replaced by those of the
// standard's deterministic profile before the guest or the host can see them: a NaN of arithmetic is the positive canonical one,
// and copies keep their payload, whatever way they take. Arithmetic itself stays untouched, and so do values that only arithmetic
// and comparisons read. What is replaced, and where, is what nan-flow.ts finds: mostly what is stored, reinterpreted,
// written to a global, passed to a function or returned, and what joins values that may be copies.

import * as op from '../opcodes.ts';
import type { LocalAllocator } from '../edits.ts';
import type { InstructionColumns } from '../instructions.ts';
import * as kinds from '../nan-kinds.ts';
import { GROUP_MAX, type StoreGroup } from '../nan-stores.ts';
import { V128_CONST } from '../simd.ts';
import type { Writer } from '../writer.ts';
import type { Pass } from './pass.ts';

/** The pass that makes NaNs canonical where they can be seen. */
export const canonicalNan: Pass = {
  name: 'canonical-nan',
  plan({ scanned, nanFlow, locals, bytes }, edits) {
    if (!scanned.makesNan) {
      return () => undefined;
    }
    const { columns } = scanned;
    const { values, groups } = nanFlow.find(scanned);
    const scratch = scratchLocals(locals);
    const planned: Edit[] = [...values].map(([index, kind]) => ({
      at: columns.at[index + 1] ?? 0,
      form: FORMS.indexOf(kind),
      value: scratch(typeOf(kind)),
      skip: 0,
    }));
    const waiting = new WaitingStores(columns, scratchLists(locals));
    for (const group of groups) {
      planned.push(...waiting.plan(group));
    }
    // What waits is stored before anything else happens there.
    planned.sort(
      (left, right) => left.at - right.at || Number(right.form === STORE) - Number(left.form === STORE),
    );
    for (const { at, form, value, skip } of planned) {
      edits.push(at, form, value, skip);
    }
    return (form, value, out) => {
      if (form === WAIT) waiting.writeWait(value, out);
      else if (form === STORE) waiting.writeStores(value, bytes, out);
      else writeCanonical(FORMS[form] ?? kinds.EXACT, value, out);
    };
  },
};

interface Edit {
  readonly at: number;
  readonly form: number;
  readonly value: number;
  readonly skip: number;
}

/** Stores that wait for one another, each with the locals that keep its address and value. */
class WaitingStores {
  private readonly columns: InstructionColumns;
  private readonly scratch: (type: number, place: number) => number;
  private readonly stores: KeptStore[] = [];
  private readonly groups: (readonly KeptStore[])[] = [];

  constructor(columns: InstructionColumns, scratch: (type: number, place: number) => number) {
    this.columns = columns;
    this.scratch = scratch;
  }

  plan({ stores, end }: StoreGroup): readonly Edit[] {
    const { columns } = this;
    const kept = stores.map(({ index, kind }, place): KeptStore => {
      const value = this.scratch(typeOf(kind), place);
      const address = this.scratch(op.I32, place);
      const sum = this.scratch(typeOf(kind), GROUP_MAX);
      return { kind, value, address, sum, from: columns.at[index] ?? 0, to: columns.at[index + 1] ?? 0 };
    });
    const waits = kept.map((one): Edit => {
      const value = this.stores.push(one) - 1;
      return { at: one.from, form: WAIT, value, skip: one.to - one.from };
    });
    const value = this.groups.push(kept) - 1;
    return [...waits, { at: columns.at[end] ?? 0, form: STORE, value, skip: 0 }];
  }

  writeWait(index: number, out: Writer): void {
    const store = this.stores[index];
    if (store !== undefined) {
      writeSet(store.value, out);
      writeSet(store.address, out);
    }
  }

  writeStores(index: number, bytes: Uint8Array, out: Writer): void {
    const group = this.groups[index] ?? [];
    out.raw(op.BLOCK, op.EMPTY_BLOCK);
    writeAllNumbers(group, out);
    out.raw(op.BR_IF, 0);
    for (const { kind, value } of group) {
      writeGet(value, out);
      writeCanonical(kind, value, out);
      writeSet(value, out);
    }
    out.u8(op.END);
    for (const { value, address, from, to } of group) {
      writeGet(address, out);
      writeGet(value, out);
      out.copy(bytes, from, to);
    }
  }
}

interface KeptStore {
  readonly kind: number;
  readonly value: number;
  readonly address: number;
  /** For the sum of its group. */
  readonly sum: number;
  /** The store instruction's bytes. */
  readonly from: number;
  readonly to: number;
}

// Whether no value is a NaN: a sum with one is one. A sum of infinities may be one as well, which costs a closer look.
function writeAllNumbers(group: readonly KeptStore[], out: Writer): void {
  const type = typeOf(group[0]?.kind ?? kinds.EXACT);
  if (type === op.V128) {
    return writeAllLanesNumbers(group, out);
  }
  const isF32 = type === op.F32;
  for (const [place, { value }] of group.entries()) {
    writeGet(value, out);
    if (place > 0) {
      out.u8(isF32 ? F32_ADD : F64_ADD);
    }
  }
  const sum = group[0]?.sum ?? 0;
  writeTee(sum, out);
  writeGet(sum, out);
  out.u8(isF32 ? F32_GE : F64_GE);
}

function writeAllLanesNumbers(group: readonly KeptStore[], out: Writer): void {
  const isF32 = ((group[0]?.kind ?? 0) & kinds.F32X4) !== 0;
  for (const [place, { value }] of group.entries()) {
    writeGet(value, out);
    writeGet(value, out);
    out.raw(op.SIMD_PREFIX, isF32 ? F32X4_NE : F64X2_NE);
    if (place > 0) {
      out.raw(op.SIMD_PREFIX, V128_OR);
    }
  }
  out.raw(op.SIMD_PREFIX, ...(isF32 ? I32X4_BITMASK : I64X2_BITMASK), I32_EQZ);
}

/** Scratch locals by type and a number, asked for when first needed. */
function scratchLists(locals: LocalAllocator): (type: number, place: number) => number {
  const lists = Array.from<unknown, (type: number) => number>({ length: GROUP_MAX + 1 }, () =>
    scratchLocals(locals),
  );
  return (type, place) => lists[place]?.(type) ?? 0;
}

/** At most one scratch local of each type, asked for when first needed. */
export function scratchLocals(locals: LocalAllocator): (type: number) => number {
  const known = new Map<number, number>();
  return (type) => {
    const local = known.get(type) ?? locals.local(type);
    known.set(type, local);
    return local;
  };
}

const F32_KINDS = kinds.F32_POSITIVE | kinds.F32_NEGATIVE | kinds.F32_SIGNED;
const F64_KINDS = kinds.F64_POSITIVE | kinds.F64_NEGATIVE | kinds.F64_SIGNED;
const NEGATIVE = kinds.F32_NEGATIVE | kinds.F64_NEGATIVE | kinds.F32X4_NEGATIVE | kinds.F64X2_NEGATIVE;
const SIGNED = kinds.F32_SIGNED | kinds.F64_SIGNED;

// Kinds by the number an edit carries.
const FORMS: readonly number[] = [
  kinds.F32_POSITIVE,
  kinds.F32_NEGATIVE,
  kinds.F32_SIGNED,
  kinds.F64_POSITIVE,
  kinds.F64_NEGATIVE,
  kinds.F64_SIGNED,
  kinds.F32X4_POSITIVE,
  kinds.F32X4_NEGATIVE,
  kinds.F64X2_POSITIVE,
  kinds.F64X2_NEGATIVE,
];

// Edits beside these: a store that waits, and a group's end.
const WAIT = FORMS.length;
const STORE = WAIT + 1;

function typeOf(kind: number): number {
  if ((kind & F32_KINDS) !== 0) return op.F32;
  return (kind & F64_KINDS) !== 0 ? op.F64 : op.V128;
}

const F32_GE = 0x60;
const F64_GE = 0x66;
const F32_COPYSIGN = 0x98;
const F64_COPYSIGN = 0xa6;
const F32_ADD = 0x92;
const F64_ADD = 0xa0;
const I32_EQZ = 0x45;
const F32X4_EQ = 0x41;
const F32X4_NE = 0x42;
const F64X2_EQ = 0x47;
const F64X2_NE = 0x48;
const V128_OR = 0x50;
const BITSELECT = 0x52;
const I32X4_BITMASK = [0xa4, 0x01];
const I64X2_BITMASK = [0xc4, 0x01];

// The value on top of the stack, unless it is a NaN: then the one that its kind stands for. Only a NaN is not at least
// itself. A branch around the rare case is faster than a select, which engines turn into one that is less
// well placed, and than anything without a branch: this way nothing waits for the comparison.
function writeCanonical(kind: number, scratch: number, out: Writer): void {
  const type = typeOf(kind);
  if (type === op.V128) {
    return writeCanonicalVector(kind, scratch, out);
  }
  const isF32 = type === op.F32;
  writeSet(scratch, out);
  out.raw(op.BLOCK, op.EMPTY_BLOCK);
  writeGet(scratch, out);
  writeGet(scratch, out);
  out.raw(isF32 ? F32_GE : F64_GE, op.BR_IF, 0);
  out.u8(isF32 ? op.F32_CONST : op.F64_CONST);
  out.raw(...nanBytes(isF32, (kind & NEGATIVE) !== 0));
  if ((kind & SIGNED) !== 0) {
    writeGet(scratch, out);
    out.u8(isF32 ? F32_COPYSIGN : F64_COPYSIGN);
  }
  writeSet(scratch, out);
  out.u8(op.END);
  writeGet(scratch, out);
}

// NaNs are rare, so lanes are only replaced where a comparison of all of them finds one. A lane that is no NaN equals
// itself, which makes a mask that picks it.
function writeCanonicalVector(kind: number, scratch: number, out: Writer): void {
  const isF32 = (kind & kinds.F32X4) !== 0;
  writeTee(scratch, out);
  writeGet(scratch, out);
  out.raw(op.SIMD_PREFIX, isF32 ? F32X4_NE : F64X2_NE);
  out.raw(op.SIMD_PREFIX, ...(isF32 ? I32X4_BITMASK : I64X2_BITMASK));
  out.raw(op.IF, op.EMPTY_BLOCK);
  writeGet(scratch, out);
  const lane = nanBytes(isF32, (kind & NEGATIVE) !== 0);
  out.raw(op.SIMD_PREFIX, V128_CONST, ...lane, ...lane, ...(isF32 ? [...lane, ...lane] : []));
  writeGet(scratch, out);
  writeGet(scratch, out);
  out.raw(op.SIMD_PREFIX, isF32 ? F32X4_EQ : F64X2_EQ, op.SIMD_PREFIX, BITSELECT);
  writeSet(scratch, out);
  out.u8(op.END);
  writeGet(scratch, out);
}

function nanBytes(isF32: boolean, isNegative: boolean): readonly number[] {
  const sign = isNegative ? 0xff : 0x7f;
  return isF32 ? [0, 0, 0xc0, sign] : [0, 0, 0, 0, 0, 0, 0xf8, sign];
}

function writeTee(local: number, out: Writer): void {
  out.u8(op.LOCAL_TEE);
  out.u32(local);
}

function writeSet(local: number, out: Writer): void {
  out.u8(op.LOCAL_SET);
  out.u32(local);
}

function writeGet(local: number, out: Writer): void {
  out.u8(op.LOCAL_GET);
  out.u32(local);
}
