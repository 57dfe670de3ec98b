// What preparation costs on real modules over 500 KB: bytes by section and by edit, time, memory.

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesByEdit, editionPasses, type MeterStrategy, prepareAnyImports } from '@trine/rewriter/testing';
import { build } from 'esbuild';
import { rootDir } from '../../support/processes.ts';
import { type Cell, printTable } from '../table.ts';
import { readOriginal } from './build-kernels.ts';
import { LARGE_MODULES } from './kernel-list.ts';
import type { PreparationCost } from './prepare-once.ts';

/** One real module: sizes in bytes. */
export interface LargeModuleCost extends PreparationCost {
  readonly name: string;
  readonly preparedBytes: number;
  readonly code: number;
  readonly preparedCode: number;
  /** Of sections that no engine needs: they are left out. */
  readonly custom: number;
  readonly added: ReadonlyMap<string, number>;
}

/** Measures every large module, each in a process of its own. */
export async function measureLargeModules(strategy: MeterStrategy): Promise<readonly LargeModuleCost[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trine-bench-'));
  try {
    const program = join(folder, 'prepare-once.mjs');
    await build({
      entryPoints: [join(rootDir, 'test/bench/kernels/prepare-once.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
    });
    const costs: LargeModuleCost[] = [];
    for (const large of LARGE_MODULES) {
      const answer = execFileSync(process.execPath, [program, join(rootDir, large.file), strategy]);
      const cost = JSON.parse(answer.toString()) as PreparationCost;
      costs.push({ ...cost, ...sizesOf(await readOriginal(large), strategy), name: large.name });
    }
    return costs;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function sizesOf(original: Uint8Array, strategy: MeterStrategy) {
  const passes = editionPasses(strategy);
  const prepared = prepareAnyImports(passes, original);
  return {
    preparedBytes: prepared.length,
    code: sectionBytes(original, SECTION_CODE),
    preparedCode: sectionBytes(prepared, SECTION_CODE),
    custom: sectionBytes(original, SECTION_CUSTOM),
    added: bytesByEdit(passes, original),
  };
}

const SECTION_CUSTOM = 0;
const SECTION_CODE = 10;

function sectionBytes(module: Uint8Array, wanted: number): number {
  let sum = 0;
  for (let at = 8; at < module.length; ) {
    const id = module[at];
    let size = 0;
    let shift = 0;
    for (at += 1; ; shift += 7) {
      const byte = module[at++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    sum += id === wanted ? size : 0;
    at += size;
  }
  return sum;
}

const MB = 1_000_000;

/** How many times as large the prepared module is, beside what of the original is left out anyhow. */
export function sizeRatioOf({ preparedBytes, bytes, custom }: LargeModuleCost): number {
  return preparedBytes / (bytes - custom);
}

export function printLargeModules(costs: readonly LargeModuleCost[]): void {
  printTable('Real modules: bytes, and what preparing them takes', largeModuleRows(costs));
  const kinds = new Set(costs.flatMap(({ added }) => [...added.keys()]));
  printTable('Bytes added, as % of the original without custom sections, by kind of edit', [
    ['edit', ...costs.map(({ name }) => name)],
    ...[...kinds].map((kind) => [
      kind,
      ...costs.map(({ added, bytes, custom }) => percent((added.get(kind) ?? 0) / (bytes - custom))),
    ]),
    [
      'size of bodies, locals, appended functions',
      ...costs.map((cost) => percent(otherBytes(cost) / (cost.bytes - cost.custom))),
    ],
  ]);
}

export function largeModuleRows(costs: readonly LargeModuleCost[]): readonly (readonly Cell[])[] {
  return [
    ['module', 'MB', 'size', 'code', 'MB/s', 'MB/s, first time', 'memory'],
    ...costs.map((cost) => [
      cost.name,
      (cost.bytes / MB).toFixed(1),
      percent(sizeRatioOf(cost) - 1),
      percent(cost.preparedCode / cost.code - 1),
      (cost.bytes / cost.warmMs / 1000).toFixed(0),
      (cost.bytes / cost.coldMs / 1000).toFixed(0),
      `${(cost.peakBytes / cost.bytes).toFixed(1)}×`,
    ]),
  ];
}

function otherBytes({ added, code, preparedCode }: LargeModuleCost): number {
  return preparedCode - code - [...added.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function percent(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value * 100).toFixed(1)} %`;
}
