/** What gateways are told about work, so that they know where to offer slots. */
import { inputsAtHand } from './inputs.ts';
import { SCHEDULER_LIMITS } from './limits.ts';
import { hasOwners } from './placement.ts';
import type { Demand, Job, Shard } from './state.ts';
import type { Turn } from './turn.ts';

/** Replicas that could be leased now, capped, and the highest priority among their jobs. */
export function demandOf(shard: Shard): Demand {
  const leases = Math.min(shard.wanted, SCHEDULER_LIMITS.demand.value);
  const first = leases === 0 ? undefined : shard.running.find((job) => job.wanted > 0);
  return { leases, priority: first?.spec.policy.priority ?? 0 };
}

/** Derives what the job wants again, and with it the shard's sum. */
export function refreshWanted(shard: Shard, job: Job): void {
  const wanted = wantedOf(shard, job);
  shard.wanted += wanted - job.wanted;
  job.wanted = wanted;
}

/** Replicas of begun tasks, and of those that may begin: what `wanted` must be. */
export function wantedOf(shard: Shard, job: Job): number {
  if (job.state !== 'running') return 0;
  if (!hasOwners(shard, job)) return job.need;
  const room = SCHEDULER_LIMITS.openTasks.value - job.fresh.length - job.retries.length;
  return job.need + Math.max(0, Math.min(room, inputsAtHand(job))) * job.spec.policy.replicas;
}

/**
 * Said when it appears, doubles, ends or changes priority; and again when slots were refused and something has
 * become leasable afterwards, so that a gateway knows to offer them once more.
 */
export function publishDemand(turn: Turn): void {
  const { shard } = turn;
  for (const job of turn.jobs) refreshWanted(shard, job);
  const before = shard.demand;
  const demand = demandOf(shard);
  const again = shard.slotsRefused && turn.widened && demand.leases > 0;
  const grew = demand.leases > before.leases * 2;
  const changed =
    grew || (demand.leases === 0) !== (before.leases === 0) || demand.priority !== before.priority;
  if (again) shard.slotsRefused = false;
  if (turn.refused) shard.slotsRefused = true;
  if (!changed && !again) return;
  shard.demand = demand;
  turn.effects.push({ type: 'publish-demand', ...demand });
}
