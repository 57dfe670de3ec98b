// Stores that can share one check for NaNs. In a loop, values that arithmetic made are often stored side by side: the
// coordinates of a point, the halves of a complex number. Then the stores wait for the last of them, one branch
// asks for all whether there is a NaN, and only where there is one each value is looked at.
//
// A store may wait while nothing can tell: until control flow, another kind of store, or a load that is not certain
// to be elsewhere. Certain it is when both addresses are one local, unchanged in between, and the offsets are apart. A trap
// in between leaves a memory that nobody reads any more.
//
// What waits is kept in locals, so only functions that call nothing do this: their frames do not pile up.

import type { InstructionColumns } from './instructions.ts';
import * as kinds from './nan-kinds.ts';
import * as op from './opcodes.ts';
import { Reader } from './reader.ts';

/** A store of a value that must be made canonical, which the instruction before it pushed. */
export interface NanStore {
  readonly index: number;
  /** Which instruction pushed the address. */
  readonly address: number;
  readonly kind: number;
}

/** Stores of one type, in order; they wait until before the instruction `end`. */
export interface StoreGroup {
  readonly stores: readonly NanStore[];
  readonly end: number;
}

/** Stores that wait at once: more would only cost registers. */
export const GROUP_MAX = 6;
/** Instructions from the first store of a group, or from its address, to the group's end. */
const WAIT_MAX = 200;

const F64_STORE = 0x39;
const V128_STORE = op.SIMD + 0x0b;
const VECTOR_BYTES = 16;

/** The groups of a body, given all stores of values that must be made canonical, in order. */
export function groupStores(
  columns: InstructionColumns,
  bytes: Uint8Array,
  stores: readonly NanStore[],
): readonly StoreGroup[] {
  if (stores.length < 2 || callsAnything(columns)) {
    return [];
  }
  return new StoreWalk(columns, bytes, stores).groups();
}

function callsAnything({ op: codes, landmarks, landmarkCount }: InstructionColumns): boolean {
  for (let place = 0; place < landmarkCount; place++) {
    const code = codes[landmarks[place] ?? 0] ?? 0;
    const calls = code >= op.CALL && code <= op.RETURN_CALL_INDIRECT;
    if (calls || code === op.MEMORY_GROW || code === op.TABLE_GROW) {
      return true;
    }
  }
  return false;
}

class StoreWalk {
  private readonly columns: InstructionColumns;
  private readonly reader: Reader;
  private readonly byIndex: ReadonlyMap<number, NanStore>;
  private readonly found: StoreGroup[] = [];
  private waiting: NanStore[] = [];
  // 1 for each open block that is a loop.
  private readonly open: number[] = [];
  private loops = 0;

  constructor(columns: InstructionColumns, bytes: Uint8Array, stores: readonly NanStore[]) {
    this.columns = columns;
    this.reader = new Reader(bytes, 0, bytes.length);
    this.byIndex = new Map(stores.map((store) => [store.index, store]));
  }

  groups(): readonly StoreGroup[] {
    const { columns } = this;
    for (let index = 0; index < columns.count; index++) {
      const code = columns.op[index] ?? 0;
      if (op.isLandmark(code)) {
        this.close(index);
        this.follow(code);
      } else if (this.loops > 0) {
        this.visit(code, index);
      }
    }
    return this.found;
  }

  private follow(code: number): void {
    if (code === op.BLOCK || code === op.LOOP || code === op.IF) {
      const loop = code === op.LOOP ? 1 : 0;
      this.open.push(loop);
      this.loops += loop;
    } else if (code === op.END) {
      this.loops -= this.open.pop() ?? 0;
    }
  }

  private visit(code: number, index: number): void {
    const store = this.byIndex.get(index);
    const first = this.waiting[0];
    if (store !== undefined) {
      if (
        first !== undefined &&
        (this.columns.op[first.index] !== code || lanesOf(first) !== lanesOf(store))
      ) {
        this.close(index);
      }
      this.waiting.push(store);
      if (this.waiting.length === GROUP_MAX) {
        this.close(index + 1);
      }
    } else if (first !== undefined && (index - first.index > WAIT_MAX || this.disturbs(code, index))) {
      this.close(index);
    }
  }

  private close(end: number): void {
    if (this.waiting.length > 1) {
      this.found.push({ stores: this.waiting, end });
    }
    if (this.waiting.length > 0) {
      this.waiting = [];
    }
  }

  private disturbs(code: number, index: number): boolean {
    if (isStore(code)) {
      return true;
    }
    const size = loadedBytes(code);
    return size > 0 && !this.waiting.every((store) => this.isElsewhere(store, index, size));
  }

  // Whether a load is certain not to see what a waiting store will write.
  private isElsewhere({ index, address }: NanStore, load: number, size: number): boolean {
    if (!this.isSameLocal(address, load - 1)) {
      return false;
    }
    const stored = this.offsetOf(index);
    const loaded = this.offsetOf(load);
    return loaded + size <= stored || stored + storedBytes(this.columns.op[index] ?? 0) <= loaded;
  }

  // Whether two instructions push one local, which no instruction from the first to the second writes.
  private isSameLocal(first: number, second: number): boolean {
    const { op: codes, value } = this.columns;
    const local = value[first];
    const isFar = second - first > WAIT_MAX;
    if (isFar || !pushesLocal(codes[first]) || codes[second] !== op.LOCAL_GET || value[second] !== local) {
      return false;
    }
    for (let index = first + 1; index < second; index++) {
      const code = codes[index];
      if ((code === op.LOCAL_SET || code === op.LOCAL_TEE) && value[index] === local) {
        return false;
      }
    }
    return true;
  }

  private offsetOf(index: number): number {
    const { reader, columns } = this;
    reader.position = (columns.at[index] ?? 0) + 1;
    if ((columns.op[index] ?? 0) >= op.SIMD) {
      reader.u32();
    }
    reader.u32();
    return reader.u32();
  }
}

function pushesLocal(code: number | undefined): boolean {
  return code === op.LOCAL_GET || code === op.LOCAL_TEE;
}

function lanesOf({ kind }: NanStore): number {
  return kind & (kinds.F32X4 | kinds.F64X2) ? kind & kinds.F32X4 : 0;
}

function isStore(code: number): boolean {
  const lane = code - op.SIMD;
  return (code >= 0x36 && code <= 0x3e) || code === V128_STORE || (lane >= 0x58 && lane <= 0x5b);
}

function storedBytes(code: number): number {
  return code === V128_STORE ? VECTOR_BYTES : code === F64_STORE ? 8 : 4;
}

// At most how many bytes an instruction reads from memory, 0 for one that does not.
function loadedBytes(code: number): number {
  if (code >= 0x28 && code <= 0x35) {
    return 1 << (op.PLAIN.alignment[code] ?? 0);
  }
  const vector = code - op.SIMD;
  const reads =
    (vector >= 0 && vector < 0x0b) || (vector >= 0x54 && vector < 0x58) || vector === 0x5c || vector === 0x5d;
  return reads ? VECTOR_BYTES : 0;
}
