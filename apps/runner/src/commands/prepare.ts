/** `trine prepare`: what the rewriter makes of a module, as a file and a report. */
import { digestHex, readModule, writeMade } from '../guest-files.ts';
import { prepareGuest, type PreparedGuest, reportRefusal } from '../local-guest.ts';
import type { Output } from '../output.ts';
import { type LimitFlags, taskLimits } from '../task-limits.ts';

export interface PrepareFlags extends Pick<LimitFlags, 'memory'> {
  /** Where the prepared module goes; without it there is only the report. */
  readonly output?: string | undefined;
}

export async function prepareCommand(output: Output, modulePath: string, flags: PrepareFlags): Promise<void> {
  const module = await readModule(modulePath);
  const prepared = prepareGuest(module, taskLimits(flags));
  if (prepared.type === 'refused') return reportRefusal(output, prepared, modulePath);
  if (flags.output !== undefined) await writeMade(flags.output, prepared.bytes);
  const digests = { originalDigest: digestHex(module), preparedDigest: digestHex(prepared.bytes) };
  if (output.json) return output.value({ type: 'prepared', ...prepared.report, ...digests });
  printReport(output, prepared, digests);
  if (flags.output !== undefined) output.line(`Written to ${flags.output}.`);
}

interface Digests {
  readonly originalDigest: string;
  readonly preparedDigest: string;
}

function printReport(output: Output, { report }: PreparedGuest, digests: Digests): void {
  output.table(
    [
      ['edition', report.edition],
      ['ABI', `${report.abi}${report.isStep ? ', in steps' : ''}`],
      ['original', `${report.originalBytes} bytes, ${digests.originalDigest}`],
      ['prepared', `${report.preparedBytes} bytes, ${digests.preparedDigest}`],
      ['size', sizeRatio(report)],
      ['fuel global', report.fuelGlobal],
      ...(report.startExport === undefined ? [] : [['start function', report.startExport]]),
      ['imports', report.imports.length === 0 ? 'none' : report.imports.join(', ')],
      ['memory', `${report.memoryMinPages} to ${report.memoryMaxPages} pages of 64 KiB`],
      ['functions', String(report.functions)],
      ['largest frame', `${report.largestFrameBytes} bytes of call depth`],
    ],
    ['', ''],
  );
}

/** How much larger preparing made a module. */
export function sizeRatio(report: {
  readonly originalBytes: number;
  readonly preparedBytes: number;
}): string {
  const percent = (report.preparedBytes / Math.max(report.originalBytes, 1) - 1) * 100;
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}
