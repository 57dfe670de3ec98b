/** What the demonstration says at its end: found, verified, caught, and what it does not show. */
import type { JobView } from '@trine/control-plane/router';
import type { DemoAnswers } from './demonstration.ts';
import { inWords, list, seconds } from './figures.ts';

export interface Summary {
  readonly ok: boolean;
  readonly jobs: number;
  readonly tasks: number;
  readonly verified: number;
  readonly invalidCaught: number;
  readonly fuel: string;
  readonly seconds: number;
  readonly answersMatch: boolean;
}

/** Figures come from the store's own rows of the jobs, never from what the launcher counted. */
export function summarise(jobs: readonly JobView[], answers: DemoAnswers): Summary {
  const sum = (pick: (job: JobView) => number) => jobs.reduce((total, job) => total + pick(job), 0);
  const answersMatch = answers.mersenneMatches && answers.fractalMatches;
  const invalidCaught = sum((job) => job.invalidResults);
  const began = Math.min(...jobs.map((job) => job.submittedAtMs));
  const ended = Math.max(...jobs.map((job) => job.finishedAtMs ?? job.submittedAtMs));
  return {
    ok: answersMatch && invalidCaught >= 1,
    jobs: jobs.length,
    tasks: sum((job) => job.tasks.total),
    verified: sum((job) => job.tasks.verified),
    invalidCaught,
    fuel: jobs.reduce((total, job) => total + BigInt(job.fuel), 0n).toString(),
    seconds: Math.round((ended - began) / 100) / 10,
    answersMatch,
  };
}

export function describeSummary(summary: Summary, answers: DemoAnswers, wasStored: boolean): string {
  const exponents = answers.mersenneMatches
    ? `exactly the published ones: ${list(answers.exponents)}`
    : `NOT the published ones: ${list(answers.exponents)}`;
  const picture = answers.fractalMatches ? 'every one equal' : 'NOT equal';
  return [
    wasStored
      ? 'The demonstration was verified before; these are its figures from the store.'
      : 'The demonstration is verified.',
    '',
    `  Found     2^p − 1 is prime for ${answers.exponents.length} exponents p up to 2,300, ${exponents}.`,
    `            For the other ${answers.residues} the 64-bit residue of the Lucas–Lehmer test is kept.`,
    `            A Mandelbrot picture of ${summary.tasks - answers.exponents.length - answers.residues} tiles; ${answers.tilesRecomputed} of them computed here once more: ${picture}.`,
    `  Verified  ${summary.verified} of ${summary.tasks} tasks, each computed by nodes of three different owners; an answer`,
    '            counts when two of them agree on outcome, output digest and fuel, to the last bit.',
    `  Caught    ${summary.invalidCaught} wrong answers of the demonstration's liar; none became a result.`,
    `  Work      ${inWords(BigInt(summary.fuel))} metered instructions (each counted once), ${seconds(summary.seconds * 1000)} from submission to the last verdict.`,
    '',
    '  All of these processes run on one machine: that shows the mechanism, not the independence of real owners.',
  ].join('\n');
}
