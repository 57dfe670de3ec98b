// A checkpoint: the complete state of a step guest between two steps, and its one form as bytes.
//
//   pages of memory that are not all zeros, ascending, 64 KiB each
//   the state: one item of deterministic CBOR, a map (see `encodeState`)
//   its length (u32, big-endian) and the eight bytes "TRINE-C1"
//
// Pages come first, so that they lie on the chunks by which artifacts are checked and fetched: what two checkpoints
// of a task have in common, they have as equal chunks. Every state has exactly one form, which is why a
// checkpoint with a page of zeros, or one whose CBOR could be shorter, is refused.
import {
  type Abi,
  ABIS,
  type CodeIdentity,
  decodeCbor,
  type Digest,
  digestFromBytes,
  digestToBytes,
  encodeCbor,
} from '@trine/protocol';
import type { RunLimits } from '../guest-thread.ts';
import { CHECKPOINT_BYTES_MAX, CHECKPOINT_STATE_BYTES_MAX, FUEL_MAX } from '../limits.ts';
import { isZeroPage, PAGE_BYTES, type Page, PAGES_MAX } from './pages.ts';
import { type CheckpointRefusal, refuseCheckpoint } from './refusal.ts';

/** Which task a state belongs to: the same on every node. */
export interface TaskIdentity {
  readonly code: CodeIdentity;
  readonly inputDigest: Digest;
}

/** A table between two steps. */
export interface TableState {
  readonly size: number;
  /**
   * One u32 an entry, little-endian: 0 for null, else one more than the function's place among those that a reference
   * can name. Nulls at the end are left out.
   */
  readonly entries: Uint8Array;
}

/** All of a checkpoint but its pages. */
export interface CheckpointState {
  readonly abi: Abi;
  readonly task: TaskIdentity;
  readonly limits: RunLimits;
  /** Fuel spent so far. */
  readonly fuel: bigint;
  /** Steps done so far; 0 right after `start`. */
  readonly steps: number;
  /** Size of the memory in pages. */
  readonly pages: number;
  /** One u64 a word, little-endian, as the prepared module numbers them. */
  readonly words: Uint8Array;
  /** One u32 for each global that refers to functions, as in a table. */
  readonly references: Uint8Array;
  /** The tables that change, in the module's order. */
  readonly tables: readonly TableState[];
}

/** A state and its memory. */
export interface Checkpoint {
  readonly state: CheckpointState;
  /** The state's bytes, as they are hashed. */
  readonly stateBytes: Uint8Array;
  readonly pages: readonly Page[];
}

/** A checkpoint, or why the bytes are none. */
export type ParsedCheckpoint =
  | { readonly type: 'checkpoint'; readonly checkpoint: Checkpoint }
  | CheckpointRefusal;

const MAGIC = new TextEncoder().encode('TRINE-C1');
const VERSION = 'trine/checkpoint/1';
const TRAILER_BYTES = 4 + MAGIC.length;

/** Puts a checkpoint together. The pages must not change any more. */
export function createCheckpoint(state: CheckpointState, pages: readonly Page[]): Checkpoint {
  return { state, stateBytes: encodeState(state, pages), pages };
}

/** Size of the checkpoint's bytes. */
export function checkpointBytes({ pages, stateBytes }: Checkpoint): number {
  return pages.filter((page) => page !== undefined).length * PAGE_BYTES + stateBytes.length + TRAILER_BYTES;
}

/** The checkpoint as bytes of its own. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { stateBytes, pages } = checkpoint;
  const bytes = new Uint8Array(checkpointBytes(checkpoint));
  let at = 0;
  for (const page of pages) {
    if (page === undefined) continue;
    bytes.set(page, at);
    at += PAGE_BYTES;
  }
  bytes.set(stateBytes, at);
  writeTrailer(bytes, stateBytes.length, MAGIC);
  return bytes;
}

/** Reads a checkpoint from anywhere. Never throws; its pages are views of `bytes`, which must not change any more. */
export function parseCheckpoint(bytes: Uint8Array): ParsedCheckpoint {
  if (bytes.length > CHECKPOINT_BYTES_MAX) {
    const message = `A checkpoint of ${bytes.length} bytes is over the limit of ${CHECKPOINT_BYTES_MAX}.`;
    return refuseCheckpoint('checkpoint-too-large', message);
  }
  const found = splitTrailer(bytes, MAGIC);
  if (found === undefined) return malformed('It does not end as a checkpoint does.');
  const decoded = decodeState(found.item);
  if (decoded === undefined) return malformed('Its state is not in the one form that a state has.');
  const pages = placePages(found.pages, decoded);
  if (pages === undefined) return malformed('Its pages are not those that its state announces.');
  return { type: 'checkpoint', checkpoint: { state: decoded.state, stateBytes: found.item, pages } };
}

/** Why a state does not belong to this task under these limits; `undefined` if it does. */
export function otherTask(
  state: CheckpointState,
  { abi, task, limits }: Pick<CheckpointState, 'abi' | 'task' | 'limits'>,
): CheckpointRefusal | undefined {
  const differs = [
    ['ABI', state.abi !== abi],
    ['module', state.task.code.module !== task.code.module],
    ['edition', state.task.code.edition !== task.code.edition],
    ['input', state.task.inputDigest !== task.inputDigest],
    ['fuel limit', state.limits.fuel !== limits.fuel],
    ['memory limit', state.limits.memoryBytes !== limits.memoryBytes],
    ['output limit', state.limits.outputBytes !== limits.outputBytes],
  ] as const;
  const first = differs.find(([, isOther]) => isOther);
  return first === undefined
    ? undefined
    : refuseCheckpoint(
        'checkpoint-other-task',
        `The checkpoint belongs to another task: its ${first[0]} differs.`,
      );
}

/** Ends bytes whose item of `length` bytes is written: the length and `magic`. */
export function writeTrailer(bytes: Uint8Array, length: number, magic: Uint8Array): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(bytes.length - TRAILER_BYTES, length);
  bytes.set(magic, bytes.length - magic.length);
}

/** Parts bytes that end with an item, its length and `magic`, from whole pages before it. */
export function splitTrailer(
  bytes: Uint8Array,
  magic: Uint8Array,
): { readonly pages: Uint8Array; readonly item: Uint8Array } | undefined {
  const end = bytes.length - TRAILER_BYTES;
  if (end < 0 || magic.some((byte, index) => bytes[end + 4 + index] !== byte)) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end);
  const start = end - length;
  if (length > CHECKPOINT_STATE_BYTES_MAX || start < 0 || start % PAGE_BYTES !== 0) return undefined;
  return { pages: bytes.subarray(0, start), item: bytes.subarray(start, end) };
}

/** One bit a page, lowest first: which pages of a checkpoint, or of a delta, are there. */
export function pageBits(pages: readonly Page[]): Uint8Array {
  const bits = new Uint8Array((pages.length + 7) >> 3);
  for (const [index, page] of pages.entries()) {
    if (page !== undefined) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bits;
}

/** Whether bit `index` is set. */
export function hasBit(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

function encodeState(state: CheckpointState, pages: readonly Page[]): Uint8Array {
  return encodeCbor({
    version: VERSION,
    abi: state.abi,
    module: digestToBytes(state.task.code.module),
    edition: state.task.code.edition,
    input: digestToBytes(state.task.inputDigest),
    limits: {
      fuel: state.limits.fuel,
      memoryBytes: state.limits.memoryBytes,
      outputBytes: state.limits.outputBytes,
    },
    fuel: state.fuel,
    steps: state.steps,
    pages: state.pages,
    present: pageBits(pages),
    words: state.words,
    references: state.references,
    tables: state.tables.map(({ size, entries }) => [size, entries]),
  });
}

interface DecodedState {
  readonly state: CheckpointState;
  readonly present: Uint8Array;
}

/** The state that these bytes are the one form of. */
export function decodeState(bytes: Uint8Array): DecodedState | undefined {
  const fields = recordOf(decodeCbor(bytes)?.value);
  if (fields === undefined) return undefined;
  const [state, present] = [stateOf(fields), bytesOf(fields['present'])];
  if (state === undefined || present === undefined || present.length !== (state.pages + 7) >> 3)
    return undefined;
  // Whatever decoding let pass, only what encoding would make is a state.
  const pages = Array.from({ length: state.pages }, (_, index) =>
    hasBit(present, index) ? NO_PAGE : undefined,
  );
  return isSameBytes(encodeState(state, pages), bytes) ? { state, present } : undefined;
}

/** Stands for a page of which only the presence matters. */
const NO_PAGE = new Uint8Array(0);

function stateOf(fields: Fields): CheckpointState | undefined {
  const [limits, task, tables] = [limitsOf(fields['limits']), taskOf(fields), tablesOf(fields['tables'])];
  const [fuel, steps, pages] = [fuelOf(fields['fuel']), countOf(fields['steps']), countOf(fields['pages'])];
  const [words, references] = [bytesOf(fields['words']), bytesOf(fields['references'])];
  const abi = ABIS.find((known) => known === fields['abi']);
  if (abi === undefined || limits === undefined || task === undefined || tables === undefined)
    return undefined;
  if (fuel === undefined || steps === undefined || pages === undefined || pages > PAGES_MAX) return undefined;
  if (words === undefined || references === undefined) return undefined;
  if (words.length % 8 !== 0 || references.length % 4 !== 0 || fuel > limits.fuel) return undefined;
  return { abi, task, limits, fuel, steps, pages, words, references, tables };
}

type Fields = Readonly<Record<string, unknown>>;

function recordOf(value: unknown): Fields | undefined {
  const isMap =
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
  return isMap ? (value as Fields) : undefined;
}

const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

const bytesOf = (value: unknown): Uint8Array | undefined => (value instanceof Uint8Array ? value : undefined);

function fuelOf(value: unknown): bigint | undefined {
  const fuel = typeof value === 'bigint' ? value : countOf(value);
  return fuel === undefined || BigInt(fuel) < 0n || BigInt(fuel) > FUEL_MAX ? undefined : BigInt(fuel);
}

function digestFrom(value: unknown): Digest | undefined {
  return value instanceof Uint8Array && value.length === 32 ? digestFromBytes(value) : undefined;
}

function limitsOf(value: unknown): RunLimits | undefined {
  const fields = recordOf(value);
  const [fuel, memoryBytes, outputBytes] = [
    fuelOf(fields?.['fuel']),
    countOf(fields?.['memoryBytes']),
    countOf(fields?.['outputBytes']),
  ];
  if (fuel === undefined || memoryBytes === undefined || outputBytes === undefined) return undefined;
  return { fuel, memoryBytes, outputBytes };
}

function taskOf(fields: Fields): TaskIdentity | undefined {
  const [module, inputDigest, edition] = [
    digestFrom(fields['module']),
    digestFrom(fields['input']),
    fields['edition'],
  ];
  if (module === undefined || inputDigest === undefined || typeof edition !== 'string') return undefined;
  return { code: { module, edition }, inputDigest };
}

function tablesOf(value: unknown): readonly TableState[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const tables = value.map(tableOf);
  return tables.every((table) => table !== undefined) ? tables : undefined;
}

function tableOf(value: unknown): TableState | undefined {
  const [size, entries] = Array.isArray(value) ? [countOf(value[0]), bytesOf(value[1])] : [];
  if (size === undefined || entries === undefined) return undefined;
  const isTrimmed = entries.length === 0 || entries.subarray(-4).some((byte) => byte !== 0);
  return entries.length % 4 === 0 && entries.length <= size * 4 && isTrimmed ? { size, entries } : undefined;
}

function placePages(bytes: Uint8Array, { state, present }: DecodedState): readonly Page[] | undefined {
  const pages: Page[] = [];
  let at = 0;
  for (let index = 0; index < state.pages; index += 1) {
    const page = hasBit(present, index) ? bytes.subarray(at, at + PAGE_BYTES) : undefined;
    if (page !== undefined && (page.length < PAGE_BYTES || isZeroPage(page))) return undefined;
    at += page === undefined ? 0 : PAGE_BYTES;
    pages.push(page);
  }
  return at === bytes.length ? pages : undefined;
}

function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function malformed(why: string): CheckpointRefusal {
  return refuseCheckpoint('checkpoint-malformed', `These bytes are no checkpoint. ${why}`);
}
