// Decodes and validates everything of a module but its function bodies: the first half of validation.

import {
  BODY_BYTES_MAX,
  EXPORTS_MAX,
  FUNCTIONS_MAX,
  GLOBALS_MAX,
  IMPORTS_MAX,
  MEMORY_PAGES_MAX,
  PAGE_BYTES,
  PARAMETERS_MAX,
  RESULTS_MAX,
  SEGMENTS_MAX,
  TABLES_MAX,
  TABLE_ENTRIES_MAX,
  TYPES_MAX,
} from './limits.ts';
import {
  type ByteRange,
  type ExportKind,
  type FoldedConstant,
  type FunctionType,
  type GlobalType,
  type ImportedFunction,
  type ModuleExport,
  SECTION_CODE,
  SECTION_CUSTOM,
  SECTION_DATA,
  SECTION_DATA_COUNT,
  SECTION_ELEMENT,
  SECTION_EXPORT,
  SECTION_FUNCTION,
  SECTION_GLOBAL,
  SECTION_IMPORT,
  SECTION_MEMORY,
  SECTION_START,
  SECTION_TABLE,
  SECTION_TAG,
  SECTION_TYPE,
  type SizeLimits,
  type TableType,
  type WasmModule,
} from './module.ts';
import { type Constant, parseConstant } from './constant-expression.ts';
import { FUNCREF, featureOfType, I32, isReference, V128 } from './opcodes.ts';
import { Reader } from './reader.ts';
import { assertLimit, refuse, refuseFeature } from './refusals.ts';

interface Draft {
  readonly bytes: Uint8Array;
  readonly types: FunctionType[];
  readonly imports: ImportedFunction[];
  readonly functions: number[];
  readonly tables: TableType[];
  memory: SizeLimits | undefined;
  readonly globals: GlobalType[];
  readonly initial: Constant[];
  readonly exports: ModuleExport[];
  start: number | undefined;
  readonly elementTypes: number[];
  readonly declared: Set<number>;
  readonly folded: FoldedConstant[];
  dataCount: number | undefined;
  dataSegments: number;
  readonly bodies: ByteRange[];
  readonly sections: Map<number, ByteRange>;
}

type SectionParser = (reader: Reader, draft: Draft) => void;

const PARSERS: ReadonlyMap<number, SectionParser> = new Map<number, SectionParser>([
  [SECTION_TYPE, parseTypes],
  [SECTION_IMPORT, parseImports],
  [SECTION_FUNCTION, parseFunctions],
  [SECTION_TABLE, parseTables],
  [SECTION_MEMORY, parseMemory],
  [SECTION_GLOBAL, parseGlobals],
  [SECTION_EXPORT, parseExports],
  [SECTION_START, parseStart],
  [SECTION_ELEMENT, parseElements],
  [SECTION_DATA_COUNT, parseDataCount],
  [SECTION_CODE, parseCode],
  [SECTION_DATA, parseData],
]);

// The order sections must come in; the data count stands between elements and code.
const SECTION_ORDER = [...PARSERS.keys()];

const EXPORT_KINDS: readonly ExportKind[] = ['function', 'table', 'memory', 'global'];

/** Decodes a module, or throws a `Refusal`. Function bodies are only delimited. */
export function parseModule(bytes: Uint8Array): WasmModule {
  const draft: Draft = {
    bytes,
    types: [],
    imports: [],
    functions: [],
    tables: [],
    memory: undefined,
    globals: [],
    initial: [],
    exports: [],
    start: undefined,
    elementTypes: [],
    declared: new Set(),
    folded: [],
    dataCount: undefined,
    dataSegments: 0,
    bodies: [],
    sections: new Map(),
  };
  parseSections(draft);
  checkCounts(draft);
  return draft;
}

function parseSections(draft: Draft): void {
  const reader = new Reader(draft.bytes, 8, draft.bytes.length);
  let last = -1;
  while (reader.position < reader.end) {
    const offset = reader.position;
    const id = reader.u8();
    const size = reader.u32();
    const start = reader.position;
    reader.skip(size);
    const content = new Reader(draft.bytes, start, reader.position);
    if (id === SECTION_CUSTOM) {
      content.name();
      continue;
    }
    const parser = parserOf(id, offset);
    const rank = SECTION_ORDER.indexOf(id);
    if (rank <= last) {
      refuse('malformed', offset, `Section ${id} is out of order or comes twice.`);
    }
    last = rank;
    draft.sections.set(id, { start, end: reader.position });
    parser(content, draft);
    if (content.position !== content.end) {
      refuse('malformed', content.position, `Section ${id} is longer than what it holds.`);
    }
  }
}

function parserOf(id: number, offset: number): SectionParser {
  if (id === SECTION_TAG) {
    refuseFeature('exceptions', offset, 'A tag section');
  }
  return PARSERS.get(id) ?? refuse('malformed', offset, `There is no section ${id}.`);
}

function checkCounts(draft: Draft): void {
  const end = draft.bytes.length;
  const defined = draft.functions.length - draft.imports.length;
  if (draft.bodies.length !== defined) {
    refuse('malformed', end, `${defined} functions are declared and ${draft.bodies.length} have a body.`);
  }
  if (draft.dataCount !== undefined && draft.dataCount !== draft.dataSegments) {
    refuse(
      'malformed',
      end,
      `${draft.dataCount} data segments are announced, ${draft.dataSegments} are there.`,
    );
  }
}

function parseTypes(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('types', count, TYPES_MAX, reader.position);
  for (let index = 0; index < count; index++) {
    const offset = reader.position;
    const form = reader.u8();
    if (form !== 0x60) {
      refuseTypeForm(form, offset);
    }
    const parameters = parseValueTypes(reader, 'parameters', PARAMETERS_MAX);
    const results = parseValueTypes(reader, 'results', RESULTS_MAX);
    draft.types.push({ parameters, results });
  }
}

function refuseTypeForm(form: number, offset: number): never {
  if (form === 0x50 || form === 0x4f || form === 0x4e || form === 0x5e || form === 0x5f) {
    refuseFeature('gc', offset, 'A type that is no function type');
  }
  return refuse('malformed', offset, 'The type section holds something that is no function type.');
}

function parseValueTypes(reader: Reader, what: 'parameters' | 'results', max: number): Uint8Array {
  const offset = reader.position;
  const count = reader.u32();
  assertLimit(what, count, max, offset);
  const types = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    types[index] = parseValueType(reader);
  }
  return types;
}

/** A value type, or a refusal that names the feature behind any other type. */
export function parseValueType(reader: Reader): number {
  const offset = reader.position;
  const type = reader.u8();
  if ((type >= V128 && type <= I32) || isReference(type)) {
    return type;
  }
  const feature = featureOfType(type);
  if (feature !== undefined) {
    refuseFeature(feature, offset, 'A value type');
  }
  return refuse('malformed', offset, `0x${type.toString(16)} is no value type.`);
}

function parseImports(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('imports', count, IMPORTS_MAX, reader.position);
  for (let index = 0; index < count; index++) {
    const offset = reader.position;
    const module = reader.name();
    const name = reader.name();
    const kind = reader.u8();
    if (kind !== 0) {
      const what = ['function', 'table', 'memory', 'global', 'tag'][kind] ?? 'thing of an unknown kind';
      refuse(
        'unknown-import',
        offset,
        `The module imports the ${what} "${module}"."${name}"; a guest may import functions only.`,
      );
    }
    const type = parseTypeIndex(reader, draft);
    draft.imports.push({ module, name, type, offset });
    draft.functions.push(type);
  }
}

function parseTypeIndex(reader: Reader, draft: Draft): number {
  const offset = reader.position;
  const type = reader.u32();
  return type < draft.types.length ? type : refuse('invalid', offset, `There is no type ${type}.`);
}

function parseFunctions(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('functions', count + draft.functions.length, FUNCTIONS_MAX, reader.position);
  for (let index = 0; index < count; index++) {
    draft.functions.push(parseTypeIndex(reader, draft));
  }
}

function parseTables(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('tables', count, TABLES_MAX, reader.position);
  let entries = 0;
  for (let index = 0; index < count; index++) {
    const type = parseReferenceType(reader, 'A table of other things than references');
    const limits = parseSize(reader, 0xffff_ffff, 'table');
    entries += limits.min;
    assertLimit('table-entries', entries, TABLE_ENTRIES_MAX, limits.offset);
    draft.tables.push({ ...limits, type });
  }
}

/** The type of a reference; others than to functions and host things come with garbage collection. */
export function parseReferenceType(reader: Reader, what: string): number {
  const offset = reader.position;
  const type = reader.u8();
  return isReference(type) ? type : refuseFeature(featureOfType(type) ?? 'gc', offset, what);
}

function parseMemory(reader: Reader, draft: Draft): void {
  const offset = reader.position;
  const count = reader.u32();
  if (count > 1) {
    refuseFeature('multi-memory', offset, 'More than one memory');
  }
  if (count === 1) {
    draft.memory = parseSize(reader, MEMORY_PAGES_MAX, 'memory');
  }
}

function parseSize(reader: Reader, largest: number, what: string): SizeLimits {
  const offset = reader.position;
  const flags = reader.u8();
  if (flags > 1) {
    refuseSizeFlags(flags, offset, what);
  }
  const min = reader.u32();
  const max = flags === 1 ? reader.u32() : undefined;
  if (min > largest || (max !== undefined && max > largest)) {
    refuse('invalid', offset, `The ${what} may not be larger than ${largest}.`);
  }
  if (max !== undefined && max < min) {
    refuse('invalid', offset, `The ${what}'s maximum is below its minimum.`);
  }
  return { min, max, offset };
}

function refuseSizeFlags(flags: number, offset: number, what: string): never {
  if (flags === 2 || flags === 3) refuseFeature('threads', offset, `A shared ${what}`);
  if (flags >= 4 && flags <= 7) refuseFeature('memory64', offset, `A ${what} with 64-bit addresses`);
  if (flags >= 8 && flags <= 15)
    refuseFeature('custom-page-sizes', offset, `A ${what} with its own page size`);
  return refuse('malformed', offset, `The ${what} has unknown flags.`);
}

function parseGlobals(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('globals', count, GLOBALS_MAX, reader.position);
  for (let index = 0; index < count; index++) {
    const type = parseValueType(reader);
    const offset = reader.position;
    const mutability = reader.u8();
    if (mutability > 1) {
      refuse('malformed', offset, 'A global is neither mutable nor immutable.');
    }
    draft.initial.push(parseConstant(reader, draft, type));
    draft.globals.push({ type, mutable: mutability === 1 });
  }
}

function parseExports(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('exports', count, EXPORTS_MAX, reader.position);
  const names = new Set<string>();
  const sizes: Readonly<Record<ExportKind, number>> = {
    function: draft.functions.length,
    table: draft.tables.length,
    memory: draft.memory === undefined ? 0 : 1,
    global: draft.globals.length,
  };
  for (let position = 0; position < count; position++) {
    const offset = reader.position;
    const name = reader.name();
    const code = reader.u8();
    const index = reader.u32();
    if (code === 4) {
      refuseFeature('exceptions', offset, 'An exported tag');
    }
    const kind =
      EXPORT_KINDS[code] ?? refuse('malformed', offset, `The export "${name}" is of an unknown kind.`);
    if (index >= sizes[kind]) {
      refuse('invalid', offset, `The export "${name}" names the ${kind} ${index}, which is not there.`);
    }
    if (names.has(name)) {
      refuse('invalid', offset, `Two exports are called "${name}".`);
    }
    names.add(name);
    if (kind === 'function') {
      draft.declared.add(index);
    }
    draft.exports.push({ name, kind, index, offset });
  }
}

function parseStart(reader: Reader, draft: Draft): void {
  const offset = reader.position;
  const index = reader.u32();
  const type = draft.types[draft.functions[index] ?? -1];
  if (type === undefined || type.parameters.length > 0 || type.results.length > 0) {
    refuse('invalid', offset, `Function ${index} cannot be the start function.`);
  }
  draft.start = index;
}

function parseElements(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('segments', count, SEGMENTS_MAX, reader.position);
  for (let index = 0; index < count; index++) {
    parseElementSegment(reader, draft);
  }
}

// Flags: bit 0 passive or, with bit 1, declarative; bit 1 alone names the table; bit 2 holds expressions.
function parseElementSegment(reader: Reader, draft: Draft): void {
  const offset = reader.position;
  const flags = reader.u32();
  if (flags > 7) {
    refuse('malformed', offset, 'An element segment has unknown flags.');
  }
  const isActive = (flags & 1) === 0;
  const table = isActive ? parseElementTable(reader, draft, flags) : undefined;
  const at = isActive ? segmentPlace(reader, draft) : 0;
  const type = parseElementType(reader, flags);
  if (table !== undefined && table.type !== type) {
    refuse('invalid', offset, 'An element segment is for a table of another type.');
  }
  const entries = reader.u32();
  assertLimit('table-entries', entries, TABLE_ENTRIES_MAX, offset);
  for (let index = 0; index < entries; index++) {
    if (flags >= 4) {
      parseConstant(reader, draft, type);
    } else {
      draft.declared.add(parseFunctionIndex(reader, draft));
    }
  }
  if (table !== undefined && at + entries > table.min) {
    refuse('segment-out-of-bounds', offset, 'An element segment does not fit the table.');
  }
  draft.elementTypes.push(type);
}

function parseElementTable(reader: Reader, draft: Draft, flags: number): TableType {
  const offset = reader.position;
  const index = (flags & 2) === 0 ? 0 : reader.u32();
  return (
    draft.tables[index] ?? refuse('invalid', offset, 'An element segment is for a table that is not there.')
  );
}

// Segments of the plainest kinds, 0 and 4, do not say that they hold functions.
function parseElementType(reader: Reader, flags: number): number {
  if ((flags & 3) === 0) {
    return FUNCREF;
  }
  if (flags >= 4) {
    return parseReferenceType(reader, 'An element segment of other things than references');
  }
  const offset = reader.position;
  if (reader.u8() !== 0) {
    refuse('malformed', offset, 'An element segment is of an unknown kind.');
  }
  return FUNCREF;
}

function parseFunctionIndex(reader: Reader, draft: Draft): number {
  const offset = reader.position;
  const index = reader.u32();
  return index < draft.functions.length ? index : refuse('invalid', offset, `There is no function ${index}.`);
}

function segmentPlace(reader: Reader, draft: Draft): number {
  return Number(BigInt.asUintN(32, parseConstant(reader, draft, I32).integer));
}

function parseDataCount(reader: Reader, draft: Draft): void {
  draft.dataCount = reader.u32();
  assertLimit('segments', draft.dataCount, SEGMENTS_MAX, reader.position);
}

function parseCode(reader: Reader, draft: Draft): void {
  const offset = reader.position;
  const count = reader.u32();
  if (count !== draft.functions.length - draft.imports.length) {
    refuse(
      'malformed',
      offset,
      'The code section has another number of functions than the function section.',
    );
  }
  for (let index = 0; index < count; index++) {
    const bodyOffset = reader.position;
    const size = reader.u32();
    assertLimit('body-bytes', size, BODY_BYTES_MAX, bodyOffset);
    const start = reader.position;
    reader.skip(size);
    draft.bodies.push({ start, end: reader.position });
  }
}

function parseData(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('segments', count, SEGMENTS_MAX, reader.position);
  for (let index = 0; index < count; index++) {
    parseDataSegment(reader, draft);
  }
  draft.dataSegments = count;
}

// Flags: 0 active, 1 passive, 2 active with a memory index.
function parseDataSegment(reader: Reader, draft: Draft): void {
  const offset = reader.position;
  const flags = reader.u32();
  if (flags > 2) {
    refuse('malformed', offset, 'A data segment has unknown flags.');
  }
  const passive = flags === 1;
  if ((flags === 2 && reader.u32() !== 0) || (!passive && draft.memory === undefined)) {
    refuse('invalid', offset, 'A data segment is for a memory that is not there.');
  }
  const at = passive ? 0 : segmentPlace(reader, draft);
  const size = reader.u32();
  reader.skip(size);
  if (!passive && at + size > (draft.memory?.min ?? 0) * PAGE_BYTES) {
    refuse('segment-out-of-bounds', offset, 'A data segment does not fit the memory.');
  }
}
