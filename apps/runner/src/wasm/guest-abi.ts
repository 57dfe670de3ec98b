/** Which ABI a module is meant for, from its outline: as the rewriter decides it, but for modules that it refuses as well. */
import { type GuestAbi, WASI_MODULE } from '@trine/rewriter';
import type { Outline } from './outline.ts';

export interface GuestAbiView {
  readonly abi: GuestAbi;
  readonly isStep: boolean;
  /** Exports that the ABI asks for and the module lacks. */
  readonly missing: readonly string[];
}

export function guestAbi({ imports, exports }: Outline): GuestAbiView {
  const has = new Set(exports.map(({ name }) => name));
  const lacks = (...names: readonly string[]) => names.filter((name) => !has.has(name));
  const isTrine = has.has('alloc') && (has.has('run') || has.has('step'));
  if (!isTrine && (has.has('_start') || imports.some(({ module }) => module === WASI_MODULE))) {
    return { abi: 'wasi-1', isStep: false, missing: lacks('memory', '_start') };
  }
  const isStep = has.has('step') && !has.has('run');
  const entry = isStep ? ['start', 'step', 'output'] : ['run'];
  return { abi: 'trine-1', isStep, missing: lacks('memory', 'alloc', ...entry) };
}
