// Seeded random step guests: the checks of `step-checks.ts`, made-up states, and what a set of seeds must hold.

import {
  createCheckpoint,
  encodeCheckpoint,
  parseCheckpoint,
  runGuest,
  type RunRequest,
} from '@trine/sandbox';
import { beforeAll, describe, expect, it } from 'vitest';

import { createRandom } from './random-modules.ts';
import { checkSteps, comparable, quiet, runInHops, runPart, STEP_LIMITS, stepTask } from './step-checks.ts';
import { type Assemble, stepAssembler } from './step-guests.ts';

const SEEDS = 150;

let assemble: Assemble;

beforeAll(async () => {
  assemble = await stepAssembler();
});

function requestOf(seed: number): RunRequest {
  const request = stepTask(assemble(seed), seed);
  if (request === undefined) throw new Error(`seed ${seed} was refused`);
  return request;
}

/** A well-formed checkpoint of the same task with other words, references, tables and pages. */
function madeUp(bytes: Uint8Array, draw: (below: number) => number): Uint8Array {
  const parsed = parseCheckpoint(bytes);
  if (parsed.type === 'refused') throw new Error(parsed.message);
  const { state } = parsed.checkpoint;
  const changed = (part: Uint8Array, below: number): Uint8Array =>
    part.map((byte, index) => (draw(3) === 0 && index % 4 === 0 ? draw(below) : byte));
  const pages = parsed.checkpoint.pages.map((page) => (draw(2) === 0 ? page : page?.map(() => draw(256))));
  while (draw(3) === 0) pages.push(undefined);
  const tables = state.tables.map(({ size, entries }) => {
    const longer = new Uint8Array(entries.length + 4);
    longer.set(changed(entries, 9));
    longer[entries.length] = 1 + draw(4);
    return draw(2) === 0 ? { size, entries } : { size: size + 1 + draw(6), entries: longer };
  });
  const [words, references] = [changed(state.words, 256), changed(state.references, 6)];
  return encodeCheckpoint(
    createCheckpoint({ ...state, pages: pages.length, steps: draw(9), words, references, tables }, pages),
  );
}

describe('random step guests', () => {
  it('go on from a checkpoint at every step, and end in every way, most of them late', () => {
    const outcomes: string[] = [];
    let rests = 0;
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const request = requestOf(seed);
      const whole = runGuest(request, quiet);
      const watched = runPart(request, Number.POSITIVE_INFINITY);
      const hopped = runInHops(request, Number.POSITIVE_INFINITY);
      expect(comparable(watched).end, `seed ${seed}`).toEqual(
        comparable({ end: whole, checkpoints: [] }).end,
      );
      expect(comparable(hopped), `seed ${seed}: ${hopped.end?.reason}`).toEqual(comparable(watched));
      outcomes.push(whole.outcome);
      rests += hopped.checkpoints.length;
    }
    for (const outcome of ['completed', 'trapped']) {
      expect(outcomes.filter((seen) => seen === outcome).length, outcome).toBeGreaterThan(10);
    }
    expect(outcomes).not.toContain('aborted');
    expect(rests).toBeGreaterThan(SEEDS * 3);
  });

  it('are what a campaign checks', () => {
    const checked = Array.from({ length: 20 }, (_, seed) => checkSteps(assemble(seed)));
    expect(checked).toContainEqual({ ended: 'completed' });
    expect(checked).toContainEqual({ ended: 'trapped' });
    expect(checked.filter((one) => 'check' in one)).toEqual([]);
    expect(checkSteps(new Uint8Array(8))).toEqual({ ended: 'refused' });
  });

  it('resume whatever state a stranger made up without harm', () => {
    const seen = new Map<string, number>();
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const request = requestOf(seed);
      const [taken] = runPart(request, 1 + (seed % 3)).checkpoints;
      if (taken === undefined) continue;
      const draw = createRandom(seed + 77);
      const end = runGuest({ ...request, resume: madeUp(taken.bytes, draw) }, quiet);
      seen.set(end.outcome, (seen.get(end.outcome) ?? 0) + 1);
      expect(end.fuel).toBeLessThanOrEqual(STEP_LIMITS.fuel);
      expect(end.output.length).toBeLessThanOrEqual(STEP_LIMITS.outputBytes);
    }
    // Most of what is made up is a state that the module can have, and runs to one end or another.
    for (const outcome of ['completed', 'trapped', 'aborted']) {
      expect(seen.get(outcome), outcome).toBeGreaterThan(5);
    }
  });

  it('run out of fuel at the same unit', () => {
    const request = requestOf(7);
    const { fuel } = runGuest(request, quiet);
    for (const part of [2n, 3n, 5n]) {
      const short = { ...request, limits: { ...STEP_LIMITS, fuel: fuel - fuel / part } };
      const end = runGuest(short, quiet);
      expect(comparable(runInHops(short, Number.POSITIVE_INFINITY)).end).toEqual(
        comparable({ end, checkpoints: [] }).end,
      );
    }
  });
});
