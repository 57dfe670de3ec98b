// What a function costs an engine to compile. Engines keep a value for every local at every branch, compare
// each loop with everything around it and give a call a dozen nodes of their graphs: a body of 55 KB, two
// thousand loops around two thousand locals, took an optimising compiler 14 seconds and 2 GB, in a thread that
// nothing can end before it is done. So each of these products has a limit: several times what the largest
// functions of real programs have, and about a second and half a gigabyte to compile.

import type { ScannedFunction } from '../instructions.ts';
import {
  BRANCHES_MAX,
  CALLS_MAX,
  LOOP_LOCALS_MAX,
  LOOPS_MAX,
  MERGED_VALUES_MAX,
  TARGETS_PER_MERGE,
} from '../limits.ts';
import * as op from '../opcodes.ts';
import { assertLimit } from '../refusals.ts';
import type { Pass } from './pass.ts';

/** The pass that refuses functions which are too expensive to compile. It edits nothing. */
export const compileCost: Pass = {
  name: 'compile-cost',
  plan({ scanned }) {
    if (!isSmall(scanned)) {
      assertCheap(scanned);
    }
    return () => undefined;
  },
};

// Each instruction that counts takes two bytes or more, so most functions need not be walked.
function isSmall({ start, end, locals, operands }: ScannedFunction): boolean {
  const most = (end - start) / 2;
  return most <= LOOPS_MAX && most * (locals + operands) <= LOOP_LOCALS_MAX;
}

function assertCheap(scanned: ScannedFunction): void {
  const { declarations, locals, operands } = scanned;
  const { loops, branches, calls, targetBytes } = costsOf(scanned);
  const merges = branches + Math.ceil(targetBytes / TARGETS_PER_MERGE);
  assertLimit('loops', loops, LOOPS_MAX, declarations);
  assertLimit('branches', branches, BRANCHES_MAX, declarations);
  assertLimit('calls', calls, CALLS_MAX, declarations);
  assertLimit('loop-locals', loops * locals, LOOP_LOCALS_MAX, declarations);
  assertLimit('merged-values', merges * (locals + operands), MERGED_VALUES_MAX, declarations);
}

interface CompileCosts {
  loops: number;
  /** Blocks, conditions and branches. */
  branches: number;
  /** Bytes of branch tables: at least one for each target. */
  targetBytes: number;
  /** Calls, and instructions that engines compile to one. */
  calls: number;
}

function costsOf({ columns, end }: ScannedFunction): CompileCosts {
  const costs: CompileCosts = { loops: 0, branches: 0, targetBytes: 0, calls: 0 };
  for (let index = 0; index < columns.count; index++) {
    const code = columns.op[index] ?? 0;
    if (isCall(code)) {
      costs.calls += 1;
    } else if (code >= op.BLOCK && code <= op.BR_TABLE && code !== op.END) {
      costs.branches += 1;
      if (code === op.LOOP) {
        costs.loops += 1;
      } else if (code === op.BR_TABLE) {
        costs.targetBytes += (columns.at[index + 1] ?? end) - (columns.at[index] ?? end);
      }
    }
  }
  return costs;
}

function isCall(code: number): boolean {
  return (
    (code >= op.CALL && code <= op.RETURN_CALL_INDIRECT) ||
    code === op.TABLE_GET ||
    code === op.TABLE_SET ||
    code === op.MEMORY_GROW ||
    (code >= op.MEMORY_INIT && code <= op.TABLE_FILL)
  );
}
