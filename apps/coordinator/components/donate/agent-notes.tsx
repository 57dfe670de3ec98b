'use client';
/** What went wrong, which token this device joins with, and what is weaker on this platform than it could be. */
import { sayingOf } from '../../lib/donate-words.ts';
import type { AgentHandle } from '../../lib/use-agent.ts';
import { Icon } from '../icons.tsx';

export function AgentNotes({ agent }: { readonly agent: AgentHandle }) {
  const weaker = agent.view?.weaker ?? [];
  const troubles = [
    ...(agent.canStart
      ? []
      : ['The thread programs are missing: the operator must run npm run build, then reload this page.']),
    ...(agent.trouble === '' ? [] : [agent.trouble]),
  ];
  if (weaker.length === 0 && troubles.length === 0 && !agent.hasToken) return null;
  return (
    <div className="grid gap-2 border-t border-line px-4 py-3 text-sm sm:px-6">
      {troubles.map((trouble) => (
        <p key={trouble} role="alert" className="text-alarm">
          {trouble}
        </p>
      ))}
      {agent.hasToken ? <TokenNote agent={agent} /> : null}
      {weaker.length === 0 ? null : <WeakerNote notes={weaker} />}
    </div>
  );
}

/** A token that is refused must not shut a willing device out for ever. */
function TokenNote({ agent }: { readonly agent: AgentHandle }) {
  const { view, pressed } = agent;
  const { isOn } = sayingOf({ view, pressed, hasConsented: true });
  return (
    <p className="flex items-center gap-2 text-ink-2">
      <Icon name="key" size={16} />
      This device joins with a token from the operator.
      {isOn ? null : (
        <button type="button" className="link" onClick={agent.forgetToken}>
          Forget it
        </button>
      )}
    </p>
  );
}

function WeakerNote({ notes }: { readonly notes: readonly string[] }) {
  return (
    <div className="flex gap-2 text-ink-2">
      <span className="mt-0.5 text-warn">
        <Icon name="warn" size={16} />
      </span>
      <div>
        <p className="font-medium">Weaker on this address</p>
        <ul className="list-disc pl-4">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}
