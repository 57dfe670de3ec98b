// The hostile modules that are too large to be files, by name.
import { bodyBytes5m } from './body-bytes-5m.ts';
import { branchTablesWide } from './branch-tables-wide.ts';
import { branchTables } from './branch-tables.ts';
import { callsUnreachable } from './calls-unreachable.ts';
import { compileBranchesLocals } from './compile-branches-locals.ts';
import { compileCalls } from './compile-calls.ts';
import { compileLoopsLocals } from './compile-loops-locals.ts';
import { compileLoops } from './compile-loops.ts';
import { constantChain } from './constant-chain.ts';
import { customSections } from './custom-sections.ts';
import { floatsThroughLoops } from './floats-through-loops.ts';
import { functions100000 } from './functions-100000.ts';
import { functionsAllToAll } from './functions-all-to-all.ts';
import { functionsChained } from './functions-chained.ts';
import { functionsTooMany } from './functions-too-many.ts';
import { hotAndLarge } from './hot-and-large.ts';
import { localsEverywhere } from './locals-everywhere.ts';
import { localsGroups } from './locals-groups.ts';
import { localsMegabytes } from './locals-megabytes.ts';
import { moduleBytes100m } from './module-bytes-100m.ts';
import { nameTooLong } from './name-too-long.ts';
import { names8m } from './names-8m.ts';
import { nesting50000 } from './nesting-50000.ts';
import { nestingBranches } from './nesting-branches.ts';
import { segmentsElements } from './segments-elements.ts';
import { typesWide } from './types-wide.ts';
import type { HostileModule } from './module-bytes.ts';

/** Every generated trick; a trick is a file of this folder. */
export const GENERATED: Readonly<Record<string, HostileModule>> = {
  'body-bytes-5m': bodyBytes5m,
  'branch-tables-wide': branchTablesWide,
  'branch-tables': branchTables,
  'calls-unreachable': callsUnreachable,
  'compile-branches-locals': compileBranchesLocals,
  'compile-calls': compileCalls,
  'compile-loops-locals': compileLoopsLocals,
  'compile-loops': compileLoops,
  'constant-chain': constantChain,
  'custom-sections': customSections,
  'floats-through-loops': floatsThroughLoops,
  'functions-100000': functions100000,
  'functions-all-to-all': functionsAllToAll,
  'functions-chained': functionsChained,
  'functions-too-many': functionsTooMany,
  'hot-and-large': hotAndLarge,
  'locals-everywhere': localsEverywhere,
  'locals-groups': localsGroups,
  'locals-megabytes': localsMegabytes,
  'module-bytes-100m': moduleBytes100m,
  'name-too-long': nameTooLong,
  'names-8m': names8m,
  'nesting-50000': nesting50000,
  'nesting-branches': nestingBranches,
  'segments-elements': segmentsElements,
  'types-wide': typesWide,
};
