// The reference decoder: reads a module the slow and obvious way, into objects. It shares nothing with the
// rewriter, so that a misreading in one shows as a difference between the two.

import { NULL } from './values.ts';

/** One instruction. `end` and `else` positions are filled in for blocks. */
export interface Instruction {
  readonly op: number;
  readonly operands: readonly number[];
  /** The value of a constant, as bits. */
  readonly bits: bigint;
  /** Index of the matching `end`, for block, loop and if. */
  end: number;
  /** Index of the `else`, or -1. */
  otherwise: number;
}

export interface ReferenceType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface ReferenceFunction {
  readonly type: ReferenceType;
  /** The name of the import, or undefined for a function with a body. */
  readonly imported: string | undefined;
  locals: readonly number[];
  code: readonly Instruction[];
}

export interface ReferenceSegment {
  /** Where an active segment goes, or undefined for another one. */
  readonly at: number | undefined;
  readonly bytes: Uint8Array;
  readonly table: number;
  readonly declares: boolean;
  /** References as bits. */
  readonly entries: readonly bigint[];
}

export interface ReferenceModule {
  readonly types: ReferenceType[];
  readonly functions: ReferenceFunction[];
  readonly tables: { readonly min: number; readonly max: number | undefined }[];
  memoryMin: number;
  memoryMax: number;
  readonly globals: { readonly type: number; readonly bits: bigint }[];
  readonly exports: Map<string, { readonly kind: number; readonly index: number }>;
  start: number | undefined;
  readonly elements: ReferenceSegment[];
  readonly data: ReferenceSegment[];
}

class Cursor {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) {
      throw new Error(`reference decoder: read past the end at ${this.at}`);
    }
    this.at += 1;
    return value;
  }

  /** A LEB128 of any width, sign-extended when asked. */
  leb(signed: boolean): bigint {
    let value = 0n;
    let shift = 0n;
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if ((byte & 0x80) === 0) {
        return signed && (byte & 0x40) !== 0 ? value - (1n << shift) : value;
      }
    }
  }

  unsigned(): number {
    return Number(this.leb(false));
  }

  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }

  list<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.unsigned() }, read);
  }

  little(count: number): bigint {
    return this.take(count).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }
}

/** Decodes a module that is known to be valid. */
export function decodeModule(bytes: Uint8Array): ReferenceModule {
  const module: ReferenceModule = {
    types: [],
    functions: [],
    tables: [],
    memoryMin: 0,
    memoryMax: 65536,
    globals: [],
    exports: new Map(),
    start: undefined,
    elements: [],
    data: [],
  };
  const cursor = new Cursor(bytes);
  cursor.at = 8;
  while (cursor.at < bytes.length) {
    const id = cursor.byte();
    const size = cursor.unsigned();
    decodeSection(id, new Cursor(cursor.take(size)), module);
  }
  return module;
}

function decodeSection(id: number, cursor: Cursor, module: ReferenceModule): void {
  switch (id) {
    case 1:
      module.types.push(...cursor.list(() => decodeType(cursor)));
      break;
    case 2:
      module.functions.push(...cursor.list(() => decodeImport(cursor, module)));
      break;
    case 3:
      module.functions.push(
        ...cursor.list(() => ({
          type: typeAt(module, cursor.unsigned()),
          imported: undefined,
          locals: [],
          code: [],
        })),
      );
      break;
    case 4:
      cursor.list(() => {
        cursor.byte();
        module.tables.push(decodeLimits(cursor));
      });
      break;
    case 5:
      cursor.list(() => {
        const { min, max } = decodeLimits(cursor);
        module.memoryMin = min;
        module.memoryMax = max ?? 65536;
      });
      break;
    case 6:
      cursor.list(() => {
        const type = cursor.byte();
        cursor.byte();
        module.globals.push({ type, bits: decodeConstant(cursor, module) });
      });
      break;
    case 7:
      cursor.list(() => {
        const name = new TextDecoder().decode(cursor.take(cursor.unsigned()));
        module.exports.set(name, { kind: cursor.byte(), index: cursor.unsigned() });
      });
      break;
    case 8:
      module.start = cursor.unsigned();
      break;
    case 9:
      module.elements.push(...cursor.list(() => decodeElement(cursor, module)));
      break;
    case 10:
      decodeBodies(cursor, module);
      break;
    case 11:
      module.data.push(...cursor.list(() => decodeData(cursor, module)));
      break;
    default:
      break;
  }
}

function typeAt(module: ReferenceModule, index: number): ReferenceType {
  const type = module.types[index];
  if (type === undefined) {
    throw new Error(`reference decoder: no type ${index}`);
  }
  return type;
}

function decodeType(cursor: Cursor): ReferenceType {
  cursor.byte();
  return { parameters: cursor.list(() => cursor.byte()), results: cursor.list(() => cursor.byte()) };
}

function decodeImport(cursor: Cursor, module: ReferenceModule): ReferenceFunction {
  cursor.take(cursor.unsigned());
  const name = new TextDecoder().decode(cursor.take(cursor.unsigned()));
  cursor.byte();
  return { type: typeAt(module, cursor.unsigned()), imported: name, locals: [], code: [] };
}

function decodeLimits(cursor: Cursor): { min: number; max: number | undefined } {
  const bounded = cursor.byte() === 1;
  return { min: cursor.unsigned(), max: bounded ? cursor.unsigned() : undefined };
}

// The bits that a constant expression comes to.
function decodeConstant(cursor: Cursor, module: ReferenceModule): bigint {
  const stack: bigint[] = [];
  for (;;) {
    const { op, operands, bits } = decodeInstruction(cursor);
    if (op === 0x0b) {
      return stack.pop() ?? 0n;
    }
    if (op === 0x23) {
      stack.push(module.globals[operands[0] ?? 0]?.bits ?? 0n);
    } else if (op === 0xd0) {
      stack.push(NULL);
    } else if (op === 0xd2) {
      stack.push(BigInt(operands[0] ?? 0));
    } else if (op === 0xfd0c) {
      stack.push(bits);
    } else if (op >= 0x41 && op <= 0x44) {
      stack.push(BigInt.asUintN(op === 0x41 || op === 0x43 ? 32 : 64, bits));
    } else {
      const [right = 0n, left = 0n] = [stack.pop(), stack.pop()];
      const kind = op < 0x7c ? op - 0x6a : op - 0x7c;
      const result = kind === 0 ? left + right : kind === 1 ? left - right : left * right;
      stack.push(BigInt.asUintN(op < 0x7c ? 32 : 64, result));
    }
  }
}

function decodeElement(cursor: Cursor, module: ReferenceModule): ReferenceSegment {
  const flags = cursor.unsigned();
  const active = flags % 2 === 0;
  const table = active && (flags & 2) !== 0 ? cursor.unsigned() : 0;
  const at = active ? Number(decodeConstant(cursor, module)) : undefined;
  if (flags % 4 !== 0) cursor.byte();
  const entry = () => (flags < 4 ? BigInt(cursor.unsigned()) : decodeConstant(cursor, module));
  return {
    at,
    bytes: new Uint8Array(0),
    table,
    declares: !active && (flags & 2) !== 0,
    entries: cursor.list(entry),
  };
}

function decodeData(cursor: Cursor, module: ReferenceModule): ReferenceSegment {
  const flags = cursor.unsigned();
  if (flags === 2) cursor.unsigned();
  const at = flags === 1 ? undefined : Number(decodeConstant(cursor, module));
  return { at, bytes: cursor.take(cursor.unsigned()), table: 0, declares: false, entries: [] };
}

function decodeBodies(cursor: Cursor, module: ReferenceModule): void {
  const bodies = cursor.list(() => new Cursor(cursor.take(cursor.unsigned())));
  const defined = module.functions.filter(({ imported }) => imported === undefined);
  for (const [index, body] of bodies.entries()) {
    const target = defined[index];
    if (target === undefined) {
      throw new Error('reference decoder: a body too many');
    }
    target.locals = body
      .list(() => ({ count: body.unsigned(), type: body.byte() }))
      .flatMap(({ count, type }) => Array.from({ length: count }, () => type));
    target.code = decodeCode(body);
  }
}

function decodeCode(cursor: Cursor): readonly Instruction[] {
  const code: Instruction[] = [];
  const open: Instruction[] = [];
  while (cursor.at < cursor.bytes.length) {
    const instruction = decodeInstruction(cursor);
    if (instruction.op === 0x05) {
      const innermost = open.at(-1);
      if (innermost !== undefined) innermost.otherwise = code.length;
    } else if (instruction.op === 0x0b) {
      const closed = open.pop();
      if (closed !== undefined) closed.end = code.length;
    } else if (instruction.op >= 0x02 && instruction.op <= 0x04) {
      open.push(instruction);
    }
    code.push(instruction);
  }
  return code;
}

function decodeInstruction(cursor: Cursor): Instruction {
  const first = cursor.byte();
  const op = first === 0xfc || first === 0xfd ? first * 256 + cursor.unsigned() : first;
  const { operands, bits } = decodeImmediates(op, cursor);
  return { op, operands, bits, end: -1, otherwise: -1 };
}

function decodeImmediates(op: number, cursor: Cursor): { operands: readonly number[]; bits: bigint } {
  const numbers = (count: number) => ({
    operands: Array.from({ length: count }, () => cursor.unsigned()),
    bits: 0n,
  });
  if (op >= 0x02 && op <= 0x04) return { operands: [Number(cursor.leb(true))], bits: 0n };
  if (op === 0x0e)
    return { operands: [...cursor.list(() => cursor.unsigned()), cursor.unsigned()], bits: 0n };
  if (op === 0x0c || op === 0x0d || op === 0x10 || op === 0x12) return numbers(1);
  if ((op >= 0x20 && op <= 0x26) || op === 0xd0 || op === 0xd2) return numbers(1);
  if (op === 0x1c) return { operands: cursor.list(() => cursor.unsigned()), bits: 0n };
  if (op === 0x11 || op === 0x13 || (op >= 0x28 && op <= 0x3e)) return numbers(2);
  if (op === 0x3f || op === 0x40) return numbers(1);
  if (op === 0x41 || op === 0x42) return { operands: [], bits: cursor.leb(true) };
  if (op === 0x43) return { operands: [], bits: cursor.little(4) };
  if (op === 0x44) return { operands: [], bits: cursor.little(8) };
  if (op >= 0xfd00) return decodeVectorImmediates(op - 0xfd00, cursor);
  if (op === 0xfc08 || op === 0xfc0a || op === 0xfc0c || op === 0xfc0e) return numbers(2);
  if (op === 0xfc09 || op === 0xfc0b || op === 0xfc0d || op >= 0xfc0f) return numbers(1);
  return { operands: [], bits: 0n };
}

// Constants, the lanes of a shuffle, memory arguments (with a lane for some), and single lanes.
function decodeVectorImmediates(code: number, cursor: Cursor): { operands: readonly number[]; bits: bigint } {
  if (code === 0x0c) return { operands: [], bits: cursor.little(16) };
  if (code === 0x0d) return { operands: [...cursor.take(16)], bits: 0n };
  if (code <= 0x0b || (code >= 0x54 && code <= 0x5d)) {
    const argument = [cursor.unsigned(), cursor.unsigned()];
    return { operands: code >= 0x54 && code <= 0x5b ? [...argument, cursor.byte()] : argument, bits: 0n };
  }
  return { operands: code >= 0x15 && code <= 0x22 ? [cursor.byte()] : [], bits: 0n };
}
