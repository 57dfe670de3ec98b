// In a process of its own: what preparing one module costs when nothing is warm, and when everything is.

import { existsSync, readFileSync } from 'node:fs';
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

const [file = '', strategy = 'counted'] = process.argv.slice(2);
const module = new Uint8Array(readFileSync(file));
const passes = editionPasses(strategy as MeterStrategy);

function time(): number {
  const begun = performance.now();
  prepareAnyImports(passes, module);
  return performance.now() - begun;
}

// Linux counts the peak of this program alone; elsewhere it may be that of the one which started it.
function peak(): number {
  const status = '/proc/self/status';
  const kilobytes = existsSync(status) ? /VmHWM:\s*(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes)) * 1024;
}

const before = peak();
const coldMs = time();
const peakBytes = peak() - before;
const warmMs = Math.min(...Array.from({ length: REPETITIONS }, time));
const cost: PreparationCost = { bytes: module.length, coldMs, warmMs, peakBytes };
console.log(JSON.stringify(cost));
