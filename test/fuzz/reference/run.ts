// A whole run of the reference interpreter, to be held against `runModule`.

import { ReferenceInstance, type ReferenceOutcome } from './interpreter.ts';

// Deeper recursion may hit the call budget, which the reference does not have.
const REFERENCE_CALLS = 200;

const INPUT = Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 11) & 0xff);

export interface ReferenceRun {
  readonly outcome: ReferenceOutcome;
  readonly fuel: bigint;
  readonly memory: Uint8Array;
  readonly answer: bigint | undefined;
  readonly hostCalls: readonly string[];
  readonly nanShown: boolean;
  readonly payloadShown: boolean;
}

/** Runs a guest as `runModule` runs its prepared form: the former start function, `alloc`, `run`. */
export function runReference(
  original: Uint8Array,
  limits: { readonly fuel: bigint; readonly maxPages: number },
): ReferenceRun {
  const guest = new ReferenceInstance(original, { ...limits, calls: REFERENCE_CALLS });
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
  const start = guest.module.start;
  if (start !== undefined) {
    guest.module.exports.set('start function', { kind: 0, index: start });
    steps.unshift(() => guest.invoke('start function', []));
  }
  let outcome: ReferenceOutcome = 'completed';
  for (const step of steps) {
    const result = step();
    outcome = result.outcome;
    answer = result.results[0];
    if (outcome !== 'completed') break;
  }
  const { fuel, memory, hostCalls, nanShown, payloadShown } = guest;
  return { outcome, fuel, memory, answer, hostCalls, nanShown, payloadShown };
}
