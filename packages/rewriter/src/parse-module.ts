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
  TABLE_ENTRIES_MAX,
  TYPES_MAX,
} from './limits.ts';
import {
  type ByteRange,
  type ExportKind,
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
  type WasmModule,
} from './module.ts';
import {
  END,
  F32,
  F32_CONST,
  F64,
  F64_CONST,
  FUNCREF,
  featureOfOpcode,
  featureOfType,
  GLOBAL_GET,
  I32,
  I32_CONST,
  I64,
  I64_CONST,
  typeName,
} from './opcodes.ts';
import { Reader } from './reader.ts';
import { assertLimit, refuse, refuseFeature } from './refusals.ts';

interface Draft {
  readonly bytes: Uint8Array;
  readonly types: FunctionType[];
  readonly imports: ImportedFunction[];
  readonly functions: number[];
  table: SizeLimits | undefined;
  memory: SizeLimits | undefined;
  readonly globals: GlobalType[];
  readonly exports: ModuleExport[];
  start: number | undefined;
  elementSegments: number;
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
  [SECTION_TABLE, parseTable],
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
    table: undefined,
    memory: undefined,
    globals: [],
    exports: [],
    start: undefined,
    elementSegments: 0,
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

/** A number type, or a refusal that names the feature behind any other type. */
export function parseValueType(reader: Reader): number {
  const offset = reader.position;
  const type = reader.u8();
  if (type === I32 || type === I64 || type === F32 || type === F64) {
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

function parseTable(reader: Reader, draft: Draft): void {
  const offset = reader.position;
  const count = reader.u32();
  if (count > 1) {
    refuseFeature('reference-types', offset, 'More than one table');
  }
  if (count === 0) {
    return;
  }
  const typeOffset = reader.position;
  const type = reader.u8();
  if (type !== FUNCREF) {
    refuseFeature(
      featureOfType(type) === undefined ? 'gc' : 'reference-types',
      typeOffset,
      'A table of other things than functions',
    );
  }
  const limits = parseSize(reader, 0xffff_ffff, 'table');
  assertLimit('table-entries', limits.min, TABLE_ENTRIES_MAX, limits.offset);
  draft.table = limits;
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
    parseConstant(reader, type);
    draft.globals.push({ type, mutable: mutability === 1 });
  }
}

// A constant expression is one constant: no global can be imported, so there is none to name. The value
// of an i32 constant is returned, for segment offsets; other constants are only moved over.
function parseConstant(reader: Reader, type: number): number {
  const offset = reader.position;
  const op = reader.u8();
  const found = CONSTANT_TYPES.get(op);
  if (found === undefined) {
    refuseConstant(op, offset);
  }
  if (found !== type) {
    refuse('invalid', offset, `The constant is no ${typeName(type)}.`);
  }
  const value = readConstant(reader, op);
  const endOffset = reader.position;
  const end = reader.u8();
  if (end !== END) {
    refuseConstant(end, endOffset);
  }
  return value >>> 0;
}

const CONSTANT_TYPES: ReadonlyMap<number, number> = new Map([
  [I32_CONST, I32],
  [I64_CONST, I64],
  [F32_CONST, F32],
  [F64_CONST, F64],
]);

function readConstant(reader: Reader, op: number): number {
  if (op === I32_CONST) {
    return reader.s32();
  }
  if (op === I64_CONST) {
    reader.skipS64();
  } else {
    reader.skip(op === F32_CONST ? 4 : 8);
  }
  return 0;
}

function refuseConstant(op: number, offset: number): never {
  const extended =
    CONSTANT_TYPES.has(op) || op === 0x6a || op === 0x6b || op === 0x6c || (op >= 0x7c && op <= 0x7e);
  const feature = extended || op === GLOBAL_GET ? 'extended-const' : featureOfOpcode(op);
  if (feature !== undefined) {
    refuseFeature(feature, offset, 'A constant expression');
  }
  return refuse('invalid', offset, 'A constant expression is no constant.');
}

function parseExports(reader: Reader, draft: Draft): void {
  const count = reader.u32();
  assertLimit('exports', count, EXPORTS_MAX, reader.position);
  const names = new Set<string>();
  const sizes: Readonly<Record<ExportKind, number>> = {
    function: draft.functions.length,
    table: draft.table === undefined ? 0 : 1,
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
  draft.elementSegments = count;
}

// Flags: 0 active, 1 passive, 2 active with a table index; the others are declarative segments or hold
// expressions, which only reference types need.
function parseElementSegment(reader: Reader, draft: Draft): void {
  const offset = reader.position;
  const flags = reader.u32();
  if (flags > 2) {
    refuseFeature('reference-types', offset, 'An element segment of this kind');
  }
  const at = flags === 1 ? undefined : parseElementPlace(reader, draft, flags === 2);
  if (flags !== 0) {
    const kindOffset = reader.position;
    if (reader.u8() !== 0) {
      refuseFeature('reference-types', kindOffset, 'An element segment of other things than functions');
    }
  }
  const entries = reader.u32();
  assertLimit('table-entries', entries, TABLE_ENTRIES_MAX, offset);
  for (let index = 0; index < entries; index++) {
    const entryOffset = reader.position;
    const target = reader.u32();
    if (target >= draft.functions.length) {
      refuse('invalid', entryOffset, `There is no function ${target}.`);
    }
  }
  if (at !== undefined && at + entries > (draft.table?.min ?? 0)) {
    refuse('segment-out-of-bounds', offset, 'An element segment does not fit the table.');
  }
}

function parseElementPlace(reader: Reader, draft: Draft, named: boolean): number {
  const offset = reader.position;
  if ((named && reader.u32() !== 0) || draft.table === undefined) {
    refuse('invalid', offset, 'An element segment is for a table that is not there.');
  }
  return parseConstant(reader, I32);
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
  const at = passive ? 0 : parseConstant(reader, I32);
  const size = reader.u32();
  reader.skip(size);
  if (!passive && at + size > (draft.memory?.min ?? 0) * PAGE_BYTES) {
    refuse('segment-out-of-bounds', offset, 'A data segment does not fit the memory.');
  }
}
