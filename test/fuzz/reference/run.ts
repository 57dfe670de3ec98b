// Whole runs of the reference interpreter, to be held against `runModule`: of a guest as it was made, and of its
// prepared form, whose fuel is then its own.

import { Digest, INPUT, type ModuleRun } from '../run-module.ts';
import { ReferenceInstance, type ReferenceOutcome } from './interpreter.ts';
import type { ChooseNan } from './values.ts';

// Deeper recursion may hit the call budget, which the reference does not have.
const REFERENCE_CALLS = 200;

const HOST_CALLS: readonly string[] = ['', 'progress', 'log'];

export interface ReferenceRun {
  readonly outcome: ReferenceOutcome;
  readonly fuel: bigint;
  readonly memory: Uint8Array;
  readonly answer: bigint | undefined;
  readonly hostCalls: readonly string[];
  /** As `runModule` sums up. */
  readonly digestHex: string;
}

export interface RunLimits {
  readonly fuel: bigint;
  readonly maxPages: number;
  /** The NaNs that arithmetic makes. Default: the canonical one. */
  readonly chooseNan?: ChooseNan;
}

/** Runs a guest as `runModule` runs its prepared form: the former start function, `alloc`, `run`. */
export function runReference(original: Uint8Array, limits: RunLimits): ReferenceRun {
  const guest = new ReferenceInstance(original, { ...limits, calls: REFERENCE_CALLS });
  const start = guest.module.start;
  if (start !== undefined) {
    guest.module.exports.set('trine:start', { kind: 0, index: start });
  }
  return runWhole(guest);
}

/** How a prepared module ends that the interpreter could run to its end, and what it is charged. */
export type PreparedRun = ModuleRun | { readonly outcome: 'too-deep' | 'too-long' };

/** Runs a prepared module under its own fuel; `limits.fuel` is what it is given. */
export function runPreparedReference(prepared: Uint8Array, limits: RunLimits): PreparedRun {
  const guest = new ReferenceInstance(prepared, {
    ...limits,
    // Of the interpreter's own steps: enough for what metering adds.
    fuel: limits.fuel * 20n + 10_000n,
    calls: REFERENCE_CALLS * 2,
  });
  guest.setGlobal('trine:fuel', limits.fuel);
  const { outcome, digestHex } = runWhole(guest);
  if (outcome === 'too-deep' || outcome === 'too-long') {
    return { outcome };
  }
  const remaining = BigInt.asIntN(64, guest.getGlobal('trine:fuel'));
  if (remaining < 0n) {
    return { outcome: 'out-of-fuel', fuel: limits.fuel, digestHex };
  }
  return { outcome, fuel: limits.fuel - remaining, digestHex };
}

function runWhole(guest: ReferenceInstance): ReferenceRun {
  let answer: bigint | undefined;
  const steps: (() => { outcome: ReferenceOutcome; results: readonly bigint[] })[] = [
    () => guest.invoke('alloc', [64n]),
    () => {
      const place = answer ?? 0n;
      if (place + 64n <= BigInt(guest.memory.length)) {
        guest.memory.set(INPUT, Number(place));
      }
      return guest.invoke('run', [place, 64n]);
    },
  ];
  if (guest.module.exports.has('trine:start')) {
    steps.unshift(() => guest.invoke('trine:start', []));
  }
  let outcome: ReferenceOutcome = 'completed';
  for (const step of steps) {
    const result = step();
    outcome = result.outcome;
    answer = result.results[0];
    if (outcome !== 'completed') break;
  }
  const { fuel, memory, hostCalls } = guest;
  return { outcome, fuel, memory, answer, hostCalls, digestHex: digestOf({ answer, memory, hostCalls }) };
}

function digestOf({
  answer,
  memory,
  hostCalls,
}: Pick<ReferenceRun, 'answer' | 'memory' | 'hostCalls'>): string {
  const digest = new Digest();
  for (const call of hostCalls) {
    const [name = '', first = '', second = ''] = call.split(/[(),]/);
    digest.words([HOST_CALLS.indexOf(name), Number(first), Number(second)]);
  }
  if (answer !== undefined) {
    digest.words([Number(answer >> 32n), Number(answer & 0xffff_ffffn)]);
  }
  digest.bytes(memory);
  return digest.hex();
}
