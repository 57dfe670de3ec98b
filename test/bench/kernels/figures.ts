// What is made of the times: geomeans, tables, and the part of docs/METERING.md that is generated.

import { readFile, writeFile } from 'node:fs/promises';
import { printTable, type Cell } from '../table.ts';
import { type LargeModuleCost, largeModuleRows } from './rewriter-cost.ts';
import type { EngineTimes, FormTimes, KernelTimes } from './times.ts';

export interface EngineFigures {
  readonly metering: number;
  readonly meteringMax: number;
  readonly meteringNan: number;
  readonly floatMeteringNan: number;
  /** First runs, prepared. */
  readonly firstRun: number;
  /** The largest ratio of the original to itself, beyond 1, as parts of 1. */
  readonly noise: number;
}

export function figuresOf({ kernels, firstRuns }: EngineTimes): EngineFigures {
  const floats = kernels.filter(({ info }) => info.isFloat === true);
  return {
    metering: round(geomean(kernels.map(meteringOf))),
    meteringMax: round(Math.max(...kernels.map(meteringOf))),
    meteringNan: round(geomean(kernels.map(preparedOf))),
    floatMeteringNan: round(geomean(floats.map(preparedOf))),
    firstRun: round(geomean(firstRuns.map(preparedOf))),
    noise: round(Math.max(...kernels.map(noiseOf))),
  };
}

function meteringOf({ original, metered }: FormTimes): number {
  return metered / original;
}

function preparedOf({ original, prepared }: FormTimes): number {
  return prepared / original;
}

function noiseOf({ original, again }: KernelTimes): number {
  return Math.max(original / again, again / original) - 1;
}

/** 1 for none. */
export function geomean(values: readonly number[]): number {
  if (values.length === 0) return 1;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function printEngine(times: EngineTimes): void {
  printTable(`${times.title}: fastest run, and how many times that long it takes`, [
    ['kernel', 'kind', 'made by', 'ms', 'metered', 'metered + NaN', 'again'],
    ...times.kernels.map((kernel) => [
      kernel.name,
      kindOf(kernel),
      kernel.toolchain,
      kernel.original.toFixed(2),
      ratio(meteringOf(kernel)),
      ratio(preparedOf(kernel)),
      ratio(kernel.again / kernel.original),
    ]),
  ]);
  printTable(`${times.title}: geomeans by kind of work`, categoryRows(times.kernels));
  if (times.firstRuns.length > 0)
    printTable(`${times.title}: first runs, from bytes to the end of a first call`, firstRunRows(times));
}

function kindOf({ info }: KernelTimes): string {
  return info.isFloat === true ? `${info.category}, float` : info.category;
}

function ratio(value: number): string {
  return value.toFixed(3);
}

function categoryRows(kernels: readonly KernelTimes[]): readonly (readonly Cell[])[] {
  const categories = [...new Set(kernels.map(({ info }) => info.category))];
  return [
    ['kind', 'kernels', 'metered', 'metered + NaN'],
    ...categories.map((category) => {
      const some = kernels.filter(({ info }) => info.category === category);
      return [
        category,
        String(some.length),
        ratio(geomean(some.map(meteringOf))),
        ratio(geomean(some.map(preparedOf))),
      ];
    }),
  ];
}

function firstRunRows({ firstRuns }: EngineTimes): readonly (readonly Cell[])[] {
  return [
    ['module', 'ms', 'metered', 'metered + NaN'],
    ...firstRuns.map((times) => [
      times.module,
      times.original.toFixed(1),
      ratio(meteringOf(times)),
      ratio(preparedOf(times)),
    ]),
  ];
}

const BEGIN = '<!-- figures: written by the bench -->';
const END = '<!-- end of figures -->';

/** Replaces what is between the marks of the document. */
export async function writeFigures(file: string, results: Results): Promise<void> {
  const text = await readFile(file, 'utf8');
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${file} has no lines "${BEGIN}" and "${END}".`);
  await writeFile(
    file,
    `${text.slice(0, from + BEGIN.length)}\n\n${figuresText(results)}\n${text.slice(to)}`,
  );
}

interface Results {
  readonly engines: readonly EngineTimes[];
  readonly large: readonly LargeModuleCost[];
}

function figuresText({ engines, large }: Results): string {
  const titles = engines.map(({ title }) => title).join(' and ');
  const parts = [`Measured on ${dateInWords(new Date())} with ${titles}.`, markdown(summaryRows(engines))];
  if (large.length > 0) parts.push('Real modules:', markdown(largeModuleRows(large)));
  for (const times of engines) {
    if (times.firstRuns.length > 0) parts.push(`First runs, ${times.title}:`, markdown(firstRunRows(times)));
  }
  parts.push('Kernel by kernel:', markdown(kernelRows(engines)));
  return `${parts.join('\n\n')}\n`;
}

function dateInWords(date: Date): string {
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
}

const SUMMARY: readonly (readonly [string, keyof EngineFigures])[] = [
  ['metering, geomean', 'metering'],
  ['metering, worst kernel', 'meteringMax'],
  ['metering and NaN, geomean', 'meteringNan'],
  ['the same, float kernels', 'floatMeteringNan'],
  ['first run, prepared, geomean', 'firstRun'],
  ['noise: the original against itself, largest', 'noise'],
];

function summaryRows(engines: readonly EngineTimes[]): readonly (readonly Cell[])[] {
  const figures = engines.map(figuresOf);
  return [
    ['', ...engines.map(({ title }) => title)],
    ...SUMMARY.map(([name, key]) => [name, ...figures.map((figure) => ratio(figure[key]))]),
  ];
}

function kernelRows(engines: readonly EngineTimes[]): readonly (readonly Cell[])[] {
  const [first] = engines;
  const heads = engines.flatMap(({ title }) => {
    const engine = title.split(' ')[0] ?? '';
    return [`${engine} metered`, `${engine} prepared`];
  });
  const rows = (first?.kernels ?? []).map((kernel, at) => [
    kernel.name,
    kindOf(kernel),
    kernel.toolchain,
    ...engines.flatMap(({ kernels }) => {
      const times = kernels[at];
      return times === undefined ? ['', ''] : [ratio(meteringOf(times)), ratio(preparedOf(times))];
    }),
  ]);
  return [['kernel', 'kind', 'made by', ...heads], ...rows];
}

function markdown(rows: readonly (readonly Cell[])[]): string {
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  const [head = ''] = lines;
  return [head, `|${'---|'.repeat(rows[0]?.length ?? 0)}`, ...lines.slice(1)].join('\n');
}
