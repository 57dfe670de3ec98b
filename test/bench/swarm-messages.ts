/** What a bench and its swarm, two processes, say to each other over Node's IPC. Plain JSON. */

/** A job as the bench will submit it, told before it is, so that every grant can be held against it. */
export interface ExpectedJob {
  /** Grants carry the name; the id is not known yet. */
  readonly name: string;
  /** A range job from index 0: task `i`'s input is the shared bytes and `i` as u64 little-endian. */
  readonly tasks: number;
  readonly sharedHex: string;
  /** Digest of the module as submitted. */
  readonly module: string;
  readonly replicas: number;
}

export type ToSwarm =
  /** One node a token. */
  | {
      readonly type: 'join';
      readonly url: string;
      readonly tokens: readonly string[];
      readonly slots: number;
    }
  | { readonly type: 'expect'; readonly job: ExpectedJob }
  /** Asks for the figures of the job last expected. */
  | { readonly type: 'tell' }
  | { readonly type: 'leave' };

export type FromSwarm =
  | { readonly type: 'joined' }
  | { readonly type: 'expecting' }
  /** Every second while something is going on: a count that grows while all is well, and words for people. */
  | { readonly type: 'progress'; readonly count: number; readonly words: string }
  /** Every task has its agreeing results recorded, and no lease is left. */
  | { readonly type: 'done' }
  | { readonly type: 'figures'; readonly figures: SwarmFigures }
  | { readonly type: 'failed'; readonly reason: string };

/** What the swarm measured of one job. Rates and latencies are of the steady middle. */
export interface SwarmFigures {
  readonly verified: number;
  readonly results: number;
  readonly reports: number;
  readonly grantMessages: number;
  /** Tasks by the number of results recorded for them: index 3 counts tasks with three. */
  readonly tasksByResults: readonly number[];
  /** Links that were lost on the way; sessions outlive them. */
  readonly linksLost: number;
  readonly steady: SteadyFigures;
  readonly cpuMs: number;
  /** Checks made, and the first sentences of those that failed. */
  readonly checks: number;
  readonly faults: number;
  readonly firstFaults: readonly string[];
}

export interface SteadyFigures {
  readonly seconds: number;
  readonly verifiedPerSecond: number;
  readonly resultsPerSecond: number;
  readonly leases: number;
  readonly leaseP50Ms: number;
  readonly leaseP99Ms: number;
  readonly leaseMaxMs: number;
}
