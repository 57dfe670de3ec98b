'use client';
/** What went wrong, and what is weaker on this platform than it could be. */
import type { AgentHandle } from '../../lib/use-agent.ts';
import { Icon } from '../icons.tsx';

export function AgentNotes({ agent, canStart }: { readonly agent: AgentHandle; readonly canStart: boolean }) {
  const weaker = agent.view?.weaker ?? [];
  const troubles = [
    ...(canStart
      ? []
      : ['The thread programs are missing: the operator must run npm run build, then reload this page.']),
    ...(agent.trouble === '' ? [] : [agent.trouble]),
  ];
  if (weaker.length === 0 && troubles.length === 0) return null;
  return (
    <div className="border-t border-line px-4 py-3 text-sm sm:px-6">
      {troubles.map((trouble) => (
        <p key={trouble} role="alert" className="text-alarm">
          {trouble}
        </p>
      ))}
      {weaker.length === 0 ? null : (
        <div className="flex gap-2 text-ink-2">
          <span className="mt-0.5 text-warn">
            <Icon name="warn" size={16} />
          </span>
          <div>
            <p className="font-medium">Weaker on this address</p>
            <ul className="list-disc pl-4">
              {weaker.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </div>
        </div>
      )}
    </div>
  );
}
