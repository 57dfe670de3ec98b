/** A guest on this machine: prepared as a coordinator prepares it and run as a node runs it. */
import { ERRORS, LIMITS, TrineError } from '@trine/protocol';
import { type GuestAbi, prepare, type Prepared } from '@trine/rewriter';
import type { PartResult, PauseOptions, RunLimits, TaskIdentity } from '@trine/sandbox';
import { createNodeThreads } from '@trine/sandbox/node';
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
export function reportRefusal(output: Output, refused: RefusedGuest, path: string): void {
  const { code, offset, message } = refused;
  process.exitCode = ERRORS['module-refused'].exit;
  if (output.json) return output.value(refused);
  output.line(
    `${output.paint('red', '✗')} ${terminalText(path)} is refused: ${terminalText(message)}\n` +
      `  code ${code}, at byte ${offset} (0x${offset.toString(16)}) of the module`,
  );
}
