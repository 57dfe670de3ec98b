/** What the donate page says of the agent's state: a word, a sentence, and what the button does next. */
import type { AgentPhase, AgentView } from '@trine/agent/browser';

export interface Saying {
  readonly word: string;
  readonly reason: string;
  /** True while the button stops; false while it starts. */
  readonly isOn: boolean;
}

export interface SayingSource {
  readonly view: AgentView | undefined;
  readonly pressed: 'start' | 'stop' | undefined;
  readonly hasConsented: boolean;
}

const WORDS: Readonly<Record<AgentPhase, string>> = {
  stopped: 'Stopped',
  connecting: 'Connecting',
  idle: 'Idle',
  working: 'Working',
  paused: 'Paused',
  stopping: 'Stopped',
  refused: 'Not connected',
};

/** A press is answered before the agent has followed: stopping is said at once. */
export function sayingOf({ view, pressed, hasConsented }: SayingSource): Saying {
  if (pressed === 'stop') {
    return { word: 'Stopped', reason: 'You pressed stop; unfinished work goes back to others.', isOn: false };
  }
  if (pressed === 'start' && (view === undefined || !isOn(view.phase))) {
    return { word: 'Starting', reason: 'You pressed the button.', isOn: true };
  }
  if (view !== undefined) return { word: WORDS[view.phase], reason: view.reason, isOn: isOn(view.phase) };
  return hasConsented
    ? {
        word: 'Stopped',
        reason: 'Nothing starts by itself. Press to go on; your counters were kept.',
        isOn: false,
      }
    : { word: 'Not started', reason: 'Nothing runs before you press the button.', isOn: false };
}

const ON: ReadonlySet<AgentPhase> = new Set(['connecting', 'idle', 'working', 'paused']);

const isOn = (phase: AgentPhase): boolean => ON.has(phase);
