/**
 * The life of a lease. Live from its grant until exactly one of
 *
 *   reported   its result was accepted
 *   returned   the node gave it back, or came back in a new session without it
 *   lost       the node's link stayed silent past the grace
 *   expired    its deadline passed
 *   abandoned  its job was cancelled, or its group answered through an earlier lease
 *
 * A result that comes after the end, while the task is open, is added to the replica; `ended` stays as it
 * was. Slots: the gateway counts a node's live leases as those its hello named, plus those granted, minus
 * those in `free-slots`. Every end of a lease frees its slot, whatever the cause, with two consequences for
 * a hello: a lease it does not name was never in that count and frees nothing; a lease it names that is
 * not live frees the slot it was counted with.
 */
import { assert, grantDigest, LIMITS, leaseIdOf, type LeaseId, type NodeId } from '@trine/protocol';
import { addDeadline, dropDeadline, firstDeadline } from './deadlines.ts';
import type { LeaseGrant } from './effects.ts';
import type { ShardEvent, SlotOffer } from './events.ts';
import { SCHEDULER_LIMITS } from './limits.ts';
import type { LeaseEnd } from './rows.ts';
import type { Replica, Shard, Task } from './state.ts';
import { isLive, isUnanswered } from './tasks.ts';
import { abandonLease, countersOf, forgetOldest, freeSlot, freeSlots, touchTask, type Turn } from './turn.ts';
import { settleTask } from './verdicts.ts';

type EventOf<T extends ShardEvent['type']> = Extract<ShardEvent, { readonly type: T }>;

/** Leases one replica of the task to the offering node, and says so. */
export function grantLease(turn: Turn, task: Task, offer: SlotOffer): LeaseGrant {
  const { shard } = turn;
  const { spec, code, preparedModule } = task.job;
  assert(code !== undefined && preparedModule !== undefined, 'a job that runs has a prepared module');
  shard.leaseCounter += 1;
  const lease = leaseIdOf(shard.context.shard, shard.leaseCounter);
  const { job, name: jobName, abi, limits, policy } = spec;
  const { index, input } = task;
  const identity = { job, index, lease, code, abi, inputDigest: input.digest, limits };
  const grant = grantDigest(identity, shard.context.sha256);
  const deadlineMs = policy.timeoutMs;
  addReplica(turn, task, { offer, lease, grant, deadlineMs });
  return { lease, job, jobName, index, code, abi, module: preparedModule, input, limits, deadlineMs, grant };
}

interface NewLease extends Pick<LeaseGrant, 'lease' | 'grant' | 'deadlineMs'> {
  readonly offer: SlotOffer;
}

function addReplica(turn: Turn, task: Task, { offer, lease, grant, deadlineMs }: NewLease): void {
  const { node, owner, group, session } = offer;
  const { timeMs } = turn.shard;
  const replica: Replica = {
    task,
    lease,
    node,
    owner,
    group,
    session,
    grant,
    grantedAtMs: timeMs,
    deadlineAtMs: timeMs + deadlineMs,
    ended: undefined,
    endedAtMs: undefined,
    result: undefined,
    verdict: undefined,
    reason: '',
  };
  task.replicas.push(replica);
  indexReplica(turn.shard, replica);
  touchTask(turn, task);
}

/** Puts a replica, new or recovered, where leases are looked up. */
export function indexReplica(shard: Shard, replica: Replica): void {
  shard.leases.set(replica.lease, replica);
  if (!isLive(replica)) return;
  replica.task.live += 1;
  replica.task.job.live += 1;
  const held = shard.nodeLeases.get(replica.node) ?? new Set();
  shard.nodeLeases.set(replica.node, held.add(replica));
  addDeadline(shard.deadlines, replica);
}

/** Ends a live lease. The caller frees its slot and settles its task. */
export function endLease(turn: Turn, replica: Replica, ended: LeaseEnd, reason: string): void {
  const { shard } = turn;
  replica.ended = ended;
  replica.endedAtMs = shard.timeMs;
  replica.reason = reason.slice(0, SCHEDULER_LIMITS.reasonCharacters.value);
  replica.task.live -= 1;
  replica.task.job.live -= 1;
  const held = shard.nodeLeases.get(replica.node);
  held?.delete(replica);
  if (held?.size === 0) shard.nodeLeases.delete(replica.node);
  dropDeadline(shard.deadlines);
  if (isUnanswered(replica)) countersOf(turn, replica.node).unanswered += 1;
  touchTask(turn, replica.task);
}

/** Ends a lease without a result, frees its slot and lets the task go on. */
function lapse(turn: Turn, replica: Replica, ended: LeaseEnd, reason: string): void {
  endLease(turn, replica, ended, reason);
  freeSlot(turn, replica);
  settleTask(turn, replica.task);
}

/** Ends every lease whose deadline has passed, unless a restart is too recent. */
export function expireLeases(turn: Turn): void {
  const { shard } = turn;
  for (;;) {
    const due = firstDeadline(shard.deadlines);
    if (due === undefined || due.deadlineAtMs > shard.timeMs) return;
    const seconds = Math.round((due.deadlineAtMs - due.grantedAtMs) / 100) / 10;
    lapse(turn, due, 'expired', `no answer within ${seconds} s`);
    abandonLease(turn, due.node, due.lease, 'the deadline has passed');
  }
}

/** When the grace after a recovery is over, nodes that never came back have lost their leases. */
export function loseUnheard(turn: Turn): void {
  const seconds = LIMITS.restartGraceMs.value / 1_000;
  for (const node of turn.shard.unheard) {
    for (const replica of leasesOf(turn.shard, node)) {
      lapse(turn, replica, 'lost', `not heard of for ${seconds} s after a restart`);
      abandonLease(turn, node, replica.lease, 'not heard of since a restart');
    }
  }
  turn.shard.unheard.clear();
}

/** A node that speaks is not lost, and its earlier sessions are over. */
export function hear(shard: Shard, node: NodeId, session: number): void {
  const { sessions, unheard } = shard;
  unheard.delete(node);
  if (session <= (sessions.get(node) ?? -1)) return;
  sessions.delete(node);
  sessions.set(node, session);
  if (sessions.size > SCHEDULER_LIMITS.sessions.value) forgetOldest(sessions);
}

export const isStale = (shard: Shard, node: NodeId, session: number): boolean =>
  session < (shard.sessions.get(node) ?? 0);

/** A new session: what the node no longer holds has ended, what it holds in error it may forget. */
export function nodeSaidHello(turn: Turn, event: EventOf<'node-said-hello'>): void {
  const { node, session } = event;
  if (isStale(turn.shard, node, session)) return;
  hear(turn.shard, node, session);
  const named = new Set(event.held);
  for (const replica of leasesOf(turn.shard, node)) {
    if (replica.session >= session || named.has(replica.lease)) continue;
    endLease(turn, replica, 'returned', 'no longer held when the node came back');
    settleTask(turn, replica.task);
  }
  for (const lease of named) refuseUnlessHeld(turn, event, lease);
}

function refuseUnlessHeld(turn: Turn, event: EventOf<'node-said-hello'>, lease: LeaseId): void {
  const replica = turn.shard.leases.get(lease);
  if (replica !== undefined && isLive(replica) && replica.node === event.node) return;
  abandonLease(turn, event.node, lease, 'not a lease of this node any more');
  freeSlots(turn, event.node, event.session, 1);
}

export function nodeLost(turn: Turn, { node, session, reason }: EventOf<'node-lost'>): void {
  const { shard } = turn;
  if (isStale(shard, node, session)) return;
  shard.unheard.delete(node);
  for (const replica of leasesOf(shard, node)) {
    if (replica.session > session) continue;
    lapse(turn, replica, 'lost', reason);
    abandonLease(turn, node, replica.lease, 'the link was silent for too long');
  }
  if (!shard.nodeLeases.has(node)) shard.sessions.delete(node);
}

export function leasesReturned(turn: Turn, event: EventOf<'leases-returned'>): void {
  if (isStale(turn.shard, event.node, event.session)) return;
  hear(turn.shard, event.node, event.session);
  for (const lease of event.leases) {
    const replica = turn.shard.leases.get(lease);
    if (replica === undefined || replica.node !== event.node || !isLive(replica)) continue;
    lapse(turn, replica, 'returned', event.reason);
  }
}

/** The node's live leases in order of their grant; a copy, because ending them changes the set. */
const leasesOf = (shard: Shard, node: NodeId): readonly Replica[] => [...(shard.nodeLeases.get(node) ?? [])];
