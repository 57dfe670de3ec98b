// What a module may cost an engine to compile, and us to prepare. Engines keep a value for every local at every
// branch, compare each loop with everything around it and give a call a dozen nodes of their graphs: a body of
// 55 KB, two thousand loops around two thousand locals, took an optimising compiler 14 seconds and 2 GB, in a
// thread that nothing can end before it is done. So each of these products has a limit for one function, several
// times what the largest ones of real programs have, and about a second and half a gigabyte to compile. Limits
// on the sums bound what many such functions cost whoever walks them all.

import type { ScannedFunction } from './instructions.ts';
import {
  BRANCHES_MAX,
  CALLS_MAX,
  LOOP_LOCALS_MAX,
  LOOPS_MAX,
  MERGED_VALUES_MAX,
  MODULE_LOOP_LOCALS_MAX,
  MODULE_MERGED_VALUES_MAX,
  TARGETS_PER_MERGE,
} from './limits.ts';
import * as op from './opcodes.ts';
import { assertLimit } from './refusals.ts';

/** Adds up what the functions of one module cost. */
export class CompileBudget {
  private loopLocals = 0;
  private mergedValues = 0;

  /** Refuses a function that is too expensive by itself, or with those before it. */
  add(scanned: ScannedFunction): void {
    const { declarations, locals, operands } = scanned;
    const { loops, branches, calls, targetBytes } = costsOf(scanned);
    const loopLocals = loops * locals;
    const mergedValues = (branches + Math.ceil(targetBytes / TARGETS_PER_MERGE)) * (locals + operands);
    this.loopLocals += loopLocals;
    this.mergedValues += mergedValues;
    assertLimit('loops', loops, LOOPS_MAX, declarations);
    assertLimit('branches', branches, BRANCHES_MAX, declarations);
    assertLimit('calls', calls + tableAccesses(scanned), CALLS_MAX, declarations);
    assertLimit('loop-locals', loopLocals, LOOP_LOCALS_MAX, declarations);
    assertLimit('merged-values', mergedValues, MERGED_VALUES_MAX, declarations);
    assertLimit('module-loop-locals', this.loopLocals, MODULE_LOOP_LOCALS_MAX, declarations);
    assertLimit('module-merged-values', this.mergedValues, MODULE_MERGED_VALUES_MAX, declarations);
  }
}

interface CompileCosts {
  loops: number;
  /** Blocks, conditions and branches. */
  branches: number;
  /** Bytes of branch tables: at least one for each target. */
  targetBytes: number;
  /** Calls, and what works on a range of memory or a table, which engines compile to one. */
  calls: number;
}

function costsOf({ columns, end }: ScannedFunction): CompileCosts {
  const costs: CompileCosts = { loops: 0, branches: 0, targetBytes: 0, calls: 0 };
  for (let place = 0; place < columns.landmarkCount; place++) {
    const index = columns.landmarks[place] ?? 0;
    const code = columns.op[index] ?? 0;
    if (code >= op.CALL) {
      costs.calls += 1;
    } else if (code >= op.BLOCK && code !== op.END && code !== op.RETURN) {
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

// Reads and writes of tables are calls to some engines. They are no landmarks, so only a body that may have too
// many of them, at two bytes each, is walked for them.
function tableAccesses({ columns, start, end }: ScannedFunction): number {
  if (end - start <= CALLS_MAX * 2) {
    return 0;
  }
  let accesses = 0;
  for (let index = 0; index < columns.count; index++) {
    const code = columns.op[index];
    accesses += code === op.TABLE_GET || code === op.TABLE_SET ? 1 : 0;
  }
  return accesses;
}
