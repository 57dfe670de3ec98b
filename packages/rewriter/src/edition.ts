// The edition: which passes make a prepared module, in which order, under one name. Nodes compare results by
// module digest and edition, so any change of what the passes emit needs a new name here.

import { callDepth } from './passes/call-depth.ts';
import { canonicalNan } from './passes/canonical-nan.ts';
import { growth } from './passes/growth.ts';
import { createMeter, type MeterStrategy } from './passes/meter.ts';
import type { Pass } from './passes/pass.ts';

/** The rewriter's version. Digest of the original module + edition is the code identity. */
export const EDITION = 'trine-3';

/**
 * The passes of the edition. Where several edit at one offset, the earlier pass writes first: fuel is read
 * again and charged before anything else happens there. A value is made canonical as part of the instruction
 * that gave it, so before that.
 */
export function editionPasses(strategy: MeterStrategy): readonly Pass[] {
  return [canonicalNan, createMeter(strategy), callDepth, growth];
}
