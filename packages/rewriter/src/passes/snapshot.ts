// Snapshot: between two steps the host can read and write all that a step guest is made of beside its memory.
//
// Scalars (mutable globals that some instruction sets, and for each passive segment that some instruction drops
// whether it was) are numbered as words of 64 bits: a vector takes two, everything else one, its bits as they
// are. Two appended functions read and write a word by its number. JavaScript's own access to globals would
// not do: it knows no vectors and may change the payload of a NaN.
//
// References cannot become numbers in WebAssembly, so tables that some instruction changes and function globals
// that some instruction sets are exported, and with them one more table of all functions that a reference can
// name: their places in it are their numbers. References to host things can only be null.
//
// What no instruction changes is as it was made and needs no saving. Nothing here is metered or called by the guest.

import { STATE_WORDS_MAX } from '../limits.ts';
import type { ExportKind, WasmModule } from '../module.ts';
import * as op from '../opcodes.ts';
import { assertLimit } from '../refusals.ts';
import { I64X2_EXTRACT_LANE, I64X2_REPLACE_LANE } from '../simd.ts';
import type { Writer } from '../writer.ts';
import type { Pass, PassInput } from './pass.ts';

/** Export name of the constant i32 global that says how many words the state has. Step guests only, as all of these. */
const WORDS_GLOBAL = 'trine:words';
/** Export name of the function (i32 number) -> i64 that reads a word of the state. */
const READ_EXPORT = 'trine:read';
/** Export name of the function (i32 number, i64 word) that writes one. */
const WRITE_EXPORT = 'trine:write';
/** Export name of the table of all functions that a reference can name. */
const FUNCTIONS_TABLE = 'trine:functions';
/** Export names of tables that change, followed by their index. */
const TABLE_PREFIX = 'trine:table:';
/** Export names of globals that hold references to functions and change, followed by their index. */
const GLOBAL_PREFIX = 'trine:global:';

const DROP_DATA = 0;
const DROP_ELEMENTS = 1;

/** One word of the state: a global or half of one, or whether a segment was dropped. */
type Word =
  | { readonly type: 'global'; readonly global: number; readonly valueType: number; readonly lane: number }
  | { readonly type: 'segment'; readonly kind: number; readonly segment: number; readonly flag: number };

/** An export to write. */
export interface StateExport {
  readonly name: string;
  readonly kind: ExportKind;
  readonly index: number;
}

/** Where the appended parts are, known when all bodies are written. */
export interface StatePlaces {
  readonly readFunction: number;
  readonly wordsGlobal: number;
  readonly functionsTable: number;
}

/** Collects, over all bodies of one module, what of its state can change. */
export class Snapshot {
  readonly pass: Pass;
  private readonly module: WasmModule;
  private readonly firstFlag: number;
  private readonly setGlobals = new Set<number>();
  private readonly changedTables = new Set<number>();
  // By kind and segment, in the order of their flags.
  private readonly dropped = new Map<string, Extract<Word, { readonly type: 'segment' }>>();

  /** Flags of segments are appended globals from index `firstFlag` on. */
  constructor(module: WasmModule, firstFlag: number) {
    this.module = module;
    this.firstFlag = firstFlag;
    this.pass = { name: 'snapshot', plan: (input, edits) => this.plan(input, edits) };
  }

  /** How many globals are appended: the flags. */
  get flags(): number {
    return this.dropped.size;
  }

  /** Numbered as the host sees them: globals in their order, then segments in the order of their flags. */
  words(): readonly Word[] {
    const words: Word[] = [];
    for (const global of inOrder(this.setGlobals)) {
      const valueType = this.module.globals[global]?.type ?? 0;
      if (op.isReference(valueType)) continue;
      words.push({ type: 'global', global, valueType, lane: 0 });
      if (valueType === op.V128) words.push({ type: 'global', global, valueType, lane: 1 });
    }
    words.push(...this.dropped.values());
    assertLimit('state-words', words.length, STATE_WORDS_MAX, 0);
    return words;
  }

  /** The functions of the appended table, in order; none when no reference to a function can change. */
  functions(): readonly number[] {
    const isNeeded =
      this.functionGlobals().length > 0 ||
      [...this.changedTables].some((table) => this.holdsFunctions(table));
    return isNeeded ? inOrder(this.module.declared) : [];
  }

  /** What the host needs beside the words. */
  exports({ readFunction, wordsGlobal, functionsTable }: StatePlaces): readonly StateExport[] {
    const exports: StateExport[] = [
      { name: WORDS_GLOBAL, kind: 'global', index: wordsGlobal },
      { name: READ_EXPORT, kind: 'function', index: readFunction },
      { name: WRITE_EXPORT, kind: 'function', index: readFunction + 1 },
    ];
    for (const index of inOrder(this.changedTables))
      exports.push({ name: `${TABLE_PREFIX}${index}`, kind: 'table', index });
    for (const index of this.functionGlobals())
      exports.push({ name: `${GLOBAL_PREFIX}${index}`, kind: 'global', index });
    if (this.functions().length > 0)
      exports.push({ name: FUNCTIONS_TABLE, kind: 'table', index: functionsTable });
    return exports;
  }

  private functionGlobals(): readonly number[] {
    return inOrder(this.setGlobals).filter((global) => this.module.globals[global]?.type === op.FUNCREF);
  }

  private holdsFunctions(table: number): boolean {
    return this.module.tables[table]?.type === op.FUNCREF;
  }

  private plan(
    { scanned: { columns } }: PassInput,
    edits: Parameters<Pass['plan']>[1],
  ): ReturnType<Pass['plan']> {
    for (let index = 0; index < columns.count; index++) {
      if (columns.dead[index] !== 0) continue;
      const value = columns.value[index] ?? 0;
      switch (columns.op[index] ?? op.NOP) {
        case op.GLOBAL_SET:
          this.setGlobals.add(value);
          break;
        case op.TABLE_SET:
        case op.TABLE_INIT:
        case op.TABLE_COPY:
        case op.TABLE_GROW:
        case op.TABLE_FILL:
          this.changedTables.add(value);
          break;
        case op.DATA_DROP:
          edits.push(columns.at[index] ?? 0, DROP_DATA, this.flagOf(DROP_DATA, value));
          break;
        case op.ELEM_DROP:
          edits.push(columns.at[index] ?? 0, DROP_ELEMENTS, this.flagOf(DROP_ELEMENTS, value));
          break;
        default:
      }
    }
    return (_kind, flag, out) => writeFlag(flag, out);
  }

  private flagOf(kind: number, segment: number): number {
    const key = `${kind}:${segment}`;
    const known = this.dropped.get(key);
    if (known !== undefined) return known.flag;
    const flag = this.firstFlag + this.dropped.size;
    this.dropped.set(key, { type: 'segment', kind, segment, flag });
    return flag;
  }
}

/** The body of the appended function (i32 number) -> i64: the word, 0 past the last. */
export function writeReadBody(words: readonly Word[], out: Writer): void {
  out.u8(0);
  writeTree(words, op.I64, {
    out,
    leaf: (word) => writeRead(word, out),
    none: () => out.raw(op.I64_CONST, 0),
  });
  out.u8(op.END);
}

/** The body of the appended function (i32 number, i64 word): nothing past the last. */
export function writeWriteBody(words: readonly Word[], out: Writer): void {
  out.u8(0);
  writeTree(words, op.EMPTY_BLOCK, { out, leaf: (word) => writeWrite(word, out), none: () => undefined });
  out.u8(op.END);
}

interface Tree {
  readonly out: Writer;
  readonly leaf: (word: Word) => void;
  /** For numbers that no word has. */
  readonly none: () => void;
}

// A binary search for parameter 0 among `words`, whose numbers begin at `first`.
function writeTree(words: readonly Word[], blockType: number, tree: Tree, first = 0): void {
  const { out } = tree;
  const [only] = words;
  if (only === undefined) return tree.none();
  const middle = words.length >> 1;
  if (middle === 0) {
    out.raw(op.LOCAL_GET, 0, op.I32_CONST);
    out.s32(first);
    out.raw(op.I32_EQ, op.IF, blockType);
    tree.leaf(only);
    out.u8(op.ELSE);
    tree.none();
    out.u8(op.END);
    return;
  }
  out.raw(op.LOCAL_GET, 0, op.I32_CONST);
  out.s32(first + middle);
  out.raw(op.I32_LT_S, op.IF, blockType);
  writeTree(words.slice(0, middle), blockType, tree, first);
  out.u8(op.ELSE);
  writeTree(words.slice(middle), blockType, tree, first + middle);
  out.u8(op.END);
}

function writeRead(word: Word, out: Writer): void {
  out.u8(op.GLOBAL_GET);
  out.u32(word.type === 'segment' ? word.flag : word.global);
  if (word.type === 'segment') return out.u8(op.I64_EXTEND_I32_U);
  switch (word.valueType) {
    case op.I32:
      return out.u8(op.I64_EXTEND_I32_U);
    case op.F32:
      return out.raw(op.I32_REINTERPRET_F32, op.I64_EXTEND_I32_U);
    case op.F64:
      return out.u8(op.I64_REINTERPRET_F64);
    case op.V128:
      return out.raw(op.SIMD_PREFIX, I64X2_EXTRACT_LANE, word.lane);
    default:
  }
}

function writeWrite(word: Word, out: Writer): void {
  if (word.type === 'segment') return writeDrop(word, out);
  if (word.valueType === op.V128) {
    out.u8(op.GLOBAL_GET);
    out.u32(word.global);
  }
  out.raw(op.LOCAL_GET, 1);
  switch (word.valueType) {
    case op.I32:
      out.u8(op.I32_WRAP_I64);
      break;
    case op.F32:
      out.raw(op.I32_WRAP_I64, op.F32_REINTERPRET_I32);
      break;
    case op.F64:
      out.u8(op.F64_REINTERPRET_I64);
      break;
    case op.V128:
      out.raw(op.SIMD_PREFIX, I64X2_REPLACE_LANE, word.lane);
      break;
    default:
  }
  out.u8(op.GLOBAL_SET);
  out.u32(word.global);
}

// A segment can only be dropped: a word of 0 leaves it as it is.
function writeDrop({ kind, segment, flag }: Extract<Word, { readonly type: 'segment' }>, out: Writer): void {
  out.raw(op.LOCAL_GET, 1, op.I64_EQZ, op.IF, op.EMPTY_BLOCK, op.ELSE, op.BULK_PREFIX);
  out.u32((kind === DROP_DATA ? op.DATA_DROP : op.ELEM_DROP) - op.PREFIXED);
  out.u32(segment);
  writeFlag(flag, out);
  out.u8(op.END);
}

function writeFlag(flag: number, out: Writer): void {
  out.raw(op.I32_CONST, 1, op.GLOBAL_SET);
  out.u32(flag);
}

function inOrder(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b);
}
