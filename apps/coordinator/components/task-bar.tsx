/** How far a job is: one bar in the states' tones, with a legend of shapes, words and counts. */
import type { TaskState } from '@trine/protocol';
import { formatCount, formatShare } from '../lib/format.ts';
import { TASK_LOOKS, TASK_STATE_ORDER } from '../lib/states.ts';
import { Mark } from './mark.tsx';

export interface TaskTally {
  readonly total: number;
  readonly waiting: number;
  readonly running: number;
  readonly verified: number;
  readonly disputed: number;
  readonly abandoned: number;
}

const FILLS: Readonly<Record<TaskState, string>> = {
  verified: 'bg-accent',
  running: 'bg-accent-line',
  waiting: 'bg-transparent',
  disputed: 'bg-alarm',
  abandoned: 'bg-warn',
  cancelled: 'bg-line',
};

const countOf = (tally: TaskTally, state: TaskState): number =>
  state === 'cancelled'
    ? tally.total - tally.waiting - tally.running - tally.verified - tally.disputed - tally.abandoned
    : tally[state];

export function TaskBar({ tally, slim = false }: { readonly tally: TaskTally; readonly slim?: boolean }) {
  const label = `${formatCount(tally.verified)} of ${formatCount(tally.total)} tasks verified`;
  return (
    <div
      role="img"
      aria-label={label}
      className={`flex w-full overflow-hidden rounded-full bg-line/70 ${slim ? 'h-1.5' : 'h-2.5'}`}
    >
      {TASK_STATE_ORDER.filter((state) => state !== 'waiting').map((state) => (
        <span
          key={state}
          className={FILLS[state]}
          style={{ width: `${(100 * countOf(tally, state)) / Math.max(1, tally.total)}%` }}
        />
      ))}
    </div>
  );
}

/** Every state that has tasks, and the main ones always, so that the legend does not jump about. */
export function TaskLegend({ tally }: { readonly tally: TaskTally }) {
  const always: readonly TaskState[] = ['verified', 'running', 'waiting', 'disputed'];
  const shown = TASK_STATE_ORDER.filter((state) => always.includes(state) || countOf(tally, state) > 0);
  return (
    <ul className="flex flex-wrap gap-x-5 gap-y-1.5 text-sm">
      {shown.map((state) => (
        <li key={state} className="flex items-center gap-1.5 text-ink-2" title={TASK_LOOKS[state].meaning}>
          <Mark state={state} size={16} className={LEGEND_TONES[state]} />
          {TASK_LOOKS[state].word}
          <span className="figures font-medium text-ink">{formatCount(countOf(tally, state))}</span>
        </li>
      ))}
    </ul>
  );
}

const LEGEND_TONES: Readonly<Record<TaskState, string>> = {
  verified: 'text-accent',
  running: 'text-ink-2',
  waiting: 'text-ink-3',
  disputed: 'text-alarm',
  abandoned: 'text-warn',
  cancelled: 'text-ink-3',
};

export const shareVerified = (tally: TaskTally): string => formatShare(tally.verified, tally.total);
