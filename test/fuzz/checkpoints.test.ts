// Seeded random step guests: however often a run is taken apart at a step and goes on in a fresh instance, it ends as in
// one go (outcome, output, fuel), and every checkpoint has the root that the uninterrupted run has at that step.

import { createHash } from 'node:crypto';
import { prepare } from '@trine/rewriter';
import {
  createCheckpoint,
  encodeCheckpoint,
  type GuestEnd,
  openRun,
  parseCheckpoint,
  runGuest,
  type RunRequest,
  type TakenCheckpoint,
} from '@trine/sandbox';
import { digestOf } from '@trine/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import wabt from 'wabt';

import { createRandom } from './random-modules.ts';
import { stepGuestText } from './step-guests.ts';

const SEEDS = 150;
const LIMITS = { fuel: 200_000n, memoryBytes: 16 * 65_536, outputBytes: 65_536 };
const quiet = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

let assembler: Awaited<ReturnType<typeof wabt>>;

beforeAll(async () => {
  assembler = await wabt();
});

function requestOf(seed: number): RunRequest {
  const parsed = assembler.parseWat('guest.wat', stepGuestText(seed), {
    simd: true,
    reference_types: true,
    bulk_memory: true,
  });
  const original = parsed.toBinary({}).buffer;
  parsed.destroy();
  const prepared = prepare(original, { maxMemoryPages: 16 });
  if (prepared.type === 'refused') throw new Error(`seed ${seed}: ${prepared.message}`);
  const input = Uint8Array.of(seed, seed >> 8, 3, 4);
  return {
    module: new WebAssembly.Module(Uint8Array.from(prepared.bytes)),
    abi: 'trine-1',
    input,
    limits: LIMITS,
    task: {
      code: { module: digestOf(original), edition: prepared.report.edition },
      inputDigest: digestOf(input),
    },
  };
}

interface Part {
  /** Absent when the run did not end. */
  readonly end?: GuestEnd;
  readonly checkpoints: readonly TakenCheckpoint[];
}

/** Runs until the end or for `rests` rests, with a checkpoint at each. */
function runPart(request: RunRequest, rests: number): Part {
  const opened = openRun(request, quiet, sha256);
  if (opened.type === 'ended') return { end: opened.end, checkpoints: [] };
  const checkpoints: TakenCheckpoint[] = [];
  while (checkpoints.length < rests) {
    const end = opened.run.advance();
    if (end !== undefined) return { end, checkpoints };
    const answer = opened.run.takeCheckpoint();
    if (answer.type === 'refused') throw new Error(answer.message);
    checkpoints.push(answer.checkpoint);
  }
  return { checkpoints };
}

/** Every rest in a fresh instance that knows nothing but the last checkpoint. */
function runInHops(request: RunRequest): Part {
  const checkpoints: TakenCheckpoint[] = [];
  for (;;) {
    const last = checkpoints.at(-1);
    const part = runPart(
      last === undefined ? request : { ...request, resume: last.bytes, input: new Uint8Array(0) },
      1,
    );
    checkpoints.push(...part.checkpoints);
    if (part.end !== undefined) return { end: part.end, checkpoints };
  }
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

const comparable = (end: GuestEnd | undefined) => ({
  outcome: end?.outcome,
  output: end === undefined ? undefined : digestOf(end.output),
  fuel: end?.fuel,
});
const places = ({ checkpoints }: Part) => checkpoints.map(({ root, steps, fuel }) => ({ root, steps, fuel }));

describe('random step guests', () => {
  const outcomes: string[] = [];
  let rests = 0;

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    'go on from a checkpoint at every step: seed %i',
    (seed) => {
      const request = requestOf(seed);
      const whole = runGuest(request, quiet);
      const watched = runPart(request, Number.POSITIVE_INFINITY);
      const hopped = runInHops(request);
      expect(comparable(watched.end)).toEqual(comparable(whole));
      expect(comparable(hopped.end), hopped.end?.reason).toEqual(comparable(whole));
      expect(places(hopped)).toEqual(places(watched));
      outcomes.push(whole.outcome);
      rests += hopped.checkpoints.length;
    },
  );

  it('end in every way, and most of them late', () => {
    for (const outcome of ['completed', 'trapped']) {
      expect(outcomes.filter((seen) => seen === outcome).length, outcome).toBeGreaterThan(10);
    }
    expect(outcomes).not.toContain('aborted');
    expect(rests).toBeGreaterThan(SEEDS * 3);
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
      expect(end.fuel).toBeLessThanOrEqual(LIMITS.fuel);
      expect(end.output.length).toBeLessThanOrEqual(LIMITS.outputBytes);
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
      const short = { ...request, limits: { ...LIMITS, fuel: fuel - fuel / part } };
      const whole = runGuest(short, quiet);
      expect(comparable(runInHops(short).end)).toEqual(comparable(whole));
    }
  });
});
