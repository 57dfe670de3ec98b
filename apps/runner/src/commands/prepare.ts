/** `trine prepare`: what the rewriter makes of a module, as a file and a report. */
import type { PrepareReport } from '@trine/rewriter';
import { digestHex, readModule, writeMade } from '../guest-files.ts';
import { prepareGuest, type PreparedGuest, reportRefusal } from '../local-guest.ts';
import type { Output } from '../output.ts';
import { type LimitFlags, taskLimits } from '../task-limits.ts';
import { outlineOf, SECTION_CUSTOM, sectionBytes } from '../wasm/outline.ts';

export interface PrepareFlags extends Pick<LimitFlags, 'memory' | 'manifest'> {
  /** Where the prepared module goes; without it there is only the report. */
  readonly output?: string | undefined;
}

export async function prepareCommand(output: Output, modulePath: string, flags: PrepareFlags): Promise<void> {
  const module = await readModule(modulePath);
  const prepared = prepareGuest(module, await taskLimits(flags));
  if (prepared.type === 'refused')
    return reportRefusal(output, prepared, { path: modulePath, bytes: module });
  if (flags.output !== undefined) await writeMade(flags.output, prepared.bytes);
  const details = {
    originalDigest: digestHex(module),
    preparedDigest: digestHex(prepared.bytes),
    customBytes: sectionBytes(outlineOf(module), SECTION_CUSTOM),
  };
  if (output.json) return output.value({ type: 'prepared', ...prepared.report, ...details });
  printReport(output, prepared, details);
  if (flags.output !== undefined) output.line(`Written to ${flags.output}.`);
}

interface Details {
  readonly originalDigest: string;
  readonly preparedDigest: string;
  /** Custom sections of the original: names and debugging, which preparing leaves out. */
  readonly customBytes: number;
}

function printReport(output: Output, { report }: PreparedGuest, details: Details): void {
  const { customBytes } = details;
  output.table(
    [
      ['edition', report.edition],
      ['ABI', `${report.abi}${report.isStep ? ', in steps' : ''}`],
      ['original', `${report.originalBytes} bytes, ${details.originalDigest}`],
      ['prepared', `${report.preparedBytes} bytes, ${details.preparedDigest}`],
      ['size', sizeChange(report, customBytes)],
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

/** How much larger preparing made a module. Custom sections (names, debugging) are left out of both sizes. */
export function sizeChange(report: PrepareReport, customBytes: number): string {
  const original = Math.max(report.originalBytes - customBytes, 1);
  const percent = (report.preparedBytes / original - 1) * 100;
  const change = `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
  return customBytes === 0 ? change : `${change} on ${original} bytes without custom sections`;
}
