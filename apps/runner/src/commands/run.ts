/** `trine run`: one task on this machine, exactly as a node would run it. */
import { parseWasiOutput, type WasiOutput } from '@trine/protocol';
import { EDITION, type GuestAbi } from '@trine/rewriter';
import type { PartResult, PauseOptions, RunOptions, RunResult } from '@trine/sandbox';
import type { OutputView } from '@trine/sdk';
import { outputText, printableText } from '@trine/sdk/output-text';
import {
  assertNoSteps,
  assertSameTask,
  type CheckpointFlags,
  limitsFor,
  readResumed,
  type ResumedCheckpoint,
  taskOf,
} from '../checkpoint-files.ts';
import { digestHex, type InputFlags, readModule, writeMade } from '../guest-files.ts';
import { prepareGuest, reportRefusal, runPrepared } from '../local-guest.ts';
import { manifestOf } from '../manifest-file.ts';
import { bar, type Output, shortFuel, tableLines } from '../output.ts';
import type { LimitFlags } from '../task-limits.ts';
import { terminalLines, terminalText } from '../terminal-text.ts';
import { inputFor, type WasiFlags } from '../wasi-input.ts';

export interface RunFlags extends InputFlags, WasiFlags, LimitFlags, CheckpointFlags {
  /** Where the output goes. */
  readonly output?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Exit code of a run that did not complete; refusals have their own. */
const NOT_COMPLETED = 1;

export async function runGuestCommand(output: Output, modulePath: string, flags: RunFlags): Promise<void> {
  const resumed = await readResumed(flags);
  const limits = await limitsFor(flags, resumed);
  const module = await readModule(modulePath);
  const prepared = prepareGuest(module, limits);
  if (prepared.type === 'refused') {
    return reportRefusal(output, prepared, { path: modulePath, bytes: module });
  }
  const { abi, isStep } = prepared.report;
  if (!isStep) assertNoSteps(modulePath, flags);
  const input = await inputFor(abi, flags);
  const wall = flags.timeoutMs === undefined ? {} : { wallMs: flags.timeoutMs };
  const task = taskOf({ module, input }, resumed, flags);
  if (resumed !== undefined) assertSameTask(resumed, { abi, task, limits });
  const { options, done } = pausesOf(flags);
  const part = await runPrepared(
    { bytes: prepared.bytes, abi, input, limits, task, resume: resumed?.bytes },
    { ...wall, ...told(output), ...options },
  ).finally(done);
  if (part.type === 'paused') return reportPause(output, part, flags);
  await reportEnd(output, { abi, result: part.result, resumed }, flags);
  if (flags.checkpoint !== undefined && !output.json) {
    process.stderr.write(`It came to its end before it paused: no checkpoint is in ${flags.checkpoint}.\n`);
  }
}

type Paused = Extract<PartResult, { readonly type: 'paused' }>;

async function reportPause(output: Output, { checkpoint, wallMs }: Paused, flags: RunFlags): Promise<void> {
  const { bytes, root, steps, fuel } = checkpoint;
  const path = flags.checkpoint ?? '';
  await writeMade(path, bytes);
  const report = { paused: true, checkpointRoot: root, steps, fuel: String(fuel), ms: roundMs(wallMs) };
  if (output.json) return output.value({ ...report, checkpointBytes: bytes.length, edition: EDITION });
  output.line(`${output.paint('blue', '‖')} paused after ${steps} steps`);
  output.table(
    [
      ['checkpoint', `${bytes.length} bytes in ${path}`],
      ['root', root],
      ['fuel', `${fuel} instructions so far`],
    ],
    ['', ''],
  );
}

interface Ended {
  readonly abi: GuestAbi;
  readonly result: RunResult;
  readonly resumed: ResumedCheckpoint | undefined;
}

async function reportEnd(output: Output, { abi, result, resumed }: Ended, flags: RunFlags): Promise<void> {
  const command = commandOutput(abi, result);
  process.exitCode = exitCodeOf(result, command);
  if (flags.output !== undefined && result.outcome === 'completed') {
    await writeMade(flags.output, result.output);
  }
  if (output.json) {
    const from = resumed === undefined ? {} : { checkpointRoot: resumed.root };
    return output.value({ ...runReport(result, command), ...from });
  }
  if (command === undefined) {
    const view = flags.manifest === undefined ? undefined : (await manifestOf(flags.manifest)).shown.output;
    return printRun(output, result, { path: flags.output, view });
  }
  printCommand(result, command, flags.output);
}

/** When the run pauses: after some steps, or with a checkpoint to write when it is interrupted. `done` stops listening. */
function pausesOf({ checkpoint, afterSteps }: CheckpointFlags): {
  readonly options: Partial<PauseOptions>;
  readonly done: () => void;
} {
  if (checkpoint === undefined) return { options: {}, done: () => undefined };
  const pause = new AbortController();
  const stop = (): void => pause.abort();
  // Once: whoever interrupts a second time does not want to wait for the step.
  process.once('SIGINT', stop);
  const refused = (message: string): void => void process.stderr.write(`${message}\n`);
  const checkpoints = { onCheckpoint: () => undefined, onRefused: refused };
  const steps = afterSteps === undefined ? {} : { pauseAfterSteps: afterSteps };
  return {
    options: { pause: pause.signal, checkpoints, ...steps },
    done: () => process.removeListener('SIGINT', stop),
  };
}

/** What a WASI command left, if it came to an end. */
const commandOutput = (abi: GuestAbi, { outcome, output }: RunResult): WasiOutput | undefined =>
  abi === 'wasi-1' && outcome === 'completed' ? parseWasiOutput(output) : undefined;

/** A command's own exit code, as far as a process can have it. */
function exitCodeOf({ outcome }: RunResult, command: WasiOutput | undefined): number {
  if (outcome !== 'completed') return NOT_COMPLETED;
  return command === undefined ? 0 : command.exitCode & 0xff;
}

/** What programs are told of a run. Fuel is a decimal string, as everywhere. */
export const runReport = (result: RunResult, command?: WasiOutput) => ({
  outcome: result.outcome,
  digest: digestHex(result.output),
  fuel: String(result.fuel),
  ms: roundMs(result.wallMs),
  outputBytes: result.output.length,
  edition: EDITION,
  ...(command === undefined ? {} : { exitCode: command.exitCode }),
  ...(result.outcome === 'completed' ? {} : { reason: result.reason }),
});

const roundMs = (ms: number): number => Math.round(ms * 1_000) / 1_000;

// Logs and progress are for people and never part of the answer: they go beside it.
function told(output: Output): Pick<RunOptions, 'onLog' | 'onProgress'> {
  if (output.json) return {};
  const live = process.stderr.isTTY;
  return {
    onLog: (text) => void process.stderr.write(`guest: ${terminalText(text)}\n`),
    ...(live
      ? {
          onProgress: (done: number, total: number) =>
            void process.stderr.write(`\r${bar(done, total)} ${done}/${total}\u001B[K\r`),
        }
      : {}),
  };
}

const SHOWN_BYTES_MAX = 64;
const SHOWN_CHARACTERS_MAX = 4_000;

interface Shown {
  /** The file that the output is written to. */
  readonly path: string | undefined;
  /** What a manifest says of outputs. */
  readonly view: OutputView | undefined;
}

function printRun(output: Output, result: RunResult, { path, view }: Shown): void {
  const done = result.outcome === 'completed';
  const why = done ? '' : `: ${terminalText(result.reason)}`;
  const isShown = path === undefined && result.output.length > 0;
  const isText = isShown && (view === undefined || view.kind === 'text');
  const text = isText ? textOf(result.output) : undefined;
  output.line(`${output.paint(done ? 'green' : 'red', done ? '✓' : '✗')} ${result.outcome}${why}`);
  output.table(
    [
      ['digest', digestHex(result.output)],
      ['fuel', `${result.fuel} instructions${speed(result)}`],
      ['time', `${result.wallMs.toFixed(1)} ms`],
      ['output', `${result.output.length} bytes${path === undefined || !done ? '' : ` in ${path}`}`],
      ...(isShown && text === undefined ? [['', shownOutput(result.output, view)]] : []),
    ],
    ['', ''],
  );
  if (text !== undefined) output.line(`\n${text.trimEnd()}`);
  if (result.outcome === 'out-of-fuel') output.line('Allow more with --fuel <instructions>.');
  if (result.outcome === 'aborted') {
    output.line('This machine stopped it: no answer, and never compared with another node’s.');
  }
}

/** A command speaks for itself: its streams go where a program's go, and what is said of it goes beside them. */
function printCommand(result: RunResult, command: WasiOutput, path: string | undefined): void {
  writeStream(process.stdout, command.stdout);
  writeStream(process.stderr, command.stderr);
  const rows = [
    ['trine', `completed with exit code ${command.exitCode}`],
    ['digest', digestHex(result.output)],
    ['fuel', `${result.fuel} instructions${speed(result)}`],
    ['time', `${result.wallMs.toFixed(1)} ms`],
    ...(path === undefined ? [] : [['output', `${result.output.length} bytes in ${path}`]]),
  ];
  process.stderr.write(`${tableLines(rows).join('\n')}\n`);
}

/** A file or a pipe gets the guest's very bytes; a terminal is not driven by them. */
function writeStream(stream: NodeJS.WriteStream, bytes: Uint8Array): void {
  stream.write(stream.isTTY ? terminalLines(new TextDecoder().decode(bytes)) : bytes);
}

function speed({ fuel, wallMs }: RunResult): string {
  return wallMs < 1 ? '' : ` (${shortFuel(BigInt(Math.round((Number(fuel) / wallMs) * 1_000)))}/s)`;
}

/** An output that is text, as far as a person reads on. */
function textOf(bytes: Uint8Array): string | undefined {
  const text = printableText(bytes);
  if (text === undefined || text.length <= SHOWN_CHARACTERS_MAX) return text;
  return `${text.slice(0, SHOWN_CHARACTERS_MAX)} …`;
}

function shownOutput(bytes: Uint8Array, view: OutputView | undefined): string {
  if (view?.kind === 'fields') return terminalText(outputText(bytes, view).text);
  const hex = Buffer.from(bytes.subarray(0, SHOWN_BYTES_MAX)).toString('hex');
  return bytes.length > SHOWN_BYTES_MAX ? `${hex}…` : hex;
}
