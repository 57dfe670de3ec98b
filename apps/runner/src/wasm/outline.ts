/** What a module says of itself: sections, types, imports, exports, names. Reads as far as the bytes make sense. */
import { ByteReader } from './bytes.ts';

/** Contents of one section; `name` only for custom ones. */
export interface Section {
  readonly id: number;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface Signature {
  readonly parameters: Uint8Array;
  readonly results: Uint8Array;
}

export type ExternalKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

export interface ImportEntry {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Of functions only. */
  readonly signature: Signature | undefined;
}

export interface ExportEntry {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

export interface Outline {
  readonly sections: readonly Section[];
  readonly types: readonly Signature[];
  readonly imports: readonly ImportEntry[];
  readonly exports: readonly ExportEntry[];
  /** Type index of each function that has a body. */
  readonly functionTypes: readonly number[];
  /** From the module's name section, by function index. */
  readonly functionNames: ReadonlyMap<number, string>;
  readonly hasStart: boolean;
}

export const SECTION_CUSTOM = 0;
export const SECTION_TYPE = 1;
export const SECTION_IMPORT = 2;
export const SECTION_FUNCTION = 3;
export const SECTION_TABLE = 4;
export const SECTION_MEMORY = 5;
export const SECTION_GLOBAL = 6;
export const SECTION_EXPORT = 7;
export const SECTION_START = 8;
export const SECTION_CODE = 10;
export const SECTION_DATA = 11;

const HEADER_BYTES = 8;
const FUNCTION_TYPE = 0x60;
const FUNCTION_NAMES = 1;
const KINDS: readonly ExternalKind[] = ['function', 'table', 'memory', 'global', 'tag'];

/** Never throws: what cannot be read is left out. */
export function outlineOf(bytes: Uint8Array): Outline {
  const sections = attempt(() => readSections(bytes)) ?? [];
  const read = <T>(id: number, entry: (reader: ByteReader) => T, name = ''): readonly T[] => {
    const section = sections.find((found) => found.id === id && found.name === name);
    if (section === undefined) return [];
    return readEntries(new ByteReader(bytes, section.start, section.end), entry);
  };
  const types = read(SECTION_TYPE, readType);
  return {
    sections,
    types,
    imports: read(SECTION_IMPORT, (reader) => readImport(reader, types)),
    exports: read(SECTION_EXPORT, readExport),
    functionTypes: read(SECTION_FUNCTION, (reader) => reader.u32()),
    functionNames: functionNames(bytes, sections),
    hasStart: sections.some(({ id }) => id === SECTION_START),
  };
}

/** Functions that the host brings; they come first in the numbering. */
export const importedFunctions = ({ imports }: Outline): number =>
  imports.filter(({ kind }) => kind === 'function').length;

/** Bytes in sections of one kind. */
export const sectionBytes = ({ sections }: Outline, id: number): number =>
  sections.filter((section) => section.id === id).reduce((sum, { start, end }) => sum + end - start, 0);

/** What a function is called: the name its author gave it, else the one it is exported by, else its number. */
export function functionNamer({ functionNames, exports }: Outline): (index: number) => string {
  // The last entry of a map stays: backwards, the first export of a function names it.
  const functions = exports.filter(({ kind }) => kind === 'function').toReversed();
  const exported = new Map(functions.map(({ index, name }) => [index, name]));
  return (index) => functionNames.get(index) ?? exported.get(index) ?? `function ${index}`;
}

function readSections(bytes: Uint8Array): readonly Section[] {
  const reader = new ByteReader(bytes, HEADER_BYTES);
  const sections: Section[] = [];
  while (!reader.isDone) {
    const section = attempt(() => readSection(reader));
    if (section === undefined) break;
    sections.push(section);
  }
  return sections;
}

function readSection(reader: ByteReader): Section {
  const id = reader.u8();
  const size = reader.u32();
  const start = reader.at;
  reader.take(size);
  const content = new ByteReader(reader.bytes, start, reader.at);
  return { id, name: id === SECTION_CUSTOM ? content.name() : '', start: content.at, end: reader.at };
}

function readEntries<T>(reader: ByteReader, entry: (reader: ByteReader) => T): readonly T[] {
  const entries: T[] = [];
  const count = attempt(() => reader.u32()) ?? 0;
  while (entries.length < count) {
    const read = attempt(() => entry(reader));
    if (read === undefined) break;
    entries.push(read);
  }
  return entries;
}

function readType(reader: ByteReader): Signature {
  if (reader.u8() !== FUNCTION_TYPE) throw new RangeError('A type that is no function type.');
  return { parameters: reader.take(reader.u32()), results: reader.take(reader.u32()) };
}

function readImport(reader: ByteReader, types: readonly Signature[]): ImportEntry {
  const module = reader.name();
  const name = reader.name();
  const kind = kindOf(reader.u8());
  return { module, name, kind, signature: readImportType(reader, kind, types) };
}

function readImportType(
  reader: ByteReader,
  kind: ExternalKind,
  types: readonly Signature[],
): Signature | undefined {
  if (kind === 'function') return types[reader.u32()];
  if (kind === 'table') reader.u8();
  if (kind === 'global') reader.take(2);
  else if (kind === 'tag') reader.u32();
  else skipLimits(reader);
  return undefined;
}

function skipLimits(reader: ByteReader): void {
  const flags = reader.u8();
  reader.skipNumber();
  if ((flags & 1) !== 0) reader.skipNumber();
}

const readExport = (reader: ByteReader): ExportEntry => ({
  name: reader.name(),
  kind: kindOf(reader.u8()),
  index: reader.u32(),
});

function kindOf(code: number): ExternalKind {
  const kind = KINDS[code];
  if (kind === undefined) throw new RangeError(`There is no kind ${code}.`);
  return kind;
}

function functionNames(bytes: Uint8Array, sections: readonly Section[]): ReadonlyMap<number, string> {
  const section = sections.find(({ id, name }) => id === SECTION_CUSTOM && name === 'name');
  if (section === undefined) return new Map();
  const reader = new ByteReader(bytes, section.start, section.end);
  const names = attempt(() => {
    while (!reader.isDone) {
      const part = reader.u8();
      const size = reader.u32();
      const content = new ByteReader(bytes, reader.at, reader.at + size);
      reader.take(size);
      if (part === FUNCTION_NAMES) {
        return readEntries(content, (entry): [number, string] => [entry.u32(), entry.name()]);
      }
    }
    return [];
  });
  return new Map(names);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
