/** A guest's files: its module and inputs read from disk, with sentences for what is missing or too large. */
import { type ErrorCode, LIMITS, TrineError } from '@trine/protocol';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';

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
    throw refusedFile(path, 'written', cause);
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

/** A file's bytes, or a sentence about why not. No more is read than may be: a device may have no end. */
export async function readBounded(path: string, { bytesMax, tooLarge }: ReadBound): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: bytesMax, highWaterMark: READ_CHUNK_BYTES })) {
      if (chunk instanceof Uint8Array) chunks.push(chunk);
    }
  } catch (cause) {
    throw refusedFile(path, 'read', cause);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length <= bytesMax) return new Uint8Array(bytes);
  throw new TrineError(tooLarge, `${path} has more than ${bytesMax} bytes, the most that it may have here.`);
}

const READ_CHUNK_BYTES = 1_048_576;

/** What a system's word for a file's trouble says, and what to do. */
const TROUBLES: Readonly<Record<string, readonly [code: ErrorCode, why: string]>> = {
  ENOENT: ['not-found', 'there is none at this path'],
  ENOTDIR: ['not-found', 'a part of its path is no folder'],
  EISDIR: ['bad-request', 'it is a folder; name a file'],
  EACCES: ['permission-missing', 'this user may not; change its permissions'],
  EROFS: ['permission-missing', 'its file system is read-only; name another place'],
  ENOSPC: ['disk-full', 'the disk is full; make room or name another place'],
};

const NO_FOLDER = ['not-found', 'there is no such folder; make it first'] as const;

function refusedFile(path: string, done: 'read' | 'written', cause: unknown): TrineError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const place = code === 'ENOENT' && done === 'written' ? NO_FOLDER : TROUBLES[code];
  const [known, why] = place ?? ['permission-missing', code === '' ? String(cause) : code];
  return new TrineError(known, `The file ${path} cannot be ${done}: ${why}.`, { cause });
}
