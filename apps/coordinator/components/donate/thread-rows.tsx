'use client';
/** What each thread is doing, and how far. */
import type { ThreadView } from '@trine/agent/browser';
import { formatDuration } from '../../lib/format.ts';
import { sayingOf } from '../../lib/donate-words.ts';
import type { AgentHandle } from '../../lib/use-agent.ts';

const STATE_WORDS: Readonly<Record<ThreadView['state'], string>> = {
  free: 'free',
  fetching: 'fetching',
  running: 'running',
  reporting: 'reporting',
  ending: 'ending',
};

export function ThreadRows({ agent }: { readonly agent: AgentHandle }) {
  const { view, pressed, preferences } = agent;
  const { isOn } = sayingOf({ view, pressed, hasConsented: preferences.consentedAtMs !== undefined });
  const threads = view?.threads ?? [];
  if (!isOn || threads.length === 0) return null;
  return (
    <ul className="border-t border-line" aria-label="Threads">
      {threads.map((thread) => (
        <li key={thread.slot} className="border-t border-line px-4 py-2.5 first:border-t-0 sm:px-6">
          <ThreadRow thread={thread} />
        </li>
      ))}
    </ul>
  );
}

function ThreadRow({ thread }: { readonly thread: ThreadView }) {
  const share = thread.progress;
  const percent = share === undefined ? undefined : Math.round(100 * share);
  return (
    <div className="grid grid-cols-[5.2rem_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1.5 text-sm">
      <span className="text-ink-3">thread {thread.slot + 1}</span>
      <span className="truncate">
        {thread.jobName === '' ? (
          <span className="text-ink-3">{STATE_WORDS[thread.state]}</span>
        ) : (
          <>
            <span className="font-medium">{thread.jobName}</span>
            {thread.index === undefined ? '' : `, task ${thread.index}`}
            {thread.state === 'running' ? '' : ` (${STATE_WORDS[thread.state]})`}
          </>
        )}
      </span>
      <span className="figures text-right text-ink-2">
        {percent === undefined ? '' : `${percent} % · `}
        {thread.runningMs === 0 ? '' : formatDuration(thread.runningMs)}
      </span>
      <div
        role="progressbar"
        aria-label={`Thread ${thread.slot + 1}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        className="col-span-3 h-1 overflow-hidden rounded-full bg-line"
      >
        <div className="h-full rounded-full bg-accent" style={{ width: `${percent ?? 0}%` }} />
      </div>
    </div>
  );
}
