'use client';
/** How many of the machine's threads are lent. */
import { useSyncExternalStore } from 'react';
import { counted, formatShare } from '../../lib/format.ts';
import { CORES_FALLBACK } from '../../lib/use-agent.ts';

const never = (): (() => void) => () => {};

interface ThreadSliderProps {
  readonly threads: number;
  readonly onChange: (threads: number) => void;
}

export function ThreadSlider({ threads, onChange }: ThreadSliderProps) {
  const cores = useSyncExternalStore(
    never,
    () => navigator.hardwareConcurrency || CORES_FALLBACK,
    () => CORES_FALLBACK,
  );
  const lent = Math.min(threads, cores);
  const share = cores === 1 ? 1 : (lent - 1) / (cores - 1);
  return (
    <div>
      <label htmlFor="threads" className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="font-medium">Threads to lend</span>
        <span className="text-sm text-ink-2">
          {counted(lent, 'thread')} of {cores}, up to {formatShare(lent, cores)} of the processor
        </span>
      </label>
      <input
        id="threads"
        type="range"
        min={1}
        max={cores}
        step={1}
        value={lent}
        onChange={(event) => onChange(Number(event.currentTarget.value))}
        className="slider mt-1"
        style={{ '--share': share } as React.CSSProperties}
        aria-valuetext={`${counted(lent, 'thread')} of ${cores}`}
      />
    </div>
  );
}
