'use client';
/** What this device has given, as its coordinator counts it. */
import { counted, figureText, formatCount, formatFuel, formatFuelRate } from '../../lib/format.ts';
import type { AgentHandle } from '../../lib/use-agent.ts';
import { Panel, Stat } from '../layout.tsx';

const LINK_WORDS = { webrtc: 'WebRTC data channel', websocket: 'WebSocket', memory: 'in process' } as const;

export function Contribution({ agent }: { readonly agent: AgentHandle }) {
  const { view, kept } = agent;
  const valid = view?.valid ?? kept?.valid ?? 0;
  return (
    <Panel title="Given by this device" aside="kept in this browser">
      <dl className="grid grid-cols-2 gap-x-4 gap-y-5 sm:grid-cols-4">
        <Stat
          label="Tasks verified"
          tone="accent"
          figure={{ value: formatCount(valid), unit: valid === 1 ? 'task' : 'tasks' }}
        />
        <Stat
          label="Credit"
          figure={formatFuel(view?.credit ?? kept?.credit ?? '0')}
          note="fuel of verified results"
        />
        <Stat label="Speed" figure={formatFuelRate(view?.fuelPerSecond ?? 0)} note="last 10 seconds" />
        <Stat
          label="Reported"
          figure={{
            value: formatCount(view?.reported ?? 0),
            unit: view?.reported === 1 ? 'result' : 'results',
          }}
          note={
            view === undefined || view.unrecorded === 0
              ? undefined
              : `${formatCount(view.unrecorded)} on the way`
          }
        />
      </dl>
      {view === undefined ? null : (
        <dl className="mt-5 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 border-t border-line pt-4 text-sm">
          <dt className="text-ink-3">Link</dt>
          <dd>
            {view.link === undefined ? 'none' : LINK_WORDS[view.link]}
            {view.linkNote === '' ? '' : ` (${view.linkNote})`}
          </dd>
          <dt className="text-ink-3">Owner</dt>
          <dd>{view.owner === '' ? 'this device alone, without an account' : view.owner}</dd>
          <dt className="text-ink-3">Fuel spent</dt>
          <dd>
            {figureText(formatFuel(view.fuelSpent))}
            {view.invalid === 0 ? '' : ` · ${counted(view.invalid, 'result')} found invalid`}
          </dd>
          <dt className="text-ink-3">Node</dt>
          <dd className="code truncate self-center">{view.node}</dd>
        </dl>
      )}
    </Panel>
  );
}
