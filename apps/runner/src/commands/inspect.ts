/** `trine inspect`: what a module is, whether it may run, why not, and what preparing it costs. */
import { ERRORS } from '@trine/protocol';
import { type PrepareReport, WASI_MODULE } from '@trine/rewriter';
import { type RunLimits, WASI_CALLS, type WasiSupport } from '@trine/sandbox';
import { performance } from 'node:perf_hooks';
import { checkpointReport, isCheckpoint, parsedCheckpoint } from '../checkpoint-files.ts';
import { digestHex, readModule } from '../guest-files.ts';
import { prepareGuest, refusalHelp, type RefusedGuest } from '../local-guest.ts';
import type { Output } from '../output.ts';
import { type LimitFlags, taskLimits } from '../task-limits.ts';
import { forTerminal, terminalText } from '../terminal-text.ts';
import { functionBodies, usedFeatures } from '../wasm/features.ts';
import { guestAbi } from '../wasm/guest-abi.ts';
import {
  functionNamer,
  importedFunctions,
  type Outline,
  outlineOf,
  sectionBytes,
  SECTION_CODE,
  SECTION_CUSTOM,
  SECTION_DATA,
  type Signature,
} from '../wasm/outline.ts';
import { sizeChange } from './prepare.ts';

export type InspectFlags = Pick<LimitFlags, 'memory' | 'manifest'>;

export async function inspectCommand(output: Output, modulePath: string, flags: InspectFlags): Promise<void> {
  const bytes = await readModule(modulePath);
  if (isCheckpoint(bytes))
    return printCheckpoint(output, checkpointReport(parsedCheckpoint(modulePath, bytes)));
  const inspection = inspectModule(bytes, await taskLimits(flags));
  if (inspection.refusal !== undefined) process.exitCode = ERRORS['module-refused'].exit;
  if (output.json) return output.value(inspection);
  printInspection(output, modulePath, forTerminal(inspection));
  const help = inspection.refusal === undefined ? undefined : refusalHelp(inspection.refusal.code, bytes);
  if (help !== undefined) output.line(help);
}

function printCheckpoint(output: Output, report: ReturnType<typeof checkpointReport>): void {
  if (output.json) return output.value(report);
  output.line(`A checkpoint after ${report.steps} steps.`);
  output.table(
    [
      ['root', report.checkpointRoot],
      ['digest', `${report.digest} (${report.bytes} bytes)`],
      ['module', `${report.module}, prepared by ${terminalText(report.edition)}`],
      ['input', report.inputDigest],
      ['fuel', `${report.fuel} of ${report.limits.fuel} instructions`],
      ['memory', `${report.pages} pages of 64 KiB, ${report.pagesKept} of them not all zeros`],
      ['other state', `${report.words} words, ${report.tables.length} tables`],
    ],
    ['', ''],
  );
}

export type Inspection = ReturnType<typeof inspectModule>;

/** All that is known of a module without running it. */
export function inspectModule(bytes: Uint8Array, limits: RunLimits) {
  const startedMs = performance.now();
  const prepared = prepareGuest(bytes, limits);
  const tookMs = performance.now() - startedMs;
  const outline = outlineOf(bytes);
  return {
    type: prepared.type,
    digest: digestHex(bytes),
    bytes: bytes.length,
    abi: abiView(outline),
    imports: outline.imports.map(({ module, name, kind, signature }) => ({
      name: `${module}.${name}`,
      kind,
      type: signature === undefined ? undefined : typeText(signature),
      accepted: kind === 'function' && (HOST_IMPORTS.has(`${module}.${name}`) || isWasi(module, name)),
      ...(kind === 'function' && isWasi(module, name) ? { wasi: WASI_CALLS[name] } : {}),
    })),
    exports: outline.exports.map(({ name, kind, index }) => ({
      name,
      kind,
      type: kind === 'function' ? signatureText(outline, index) : undefined,
    })),
    features: usedFeatures(bytes, outline),
    functions: outline.functionTypes.length,
    hasNames: outline.functionNames.size > 0,
    hasStart: outline.hasStart,
    sections: sectionSizes(outline),
    memoryBytesMax: limits.memoryBytes,
    preparation: prepared.type === 'prepared' ? cost(prepared.report, tookMs) : undefined,
    refusal: prepared.type === 'refused' ? refusalOf(prepared, bytes, outline) : undefined,
  };
}

const HOST_IMPORTS = new Set(['trine.progress', 'trine.log']);

const isWasi = (module: string, name: string): boolean =>
  module === WASI_MODULE && Object.hasOwn(WASI_CALLS, name);

/** What a WASI import does here, in words. */
const WASI_WORDS: Readonly<Record<WasiSupport, string>> = {
  works: '',
  'read-only': 'answers EROFS: files are read-only',
  unsupported: 'answers ENOSYS',
};

function abiView(outline: Outline) {
  const { abi, isStep, missing } = guestAbi(outline);
  return { name: isStep ? `${abi}, in steps` : abi, missing };
}

const cost = (report: PrepareReport, tookMs: number) => ({
  ...report,
  ms: Math.round(tookMs * 1_000) / 1_000,
  megabytesPerSecond: Math.round(report.originalBytes / Math.max(tookMs, 0.001)) / 1_000,
});

const refusalOf = ({ code, offset, message }: RefusedGuest, bytes: Uint8Array, outline: Outline) => ({
  code,
  offset,
  message,
  where: placeOf(bytes, outline, offset),
});

const SECTION_NAMES: readonly string[] =
  'custom,type,import,function,table,memory,global,export,start,element,code,data,data count,tag'.split(',');

/** A byte offset in words. */
function placeOf(bytes: Uint8Array, outline: Outline, offset: number): string {
  const body = functionBodies(bytes, outline).findIndex(({ start, end }) => offset >= start && offset < end);
  if (body >= 0) return `in ${functionNamer(outline)(importedFunctions(outline) + body)}`;
  const section = outline.sections.find(({ start, end }) => offset >= start && offset < end);
  if (section === undefined) return offset >= bytes.length ? 'at the end of the module' : 'between sections';
  return `in the ${SECTION_NAMES[section.id] ?? 'unknown'} section`;
}

const sectionSizes = (outline: Outline) => ({
  code: sectionBytes(outline, SECTION_CODE),
  data: sectionBytes(outline, SECTION_DATA),
  custom: sectionBytes(outline, SECTION_CUSTOM),
});

const TYPE_NAMES: Readonly<Record<number, string>> = {
  0x7f: 'i32',
  0x7e: 'i64',
  0x7d: 'f32',
  0x7c: 'f64',
  0x7b: 'v128',
  0x70: 'funcref',
  0x6f: 'externref',
};

function typeText({ parameters, results }: Signature): string {
  const names = (types: Uint8Array): string =>
    Array.from(types, (type) => TYPE_NAMES[type] ?? `type 0x${type.toString(16)}`).join(', ');
  return `(${names(parameters)}) → (${names(results)})`;
}

function signatureText(outline: Outline, index: number): string | undefined {
  const imported = importedFunctions(outline);
  const functions = outline.imports.filter(({ kind }) => kind === 'function');
  const signature =
    index < imported
      ? functions[index]?.signature
      : outline.types[outline.functionTypes[index - imported] ?? -1];
  return signature === undefined ? undefined : typeText(signature);
}

// ── for people ───────────────────────────────────────────────────────────────────────────────────────

function printInspection(output: Output, path: string, found: Inspection): void {
  const { refusal, preparation } = found;
  const mark = refusal === undefined ? output.paint('green', '✓ accepted') : output.paint('red', '✗ refused');
  output.line(`${output.paint('bold', forTerminal(path))}  ${mark}`);
  if (refusal !== undefined) {
    output.line(refusal.message);
    output.line(`code ${refusal.code}, at byte ${refusal.offset}, ${refusal.where}`);
  }
  output.table(
    [...moduleRows(found), ...(preparation === undefined ? [] : costRows(preparation, found))],
    ['', ''],
  );
}

function moduleRows(found: Inspection): readonly (readonly string[])[] {
  const { abi, sections } = found;
  const lacks = abi.missing.length === 0 ? '' : `, without ${abi.missing.join(', ')}`;
  return [
    ['digest', found.digest],
    ['size', `${found.bytes} bytes: code ${sections.code}, data ${sections.data}, custom ${sections.custom}`],
    ['ABI', `${abi.name}${lacks}`],
    ...labelled('imports', importLines(found)),
    ...labelled(
      'exports',
      found.exports.map(({ name, kind, type }) => `${name} ${type ?? kind}`),
    ),
    ['features', found.features.length === 0 ? 'those of WebAssembly 1.0 only' : found.features.join(', ')],
    ['functions', `${found.functions}${found.hasNames ? '' : ', without names'}`],
    ...(found.hasStart ? [['start', 'a start function runs first in the task, metered']] : []),
  ];
}

/** What needs a look comes first: a list may be cut. */
function importLines({ imports }: Inspection): readonly string[] {
  const lines = imports.map(({ name, kind, type, accepted, wasi }) =>
    [importMark(accepted, wasi), name, type ?? kind, wasi === undefined ? '' : WASI_WORDS[wasi]]
      .join(' ')
      .trimEnd(),
  );
  return ['✗', '–', '✓'].flatMap((mark) => lines.filter((line) => line.startsWith(mark)));
}

function importMark(accepted: boolean, wasi: WasiSupport | undefined): string {
  if (!accepted) return '✗';
  return wasi === undefined || wasi === 'works' ? '✓' : '–';
}

const costRows = (
  report: NonNullable<Inspection['preparation']>,
  { sections }: Inspection,
): readonly (readonly string[])[] => [
  ['memory', `${report.memoryMinPages} pages of 64 KiB at first, at most ${report.memoryMaxPages}`],
  ['largest frame', `${report.largestFrameBytes} bytes of the call-depth budget`],
  ['prepared', `${report.preparedBytes} bytes, ${sizeChange(report, sections.custom)}`],
  [
    'preparing',
    `${report.ms.toFixed(1)} ms, ${report.megabytesPerSecond.toFixed(1)} MB/s, edition ${report.edition}`,
  ],
];

const LISTED_MAX = 12;

function labelled(label: string, lines: readonly string[]): readonly (readonly string[])[] {
  if (lines.length === 0) return [[label, 'none']];
  const rest = lines.length - LISTED_MAX;
  const shown = rest > 0 ? [...lines.slice(0, LISTED_MAX), `and ${rest} more`] : lines;
  return shown.map((line, index) => [index === 0 ? label : '', line]);
}
