// Writes the prepared module: the original's sections with ours appended, function bodies with the passes'
// edits merged in. Everything new has an index after the original's, so nothing is renumbered. Custom
// sections are left out; the start section becomes an export.

import { ABORT_GLOBAL, FUEL_GLOBAL, START_EXPORT } from './abi.ts';
import { CompileBudget } from './compile-budget.ts';
import { EditList, type EditWriter, type Layout } from './edits.ts';
import type { ScannedFunction } from './instructions.ts';
import {
  BULK_BYTES_PER_FUEL_LOG2,
  CALL_BUDGET_BYTES,
  PREPARED_BODY_BYTES_MAX,
  PREPARED_BYTES_MAX,
} from './limits.ts';
import {
  type ByteRange,
  type ExportKind,
  type FunctionType,
  SECTION_CODE,
  SECTION_DATA,
  SECTION_DATA_COUNT,
  SECTION_ELEMENT,
  SECTION_EXPORT,
  SECTION_FUNCTION,
  SECTION_GLOBAL,
  SECTION_IMPORT,
  SECTION_MEMORY,
  SECTION_TABLE,
  SECTION_TYPE,
  type WasmModule,
} from './module.ts';
import { NanFlow } from './nan-flow.ts';
import * as op from './opcodes.ts';
import { frameBytes, writeWholeBudget } from './passes/call-depth.ts';
import { FUEL_FUNCTIONS, writePayBody, writeRefillBody } from './passes/fuel-code.ts';
import { tableMaxima, writeGrowBody, writeTableGrowBody } from './passes/growth.ts';
import type { Pass } from './passes/pass.ts';
import { Snapshot, type StateExport, writeReadBody, writeWriteBody } from './passes/snapshot.ts';
import { Reader } from './reader.ts';
import { assertLimit } from './refusals.ts';
import { Validator } from './validator.ts';
import { lengthOfU32, Writer } from './writer.ts';

const EXPORT_CODES: Readonly<Record<ExportKind, number>> = { function: 0, table: 1, memory: 2, global: 3 };

/** Globals that every prepared module has more: fuel, call depth, the abort flag. */
const OWN_GLOBALS = 3;

/** What to assemble beside the module itself. */
export interface AssemblyPlan {
  readonly passes: readonly Pass[];
  /** The prepared memory's maximum, in pages. */
  readonly maxPages: number;
  /** Whether the guest works in steps: then the host can read and write its state. */
  readonly isStep: boolean;
}

/** A prepared module, and what was learned on the way. */
export interface Assembly {
  readonly bytes: Uint8Array;
  readonly largestFrameBytes: number;
}

/** Validates the bodies and writes the prepared module, or throws a `Refusal`. */
export function assemble(module: WasmModule, plan: AssemblyPlan): Assembly {
  const wrapped = wrappedFunctions(module);
  const growFunction = module.functions.length + wrapped.length;
  const grown: number[] = [];
  const layout: Layout = {
    importedFunctions: module.imports.length,
    fuelGlobal: module.globals.length,
    depthGlobal: module.globals.length + 1,
    abortGlobal: module.globals.length + 2,
    growFunction,
    payBytesFunction: growFunction + 1,
    payEntriesFunction: growFunction + 2,
    refillFunction: growFunction + 3,
    tableGrowFunction: (table) => {
      const place = grown.indexOf(table);
      return growFunction + FUEL_FUNCTIONS + (place < 0 ? grown.push(table) : place + 1);
    },
  };
  const maxima = tableMaxima(module.tables);
  const snapshot = plan.isStep ? new Snapshot(module, module.globals.length + OWN_GLOBALS) : undefined;
  // First, because only the bodies tell which tables grow, and what of the state changes.
  const code = new Writer(growing(sectionBytes(module, SECTION_CODE)));
  const written = new CodeWriter(module, layout, { plan, snapshot, out: code }).write({
    wrapped,
    grown,
    maxima,
    snapshot,
  });
  const { largestFrameBytes, referred } = written;
  const head = writeHead(module, { layout, plan, wrapped, grown, maxima, snapshot, referred });
  head.u8(SECTION_CODE);
  const bodies = module.bodies.length + appendedFunctions({ wrapped, grown, snapshot });
  head.u32(lengthOfU32(bodies) + code.length);
  head.u32(bodies);
  // Exactly as large as needed: a big module should not be copied once more.
  const size = head.length + code.length + copiedBytes(module, SECTION_DATA);
  assertLimit('prepared-bytes', size, PREPARED_BYTES_MAX, 0);
  const out = new Writer(size);
  out.append(head);
  out.append(code);
  copySection(module, SECTION_DATA, out);
  return { bytes: out.toBytes(), largestFrameBytes };
}

// More than metering usually adds: what is never written costs no memory, growing costs a copy of all.
function growing(bytes: number): number {
  return bytes * 2 + 1024;
}

function sectionBytes(module: WasmModule, id: number): number {
  const range = module.sections.get(id);
  return range === undefined ? 0 : range.end - range.start;
}

interface HeadPlan extends Appended {
  readonly layout: Layout;
  readonly plan: AssemblyPlan;
  readonly maxima: readonly number[];
  readonly referred: ReadonlySet<number>;
}

type WriteSection = (id: number, fill: (content: Writer) => void) => void;

// Everything before the code section.
function writeHead(module: WasmModule, head: HeadPlan): Writer {
  const { plan, maxima, snapshot } = head;
  const out = new Writer();
  out.raw(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const section = new Writer();
  const write: WriteSection = (id, fill) => {
    section.clear();
    fill(section);
    out.u8(id);
    out.u32(section.length);
    out.append(section);
  };
  const named = snapshot?.functions() ?? [];
  write(SECTION_TYPE, (content) => writeTypes(module, head, content));
  copySection(module, SECTION_IMPORT, out);
  write(SECTION_FUNCTION, (content) => writeFunctions(module, head, content));
  if (module.tables.length > 0 || named.length > 0) {
    write(SECTION_TABLE, (content) => writeTables(module, { maxima, named }, content));
  }
  write(SECTION_MEMORY, (content) => writeMemory(module, plan.maxPages, content));
  write(SECTION_GLOBAL, (content) => writeGlobals(module, snapshot, content));
  write(SECTION_EXPORT, (content) => writeExports(module, head, content));
  const hidden = head.wrapped.filter((index) => head.referred.has(index));
  writeElements(module, { named, hidden }, { write, out });
  copySection(module, SECTION_DATA_COUNT, out);
  return out;
}

/** The functions the host may call, each once: they get a wrapper. */
function wrappedFunctions(module: WasmModule): readonly number[] {
  const wrapped = new Set<number>();
  for (const { kind, index } of module.exports) {
    if (kind === 'function') {
      wrapped.add(index);
    }
  }
  if (module.start !== undefined) {
    wrapped.add(module.start);
  }
  return [...wrapped];
}

function copySection(module: WasmModule, id: number, out: Writer): void {
  const range = module.sections.get(id);
  if (range !== undefined) {
    out.u8(id);
    out.u32(range.end - range.start + growthByFolding(module, range));
    copyRange(module, range, out);
  }
}

// How many bytes `copySection` writes.
function copiedBytes(module: WasmModule, id: number): number {
  const range = module.sections.get(id);
  if (range === undefined) {
    return 0;
  }
  const content = range.end - range.start + growthByFolding(module, range);
  return 1 + lengthOfU32(content) + content;
}

// Constants that were computed are written as one instruction; everything else is copied.
function copyRange({ bytes, folded }: WasmModule, { start, end }: ByteRange, out: Writer): void {
  let copied = start;
  for (const constant of folded) {
    if (constant.start >= start && constant.end <= end) {
      out.copy(bytes, copied, constant.start);
      out.copy(constant.code, 0, constant.code.length);
      copied = constant.end;
    }
  }
  out.copy(bytes, copied, end);
}

function growthByFolding({ folded }: WasmModule, { start, end }: ByteRange): number {
  return folded
    .filter((constant) => constant.start >= start && constant.end <= end)
    .reduce((sum, constant) => sum + constant.code.length - (constant.end - constant.start), 0);
}

// Copies the entries of a section behind their count, which the caller has written anew.
function copyEntries(module: WasmModule, id: number, content: Writer): void {
  const range = module.sections.get(id);
  if (range !== undefined) {
    const reader = new Reader(module.bytes, range.start, range.end);
    reader.u32();
    copyRange(module, { start: reader.position, end: range.end }, content);
  }
}

function writeTypes(module: WasmModule, { grown, snapshot }: Appended, content: Writer): void {
  content.u32(module.types.length + 2 + (grown.length > 0 ? 2 : 0) + (snapshot === undefined ? 0 : 2));
  copyEntries(module, SECTION_TYPE, content);
  content.raw(0x60, 1, op.I32, 1, op.I32);
  content.raw(0x60, 2, op.I64, op.I64, 1, op.I64);
  if (grown.length > 0) {
    content.raw(0x60, 2, op.FUNCREF, op.I32, 1, op.I32);
    content.raw(0x60, 2, op.EXTERNREF, op.I32, 1, op.I32);
  }
  if (snapshot !== undefined) {
    content.raw(0x60, 1, op.I32, 1, op.I64);
    content.raw(0x60, 2, op.I32, op.I64, 0);
  }
}

/** What of the appended functions depends on the guest. */
interface Appended {
  /** The functions that the host may call. */
  readonly wrapped: readonly number[];
  /** The tables that grow. */
  readonly grown: readonly number[];
  /** What step guests have more. */
  readonly snapshot: Snapshot | undefined;
}

// Wrappers, growth of memory, what fuel needs, growth of tables, and the two functions of the snapshot, in this order.
function appendedFunctions({ wrapped, grown, snapshot }: Appended): number {
  return wrapped.length + 1 + FUEL_FUNCTIONS + grown.length + (snapshot === undefined ? 0 : 2);
}

function writeFunctions(module: WasmModule, appended: Appended, content: Writer): void {
  const { wrapped, grown, snapshot } = appended;
  content.u32(module.bodies.length + appendedFunctions(appended));
  copyEntries(module, SECTION_FUNCTION, content);
  for (const index of wrapped) {
    content.u32(module.functions[index] ?? 0);
  }
  content.u32(module.types.length);
  content.u32(module.types.length);
  content.u32(module.types.length);
  content.u32(module.types.length + 1);
  for (const table of grown) {
    content.u32(module.types.length + (module.tables[table]?.type === op.FUNCREF ? 2 : 3));
  }
  if (snapshot !== undefined) {
    const first = module.types.length + (grown.length > 0 ? 4 : 2);
    content.u32(first);
    content.u32(first + 1);
  }
}

function writeTables(
  { tables }: WasmModule,
  { maxima, named }: { readonly maxima: readonly number[]; readonly named: readonly number[] },
  content: Writer,
): void {
  content.u32(tables.length + (named.length > 0 ? 1 : 0));
  for (const [index, { type, min }] of tables.entries()) {
    content.raw(type, 1);
    content.u32(min);
    content.u32(maxima[index] ?? min);
  }
  if (named.length > 0) {
    content.raw(op.FUNCREF, 1);
    content.u32(named.length);
    content.u32(named.length);
  }
}

// The guest's segments, then ours: the table of functions that the snapshot names, and a declaration of the
// functions that `ref.func` takes and only an export had declared, because the wrapper is exported now.
function writeElements(
  module: WasmModule,
  { named, hidden }: { readonly named: readonly number[]; readonly hidden: readonly number[] },
  { write, out }: { readonly write: WriteSection; readonly out: Writer },
): void {
  if (named.length === 0 && hidden.length === 0) {
    return copySection(module, SECTION_ELEMENT, out);
  }
  const segments = module.elementTypes.length;
  write(SECTION_ELEMENT, (content) => {
    content.u32(segments + 1);
    copyEntries(module, SECTION_ELEMENT, content);
    if (named.length > 0) {
      content.u8(2);
      content.u32(module.tables.length);
      content.raw(op.I32_CONST, 0, op.END, 0);
      writeIndices(named, content);
    } else {
      content.raw(3, 0);
      writeIndices(hidden, content);
    }
  });
}

function writeIndices(indices: readonly number[], content: Writer): void {
  content.u32(indices.length);
  for (const index of indices) {
    content.u32(index);
  }
}

function writeMemory(module: WasmModule, maxPages: number, content: Writer): void {
  content.raw(1, 1);
  content.u32(module.memory?.min ?? 0);
  content.u32(maxPages);
}

// Fuel and the abort flag begin at zero: a host that forgets to give fuel gets a run that stops at once.
function writeGlobals(module: WasmModule, snapshot: Snapshot | undefined, content: Writer): void {
  const flags = snapshot?.flags ?? 0;
  content.u32(module.globals.length + OWN_GLOBALS + flags + (snapshot === undefined ? 0 : 1));
  copyEntries(module, SECTION_GLOBAL, content);
  content.raw(op.I64, 1, op.I64_CONST, 0, op.END);
  content.raw(op.I32, 1, op.I32_CONST);
  content.s32(CALL_BUDGET_BYTES);
  content.u8(op.END);
  content.raw(op.I32, 1, op.I32_CONST, 0, op.END);
  for (let flag = 0; flag < flags; flag++) {
    content.raw(op.I32, 1, op.I32_CONST, 0, op.END);
  }
  if (snapshot !== undefined) {
    content.raw(op.I32, 0, op.I32_CONST);
    content.s32(snapshot.words().length);
    content.u8(op.END);
  }
}

function stateExports(module: WasmModule, { snapshot, layout, grown }: HeadPlan): readonly StateExport[] {
  return (
    snapshot?.exports({
      readFunction: layout.refillFunction + 1 + grown.length,
      wordsGlobal: module.globals.length + OWN_GLOBALS + snapshot.flags,
      functionsTable: module.tables.length,
    }) ?? []
  );
}

function writeExports(module: WasmModule, head: HeadPlan, content: Writer): void {
  const { wrapped, layout } = head;
  const state = stateExports(module, head);
  content.u32(module.exports.length + (module.start === undefined ? 2 : 3) + state.length);
  const wrapperOf = new Map(wrapped.map((index, place) => [index, module.functions.length + place]));
  // A name is copied as bytes: it need not be ASCII.
  for (const { kind, index, offset } of module.exports) {
    const reader = new Reader(module.bytes, offset, module.bytes.length);
    reader.skip(reader.u32());
    content.copy(module.bytes, offset, reader.position);
    content.u8(EXPORT_CODES[kind]);
    content.u32(kind === 'function' ? (wrapperOf.get(index) ?? index) : index);
  }
  writeExport(FUEL_GLOBAL, 'global', layout.fuelGlobal, content);
  writeExport(ABORT_GLOBAL, 'global', layout.abortGlobal, content);
  if (module.start !== undefined) {
    writeExport(START_EXPORT, 'function', wrapperOf.get(module.start) ?? 0, content);
  }
  for (const { name, kind, index } of state) {
    writeExport(name, kind, index, content);
  }
}

function writeExport(name: string, kind: ExportKind, index: number, content: Writer): void {
  content.asciiName(name);
  content.u8(EXPORT_CODES[kind]);
  content.u32(index);
}

interface WrittenCode {
  readonly largestFrameBytes: number;
  readonly referred: ReadonlySet<number>;
}

const NOWHERE: ByteRange = { start: 0, end: 0 };

const NO_EDIT = 0xffff_ffff;
const NO_EDITS = new EditList();

// Where an edit of a list is, `NO_EDIT` past its end.
function headOf(list: EditList, index: number): number {
  return index < list.count ? (list.at[index] ?? NO_EDIT) : NO_EDIT;
}

/** Writes the entries of the code section, reusing its lists of edits from one body to the next. */
class CodeWriter {
  private readonly module: WasmModule;
  private readonly layout: Layout;
  private readonly plan: AssemblyPlan;
  private readonly passes: readonly Pass[];
  private readonly out: Writer;
  private readonly lists: readonly EditList[];
  // For each list: its next edit, and where that is.
  private readonly next: Uint32Array;
  private readonly heads: Uint32Array;
  private until = NO_EDIT;
  private readonly nanFlow: NanFlow;

  constructor(
    module: WasmModule,
    layout: Layout,
    {
      plan,
      snapshot,
      out,
    }: { readonly plan: AssemblyPlan; readonly snapshot: Snapshot | undefined; readonly out: Writer },
  ) {
    this.module = module;
    this.layout = layout;
    this.plan = plan;
    this.passes = snapshot === undefined ? plan.passes : [...plan.passes, snapshot.pass];
    this.out = out;
    this.lists = this.passes.map(() => new EditList());
    this.next = new Uint32Array(this.passes.length);
    this.heads = new Uint32Array(this.passes.length);
    this.nanFlow = new NanFlow(module);
  }

  /**
   * Returns the largest frame of the guest's functions and what `ref.func` names. `grown` and the snapshot may
   * learn more meanwhile.
   */
  write(appended: Appended & { readonly maxima: readonly number[] }): WrittenCode {
    const { module, out } = this;
    const { wrapped, grown, maxima, snapshot } = appended;
    const validator = new Validator(module);
    const budget = new CompileBudget();
    let largest = 0;
    for (const [place, range] of module.bodies.entries()) {
      const scanned = validator.scan(this.typeOf(module.imports.length + place), range);
      budget.add(scanned);
      largest = Math.max(largest, frameBytes(scanned));
      this.entry(range, () => this.writeBody(scanned));
    }
    for (const index of wrapped) {
      this.entry(NOWHERE, () => this.writeWrapper(index));
    }
    this.entry(NOWHERE, () => writeGrowBody(this.layout, this.plan.maxPages, out));
    this.entry(NOWHERE, () => writePayBody(this.layout, BULK_BYTES_PER_FUEL_LOG2, out));
    this.entry(NOWHERE, () => writePayBody(this.layout, 0, out));
    this.entry(NOWHERE, () => writeRefillBody(this.layout, out));
    for (const table of grown) {
      this.entry(NOWHERE, () => writeTableGrowBody(this.layout, { table, max: maxima[table] ?? 0 }, out));
    }
    if (snapshot !== undefined) {
      const words = snapshot.words();
      this.entry(NOWHERE, () => writeReadBody(words, out));
      this.entry(NOWHERE, () => writeWriteBody(words, out));
    }
    return { largestFrameBytes: largest, referred: validator.referred };
  }

  private typeOf(index: number): FunctionType {
    const type = this.module.types[this.module.functions[index] ?? -1];
    return type ?? { parameters: new Uint8Array(0), results: new Uint8Array(0) };
  }

  private entry({ start, end }: ByteRange, write: () => void): void {
    const { out } = this;
    const mark = out.beginSized(end - start);
    write();
    assertLimit('prepared-body-bytes', out.length - mark, PREPARED_BODY_BYTES_MAX, start);
    out.endSized(mark, end - start);
  }

  private writeBody(scanned: ScannedFunction): void {
    const added: number[] = [];
    const locals = { local: (type: number) => scanned.locals + added.push(type) - 1 };
    const { layout, module, nanFlow } = this;
    const input = { scanned, bytes: module.bytes, layout, locals, nanFlow };
    const writers = this.passes.map((pass, index) => {
      const edits = this.lists[index] ?? new EditList();
      edits.clear();
      return pass.plan(input, edits);
    });
    this.writeLocals(scanned, added);
    this.merge(scanned, writers);
  }

  private writeLocals(scanned: ScannedFunction, added: readonly number[]): void {
    const { bytes } = this.module;
    const reader = new Reader(bytes, scanned.declarations, scanned.end);
    const groups = reader.u32();
    this.out.u32(groups + added.length);
    this.out.copy(bytes, reader.position, scanned.start);
    for (const type of added) {
      this.out.raw(1, type);
    }
  }

  // The next edit is the one with the lowest offset; of several there, the earliest pass's. Edits come in
  // bursts, so a pass goes on until another one's next edit is not behind its own.
  private merge(scanned: ScannedFunction, writers: readonly EditWriter[]): void {
    const { heads, lists, next, out } = this;
    const { bytes } = this.module;
    let copied = scanned.start;
    next.fill(0);
    for (const [pass, list] of lists.entries()) {
      heads[pass] = headOf(list, 0);
    }
    for (let pass = this.earliest(); pass >= 0; pass = this.earliest()) {
      const list = lists[pass] ?? NO_EDITS;
      const write = writers[pass];
      let index = next[pass] ?? 0;
      let at = heads[pass] ?? NO_EDIT;
      do {
        out.copy(bytes, copied, at);
        write?.(list.kind[index] ?? 0, list.value[index] ?? 0, out);
        copied = at + (list.skip[index] ?? 0);
        index += 1;
        at = headOf(list, index);
      } while (at < this.until);
      next[pass] = index;
      heads[pass] = at;
    }
    out.copy(bytes, copied, scanned.end);
  }

  // The pass whose next edit comes first, or -1. Notes where the next edit of any other is.
  private earliest(): number {
    const { heads } = this;
    let best = -1;
    let lowest = NO_EDIT;
    this.until = NO_EDIT;
    for (let pass = 0; pass < heads.length; pass++) {
      const at = heads[pass] ?? NO_EDIT;
      if (at < lowest) {
        best = pass;
        this.until = lowest;
        lowest = at;
      } else if (at < this.until) {
        this.until = at;
      }
    }
    return best;
  }

  // The host enters here: the whole call budget, then the function.
  private writeWrapper(index: number): void {
    const body = this.out;
    const { parameters } = this.typeOf(index);
    body.u32(0);
    writeWholeBudget(this.layout.depthGlobal, body);
    for (let place = 0; place < parameters.length; place++) {
      body.u8(op.LOCAL_GET);
      body.u32(place);
    }
    body.u8(op.CALL);
    body.u32(index);
    body.u8(op.END);
  }
}
