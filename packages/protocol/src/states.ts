/** The states, outcomes and verdicts of the glossary, as the one list that code, schema and UI share. */
export const JOB_STATES = ['preparing', 'running', 'finished', 'cancelled', 'refused'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const TASK_STATES = ['waiting', 'running', 'verified', 'disputed', 'abandoned', 'cancelled'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/**
 * What a run ends as. `completed`, `trapped` and `out-of-fuel` are deterministic and comparable;
 * `aborted` says that the machine stopped it or could not go on, and is never compared.
 */
export const OUTCOMES = ['completed', 'trapped', 'out-of-fuel', 'aborted'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type ComparableOutcome = Exclude<Outcome, 'aborted'>;

export const VERDICTS = ['valid', 'invalid', 'inconclusive', 'late'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Kinds of entry in a job's result log. */
export const RESULT_KINDS = ['verified', 'disputed', 'abandoned'] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

export const ABIS = ['trine-1', 'wasi-1'] as const;
export type Abi = (typeof ABIS)[number];

export const AGENT_KINDS = ['page', 'runner'] as const;
export type AgentKind = (typeof AGENT_KINDS)[number];

export const LINK_KINDS = ['memory', 'websocket', 'webrtc'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];
