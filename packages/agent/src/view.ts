/** What an agent shows the person whose machine it is: a plain snapshot, a few times a second. */
import type { AgentKind, LinkKind } from '@trine/protocol';

export type AgentPhase = 'stopped' | 'connecting' | 'idle' | 'working' | 'paused' | 'stopping' | 'refused';

export interface ThreadView {
  readonly slot: number;
  readonly state: 'free' | 'fetching' | 'running' | 'reporting' | 'ending';
  readonly jobName: string;
  readonly job: string;
  readonly index: number | undefined;
  /** 0 … 1 where the guest tells its progress. */
  readonly progress: number | undefined;
  readonly runningMs: number;
}

export interface AgentView {
  readonly phase: AgentPhase;
  /** The state's reason, always, in words, with what would change it. */
  readonly reason: string;
  readonly agent: AgentKind;
  readonly node: string;
  readonly owner: string;
  readonly coordinator: string;
  readonly link: LinkKind | undefined;
  /** Why WebRTC is not used, or empty. */
  readonly linkNote: string;
  readonly threads: readonly ThreadView[];
  readonly threadsAllowed: number;
  /** Metered instructions a second over the last ten seconds, all threads. */
  readonly fuelPerSecond: number;
  /** Results this agent reported, since the identity was made. */
  readonly reported: number;
  /** The coordinator's counters for this node. */
  readonly valid: number;
  readonly invalid: number;
  readonly credit: string;
  readonly fuelSpent: string;
  readonly unrecorded: number;
  /** What is weaker on this platform, e.g. keys kept extractable on plain http. Empty when nothing is. */
  readonly weaker: readonly string[];
}
