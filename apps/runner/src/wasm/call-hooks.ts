/**
 * Call hooks in a prepared module, without reading its code. Function i keeps its number but becomes
 *
 *   enter(i, spent); body_i(parameters…); leave(i, spent)
 *
 * and its own body moves to the end of the functions. So every way to reach i, be it a call, a table, an export or
 * a tail call, passes the hooks, and no call needs to be rewritten. Imported hooks would renumber all functions:
 * they are reached through a table of our own, which the host fills. The hooks are not metered, and fuel is always
 * charged by the code of the function that runs, wherever in it: so the charge between two hooks belongs to it.
 */
import { FUEL_GLOBAL } from '@trine/rewriter';
import { ByteReader, joinBytes, signedBytes, unsignedBytes } from './bytes.ts';
import {
  importedFunctions,
  type Outline,
  outlineOf,
  SECTION_CODE,
  SECTION_EXPORT,
  SECTION_FUNCTION,
  SECTION_MEMORY,
  SECTION_TABLE,
  SECTION_TYPE,
  type Section,
} from './outline.ts';

/** Export name of the table that holds the two hooks. */
export const HOOKS_EXPORT = 'trine:hooks';

export interface HookPlan {
  /** How many functions are the guest's own; those after them are the rewriter's. */
  readonly functions: number;
  /** The run's fuel limit: hooks are told what is spent, not what is left. */
  readonly fuel: bigint;
}

/** A hook: which function, and the fuel spent so far. Exact up to 2^53. */
export type CallHook = (index: number, spent: number) => void;

/** The prepared module with hooks; the fuel it charges is the same. */
export function withCallHooks(prepared: Uint8Array, plan: HookPlan): Uint8Array<ArrayBuffer> {
  const outline = outlineOf(prepared);
  const parts: Uint8Array[] = [prepared.subarray(0, 8)];
  const tables = tableCount(prepared, outline);
  const sites: Sites = {
    ...plan,
    imported: importedFunctions(outline),
    hookType: outline.types.length,
    table: tables,
    fuelGlobal: outline.exports.find(({ name }) => name === FUEL_GLOBAL)?.index ?? 0,
  };
  let hasTable = false;
  for (const section of outline.sections) {
    // A module without a table gets one where tables belong: before its memory.
    if (section.id === SECTION_MEMORY && tables === 0 && !hasTable) {
      parts.push(...sectionParts(SECTION_TABLE, [unsignedBytes(1), HOOK_TABLE]));
      hasTable = true;
    }
    parts.push(...sectionParts(section.id, rewritten(prepared, outline, section, sites)));
  }
  return joinBytes(parts);
}

/** Puts hooks into a module's table. They must be WebAssembly functions, so a module of two imports lends its own. */
export function installHooks(exports: WebAssembly.Exports, enter: CallHook, leave: CallHook): void {
  const table = exports[HOOKS_EXPORT];
  if (!(table instanceof WebAssembly.Table)) throw new TypeError(`no table ${HOOKS_EXPORT}`);
  const lent = new WebAssembly.Instance(new WebAssembly.Module(LENDER), { '': { e: enter, l: leave } });
  table.set(ENTER, lent.exports['e']);
  table.set(LEAVE, lent.exports['l']);
}

const ENTER = 0;
const LEAVE = 1;

/** `(i32, f64) → ()`. */
const HOOK_TYPE = Uint8Array.of(0x60, 2, 0x7f, 0x7c, 0);
/** Function references, two and no more. */
const HOOK_TABLE = Uint8Array.of(0x70, 1, 2, 2);

/** Header, the hook's type, imports `""."e"` and `""."l"`, and exports of the same. */
const LENDER = joinBytes([
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
  Uint8Array.of(1, HOOK_TYPE.length + 1, 1),
  HOOK_TYPE,
  Uint8Array.of(2, 11, 2, 0, 1, 0x65, 0, 0, 0, 1, 0x6c, 0, 0),
  Uint8Array.of(7, 9, 2, 1, 0x65, 0, 0, 1, 0x6c, 0, 1),
]);

interface Sites extends HookPlan {
  readonly imported: number;
  readonly hookType: number;
  readonly table: number;
  readonly fuelGlobal: number;
}

function rewritten(
  bytes: Uint8Array,
  outline: Outline,
  section: Section,
  sites: Sites,
): readonly Uint8Array[] {
  const reader = new ByteReader(bytes, section.start, section.end);
  const added = (count: number, entries: readonly Uint8Array[]): readonly Uint8Array[] => [
    unsignedBytes(reader.u32() + count),
    reader.take(reader.end - reader.at),
    ...entries,
  ];
  switch (section.id) {
    case SECTION_TYPE:
      return added(1, [HOOK_TYPE]);
    case SECTION_FUNCTION:
      return added(sites.functions, outline.functionTypes.slice(0, sites.functions).map(unsignedBytes));
    case SECTION_TABLE:
      return added(1, [HOOK_TABLE]);
    case SECTION_EXPORT:
      return added(1, [exportEntry(HOOKS_EXPORT, sites.table)]);
    case SECTION_CODE:
      return hookedBodies(reader, outline, sites);
    default:
      return [bytes.subarray(section.start, section.end)];
  }
}

function hookedBodies(reader: ByteReader, outline: Outline, sites: Sites): readonly Uint8Array[] {
  const count = reader.u32();
  const bodies = Array.from({ length: count }, () => reader.take(reader.u32()));
  const own = bodies.slice(0, sites.functions);
  const hooks = own.map((_, place) => {
    const type = outline.types[outline.functionTypes[place] ?? -1];
    return hookBody(sites, place, type?.parameters.length ?? 0, sites.imported + count + place);
  });
  const written = [...hooks, ...bodies.slice(sites.functions), ...own];
  return [unsignedBytes(written.length), ...written.flatMap((body) => [unsignedBytes(body.length), body])];
}

const CALL = Uint8Array.of(0x10);
const CALL_INDIRECT = Uint8Array.of(0x11);
const LOCAL_GET = Uint8Array.of(0x20);
const GLOBAL_GET = Uint8Array.of(0x23);
const I32_CONST = Uint8Array.of(0x41);
const I64_CONST = Uint8Array.of(0x42);
/** Subtract, convert to f64 as signed. */
const SUB_AS_F64 = Uint8Array.of(0x7d, 0xb9);
const NO_LOCALS = Uint8Array.of(0);
const END = Uint8Array.of(0x0b);

function hookBody(sites: Sites, place: number, parameters: number, target: number): Uint8Array {
  const index = sites.imported + place;
  return joinBytes([
    NO_LOCALS,
    ...hookCall(sites, index, ENTER),
    ...Array.from({ length: parameters }, (_, local) => [LOCAL_GET, unsignedBytes(local)]).flat(),
    CALL,
    unsignedBytes(target),
    ...hookCall(sites, index, LEAVE),
    END,
  ]);
}

const hookCall = (sites: Sites, index: number, hook: number): readonly Uint8Array[] => [
  I32_CONST,
  signedBytes(BigInt(index)),
  I64_CONST,
  signedBytes(sites.fuel),
  GLOBAL_GET,
  unsignedBytes(sites.fuelGlobal),
  SUB_AS_F64,
  I32_CONST,
  signedBytes(BigInt(hook)),
  CALL_INDIRECT,
  unsignedBytes(sites.hookType),
  unsignedBytes(sites.table),
];

function exportEntry(name: string, table: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  return joinBytes([unsignedBytes(text.length), text, Uint8Array.of(1), unsignedBytes(table)]);
}

function tableCount(bytes: Uint8Array, { sections }: Outline): number {
  const section = sections.find(({ id }) => id === SECTION_TABLE);
  return section === undefined ? 0 : new ByteReader(bytes, section.start, section.end).u32();
}

function sectionParts(id: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const content = joinBytes(parts);
  return [Uint8Array.of(id), unsignedBytes(content.length), content];
}
