/** The input of a WASI command, from words on the command line and files on this machine. */
import { encodeWasiInput, LIMITS, parseWasiInput, TrineError, type WasiInput } from '@trine/protocol';
import type { GuestAbi } from '@trine/rewriter';
import { type InputFlags, readBounded, readInput, withIndex } from './guest-files.ts';

/** What a WASI command is given. Each flag may be given several times. */
export interface WasiFlags {
  /** Arguments after the program's own name. */
  readonly args?: readonly string[] | undefined;
  /** The program's own name, `guest` unless told: part of the task, so not the module's file name. */
  readonly argv0?: string | undefined;
  /** `NAME=value`. */
  readonly env?: readonly string[] | undefined;
  /** File whose bytes are the standard input; `-` for this command's own. */
  readonly stdin?: string | undefined;
  /** `path/in/the/guest=file`. */
  readonly file?: readonly string[] | undefined;
}

const NAMES = { args: '--args', argv0: '--argv0', env: '--env', stdin: '--stdin', file: '--file' } as const;

/** The input bytes for a guest of this ABI: as `--input` has them, or for a WASI command from its flags. */
export async function inputFor(abi: GuestAbi, flags: InputFlags & WasiFlags): Promise<Uint8Array> {
  const [used] = usedFlags(flags);
  if (abi === 'trine-1') {
    if (used === undefined) return readInput(flags);
    throw new TrineError(
      'bad-request',
      `${used} is for WASI commands; this module takes its input as --input <file>.`,
    );
  }
  const hasInput = (flags.input ?? flags.inputHex) !== undefined;
  const given = hasInput ? await readInput({ ...flags, index: undefined }) : undefined;
  const input = commandInput(given, { flags, wasi: await wasiInputOf(flags) });
  return flags.index === undefined ? input : withIndex(input, flags.index);
}

export interface GivenWasi {
  readonly flags: WasiFlags;
  /** What the flags say. */
  readonly wasi: WasiInput;
}

/**
 * The input of a WASI command when `--input` gives these bytes: they are a whole input if they look like one, else what the
 * command reads from its standard input. Text is never taken for a whole input: no text begins with a map of CBOR.
 */
export function commandInput(given: Uint8Array | undefined, { flags, wasi }: GivenWasi): Uint8Array {
  if (given === undefined) return encodeWasiInput(wasi);
  const [used] = usedFlags(flags);
  if (isWhole(given)) {
    if (used === undefined) return given;
    throw new TrineError('bad-request', `Give the input once: --input (a whole WASI input) or ${used}.`);
  }
  if (wasi.stdin === undefined) return encodeWasiInput({ ...wasi, stdin: given });
  throw new TrineError('bad-request', 'Give the standard input once: --input <file> or --stdin <file>.');
}

const CBOR_MAP = 5;

const isWhole = (bytes: Uint8Array): boolean =>
  (bytes[0] ?? 0) >> 5 === CBOR_MAP && parseWasiInput(bytes).type === 'task';

/** Flags of WASI commands that were given, by their names. */
export const usedFlags = (flags: WasiFlags): readonly string[] =>
  Object.entries(NAMES)
    .filter(([key]) => flags[key as keyof typeof NAMES] !== undefined)
    .map(([, name]) => name);

/** The input that the flags say. */
export async function wasiInputOf({ args, argv0, env, stdin, file }: WasiFlags): Promise<WasiInput> {
  const files = await Promise.all((file ?? []).map(readVirtualFile));
  return {
    ...(args === undefined && argv0 === undefined ? {} : { args: [argv0 ?? 'guest', ...(args ?? [])] }),
    ...(env === undefined
      ? {}
      : { env: Object.fromEntries(env.map((pair) => split(pair, '--env NAME=value'))) }),
    ...(stdin === undefined ? {} : { stdin: await readBounded(stdin === '-' ? STDIN_PATH : stdin, BYTES) }),
    ...(files.length === 0 ? {} : { files: Object.fromEntries(files) }),
  };
}

const STDIN_PATH = '/dev/stdin';
const BYTES = { bytesMax: LIMITS.artifactBytes.value, tooLarge: 'artifact-too-large' } as const;

async function readVirtualFile(pair: string): Promise<readonly [string, Uint8Array]> {
  const [path, from] = split(pair, '--file path/in/the/guest=file');
  return [path.replace(/^\/+/, ''), await readBounded(from, BYTES)];
}

function split(pair: string, form: string): readonly [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new TrineError('bad-request', `${JSON.stringify(pair)} has no “=”: give ${form}.`);
}
