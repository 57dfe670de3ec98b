/** A guest's files: its module and inputs read from disk, with sentences for what is missing or too large. */
import { LIMITS, TrineError } from '@trine/protocol';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/** What an input is made of: bytes from at most one place, then the task's number if it is one of a range. */
export interface InputFlags {
  readonly input?: string | undefined;
  readonly inputHex?: string | undefined;
  readonly index?: number | undefined;
}

/** The module as its author built it. */
export const readModule = (path: string): Promise<Uint8Array> =>
  readBounded(path, { bytesMax: LIMITS.moduleBytes.value, tooLarge: 'module-too-large' });

/** The input that a node would be given; empty when no flag names one. */
export async function readInput(flags: InputFlags): Promise<Uint8Array> {
  if (flags.input !== undefined && flags.inputHex !== undefined) {
    throw new TrineError('bad-request', 'Give the input once: --input <file> or --input-hex <digits>.');
  }
  const bytes = await inputBytes(flags);
  return flags.index === undefined ? bytes : withIndex(bytes, flags.index);
}

/** Writes what a command made. */
export async function writeMade(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeFile(path, bytes).catch((cause: unknown) => {
    throw new TrineError('permission-missing', `The file ${path} cannot be written.`, { cause });
  });
}

/** SHA-256 in hex, as `sha256sum` prints it: what artifacts and outputs are named by. */
export const digestHex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function inputBytes({ input, inputHex }: InputFlags): Promise<Uint8Array> {
  if (input !== undefined) {
    return readBounded(input, { bytesMax: LIMITS.artifactBytes.value, tooLarge: 'artifact-too-large' });
  }
  const digits = inputHex ?? '';
  if (/^([0-9a-f]{2})*$/i.test(digits)) return new Uint8Array(Buffer.from(digits, 'hex'));
  throw new TrineError('bad-request', '--input-hex takes pairs of hexadecimal digits, e.g. 0700ff.');
}

const INDEX_BYTES = 8;

/** As in a range job: the shared bytes, then the number as u64 little-endian. */
export function withIndex(shared: Uint8Array, index: number): Uint8Array {
  const bytes = new Uint8Array(shared.length + INDEX_BYTES);
  bytes.set(shared);
  new DataView(bytes.buffer).setBigUint64(shared.length, BigInt(index), true);
  return bytes;
}

/** What is read at most, and the code of what is larger. */
export interface ReadBound {
  readonly bytesMax: number;
  readonly tooLarge: 'module-too-large' | 'artifact-too-large';
}

/** A file's bytes, or a sentence about why not. */
export async function readBounded(path: string, { bytesMax, tooLarge }: ReadBound): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new TrineError('not-found', `The file ${path} cannot be read.`, { cause });
  });
  if (bytes.length <= bytesMax) return new Uint8Array(bytes);
  throw new TrineError(tooLarge, `${path} has ${bytes.length} bytes; the limit is ${bytesMax}.`);
}
