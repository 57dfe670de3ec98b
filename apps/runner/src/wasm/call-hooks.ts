/**
 * Call hooks in a prepared module. Function i keeps its number but becomes
 *
 *   if (tail) { tail = 0; replace(i, spent); return_call body_i(parameters…) }
 *   enter(i, spent); body_i(parameters…); tail = 0; leave(i, spent)
 *
 * and its own body moves to the end of the functions, with `tail = 1` in front of each tail call: all of its code
 * that is touched. So every way to reach i, be it a call, a table, an export or a tail call, passes the hooks, and a
 * chain of tail calls takes no more stack than without them. (A tail call of an import through a table reaches no
 * hook, so `tail` is taken back when its caller's caller goes on.) Imported hooks would renumber all functions: they
 * are reached through a table of our own, which the host fills. The hooks are not metered, and fuel is always charged
 * by the code of the function that runs, wherever in it: so the charge between two hooks belongs to it.
 */
import { FUEL_GLOBAL } from '@trine/rewriter';
import { ByteReader, joinBytes, signedBytes, unsignedBytes } from './bytes.ts';
import { tailCalls } from './features.ts';
import {
  importedFunctions,
  type Outline,
  outlineOf,
  SECTION_CODE,
  SECTION_EXPORT,
  SECTION_FUNCTION,
  SECTION_GLOBAL,
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

/** What is told of calls: which function, and the fuel spent so far, exact up to 2^53. */
export interface CallHooks {
  enter(index: number, spent: number): void;
  /** A function took the place of the one entered last, by a tail call. */
  replace(index: number, spent: number): void;
  leave(index: number, spent: number): void;
}

/** The prepared module with hooks; the fuel it charges is the same. */
export function withCallHooks(prepared: Uint8Array, plan: HookPlan): Uint8Array<ArrayBuffer> {
  const outline = outlineOf(prepared);
  const parts: Uint8Array[] = [prepared.subarray(0, 8)];
  const tables = entryCount(prepared, outline, SECTION_TABLE);
  const sites: Sites = {
    ...plan,
    imported: importedFunctions(outline),
    hookType: outline.types.length,
    table: tables,
    fuelGlobal: outline.exports.find(({ name }) => name === FUEL_GLOBAL)?.index ?? 0,
    tailGlobal: entryCount(prepared, outline, SECTION_GLOBAL),
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

/** Puts hooks into a module's table. They must be WebAssembly functions, so a module of three imports lends its own. */
export function installHooks(exports: WebAssembly.Exports, hooks: CallHooks): void {
  const table = exports[HOOKS_EXPORT];
  if (!(table instanceof WebAssembly.Table)) throw new TypeError(`no table ${HOOKS_EXPORT}`);
  const { exports: lent } = new WebAssembly.Instance(new WebAssembly.Module(LENDER), {
    '': {
      e: (index: number, spent: number) => hooks.enter(index, spent),
      l: (index: number, spent: number) => hooks.leave(index, spent),
      r: (index: number, spent: number) => hooks.replace(index, spent),
    },
  });
  table.set(ENTER, lent['e']);
  table.set(LEAVE, lent['l']);
  table.set(REPLACE, lent['r']);
}

const ENTER = 0;
const LEAVE = 1;
const REPLACE = 2;

/** `(i32, f64) → ()`. */
const HOOK_TYPE = Uint8Array.of(0x60, 2, 0x7f, 0x7c, 0);
/** Function references, three and no more. */
const HOOK_TABLE = Uint8Array.of(0x70, 1, 3, 3);
/** A mutable i32 of 0. */
const TAIL_GLOBAL = Uint8Array.of(0x7f, 1, 0x41, 0, 0x0b);

/** Header, the hook's type, imports `""."e"`, `""."l"` and `""."r"`, and exports of the same. */
const LENDER = joinBytes([
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
  Uint8Array.of(1, HOOK_TYPE.length + 1, 1),
  HOOK_TYPE,
  Uint8Array.of(2, 16, 3, 0, 1, 0x65, 0, 0, 0, 1, 0x6c, 0, 0, 0, 1, 0x72, 0, 0),
  Uint8Array.of(7, 13, 3, 1, 0x65, 0, 0, 1, 0x6c, 0, 1, 1, 0x72, 0, 2),
]);

interface Sites extends HookPlan {
  readonly imported: number;
  readonly hookType: number;
  readonly table: number;
  readonly fuelGlobal: number;
  readonly tailGlobal: number;
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
    case SECTION_GLOBAL:
      return added(1, [TAIL_GLOBAL]);
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
  const moved = own.map((body) => announced(body, sites));
  const written = [...hooks, ...bodies.slice(sites.functions), ...moved];
  return [unsignedBytes(written.length), ...written.flatMap((body) => [unsignedBytes(body.length), body])];
}

/** The body, with word ahead of each tail call of a function that has hooks. */
function announced(body: Uint8Array, sites: Sites): Uint8Array {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const { at, callee } of tailCalls(body)) {
    const own = (callee ?? sites.imported) - sites.imported;
    if (own < 0 || own >= sites.functions) continue;
    parts.push(body.subarray(copied, at), ...setTail(sites, 1));
    copied = at;
  }
  return joinBytes([...parts, body.subarray(copied)]);
}

const setTail = ({ tailGlobal }: Sites, value: number): readonly Uint8Array[] => [
  I32_CONST,
  signedBytes(BigInt(value)),
  GLOBAL_SET,
  unsignedBytes(tailGlobal),
];

const IF_EMPTY = Uint8Array.of(0x04, 0x40);
const CALL = Uint8Array.of(0x10);
const RETURN_CALL = Uint8Array.of(0x12);
const GLOBAL_SET = Uint8Array.of(0x24);
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
  const parts = Array.from({ length: parameters }, (_, local) => [LOCAL_GET, unsignedBytes(local)]).flat();
  const to = unsignedBytes(target);
  return joinBytes([
    NO_LOCALS,
    GLOBAL_GET,
    unsignedBytes(sites.tailGlobal),
    IF_EMPTY,
    ...setTail(sites, 0),
    ...hookCall(sites, index, REPLACE),
    ...parts,
    RETURN_CALL,
    to,
    END,
    ...hookCall(sites, index, ENTER),
    ...parts,
    CALL,
    to,
    ...setTail(sites, 0),
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

function entryCount(bytes: Uint8Array, { sections }: Outline, wanted: number): number {
  const section = sections.find(({ id }) => id === wanted);
  return section === undefined ? 0 : new ByteReader(bytes, section.start, section.end).u32();
}

function sectionParts(id: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const content = joinBytes(parts);
  return [Uint8Array.of(id), unsignedBytes(content.length), content];
}
