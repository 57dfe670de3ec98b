/** `trine run`: one task on this machine, exactly as a node would run it. */
import { EDITION } from '@trine/rewriter';
import type { RunOptions, RunResult } from '@trine/sandbox';
import { digestHex, type InputFlags, readInput, readModule, writeMade } from '../guest-files.ts';
import { prepareGuest, reportRefusal, runPrepared } from '../local-guest.ts';
import { bar, type Output, shortFuel } from '../output.ts';
import { type LimitFlags, taskLimits } from '../task-limits.ts';
import { terminalText } from '../terminal-text.ts';

export interface RunFlags extends InputFlags, LimitFlags {
  /** Where the output goes. */
  readonly output?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Exit code of a run that did not complete; refusals have their own. */
const NOT_COMPLETED = 1;

export async function runGuestCommand(output: Output, modulePath: string, flags: RunFlags): Promise<void> {
  const limits = await taskLimits(flags);
  const [module, input] = await Promise.all([readModule(modulePath), readInput(flags)]);
  const prepared = prepareGuest(module, limits);
  if (prepared.type === 'refused') return reportRefusal(output, prepared, modulePath);
  const wall = flags.timeoutMs === undefined ? {} : { wallMs: flags.timeoutMs };
  const result = await runPrepared({ bytes: prepared.bytes, input, limits }, { ...wall, ...told(output) });
  if (result.outcome !== 'completed') process.exitCode = NOT_COMPLETED;
  else if (flags.output !== undefined) await writeMade(flags.output, result.output);
  if (output.json) return output.value(runReport(result));
  printRun(output, result, flags.output);
}

/** What programs are told of a run. Fuel is a decimal string, as everywhere. */
export const runReport = (result: RunResult) => ({
  outcome: result.outcome,
  digest: digestHex(result.output),
  fuel: String(result.fuel),
  ms: roundMs(result.wallMs),
  outputBytes: result.output.length,
  edition: EDITION,
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

function printRun(output: Output, result: RunResult, path: string | undefined): void {
  const done = result.outcome === 'completed';
  const why = done ? '' : `: ${terminalText(result.reason)}`;
  output.line(`${output.paint(done ? 'green' : 'red', done ? '✓' : '✗')} ${result.outcome}${why}`);
  output.table(
    [
      ['digest', digestHex(result.output)],
      ['fuel', `${result.fuel} instructions${speed(result)}`],
      ['time', `${result.wallMs.toFixed(1)} ms`],
      ['output', `${result.output.length} bytes${path === undefined || !done ? '' : ` in ${path}`}`],
      ...(path === undefined && result.output.length > 0 ? [['', shownBytes(result.output)]] : []),
    ],
    ['', ''],
  );
  if (result.outcome === 'aborted') {
    output.line('This machine stopped it: no answer, and never compared with another node’s.');
  }
}

function speed({ fuel, wallMs }: RunResult): string {
  return wallMs < 1 ? '' : ` (${shortFuel(BigInt(Math.round((Number(fuel) / wallMs) * 1_000)))}/s)`;
}

function shownBytes(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, SHOWN_BYTES_MAX)).toString('hex');
  return bytes.length > SHOWN_BYTES_MAX ? `${hex}…` : hex;
}
