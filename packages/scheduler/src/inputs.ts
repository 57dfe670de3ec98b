/** Inputs of the tasks that begin next: computed for a range, read ahead in a window for a list. */
import { rangeInput } from '@trine/protocol';
import type { ShardEffect } from './effects.ts';
import type { ShardEvent, TaskInput } from './events.ts';
import { SCHEDULER_LIMITS } from './limits.ts';
import type { Job, Shard } from './state.ts';
import type { Turn } from './turn.ts';

type LoadInputs = Extract<ShardEffect, { readonly type: 'load-inputs' }>;

/** Whether the input of the next task is at hand. */
export const hasNextInput = (job: Job): boolean =>
  job.spec.inputs.type === 'range' || job.inputs.has(job.begun);

/** Tasks that could begin as far as inputs go. */
export const inputsAtHand = (job: Job): number =>
  job.spec.inputs.type === 'range' ? job.spec.inputs.count - job.begun : job.inputs.size;

/** The input of the next task; the window moves on with it. */
export function takeNextInput(shard: Shard, job: Job): TaskInput | undefined {
  const { inputs } = job.spec;
  if (inputs.type === 'list') {
    const input = job.inputs.get(job.begun);
    job.inputs.delete(job.begun);
    return input;
  }
  const bytes = rangeInput(inputs.shared, inputs.first + job.begun);
  return { type: 'inline', bytes, digest: shard.context.sha256(bytes) };
}

/** Asks for further inputs once half of the window is used. */
export function refillWindow(turn: Turn, job: Job): void {
  const effect = nextWindow(job);
  if (effect !== undefined) turn.effects.push(effect);
}

/** Moves the window on and names what to read, or `undefined` while enough is on its way. */
export function nextWindow(job: Job): LoadInputs | undefined {
  const { inputs, job: id } = job.spec;
  const size = SCHEDULER_LIMITS.inputWindow.value;
  const from = Math.max(job.inputsAskedTo, job.begun);
  if (inputs.type !== 'list' || from >= inputs.count || from - job.begun > size / 2) return undefined;
  job.inputsAskedTo = Math.min(job.begun + size, inputs.count);
  return { type: 'load-inputs', job: id, from, count: job.inputsAskedTo - from };
}

export function inputsLoaded(
  turn: Turn,
  event: Extract<ShardEvent, { readonly type: 'inputs-loaded' }>,
): void {
  const job = turn.shard.jobs.get(event.job);
  if (job === undefined) return;
  event.inputs.forEach((input, i) => {
    const index = event.from + i;
    if (index >= job.begun && index < job.inputsAskedTo) job.inputs.set(index, input);
  });
  turn.jobs.add(job);
  turn.widened = true;
}
