/**
 * What the donate page asks of the agent. The page only shows it: the loop, its identity and its store live in
 * a Worker, which is made when the person presses the button and not before.
 */
import type { AgentView } from '@trine/agent';

export interface AgentPort {
  /** Begins, or begins again. */
  readonly start: () => Promise<void>;
  /** Gives all work back and ends the threads. */
  readonly stop: () => Promise<void>;
  readonly setThreads: (threads: number) => Promise<void>;
  /** Calls back with each new view; answers the function that ends it. */
  readonly listen: (listener: (view: AgentView) => void) => () => void;
  /** Ends the Worker. */
  readonly close: () => void;
}

/** What this browser remembers of its person's choices. */
export interface Preferences {
  readonly consentedAtMs: number | undefined;
  readonly threads: number;
}

/** Figures of earlier visits, shown before the agent runs. */
export interface KeptCounters {
  readonly valid: number;
  readonly credit: string;
}

export interface WorkerUrls {
  readonly agent: string;
  readonly guest: string;
}
