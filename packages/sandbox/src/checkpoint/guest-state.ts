// Takes the state out of an opened step guest and puts one in, through what the rewriter exports for it: words by
// number, tables and function globals that change, and the table whose places are the functions' numbers.
import type { Guest } from '../guest-instance.ts';
import type { Checkpoint, CheckpointState, TableState } from './checkpoint.ts';
import { type CopyOptions, copyPages, PAGE_BYTES, type Page } from './pages.ts';
import { type CheckpointRefusal, refuseCheckpoint } from './refusal.ts';

/** The state that the instance itself holds. */
export type InstanceState = Pick<CheckpointState, 'pages' | 'words' | 'references' | 'tables'>;

/** What an instance holds, memory included. */
export interface CapturedState {
  readonly state: InstanceState;
  readonly pages: readonly Page[];
}

/** Access to the state of one instance. */
export interface StateAccess {
  /** Copies the state; `undefined` when its memory holds too much. */
  capture(options: CopyOptions): CapturedState | undefined;
  /**
   * Overwrites the state of a fresh instance. Whatever is written, it stays inside the instance; a refusal leaves an
   * instance that must not run.
   */
  restore(checkpoint: Checkpoint): CheckpointRefusal | undefined;
}

/** The access to a guest's state, or `undefined` when it was not prepared as a step guest. */
export function stateAccess({ exports, memory }: Guest): StateAccess | undefined {
  const { [WORDS]: words, [READ]: read, [WRITE]: write, [FUNCTIONS]: functions } = exports;
  if (!(words instanceof WebAssembly.Global)) return undefined;
  if (typeof read !== 'function' || typeof write !== 'function') return undefined;
  const parts: Parts = {
    memory,
    words: Number(words.value),
    read: read as Parts['read'],
    write: write as Parts['write'],
    tables: numbered(exports, TABLE_PREFIX).filter((value) => value instanceof WebAssembly.Table),
    references: numbered(exports, GLOBAL_PREFIX).filter((value) => value instanceof WebAssembly.Global),
    functions: functions instanceof WebAssembly.Table ? functions : undefined,
  };
  return {
    capture: (options) => capture(parts, options),
    restore: (checkpoint) => restore(parts, checkpoint),
  };
}

// The names that the rewriter gives.
const WORDS = 'trine:words';
const READ = 'trine:read';
const WRITE = 'trine:write';
const FUNCTIONS = 'trine:functions';
const TABLE_PREFIX = 'trine:table:';
const GLOBAL_PREFIX = 'trine:global:';

interface Parts {
  readonly memory: WebAssembly.Memory;
  readonly words: number;
  readonly read: (word: number) => bigint;
  readonly write: (word: number, value: bigint) => void;
  readonly tables: readonly WebAssembly.Table[];
  readonly references: readonly WebAssembly.Global[];
  readonly functions: WebAssembly.Table | undefined;
}

/** Exports whose names begin with `prefix`, by the number behind it. */
function numbered(exports: WebAssembly.Exports, prefix: string): readonly WebAssembly.ExportValue[] {
  return Object.entries(exports)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => ({ number: Number(name.slice(prefix.length)), value }))
    .sort((a, b) => a.number - b.number)
    .map(({ value }) => value);
}

function capture(parts: Parts, options: CopyOptions): CapturedState | undefined {
  const pages = copyPages(new Uint8Array(parts.memory.buffer), options);
  if (pages === undefined) return undefined;
  const words = new Uint8Array(parts.words * 8);
  const wordView = new DataView(words.buffer);
  for (let word = 0; word < parts.words; word += 1) wordView.setBigInt64(word * 8, parts.read(word), true);
  const numberOf = functionNumbers(parts);
  const references = new Uint8Array(parts.references.length * 4);
  const referenceView = new DataView(references.buffer);
  for (const [index, global] of parts.references.entries()) {
    referenceView.setUint32(index * 4, numberOf(global.value), true);
  }
  const tables = parts.tables.map((table) => captureTable(table, numberOf));
  return { state: { pages: pages.length, words, references, tables }, pages };
}

/** Numbers functions by their identity, which is the same wherever JavaScript meets them. 0 is null. */
function functionNumbers({ functions }: Parts): (reference: unknown) => number {
  let numbers: Map<unknown, number> | undefined;
  return (reference) => {
    if (reference === null) return 0;
    numbers ??= new Map(
      Array.from({ length: functions?.length ?? 0 }, (_, place) => [functions?.get(place), place + 1]),
    );
    const number = numbers.get(reference);
    if (number === undefined)
      throw new Error('A reference is to none of the functions that can be referred to.');
    return number;
  };
}

function captureTable(table: WebAssembly.Table, numberOf: (reference: unknown) => number): TableState {
  const entries = new Uint8Array(table.length * 4);
  const view = new DataView(entries.buffer);
  let used = 0;
  for (let place = 0; place < table.length; place += 1) {
    const number = numberOf(table.get(place));
    if (number === 0) continue;
    view.setUint32(place * 4, number, true);
    used = place + 1;
  }
  return { size: table.length, entries: entries.slice(0, used * 4) };
}

function restore(parts: Parts, { state, pages }: Checkpoint): CheckpointRefusal | undefined {
  return (
    misshapen(parts, state) ??
    restoreMemory(parts.memory, pages) ??
    restoreWords(parts, state.words) ??
    restoreReferences(parts, state)
  );
}

function misshapen(
  { words, tables, references }: Parts,
  state: CheckpointState,
): CheckpointRefusal | undefined {
  if (state.words.length !== words * 8) return misfit(`${words} words`);
  if (state.tables.length !== tables.length) return misfit(`${tables.length} tables that change`);
  if (state.references.length !== references.length * 4) return misfit(`${references.length} references`);
  return undefined;
}

// Growing is the machine's to refuse, which ends the run as aborted and says nothing of the checkpoint.
function restoreMemory(memory: WebAssembly.Memory, pages: readonly Page[]): CheckpointRefusal | undefined {
  const own = memory.buffer.byteLength / PAGE_BYTES;
  if (pages.length < own) return misfit(`at least ${own} pages`);
  memory.grow(pages.length - own);
  const bytes = new Uint8Array(memory.buffer);
  for (const [index, page] of pages.entries()) {
    if (page !== undefined) bytes.set(page, index * PAGE_BYTES);
    else if (index < own) bytes.fill(0, index * PAGE_BYTES, (index + 1) * PAGE_BYTES);
  }
  return undefined;
}

// A word that is read back as another is none that the global it stands for can hold.
function restoreWords({ read, write }: Parts, words: Uint8Array): CheckpointRefusal | undefined {
  const view = new DataView(words.buffer, words.byteOffset, words.length);
  for (let word = 0; word < words.length / 8; word += 1) {
    const value = view.getBigInt64(word * 8, true);
    write(word, value);
    if (read(word) !== value) return misfit(`no such value in word ${word}`);
  }
  return undefined;
}

function restoreReferences(
  parts: Parts,
  { references, tables }: CheckpointState,
): CheckpointRefusal | undefined {
  const { functions } = parts;
  const known = functions?.length ?? 0;
  if (numbersOf(references).some((number) => number > known)) return misfit(`${known} functions`);
  const named = (number: number): unknown => (number === 0 ? null : functions?.get(number - 1));
  for (const [index, global] of parts.references.entries())
    global.value = named(numbersOf(references)[index] ?? 0);
  for (const [index, table] of parts.tables.entries()) {
    const refusal = restoreTable(table, tables[index], { known, named });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function restoreTable(
  table: WebAssembly.Table,
  state: TableState | undefined,
  { known, named }: { readonly known: number; readonly named: (number: number) => unknown },
): CheckpointRefusal | undefined {
  const numbers = numbersOf(state?.entries ?? NOTHING);
  const size = state?.size ?? 0;
  const own = table.length;
  if (size < own || numbers.some((number) => number > known)) return misfit('other tables');
  if (!grows(table, size - own)) return misfit(`no table of ${size} entries`);
  for (let place = 0; place < Math.max(own, numbers.length); place += 1) {
    const number = numbers[place] ?? 0;
    if (!sets(table, place, named(number))) return misfit('other tables');
  }
  return undefined;
}

// A table has its own maximum, and one for host things takes no function: the engine knows both, we ask it.
function grows(table: WebAssembly.Table, entries: number): boolean {
  try {
    table.grow(entries, null);
    return true;
  } catch {
    return false;
  }
}

function sets(table: WebAssembly.Table, place: number, reference: unknown): boolean {
  try {
    table.set(place, reference);
    return true;
  } catch {
    return false;
  }
}

const NOTHING = new Uint8Array(0);

function numbersOf(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true));
}

function misfit(what: string): CheckpointRefusal {
  return refuseCheckpoint('checkpoint-misfit', `The checkpoint does not fit this module, which has ${what}.`);
}
