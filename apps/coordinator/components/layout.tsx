/** The pieces every page is laid out with: its head, its panels, its figures, its empty and failed states. */
import type { Figure } from '../lib/format.ts';
import { Mark } from './mark.tsx';

interface PageHeadProps {
  readonly title: React.ReactNode;
  readonly lead?: React.ReactNode;
  readonly aside?: React.ReactNode;
}

export function PageHead({ title, lead, aside }: PageHeadProps) {
  return (
    <header className="mb-6 flex flex-wrap items-start justify-between gap-x-8 gap-y-4 sm:mb-8">
      <div className="min-w-0 max-w-3xl">
        <h1 className="text-[1.7rem] font-semibold sm:text-[2rem]">{title}</h1>
        {lead === undefined ? null : <div className="mt-2 text-ink-2">{lead}</div>}
      </div>
      {aside}
    </header>
  );
}

interface PanelProps {
  readonly title: string;
  readonly aside?: React.ReactNode;
  readonly children: React.ReactNode;
  /** True for tables, which bring their own inner space. */
  readonly flush?: boolean;
  readonly className?: string;
}

export function Panel({ title, aside, children, flush = false, className = '' }: PanelProps) {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
  return (
    <section className={`panel min-w-0 ${className}`} aria-labelledby={id}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 px-4 pb-3 pt-4 sm:px-5">
        <h2 id={id} className="text-[1.02rem] font-semibold">
          {title}
        </h2>
        {aside === undefined ? null : <div className="text-sm text-ink-3">{aside}</div>}
      </div>
      <div className={flush ? 'pb-2' : 'px-4 pb-5 sm:px-5'}>{children}</div>
    </section>
  );
}

interface StatProps {
  readonly label: string;
  readonly figure: Figure;
  readonly note?: React.ReactNode;
  readonly tone?: 'ink' | 'accent' | 'alarm';
}

const STAT_TONES = { ink: 'text-ink', accent: 'text-accent', alarm: 'text-alarm' } as const;

/** One figure with its unit and what it counts. */
export function Stat({ label, figure, note, tone = 'ink' }: StatProps) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-ink-3">{label}</dt>
      <dd
        className={`figures mt-0.5 text-[1.55rem] font-semibold leading-8 tracking-tight ${STAT_TONES[tone]}`}
      >
        {figure.value}
        <span className="ml-1 text-[0.95rem] font-medium tracking-normal text-ink-3">{figure.unit}</span>
      </dd>
      {note === undefined ? null : <dd className="text-sm text-ink-3">{note}</dd>}
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly children: React.ReactNode;
}

/** Nothing here yet, and what to do about it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div className="flex flex-col items-start gap-3 px-4 py-6 sm:px-5">
      <Mark state="waiting" size={28} className="text-ink-3" />
      <div>
        <p className="font-medium">{title}</p>
        <div className="mt-1 max-w-prose text-ink-2">{children}</div>
      </div>
    </div>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p className="px-4 py-6 text-ink-3 sm:px-5" role="status">
      Asking the coordinator for {what}…
    </p>
  );
}

interface TroubleProps {
  readonly title: string;
  readonly message: string;
  readonly children?: React.ReactNode;
}

/** Something failed: what, why, and the next step. */
export function Trouble({ title, message, children }: TroubleProps) {
  return (
    <div className="m-4 rounded-xl border border-alarm-line bg-alarm-soft px-4 py-3 sm:m-5" role="alert">
      <p className="font-medium text-alarm">{title}</p>
      <p className="mt-1 text-ink">{message}</p>
      {children}
    </div>
  );
}

/** Scrolls sideways on a narrow screen and can be scrolled from the keyboard. */
export function WideTable({
  label,
  children,
}: {
  readonly label: string;
  readonly children: React.ReactNode;
}) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keys
    <section className="relative overflow-x-auto px-1 sm:px-2" aria-label={`${label}, table`} tabIndex={0}>
      <table className="table">{children}</table>
    </section>
  );
}
