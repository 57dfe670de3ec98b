/** How each state looks: a tone and a word beside its shape. The one table that chips, grids and bars share. */
import type { JobState, TaskState, Verdict } from '@trine/protocol';

export type Tone = 'quiet' | 'plain' | 'accent' | 'alarm' | 'warn';

export interface StateLook {
  readonly word: string;
  readonly tone: Tone;
  readonly meaning: string;
}

/** In the order of a legend and of a stacked bar. */
export const TASK_LOOKS: Readonly<Record<TaskState, StateLook>> = {
  verified: { word: 'verified', tone: 'accent', meaning: 'enough nodes of different owners agree exactly' },
  running: { word: 'running', tone: 'plain', meaning: 'at least one node is working on it' },
  waiting: { word: 'waiting', tone: 'quiet', meaning: 'no node has it yet' },
  disputed: { word: 'disputed', tone: 'alarm', meaning: 'nodes disagree and no quorum was reached' },
  abandoned: { word: 'abandoned', tone: 'warn', meaning: 'too many attempts ended without a result' },
  cancelled: { word: 'cancelled', tone: 'quiet', meaning: 'the job was cancelled first' },
};

export const TASK_STATE_ORDER = Object.keys(TASK_LOOKS) as readonly TaskState[];

export const JOB_LOOKS: Readonly<Record<JobState, StateLook & { readonly mark: TaskState }>> = {
  preparing: {
    word: 'preparing',
    tone: 'plain',
    mark: 'waiting',
    meaning: 'the module is checked and metered',
  },
  running: { word: 'running', tone: 'plain', mark: 'running', meaning: 'tasks are given to nodes' },
  finished: { word: 'finished', tone: 'accent', mark: 'verified', meaning: 'every task is closed' },
  cancelled: { word: 'cancelled', tone: 'quiet', mark: 'cancelled', meaning: 'stopped by its submitter' },
  refused: { word: 'refused', tone: 'alarm', mark: 'abandoned', meaning: 'the module was not accepted' },
};

export const VERDICT_LOOKS: Readonly<Record<Verdict, StateLook>> = {
  valid: { word: 'valid', tone: 'accent', meaning: 'equal to the canonical result' },
  invalid: { word: 'invalid', tone: 'alarm', meaning: 'differs from the canonical result' },
  inconclusive: {
    word: 'inconclusive',
    tone: 'warn',
    meaning: 'there is no canonical result to compare with',
  },
  late: { word: 'late', tone: 'quiet', meaning: 'arrived after the task was closed' },
};

/** Text, background and border of a chip in each tone. */
export const TONE_CLASSES: Readonly<Record<Tone, string>> = {
  quiet: 'text-ink-2 bg-sunken border-line',
  plain: 'text-ink bg-surface border-edge',
  accent: 'text-accent bg-accent-soft border-accent-line',
  alarm: 'text-alarm bg-alarm-soft border-alarm-line',
  warn: 'text-warn bg-warn-soft border-warn-line',
};
