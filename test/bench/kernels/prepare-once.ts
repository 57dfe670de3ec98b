// In a process of its own: what preparing one module costs when nothing is warm, and when everything is.

import { readFileSync } from 'node:fs';
import { editionPasses, type MeterStrategy, prepareAnyImports } from '@trine/rewriter/testing';

/** The last line that this program prints, as JSON. */
export interface PreparationCost {
  readonly bytes: number;
  /** Milliseconds of the first preparation, and of the fastest of several. */
  readonly coldMs: number;
  readonly warmMs: number;
  /** By how much the first one raised the most memory that the process ever had, the result included. */
  readonly peakBytes: number;
}

const REPETITIONS = 12;

const [file = '', strategy = 'cached'] = process.argv.slice(2);
const module = new Uint8Array(readFileSync(file));
const passes = editionPasses(strategy as MeterStrategy);

function time(): number {
  const begun = performance.now();
  prepareAnyImports(passes, module);
  return performance.now() - begun;
}

function peak(): number {
  return process.resourceUsage().maxRSS * 1024;
}

const before = peak();
const coldMs = time();
const peakBytes = peak() - before;
const warmMs = Math.min(...Array.from({ length: REPETITIONS }, time));
const cost: PreparationCost = { bytes: module.length, coldMs, warmMs, peakBytes };
console.log(JSON.stringify(cost));
