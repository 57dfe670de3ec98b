/** How nodes behave, and what is true. Each figure is a probability per occasion. */
import type { Grant, JobId } from '@trine/protocol';
import type { Chance } from '../chance.ts';

export interface Character {
  readonly lies: number;
  /** Liars of one word agree with one another, those of none say something new each time. */
  readonly word: string | undefined;
  readonly aborts: number;
  /** Says it burned more fuel than it did. */
  readonly inflates: number;
  /** Takes a lease and never answers. */
  readonly hoards: number;
  /** Takes about as long as the lease, or longer. */
  readonly slow: number;
  /** Says a recorded result once more, changed half of the time. */
  readonly repeats: number;
  /** Carries on with a lease that it was told to abandon. */
  readonly stubborn: number;
  /** Answers others' leases; a rate rather than a probability. */
  readonly forges: number;
  /** Claims leases it does not hold when it says hello, and hides those it does. */
  readonly liesInHello: number;
}

export const HONEST: Character = {
  lies: 0,
  word: undefined,
  aborts: 0,
  inflates: 0,
  hoards: 0,
  slow: 0,
  repeats: 0,
  stubborn: 0,
  forges: 0,
  liesInHello: 0,
};

export interface Answer {
  readonly words: string;
  readonly fuel: bigint;
  readonly outcome: 'completed' | 'trapped';
}

const FUEL_BASE = 1_000;
const LIES = 1_000_000;

/** The one right answer of a task; every seventh task traps. */
export const truthOf = (job: JobId, index: number): Answer => ({
  words: `${job}/${index} is done`,
  fuel: BigInt(FUEL_BASE + (index % 7)),
  outcome: index % 7 === 6 ? 'trapped' : 'completed',
});

export function lieOf({ word }: Character, { job, index }: Grant, chance: Chance): Answer {
  const truth = truthOf(job, index);
  return { ...truth, words: `${word ?? chance.below(LIES)} about ${index}`, outcome: 'completed' };
}

export const wordsBytes = (words: string): Uint8Array => new Uint8Array(Buffer.from(words, 'latin1'));
