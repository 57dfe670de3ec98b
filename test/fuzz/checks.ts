// What must hold of any module, and of one that is known to be valid: the checks of fuzzing campaigns and of the
// modules they have kept. Each answers with the first thing that is wrong, in words.

import { prepare, type Prepared } from '@trine/rewriter';
import { type MeterStrategy, prepareWith } from '@trine/rewriter/testing';

import { type ReferenceRun, runReference } from './reference/run.ts';
import { type ModuleRun, runModule } from './run-module.ts';

/** Enough for most generated modules to complete. */
export const FUEL = 100_000n;
/** Enough for loops that are paid in several parts. */
export const LONG_FUEL = 6_000_000n;
const MAX_PAGES = 20;
const STRATEGIES: readonly MeterStrategy[] = ['blocks', 'merged', 'cached', 'counted'];
/** Fuel that a trap may be charged beyond what was executed. */
const TRAP_SURPLUS_MAX = 1n << 20n;

/** A check that did not hold. */
export interface Finding {
  /** Which: the same for two modules that fail alike. */
  readonly check: string;
  readonly detail: string;
}

/** How a module without a finding ended, for the campaign's table. */
export type Checked = Finding | { readonly ended: ModuleRun['outcome'] | 'refused' | 'accepted' };

const finding = (check: string, detail: unknown): Finding => ({
  check,
  detail: JSON.stringify(detail, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
});

const isValid = (bytes: Uint8Array): boolean => WebAssembly.validate(Uint8Array.from(bytes));

/** Of any bytes: an answer and never an exception, refused for a reason of our own, or valid before and after. */
export function checkBytes(bytes: Uint8Array): Checked {
  const answer = attemptPrepare(bytes);
  if ('check' in answer) return answer;
  if (answer.type === 'refused') {
    const { code, message } = answer;
    if (code === 'internal') return finding('internal', message);
    return code === 'invalid' && isValid(bytes)
      ? finding('refused-valid', { code, message })
      : { ended: 'refused' };
  }
  if (!isValid(answer.bytes)) return finding('prepared-invalid', answer.report);
  if (answer.report.foldedConstants === 0 && !isValid(bytes)) return finding('accepted-invalid', {});
  return { ended: 'accepted' };
}

/** Of damaged bytes that can be run: all of `checkBytes`, and what is accepted is still metered exactly. */
export function checkMutant(bytes: Uint8Array): Checked {
  const checked = checkBytes(bytes);
  if ('check' in checked || checked.ended === 'refused') return checked;
  const answer = prepare(bytes, { maxMemoryPages: MAX_PAGES });
  return answer.type === 'refused' ? { ended: 'refused' } : checkRuns(bytes, answer.bytes, FUEL);
}

/** Of a valid guest of `trine-1`: prepared, the same under every strategy, and what the reference says. */
export function checkGuest(original: Uint8Array, fuel = FUEL): Checked {
  const checked = checkBytes(original);
  if ('check' in checked) return checked;
  const answer = prepare(original, { maxMemoryPages: MAX_PAGES });
  if (answer.type === 'refused') return finding('refused-guest', answer.message);
  const again = prepare(original, { maxMemoryPages: MAX_PAGES });
  if (again.type === 'refused' || !Buffer.from(again.bytes).equals(answer.bytes)) {
    return finding('prepared-differently', {});
  }
  return checkRuns(original, answer.bytes, fuel);
}

function attemptPrepare(bytes: Uint8Array): Prepared | Finding {
  try {
    return prepare(bytes, { maxMemoryPages: MAX_PAGES });
  } catch (error) {
    return finding('threw', String(error));
  }
}

function checkRuns(original: Uint8Array, prepared: Uint8Array, fuel: bigint): Checked {
  const reference = runReference(original, { fuel, maxPages: MAX_PAGES });
  const run = runModule(prepared, fuel);
  return (
    compareWithReference(run, reference) ??
    compareStrategies(original, run, fuel) ??
    compareShort(prepared, run) ?? { ended: run.outcome }
  );
}

function compareWithReference(run: ModuleRun, reference: ReferenceRun): Finding | undefined {
  const { outcome, fuel, digestHex } = reference;
  const both = { run, reference: { outcome, fuel, digestHex } };
  if (run.outcome === 'aborted') return finding('aborted', both);
  if (run.outcome === 'completed' || outcome === 'completed') {
    const same = run.outcome === outcome && run.fuel === fuel && run.digestHex === digestHex;
    return same ? undefined : finding('completed-differently', both);
  }
  if (run.outcome !== 'trapped') return undefined;
  if (outcome === 'too-deep') return undefined;
  if (outcome !== 'trapped') return finding('trapped-alone', both);
  const surplus = run.fuel - fuel;
  return surplus < 0n || surplus > TRAP_SURPLUS_MAX ? finding('trap-charge', both) : undefined;
}

function compareStrategies(original: Uint8Array, run: ModuleRun, fuel: bigint): Finding | undefined {
  if (run.outcome !== 'completed') return undefined;
  for (const strategy of STRATEGIES) {
    const other = prepareWith(strategy, original, { maxMemoryPages: MAX_PAGES });
    if (other.type === 'refused') return finding(`refused-${strategy}`, other.message);
    const otherRun = runModule(other.bytes, fuel);
    if (otherRun.fuel !== run.fuel || otherRun.digestHex !== run.digestHex) {
      return finding(`strategy-${strategy}`, { run, otherRun });
    }
  }
  return undefined;
}

// What completes needs all of its fuel: with one unit less it runs out, charged exactly what it was given.
function compareShort(prepared: Uint8Array, run: ModuleRun): Finding | undefined {
  if (run.outcome !== 'completed' || run.fuel === 0n) return undefined;
  const enough = runModule(prepared, run.fuel);
  if (enough.outcome !== 'completed' || enough.fuel !== run.fuel)
    return finding('exact-fuel', { run, enough });
  const short = runModule(prepared, run.fuel - 1n);
  const ranOut = short.outcome === 'out-of-fuel' && short.fuel === run.fuel - 1n;
  return ranOut ? undefined : finding('short-fuel', { run, short });
}
