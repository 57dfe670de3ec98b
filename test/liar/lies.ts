/** How a liar changes an honest result. Which tasks it lies about depends on the input alone, so that colluders agree. */
import { createHash } from 'node:crypto';
import type { GuestThread, RunRequest, RunResult, ThreadFactory } from '@trine/sandbox';

/**
 * `random`: another wrong answer each time. `consistent`: always the same wrong answer for one input, but this liar's
 * own. `colluding`: the wrong answer that every colluder gives for this input.
 */
export const LIE_KINDS = ['random', 'consistent', 'colluding'] as const;
export type LieKind = (typeof LIE_KINDS)[number];

export interface LiarOptions {
  readonly kind: LieKind;
  /** Share of tasks it lies about, 0 … 1, chosen by the input's hash. */
  readonly share: number;
  /** This liar's own name, part of its consistent lies. */
  readonly name: string;
  readonly random: (size: number) => Uint8Array;
}

/** Threads that compute honestly and then lie about some of it. */
export const lyingThreads =
  (honest: ThreadFactory, options: LiarOptions): ThreadFactory =>
  () => {
    const thread = honest();
    const liar: GuestThread = {
      run: async (request, runOptions) => lieAbout(request, await thread.run(request, runOptions), options),
      runPart: async (request, partOptions) => {
        const part = await thread.runPart(request, partOptions);
        return part.type === 'paused' ? part : { ...part, result: lieAbout(request, part.result, options) };
      },
      released: () => thread.released(),
      close: () => thread.close(),
    };
    return liar;
  };

export function lieAbout(request: RunRequest, result: RunResult, options: LiarOptions): RunResult {
  if (result.outcome !== 'completed' || !isChosen(request.input, options.share)) return result;
  return { ...result, output: changed(result.output, MASKS[options.kind](request.input, options)) };
}

const isChosen = (input: Uint8Array, share: number): boolean =>
  createHash('sha256').update('chosen').update(input).digest().readUInt32BE(0) < share * 2 ** 32;

const MASKS: Readonly<Record<LieKind, (input: Uint8Array, options: LiarOptions) => Uint8Array>> = {
  random: (_, { random }) => random(32),
  consistent: (input, { name }) => createHash('sha256').update(name).update(input).digest(),
  colluding: (input) => createHash('sha256').update('colluding').update(input).digest(),
};

/** The same length, every byte another one. */
const changed = (output: Uint8Array, by: Uint8Array): Uint8Array =>
  output.length === 0 ? by : output.map((byte, i) => byte ^ ((by[i % by.length] ?? 0) | 1));
