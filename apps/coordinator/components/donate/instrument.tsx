'use client';
/** State with its reason, the one button, and how much of the machine is lent. */
import { figureText, formatFuelRate } from '../../lib/format.ts';
import { type Saying, sayingOf } from '../../lib/donate-words.ts';
import type { AgentHandle } from '../../lib/use-agent.ts';
import { Icon } from '../icons.tsx';
import { Mark, type MarkState } from '../mark.tsx';
import { ThreadSlider } from './thread-slider.tsx';

interface InstrumentProps {
  readonly agent: AgentHandle;
  /** Stands between the state and the controls: the terms, before they are agreed to. */
  readonly children?: React.ReactNode;
}

export function Instrument({ agent, children }: InstrumentProps) {
  const { view, pressed, preferences } = agent;
  const hasConsented = preferences.consentedAtMs !== undefined;
  const saying = sayingOf({ view, pressed, hasConsented });
  return (
    <section aria-label="This computer">
      {view === undefined && !hasConsented ? null : <StateLine agent={agent} saying={saying} />}
      {children}
      <div className="contents border-line sm:grid sm:border-t sm:grid-cols-[minmax(0,1fr)_auto] sm:items-end sm:gap-8 sm:px-6 sm:py-5">
        <div className="border-t border-line px-4 pb-1 pt-4 sm:border-0 sm:p-0">
          <ThreadSlider threads={preferences.threads} onChange={agent.setThreads} />
        </div>
        {/* On a phone it stays above the tabs while the page scrolls: the way out is never out of sight. */}
        <div className="sticky bottom-[calc(3.5rem+env(safe-area-inset-bottom))] z-10 rounded-b-[13px] bg-surface px-4 py-3 shadow-[0_-14px_14px_-6px_var(--surface)] sm:static sm:p-0 sm:shadow-none">
          <MainButton agent={agent} saying={saying} />
        </div>
      </div>
    </section>
  );
}

function StateLine({ agent, saying }: { readonly agent: AgentHandle; readonly saying: Saying }) {
  const rate = formatFuelRate(saying.isOn ? (agent.view?.fuelPerSecond ?? 0) : 0);
  return (
    <div className="flex items-center gap-4 px-4 py-5 sm:gap-5 sm:px-6 sm:py-6">
      <Mark state={markOf(agent, saying)} size={56} className={saying.isOn ? 'text-accent' : 'text-ink-3'} />
      {/* Working changes its reason several times a second: spoken aloud, only the word is enough. */}
      <p className="sr-only" role="status">
        {agent.view?.phase === 'working' ? saying.word : `${saying.word}: ${saying.reason}`}
      </p>
      <div className="min-w-0 flex-1">
        <p className="text-[1.35rem] font-semibold leading-7 tracking-tight sm:text-[1.6rem]">
          {saying.word}
        </p>
        <p className="mt-0.5 text-ink-2">{saying.reason}</p>
      </div>
      <p className="hidden text-right sm:block" title={`${figureText(rate)}: metered instructions a second`}>
        <span className="figures block text-[1.9rem] font-semibold leading-9 tracking-tight">
          {rate.value}
        </span>
        <span className="text-sm text-ink-3">{rate.unit}</span>
      </p>
    </div>
  );
}

function markOf({ view }: AgentHandle, saying: Saying): MarkState {
  if (!saying.isOn) return 'waiting';
  return view?.phase === 'working' ? 'working' : 'running';
}

interface MainButtonProps {
  readonly agent: AgentHandle;
  readonly saying: Saying;
}

/** One place for start and stop, so that a person who wants out need not look for it. */
function MainButton({ agent, saying }: MainButtonProps) {
  const size = 'button w-full !min-h-13 !rounded-xl !px-7 !text-[1.08rem] sm:w-64';
  if (saying.isOn) {
    return (
      <button type="button" className={`${size} !border-2 !border-ink`} onClick={agent.stop}>
        <Icon name="stop" filled />
        Stop
      </button>
    );
  }
  const again = agent.preferences.consentedAtMs !== undefined;
  return (
    <button
      type="button"
      className={`${size} button-accent`}
      disabled={!agent.canStart || !agent.ready || agent.pressed === 'stop'}
      onClick={agent.start}
    >
      <Icon name="play" filled />
      {again ? 'Go on lending' : 'Lend this computer'}
    </button>
  );
}
