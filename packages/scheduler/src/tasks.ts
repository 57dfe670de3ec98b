/** What follows from a task's row: which results count, what failed, who may be asked, what is still needed. */
import type { NodeId, QuorumGroup } from '@trine/protocol';
import { SCHEDULER_LIMITS } from './limits.ts';
import type { CanonicalResult, ReplicaResult } from './rows.ts';
import type { Replica, Shard, Task } from './state.ts';

export const isLive = (replica: Replica): boolean => replica.ended === undefined;

/** A result that is compared: `aborted` never is, nor one whose group had already answered. */
export const isCounted = (replica: Replica): boolean =>
  replica.result !== undefined && replica.result.outcome !== 'aborted' && replica.verdict !== 'late';

/** A lease that ended and left nothing to compare, by its node's doing or fate. */
export const isUnanswered = (replica: Replica): boolean =>
  replica.result === undefined
    ? replica.ended === 'expired' || replica.ended === 'lost' || replica.ended === 'returned'
    : replica.result.outcome === 'aborted';

/** An unanswered lease that counts against the task; work given back does not. */
export const isFailed = (replica: Replica): boolean =>
  isUnanswered(replica) && !(replica.ended === 'returned' && replica.result === undefined);

export const sameResult = (
  a: Pick<ReplicaResult, 'outcome' | 'outputDigest' | 'fuel'>,
  b: Pick<ReplicaResult, 'outcome' | 'outputDigest' | 'fuel'>,
): boolean => a.outcome === b.outcome && a.outputDigest === b.outputDigest && a.fuel === b.fuel;

/** The result that `quorum` counted replicas share, if there is one. */
export function canonicalOf(task: Task): CanonicalResult | undefined {
  for (const { result } of task.replicas.filter(isCounted)) {
    if (result === undefined) continue;
    const equal = task.replicas.filter(
      (other) => isCounted(other) && other.result !== undefined && sameResult(result, other.result),
    );
    if (equal.length >= task.job.spec.policy.quorum) return withOutput(result, equal);
  }
  return undefined;
}

/** The small output may be missing from the first report and present in an equal one. */
function withOutput(result: ReplicaResult, equal: readonly Replica[]): CanonicalResult {
  const { outcome, outputDigest, outputBytes, fuel } = result;
  const output = equal.map((replica) => replica.result?.output).find((bytes) => bytes !== undefined);
  return { outcome, outputDigest, outputBytes, output, fuel };
}

/**
 * May this node of this group carry a replica of the task on? A node and a group have one place in a task,
 * held by a live lease or a result. Whoever lost a lease is asked again only when there is nobody else:
 * when as many groups have tried as are online.
 */
export function isEligible(task: Task, node: NodeId, group: QuorumGroup, groupsOnline: number): boolean {
  let triedBefore = false;
  for (const replica of task.replicas) {
    if (replica.node !== node && replica.group !== group) continue;
    if (isLive(replica) || isCounted(replica)) return false;
    triedBefore = true;
  }
  return !triedBefore || groupsTried(task) >= groupsOnline;
}

const groupsTried = (task: Task): number => new Set(task.replicas.map((replica) => replica.group)).size;

/**
 * Replicas that should be started now. Undecided: the policy's number, or one more when all that ran have
 * answered without agreeing. Verified: those never started yet, because three are always asked, as long as
 * enough groups are online.
 */
export function replicasNeeded(shard: Shard, task: Task): number {
  const { policy } = task.job.spec;
  const attempts = task.replicas.length;
  if (task.closed) return 0;
  if (task.state === 'verified') {
    return startsUnstarted(shard, policy.replicas) ? Math.max(0, policy.replicas - attempts) : 0;
  }
  if (task.replicas.filter(isFailed).length >= policy.failedAttemptsMax) return 0;
  const counted = task.replicas.filter(isCounted).length;
  const wanted = task.live === 0 ? Math.max(policy.replicas, counted + 1) : policy.replicas;
  const missing = Math.min(wanted, policy.replicasMax) - counted - task.live;
  return Math.max(0, Math.min(missing, SCHEDULER_LIMITS.attempts.value - attempts));
}

/** After a recovery nodes come back one by one; nothing is given up before the grace is over. */
function startsUnstarted(shard: Shard, replicas: number): boolean {
  if (shard.groupsOnline === undefined || inGrace(shard)) return true;
  return shard.groupsOnline >= replicas;
}

export const inGrace = (shard: Shard): boolean =>
  shard.grace.type === 'pending' || shard.timeMs < shard.grace.atMs;

/** Whether the task belongs among the retries: stays true once it is, so `fresh` only shrinks for a group. */
export const isRetry = (task: Task): boolean =>
  task.replicas.length >= task.job.spec.policy.replicas ||
  task.replicas.some(
    (replica) =>
      (replica.ended !== undefined && replica.ended !== 'reported') || replica.result?.outcome === 'aborted',
  );
