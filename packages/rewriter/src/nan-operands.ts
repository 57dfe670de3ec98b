// The operand stack of the walk that follows NaNs: where each operand comes from and which instruction pushed it.
// Nothing is known of integers but that they are no NaNs.

import { InstructionColumns } from './instructions.ts';
import { OPERANDS_MAX } from './limits.ts';
import { known, knownKinds, NanGraph, type Source } from './nan-graph.ts';
import * as kinds from './nan-kinds.ts';
import * as op from './opcodes.ts';
import { Reader } from './reader.ts';
import * as simd from './simd.ts';

const F32_ABS = 0x8b;
const F64_ABS = 0x99;
const F32X4_ABS = 0xe0;
const F64X2_ABS = 0xec;
const V128_STORE = 0x0b;
const BITSELECT = 0x52;

const CLEAN = known(kinds.CLEAN);
const EXACT = known(kinds.EXACT);

/** What instructions without control flow do to operands. */
export class NanOperands {
  protected readonly graph = new NanGraph();
  protected columns = new InstructionColumns();
  protected readonly reader: Reader;
  /** The instruction at hand. */
  protected index = 0;
  protected height = 0;
  private readonly sources = new Int32Array(OPERANDS_MAX);
  private readonly producers = new Uint32Array(OPERANDS_MAX);
  // Of each store of a float or vector: the instruction, and the one that pushed the address.
  protected readonly stores: number[] = [];

  constructor(bytes: Uint8Array) {
    this.reader = new Reader(bytes, 0, bytes.length);
  }

  protected push(source: Source): void {
    this.sources[this.height] = source;
    this.producers[this.height] = this.index;
    this.height += 1;
  }

  protected sourceAt(height: number): Source {
    return this.sources[height] ?? EXACT;
  }

  protected producerAt(height: number): number {
    return this.producers[height] ?? 0;
  }

  /** All bits of an operand are shown: from now on it is exact. */
  protected show(height: number): void {
    const source = this.sourceAt(height);
    if (source !== CLEAN && source !== EXACT) {
      this.graph.show(source, this.producerAt(height));
      this.sources[height] = EXACT;
    }
  }

  /** Pops operands that somebody else sees: the last `count` ones. */
  protected popShown(count: number): void {
    for (let place = 1; place <= count; place++) {
      this.show(this.height - place);
    }
    this.height -= count;
  }

  protected plain(code: number): void {
    const { operands, nan } = op.PLAIN;
    const top = this.height - 1;
    switch (nan[code] ?? op.NAN_EXACT) {
      case op.NAN_COPIES:
        return this.transferTop(code === F32_ABS || code === F64_ABS ? kinds.ABSOLUTE : kinds.NEGATE);
      case op.NAN_COPIES_AND_SHOWS:
        this.show(top);
        this.height = top;
        return this.transferTop(kinds.SIGN);
      case op.NAN_SHOWS:
        if (operands[code] === 2) {
          this.noteStore();
        }
        this.show(top);
        break;
      default:
    }
    this.height -= operands[code] ?? 0;
    const result = PLAIN_RESULTS[code] ?? NO_RESULT;
    if (result !== NO_RESULT) {
      this.push(result);
    }
  }

  /** The operand on top becomes what a transfer makes of it. */
  private transferTop(transfer: number): void {
    const top = this.height - 1;
    const source = this.sourceAt(top);
    this.height = top;
    if (source >= 0) {
      const place = this.graph.place();
      this.graph.flow(place, source, this.producerAt(top), transfer);
      return this.push(place);
    }
    const result = kinds.transferKinds(transfer, knownKinds(source));
    if (result === kinds.EXACT) {
      this.show(top);
    }
    this.push(known(result));
  }

  protected constant(bytes: number): Source {
    const { reader } = this;
    reader.position += bytes;
    for (let end = reader.position; end > reader.position - bytes; end -= 4) {
      const high = ((reader.bytes[end - 1] ?? 0) << 8) | (reader.bytes[end - 2] ?? 0);
      if ((high & 0x7f80) === 0x7f80) {
        return EXACT;
      }
    }
    return CLEAN;
  }

  /** The last two operands become one that is either, each through a transfer. */
  protected join(firstTransfer: number, secondTransfer: number): void {
    const first = this.height - 2;
    const second = this.height - 1;
    const [firstSource, secondSource] = [this.sourceAt(first), this.sourceAt(second)];
    this.height = first;
    const isCopy = firstTransfer === kinds.COPY && secondTransfer === kinds.COPY;
    if (isCopy && (firstSource === secondSource || secondSource === CLEAN)) {
      return this.push(firstSource);
    }
    if (isCopy && firstSource === CLEAN) {
      return this.push(secondSource);
    }
    const place = this.graph.place();
    this.graph.flow(place, firstSource, this.producerAt(first), firstTransfer);
    this.graph.flow(place, secondSource, this.producerAt(second), secondTransfer);
    this.push(place);
  }

  protected vector(code: number): void {
    const instruction = simd.SIMD_INSTRUCTIONS.get(code);
    if (instruction === undefined) {
      return;
    }
    const { gives, reads, operands } = instruction;
    const isF32 = reads === simd.READS_F32;
    switch (gives) {
      case simd.GIVES_SPLAT:
        return this.transferTop(kinds.TO_LANES);
      case simd.GIVES_LANE:
        return this.transferTop(isF32 ? kinds.FROM_F32X4 : kinds.FROM_F64X2);
      case simd.GIVES_REPLACED:
        return this.join(isF32 ? kinds.COPY_F32X4 : kinds.COPY_F64X2, kinds.TO_LANES);
      case simd.GIVES_COPIES:
        return this.copyLanes(code, operands.length, isF32);
      default:
        return this.computeLanes(code, instruction);
    }
  }

  private copyLanes(code: number, operands: number, isF32: boolean): void {
    if (operands === 2) {
      this.readLanes(2, isF32 ? simd.READS_F32 : simd.READS_F64);
      const copy = isF32 ? kinds.COPY_F32X4 : kinds.COPY_F64X2;
      return this.join(copy, copy);
    }
    const isAbsolute = code === F32X4_ABS || code === F64X2_ABS;
    if (isAbsolute) {
      return this.transferTop(isF32 ? kinds.ABSOLUTE_F32X4 : kinds.ABSOLUTE_F64X2);
    }
    this.transferTop(isF32 ? kinds.NEGATE_F32X4 : kinds.NEGATE_F64X2);
  }

  private computeLanes(code: number, { gives, reads, operands, result }: simd.SimdInstruction): void {
    if (code === simd.SHUFFLE || code === BITSELECT) {
      const transfer = code === simd.SHUFFLE ? this.shuffleTransfer() : this.maskTransfer();
      if (transfer !== undefined) {
        this.height -= code === simd.SHUFFLE ? 0 : 1;
        return this.join(transfer, transfer);
      }
    }
    if (code === V128_STORE) {
      this.noteStore();
    }
    this.readLanes(operands.length, reads);
    this.height -= operands.length;
    if (gives === simd.GIVES_F32 || gives === simd.GIVES_F64) {
      const isInteger = reads === simd.READS_BITS;
      const made = gives === simd.GIVES_F32 ? kinds.F32X4_POSITIVE : kinds.F64X2_POSITIVE;
      this.push(isInteger ? CLEAN : known(made));
    } else if (result !== 0) {
      this.push(code === simd.V128_CONST ? this.vectorConstant() : result === op.V128 ? EXACT : CLEAN);
    }
  }

  private noteStore(): void {
    this.stores.push(this.index, this.producerAt(this.height - 2));
  }

  private readLanes(count: number, reads: number): void {
    for (let height = this.height - count; height < this.height; height++) {
      if (reads === simd.READS_BITS) {
        this.show(height);
      } else {
        const lanes = reads === simd.READS_F32 ? kinds.F32X4 : kinds.F64X2;
        this.graph.read(this.sourceAt(height), this.producerAt(height), lanes);
      }
    }
  }

  private vectorConstant(): Source {
    this.skipCode();
    return this.constant(16);
  }

  private skipCode(): void {
    this.reader.position = (this.columns.at[this.index] ?? 0) + 1;
    this.reader.u32();
  }

  // A shuffle that moves whole lanes copies them.
  private shuffleTransfer(): number | undefined {
    this.skipCode();
    const { bytes, position } = this.reader;
    const moves = (size: number) => {
      for (let place = 0; place < 16; place++) {
        const first = bytes[position + place - (place % size)] ?? 0;
        if (first % size !== 0 || bytes[position + place] !== first + (place % size)) return false;
      }
      return true;
    };
    return moves(8) ? kinds.COPY : moves(4) ? kinds.COPY_F32X4 : undefined;
  }

  // A selection of bits by the result of a comparison is one of whole lanes.
  private maskTransfer(): number | undefined {
    const code = (this.columns.op[this.producerAt(this.height - 1)] ?? 0) - op.SIMD;
    if (comparesLanes(code, 8)) return kinds.COPY;
    return comparesLanes(code, 4) ? kinds.COPY_F32X4 : undefined;
  }
}

const NO_RESULT = 0;
const PLAIN_RESULTS = plainResults();

// The source of what each plain instruction pushes.
function plainResults(): Int32Array {
  const { result, nan } = op.PLAIN;
  return Int32Array.from(result, (type, code) => {
    if (type === 0) return NO_RESULT;
    if (type !== op.F32 && type !== op.F64) return CLEAN;
    if (nan[code] === op.NAN_MAKES) return known(type === op.F32 ? kinds.F32_POSITIVE : kinds.F64_POSITIVE);
    return isConversionFromInteger(code) ? CLEAN : EXACT;
  });
}

function isConversionFromInteger(code: number): boolean {
  return (code >= 0xb2 && code <= 0xb5) || (code >= 0xb7 && code <= 0xba);
}

// Comparisons of vectors, whose results are lanes of ones and of zeros, by the bytes of a lane.
function comparesLanes(code: number, size: 4 | 8): boolean {
  return size === 4
    ? code >= 0x37 && code <= 0x46
    : (code >= 0x47 && code <= 0x4c) || (code >= 0xd6 && code <= 0xdb);
}
