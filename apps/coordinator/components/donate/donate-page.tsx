'use client';
/** Lend this computer: what is asked, one button, and everything that happens while it runs. */
import type { AgentHandle } from '../../lib/use-agent.ts';
import { useTabAgent } from '../agent-provider.tsx';
import { AddDevice } from './add-device.tsx';
import { AgentNotes } from './agent-notes.tsx';
import { ConsentTerms } from './consent-terms.tsx';
import { Contribution } from './contribution.tsx';
import { Encouragement } from './encouragement.tsx';
import { Instrument } from './instrument.tsx';
import { ThreadRows } from './thread-rows.tsx';

interface DonatePageProps {
  /** The coordinator's name. */
  readonly asker: string;
  /** Where another device can open this page; absent when there is no such address. */
  readonly shareOrigin: string | undefined;
}

export function DonatePage({ asker, shareOrigin }: DonatePageProps) {
  const agent = useTabAgent();
  const hasBegun = agent.view !== undefined;
  return (
    <div className="grid items-start gap-4 sm:gap-6 lg:grid-cols-[minmax(0,1.25fr)_minmax(0,1fr)]">
      <div className="grid min-w-0 gap-4 sm:gap-6">
        <Lead agent={agent} />
        <div className="panel">
          <Instrument agent={agent}>
            {hasBegun || agent.preferences.consentedAtMs !== undefined ? null : (
              <ConsentTerms asker={asker} />
            )}
          </Instrument>
          {hasBegun ? <ThreadRows agent={agent} /> : null}
          <AgentNotes agent={agent} />
        </div>
        {hasBegun || agent.kept !== undefined ? <Contribution agent={agent} /> : null}
        {agent.preferences.consentedAtMs === undefined && !hasBegun ? null : (
          <details className="panel px-4 py-3 sm:px-5">
            <summary className="font-medium">What was agreed</summary>
            <div className="-mx-4 mt-1 sm:-mx-5">
              <ConsentTerms asker={asker} />
            </div>
          </details>
        )}
      </div>
      <div className="min-w-0 lg:col-start-2 lg:row-span-2 lg:row-start-1">
        <Encouragement />
      </div>
      <div className="min-w-0 lg:col-start-1">
        <AddDevice origin={shareOrigin} />
      </div>
    </div>
  );
}

function Lead({ agent }: { readonly agent: AgentHandle }) {
  if (agent.view !== undefined) return <h1 className="sr-only">Lend this computer</h1>;
  return (
    <header className="pb-1 sm:pb-2">
      <h1 className="text-[2rem] font-semibold leading-[1.12] sm:text-[2.75rem]">
        Lend this computer.
        <br />
        <span className="text-accent">Three must agree.</span>
      </h1>
      <p className="mt-3 max-w-xl text-[1.05rem] text-ink-2">
        While this page is open it works on small pieces of public computations. Three devices that do not
        know each other compute every piece, and an answer counts when they agree exactly.
      </p>
    </header>
  );
}
