/** A guest on this machine: prepared as a coordinator prepares it and run as a node runs it. */
import { ERRORS, LIMITS, TrineError } from '@trine/protocol';
import { type GuestAbi, PAGE_BYTES, prepare, type Prepared } from '@trine/rewriter';
import type { PartResult, PauseOptions, RunLimits, TaskIdentity } from '@trine/sandbox';
import { createNodeThreads } from '@trine/sandbox/node';
import { isCheckpoint } from './checkpoint-files.ts';
import type { Output } from './output.ts';
import { memoryPages } from './task-limits.ts';
import { terminalText } from './terminal-text.ts';

export type PreparedGuest = Extract<Prepared, { readonly type: 'prepared' }>;
export type RefusedGuest = Extract<Prepared, { readonly type: 'refused' }>;

/** The prepared module for these limits, or the refusal that a submitter would get. */
export const prepareGuest = (module: Uint8Array, limits: RunLimits): Prepared =>
  prepare(module, { maxMemoryPages: memoryPages(limits) });

export interface GuestRun {
  /** Prepared bytes. */
  readonly bytes: Uint8Array;
  readonly abi: GuestAbi;
  readonly input: Uint8Array;
  readonly limits: RunLimits;
  readonly task: TaskIdentity;
  /** A checkpoint to go on from. */
  readonly resume?: Uint8Array | undefined;
}

/**
 * Runs a prepared guest in a guest thread of its own, to its end or its pause. What goes wrong in it is an outcome,
 * never an exception.
 */
export async function runPrepared(
  { bytes, resume, ...request }: GuestRun,
  options: Partial<PauseOptions> = {},
): Promise<PartResult> {
  const module = await compilePrepared(bytes);
  const thread = createNodeThreads({ entry: new URL(import.meta.url) })();
  try {
    return await thread.runPart(
      { module, ...request, ...(resume === undefined ? {} : { resume }) },
      { ...options, wallMs: options.wallMs ?? LIMITS.taskTimeoutMs.value },
    );
  } finally {
    await thread.close();
  }
}

/** Compiles prepared bytes; a failure is ours or the machine's, for the guest was validated. */
export async function compilePrepared(bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(new Uint8Array(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TrineError('internal', `This machine cannot compile the prepared module: ${reason}`, { cause });
  }
}

/** Says why a module was refused, with the exit code of a refused submission. */
export function reportRefusal(
  output: Output,
  refused: RefusedGuest,
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
): void {
  const { code, offset, message } = refused;
  process.exitCode = ERRORS['module-refused'].exit;
  if (output.json) return output.value(refused);
  const help = refusalHelp(code, bytes);
  output.line(
    `${output.paint('red', '✗')} ${terminalText(path)} is refused: ${terminalText(message)}\n` +
      `  code ${code}, at byte ${offset} (0x${offset.toString(16)}) of the module` +
      (help === undefined ? '' : `\n  ${help}`),
  );
}

/** WebAssembly text begins with a bracket, or with a comment. */
const LOOKS_LIKE_TEXT_FORMAT = /^\s*(\(module\b|\(;|;;)/u;
const LOOKED_AT_BYTES = 256;

/** What to do about a refusal, where the command line can help. */
export function refusalHelp(code: string, bytes: Uint8Array): string | undefined {
  switch (code) {
    case 'not-wasm':
      if (isCheckpoint(bytes)) return 'It is a checkpoint: give the module, and this file with --resume.';
      return LOOKS_LIKE_TEXT_FORMAT.test(Buffer.from(bytes.subarray(0, LOOKED_AT_BYTES)).toString())
        ? 'It looks like WebAssembly text: `npx -p wabt wat2wasm <file>` makes a module of it.'
        : 'Give the .wasm file that a compiler made.';
    case 'reserved-export':
      return 'Is it the file that `trine prepare` wrote? Give the module that it was made from.';
    case 'limit-memory-pages':
      return `A page has ${PAGE_BYTES} bytes: allow more with --memory <bytes>.`;
    default:
      return undefined;
  }
}
