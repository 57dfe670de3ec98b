/** Reports: which results are accepted, repeated, late or refused. */
import { type LeaseId, LIMITS, shardOfLease } from '@trine/protocol';
import type { ShardEffect } from './effects.ts';
import type { NodeResult, ShardEvent } from './events.ts';
import { endLease, hear } from './leases.ts';
import { SCHEDULER_LIMITS } from './limits.ts';
import type { ReplicaResult } from './rows.ts';
import type { Replica, Shard } from './state.ts';
import { isCounted, isLive, isUnanswered, sameResult } from './tasks.ts';
import { abandonLease, countersOf, freeSlot, giveVerdict, type Turn } from './turn.ts';
import { settleTask } from './verdicts.ts';

type Reported = Extract<ShardEvent, { readonly type: 'results-reported' }>;
type Refusal = Extract<ShardEffect, { readonly type: 'reject-result' }>['code'];

/** Takes each result of a report by itself; one that is refused does not touch the others. */
export function resultsReported(turn: Turn, event: Reported): void {
  hear(turn.shard, event.node, event.session);
  const recorded: LeaseId[] = [];
  for (const result of event.results) {
    const refusal = takeResult(turn, event, result);
    if (refusal === undefined) recorded.push(result.lease);
    else refuse(turn, { event, lease: result.lease, code: refusal });
  }
  if (recorded.length > 0) {
    const { node, session } = event;
    turn.effects.push({ type: 'record-results', node, session, leases: recorded });
  }
}

/** The reason to refuse it, or `undefined` when the agent may forget it. */
function takeResult(turn: Turn, event: Reported, result: NodeResult): Refusal | undefined {
  const replica = turn.shard.leases.get(result.lease);
  if (replica === undefined) return takeClosed(turn, event, result);
  if (replica.node !== event.node) return 'not-your-lease';
  if (replica.grant !== result.grant || isOverLimits(replica, result)) return 'grant-mismatch';
  if (replica.result !== undefined) return sameResult(replica.result, result) ? undefined : 'result-changed';
  acceptResult(turn, replica, { event, result });
  return undefined;
}

/** No run of this grant ends so: metering stops at the fuel limit, and credit is paid in what is claimed here. */
function isOverLimits({ task }: Replica, { outcome, fuel, outputBytes }: NodeResult): boolean {
  const { limits } = task.job.spec;
  return outcome !== 'aborted' && (fuel > limits.fuel || outputBytes > limits.outputBytes);
}

/**
 * A lease that memory does not know: its task is closed, or it never was. The first is a repeat of what is
 * stored, or late; nothing of it can be compared any more, and whoever sends it may forget it. What was
 * late is known only until a recovery, so nothing but a counter hangs on it.
 */
function takeClosed(turn: Turn, event: Reported, { lease }: NodeResult): Refusal | undefined {
  const { shard } = turn;
  if (!wasGranted(shard, lease)) return 'unknown-lease';
  const lapsed = shard.lapsed.get(lease);
  if (lapsed?.node !== event.node) return undefined;
  shard.lapsed.delete(lease);
  countersOf(turn, event.node).late += 1;
  const { job, index, node } = lapsed;
  turn.effects.push({ type: 'announce-verdict', job, index, node, verdict: 'late' });
  return undefined;
}

/** Numbers of leases begin at one: what lies below was never given to anyone. */
const wasGranted = (shard: Shard, lease: LeaseId): boolean =>
  shardOfLease(lease) === shard.context.shard &&
  lease >= LIMITS.shards.value &&
  lease < (shard.leaseCounter + 1) * LIMITS.shards.value;

interface Claim {
  readonly event: Reported;
  readonly result: NodeResult;
}

/** The first result of a lease stands, whether the lease is live or ended without one. */
function acceptResult(turn: Turn, replica: Replica, { event, result }: Claim): void {
  const wasUnanswered = isUnanswered(replica);
  replica.result = storedResult(event, result);
  if (isLive(replica)) {
    endLease(turn, replica, 'reported', '');
    freeSlot(turn, replica);
  } else {
    countersOf(turn, replica.node).unanswered += Number(isUnanswered(replica)) - Number(wasUnanswered);
  }
  replica.reason = result.reason.slice(0, SCHEDULER_LIMITS.reasonCharacters.value);
  turn.shard.dirty.frames.set(event.frame.id, { ...event.frame, node: event.node });
  if (result.outcome !== 'aborted') makeUnique(turn, replica);
  settleTask(turn, replica.task);
}

function storedResult(event: Reported, result: NodeResult): ReplicaResult {
  const { outcome, outputDigest, outputBytes, output, fuel, wallMs, leaf } = result;
  return { outcome, outputDigest, outputBytes, output, fuel, wallMs, frame: event.frame.id, leaf };
}

/** Replicas of the same node or group in the task, asked after this one's lease had ended. */
const rivalsOf = (replica: Replica): readonly Replica[] =>
  replica.task.replicas.filter(
    (other) => other !== replica && (other.group === replica.group || other.node === replica.node),
  );

/** A node and a group count once in a task: by the result that came first. */
function makeUnique(turn: Turn, replica: Replica): void {
  const rivals = rivalsOf(replica);
  if (rivals.some(isCounted)) return giveVerdict(turn, replica, 'late');
  for (const rival of rivals.filter(isLive)) {
    const reason = 'an earlier lease of the same owner was answered';
    endLease(turn, rival, 'abandoned', reason);
    freeSlot(turn, rival);
    abandonLease(turn, rival.node, rival.lease, reason);
  }
}

interface RefusedResult {
  readonly event: Reported;
  readonly lease: LeaseId;
  readonly code: Refusal;
}

/** A refused result would be repeated for ever, so its node is told to forget the lease, unless it holds it. */
function refuse(turn: Turn, { event, lease, code }: RefusedResult): void {
  turn.effects.push({ type: 'reject-result', node: event.node, lease, code });
  if (code !== 'grant-mismatch') {
    abandonLease(turn, event.node, lease, `the result was refused: ${code}`);
  }
}
