// What the rewriter knows of a module: its sections decoded, function bodies still as byte ranges.

/** A function or block type: value types by their encoding. */
export interface FunctionType {
  readonly parameters: Uint8Array;
  readonly results: Uint8Array;
}

/** Part of the module's bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ImportedFunction {
  readonly module: string;
  readonly name: string;
  readonly type: number;
  readonly offset: number;
}

export interface GlobalType {
  readonly type: number;
  readonly mutable: boolean;
}

export type ExportKind = 'function' | 'table' | 'memory' | 'global';

export interface ModuleExport {
  readonly name: string;
  readonly kind: ExportKind;
  readonly index: number;
  readonly offset: number;
}

/** Sizes of a table in entries or of a memory in pages. */
export interface SizeLimits {
  readonly min: number;
  readonly max: number | undefined;
  readonly offset: number;
}

/** A table: what it holds and how many. */
export interface TableType extends SizeLimits {
  readonly type: number;
}

/** A constant expression that was computed here, because not every engine can: the instruction to write for it. */
export interface FoldedConstant extends ByteRange {
  readonly code: Uint8Array;
}

/** A decoded module. Function indices count imported functions first, as in the binary. */
export interface WasmModule {
  readonly bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  readonly imports: readonly ImportedFunction[];
  /** Type index of every function, imported ones first. */
  readonly functions: readonly number[];
  readonly tables: readonly TableType[];
  readonly memory: SizeLimits | undefined;
  readonly globals: readonly GlobalType[];
  readonly exports: readonly ModuleExport[];
  readonly start: number | undefined;
  /** Reference type of each element segment. */
  readonly elementTypes: readonly number[];
  /** Functions named outside of bodies and the start section: the only ones `ref.func` may take. */
  readonly declared: ReadonlySet<number>;
  /** In ascending order. */
  readonly folded: readonly FoldedConstant[];
  /** Data segments as announced by the data count section, or undefined without one. */
  readonly dataCount: number | undefined;
  readonly dataSegments: number;
  /** Bodies of the defined functions, local declarations included. */
  readonly bodies: readonly ByteRange[];
  /** Contents of the sections that are copied or extended, by section id. */
  readonly sections: ReadonlyMap<number, ByteRange>;
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
export const SECTION_ELEMENT = 9;
export const SECTION_CODE = 10;
export const SECTION_DATA = 11;
export const SECTION_DATA_COUNT = 12;
export const SECTION_TAG = 13;
