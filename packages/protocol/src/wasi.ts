/**
 * What goes into a task of the ABI `wasi-1` and what comes out, as bytes. An input is one deterministic CBOR item,
 * `{args: [text], env: {text: text}, stdin: bytes, files: {path: bytes}}`, each field optional; in a range job the
 * task's index follows as u64 little-endian and becomes the variable `TRINE_TASK_INDEX`. Outputs are read in wasi-output.ts.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { CborCursor, CborMistake } from './cbor-cursor.ts';
import { encodeCbor } from './codec.ts';
import { TrineError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { WasiOutput } from './wasi-output.ts';

/** What a WASI command is given. */
export interface WasiInput {
  /** All of `argv`, the program's own name first. Default: `['guest']`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  /** Contents by path below `/`, without a leading slash; the folders in between are made. Read-only to the guest. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/** An input as the sandbox reads it; byte strings are views of the input. */
export interface WasiTask {
  readonly args: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly stdin: Uint8Array;
  readonly files: readonly (readonly [path: string, content: Uint8Array])[];
}

export type ParsedWasiInput =
  | { readonly type: 'task'; readonly task: WasiTask }
  /** `message` goes on from “The input”. */
  | { readonly type: 'invalid'; readonly message: string };

/** Name of the variable that tells a task of a range job its number, in decimal digits. */
export const WASI_INDEX_VARIABLE = 'TRINE_TASK_INDEX';

/** `argv` when an input names none. */
export const WASI_DEFAULT_ARGS: readonly string[] = ['guest'];

const INDEX_BYTES = 8;

/** The bytes of an input. Throws a `TrineError` that says what is wrong with it. */
export function encodeWasiInput({ args, env, stdin, files }: WasiInput): Uint8Array {
  const bytes = encodeCbor({ args, env, stdin, files });
  const parsed = readItem(bytes);
  if (parsed.type === 'invalid') throw new TrineError('bad-request', `The WASI input ${parsed.message}.`);
  return bytes;
}

/** Reads a task's input: an item, or an item and an index. No bytes at all say the same as an empty map. */
export function parseWasiInput(input: Uint8Array): ParsedWasiInput {
  if (input.length === 0) return { type: 'task', task: NOTHING };
  // First of all: the number 160 begins as an empty map does. No item of eight bytes ends as a number does.
  if (input.length === INDEX_BYTES && indexOf(input) !== undefined) return numbered(NOTHING, input);
  const item = readItem(input);
  if (item.type === 'invalid') return input.length === INDEX_BYTES ? numbered(NOTHING, input) : item;
  if (item.rest.length === 0) return { type: 'task', task: item.task };
  if (item.rest.length === INDEX_BYTES) return numbered(item.task, item.rest);
  return { type: 'invalid', message: `goes on for ${item.rest.length} bytes after its CBOR item` };
}

/** The shared bytes of a range job: the same without an index. */
export function parseWasiShared(shared: Uint8Array): ParsedWasiInput {
  if (shared.length === 0) return { type: 'task', task: NOTHING };
  const item = readItem(shared);
  if (item.type === 'invalid' || item.rest.length === 0) return item;
  return { type: 'invalid', message: `goes on for ${item.rest.length} bytes after its CBOR item` };
}

/** The bytes of an output. */
export const encodeWasiOutput = ({ exitCode, stdout, stderr }: WasiOutput): Uint8Array =>
  encodeCbor({ exitCode, stdout, stderr });

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NOTHING: WasiTask = { args: WASI_DEFAULT_ARGS, env: [], stdin: NO_BYTES, files: [] };

type ReadItem =
  | { readonly type: 'task'; readonly task: WasiTask; readonly rest: Uint8Array }
  | { readonly type: 'invalid'; readonly message: string };

function readItem(bytes: Uint8Array): ReadItem {
  const cursor = new CborCursor(bytes);
  try {
    const task = readTask(cursor);
    return { type: 'task', task, rest: cursor.rest() };
  } catch (error) {
    if (error instanceof WrongInput) return { type: 'invalid', message: error.message };
    if (error instanceof CborMistake) {
      return { type: 'invalid', message: `is not a WASI task in deterministic CBOR: ${error.message}` };
    }
    throw error;
  }
}

class WrongInput extends Error {}

/** Counts what texts there are, so that their sum has a bound. */
class TextBudget {
  #bytes = 0;
  #count = 0;

  /** What WASI hands over with a NUL at its end cannot have one inside. */
  take(text: string, what: string): string {
    if (text.includes('\0')) throw new WrongInput(`has a NUL in ${what}`);
    this.#count += 1;
    this.#bytes += utf8ToBytes(text).length;
    if (this.#count > LIMITS.wasiTexts.value) {
      throw new WrongInput(`has more than ${LIMITS.wasiTexts.value} arguments, variables and their values`);
    }
    if (this.#bytes > LIMITS.wasiTextBytes.value) {
      throw new WrongInput(`has more than ${LIMITS.wasiTextBytes.value} bytes of arguments and variables`);
    }
    return text;
  }
}

function readTask(cursor: CborCursor): WasiTask {
  const task = { ...NOTHING };
  const texts = new TextBudget();
  cursor.map(4, (key) => {
    if (key === 'args') task.args = readArgs(cursor, texts);
    else if (key === 'env') task.env = readEnv(cursor, texts);
    else if (key === 'stdin') task.stdin = cursor.bytes();
    else if (key === 'files') task.files = readFiles(cursor);
    else throw new WrongInput(`has the field ${JSON.stringify(key)}; it may have args, env, stdin and files`);
  });
  return task;
}

const readArgs = (cursor: CborCursor, texts: TextBudget): readonly string[] =>
  cursor.array(LIMITS.wasiTexts.value, () => texts.take(cursor.text(), 'an argument'));

function readEnv(cursor: CborCursor, texts: TextBudget): WasiTask['env'] {
  const env: (readonly [string, string])[] = [];
  cursor.map(LIMITS.wasiTexts.value, (name) => {
    if (name === '' || name.includes('=')) {
      throw new WrongInput(
        `has the variable name ${JSON.stringify(name)}; names are not empty and have no “=”`,
      );
    }
    env.push([texts.take(name, 'a variable'), texts.take(cursor.text(), 'a variable')]);
  });
  return env;
}

function readFiles(cursor: CborCursor): WasiTask['files'] {
  const files: (readonly [string, Uint8Array])[] = [];
  cursor.map(LIMITS.wasiFiles.value, (path) => {
    const wrong = wrongPath(path);
    if (wrong !== undefined)
      throw new WrongInput(`has the file path ${JSON.stringify(path)}, which ${wrong}`);
    files.push([path, cursor.bytes()]);
  });
  assertTree(files.map(([path]) => path));
  return files;
}

function wrongPath(path: string): string | undefined {
  if (utf8ToBytes(path).length > LIMITS.wasiPathBytes.value) {
    return `is longer than ${LIMITS.wasiPathBytes.value} bytes`;
  }
  if (path.includes('\0')) return 'has a NUL';
  for (const name of path.split('/')) {
    if (name === '') return 'begins or ends with a slash, or has two in a row, or is empty';
    if (name === '.' || name === '..') return `has the part “${name}”`;
  }
  return undefined;
}

/** A deep path makes many folders, so they count too. */
function assertTree(paths: readonly string[]): void {
  const files = new Set(paths);
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at);
      if (files.has(folder))
        throw new WrongInput(`has ${JSON.stringify(folder)} both as a file and as a folder`);
      folders.add(folder);
      if (files.size + folders.size > LIMITS.wasiFiles.value) {
        throw new WrongInput(`has more than ${LIMITS.wasiFiles.value} files and folders`);
      }
    }
  }
}

function numbered(task: WasiTask, index: Uint8Array): ParsedWasiInput {
  const number = indexOf(index);
  if (number === undefined) {
    return { type: 'invalid', message: 'is neither a WASI task nor followed by a task’s number' };
  }
  const env = task.env.filter(([name]) => name !== WASI_INDEX_VARIABLE);
  return { type: 'task', task: { ...task, env: [...env, [WASI_INDEX_VARIABLE, String(number)]] } };
}

function indexOf(bytes: Uint8Array): bigint | undefined {
  const number = new DataView(bytes.buffer, bytes.byteOffset, INDEX_BYTES).getBigUint64(0, true);
  return number > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : number;
}
