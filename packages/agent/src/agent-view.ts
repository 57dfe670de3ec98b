/** Builds the snapshot that a person sees from what the loop knows. Plain data in, plain data out. */
import type { AgentKind, LinkKind } from '@trine/protocol';
import type { Attempt } from './attempt.ts';
import type { CounterValues } from './counters.ts';
import type { Slot } from './thread-pool.ts';
import type { AgentPhase, AgentView, ThreadView } from './view.ts';

export interface ViewSource {
  readonly kind: AgentKind;
  readonly phase: AgentPhase;
  readonly reason: string;
  readonly node: string;
  readonly owner: string;
  readonly coordinator: string;
  readonly link: LinkKind | undefined;
  readonly linkNote: string;
  readonly slots: readonly Slot[];
  readonly attempts: readonly Attempt[];
  readonly threadsAllowed: number;
  readonly fuelPerSecond: number;
  readonly counters: CounterValues;
  readonly unrecorded: number;
  readonly weaker: readonly string[];
  readonly nowMs: number;
}

/** One snapshot; nothing in it changes later. */
export function viewOf(source: ViewSource): AgentView {
  const { counters } = source;
  return {
    phase: source.phase,
    reason: source.reason,
    agent: source.kind,
    node: source.node,
    owner: source.owner,
    coordinator: source.coordinator,
    link: source.link,
    linkNote: source.linkNote,
    threads: threadViews(source),
    threadsAllowed: source.threadsAllowed,
    fuelPerSecond: source.fuelPerSecond,
    reported: counters.reported,
    valid: counters.valid,
    invalid: counters.invalid,
    credit: String(counters.credit),
    fuelSpent: String(counters.fuelSpent),
    unrecorded: source.unrecorded,
    weaker: source.weaker,
  };
}

/** A free thread shows the work that is being fetched or uploaded for it, if there is any. */
function threadViews({ slots, attempts, nowMs }: ViewSource): readonly ThreadView[] {
  const waiting = attempts.filter(({ stage }) => stage === 'fetching' || stage === 'uploading');
  return slots.map((slot, position) => {
    if (slot.attempt !== undefined) return threadView(position, 'running', slot.attempt, nowMs);
    if (slot.state !== 'free') return threadView(position, 'ending', undefined, nowMs);
    const next = waiting.shift();
    if (next === undefined) return threadView(position, 'free', undefined, nowMs);
    return threadView(position, next.stage === 'uploading' ? 'reporting' : 'fetching', next, nowMs);
  });
}

function threadView(
  slot: number,
  state: ThreadView['state'],
  attempt: Attempt | undefined,
  nowMs: number,
): ThreadView {
  return {
    slot,
    state,
    jobName: attempt?.grant.jobName ?? '',
    job: attempt?.grant.job ?? '',
    index: attempt?.grant.index,
    progress: attempt?.progress === undefined ? undefined : share(attempt.progress),
    runningMs: attempt?.startedAtMs === undefined ? 0 : Math.max(0, Math.round(nowMs - attempt.startedAtMs)),
  };
}

/** A guest's own word: kept inside 0 … 1, and nothing where it makes no sense. */
function share({ done, total }: { readonly done: number; readonly total: number }): number | undefined {
  if (total <= 0 || done < 0) return undefined;
  return Math.min(1, done / total);
}
