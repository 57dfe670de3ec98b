// What must hold of step guests: taken apart at every step and gone on with in fresh instances they end as in one go
// (outcome, output, fuel), and at every step they make the checkpoint that the uninterrupted run makes there.

import { createHash } from 'node:crypto';
import { digestOf } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { type GuestEnd, openRun, type RunRequest, type TakenCheckpoint } from '@trine/sandbox';

import type { Checked } from './checks.ts';

export const STEP_LIMITS = { fuel: 200_000n, memoryBytes: 16 * 65_536, outputBytes: 65_536 };
export const quiet = { now: () => 0, onProgress: () => undefined, onLog: () => undefined };

/** A damaged guest may go on for ever. */
const RESTS_MAX = 40;

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** A part of a run, or all of it. */
export interface Part {
  /** Absent when the run did not end. */
  readonly end?: GuestEnd;
  readonly checkpoints: readonly TakenCheckpoint[];
}

/** A task on this module, or `undefined` when it is refused. */
export function stepTask(original: Uint8Array, seed: number): RunRequest | undefined {
  const prepared = prepare(original, { maxMemoryPages: 16 });
  if (prepared.type === 'refused') return undefined;
  const input = Uint8Array.of(seed, seed >> 8, 3, 4);
  return {
    module: new WebAssembly.Module(Uint8Array.from(prepared.bytes)),
    abi: 'trine-1',
    input,
    limits: STEP_LIMITS,
    task: {
      code: { module: digestOf(original), edition: prepared.report.edition },
      inputDigest: digestOf(input),
    },
  };
}

/** Runs until the end or for `rests` rests, with a checkpoint at each. */
export function runPart(request: RunRequest, rests: number): Part {
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

/** The same, every rest in a fresh instance that knows nothing but the last checkpoint. */
export function runInHops(request: RunRequest, rests: number): Part {
  const checkpoints: TakenCheckpoint[] = [];
  while (checkpoints.length < rests) {
    const last = checkpoints.at(-1);
    const part = runPart(
      last === undefined ? request : { ...request, resume: last.bytes, input: new Uint8Array(0) },
      1,
    );
    checkpoints.push(...part.checkpoints);
    if (part.end !== undefined) return { end: part.end, checkpoints };
  }
  return { checkpoints };
}

/** What of a part must be equal, however it was run. */
export const comparable = ({ end, checkpoints }: Part) => ({
  end: end && { outcome: end.outcome, output: digestOf(end.output), fuel: end.fuel },
  checkpoints: checkpoints.map(({ root, steps, fuel }) => ({ root, steps, fuel })),
});

const inWords = (part: Part): string =>
  JSON.stringify(comparable(part), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );

/** Of any module; what is no step guest passes. */
export function checkSteps(original: Uint8Array): Checked {
  const request = stepTask(original, original.length);
  if (request === undefined) return { ended: 'refused' };
  if (!WebAssembly.Module.exports(request.module).some(({ name }) => name === 'trine:words')) {
    return { ended: 'accepted' };
  }
  const whole = runPart(request, RESTS_MAX);
  const hopped = runInHops(request, RESTS_MAX);
  if (inWords(whole) !== inWords(hopped)) {
    return { check: 'steps-differ', detail: `${inWords(whole)} in one go, ${inWords(hopped)} in hops` };
  }
  return { ended: whole.end?.outcome ?? 'accepted' };
}
