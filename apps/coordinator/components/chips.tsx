/** A state in one glance: shape, colour and word together. */
import type { JobState, TaskState, Verdict } from '@trine/protocol';
import { JOB_LOOKS, TASK_LOOKS, type Tone, TONE_CLASSES, VERDICT_LOOKS } from '../lib/states.ts';
import { Icon } from './icons.tsx';
import { Mark } from './mark.tsx';

interface ChipProps {
  readonly tone: Tone;
  readonly title?: string | undefined;
  readonly children: React.ReactNode;
}

function Chip({ tone, title, children }: ChipProps) {
  return (
    <span
      title={title}
      className={`inline-flex items-center gap-1.5 whitespace-nowrap rounded-full border px-2 py-0.5 text-[0.8rem] font-medium leading-5 ${TONE_CLASSES[tone]}`}
    >
      {children}
    </span>
  );
}

export function JobStateChip({ state }: { readonly state: JobState }) {
  const look = JOB_LOOKS[state];
  return (
    <Chip tone={look.tone} title={look.meaning}>
      <Mark state={look.mark} size={14} />
      {look.word}
    </Chip>
  );
}

export function TaskStateChip({ state }: { readonly state: TaskState }) {
  const look = TASK_LOOKS[state];
  return (
    <Chip tone={look.tone} title={look.meaning}>
      <Mark state={state} size={14} />
      {look.word}
    </Chip>
  );
}

const VERDICT_SIGNS: Readonly<Record<Verdict, string>> = {
  valid: '✓',
  invalid: '✕',
  inconclusive: '?',
  late: '–',
};

export function VerdictChip({ verdict }: { readonly verdict: Verdict | undefined }) {
  if (verdict === undefined) return <span className="text-ink-3">no verdict yet</span>;
  const look = VERDICT_LOOKS[verdict];
  return (
    <Chip tone={look.tone} title={look.meaning}>
      <span aria-hidden="true">{VERDICT_SIGNS[verdict]}</span>
      {look.word}
    </Chip>
  );
}

/** Says of a node what its token says, e.g. that it lies for a demonstration. Nothing where there is no label. */
export function NodeLabel({ label }: { readonly label: string }) {
  if (label === '') return null;
  return (
    <Chip tone="warn" title="The operator gave this node its label through its join token">
      <Icon name="flag" size={13} />
      {label}
    </Chip>
  );
}

export function OnlineChip({ online }: { readonly online: boolean }) {
  return (
    <Chip tone={online ? 'accent' : 'quiet'}>
      <svg viewBox="0 0 10 10" width={8} height={8} aria-hidden="true">
        <circle
          cx={5}
          cy={5}
          r={3.6}
          fill={online ? 'currentColor' : 'none'}
          stroke="currentColor"
          strokeWidth={1.4}
        />
      </svg>
      {online ? 'online' : 'offline'}
    </Chip>
  );
}
