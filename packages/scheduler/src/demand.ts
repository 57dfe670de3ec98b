/** What gateways are told about work, so that they know where to offer slots. */
import { inputsAtHand } from './inputs.ts';
import { SCHEDULER_LIMITS } from './limits.ts';
import { hasOwners } from './placement.ts';
import type { Demand, Job, Shard } from './state.ts';
import type { Turn } from './turn.ts';

/** Replicas that could be leased now, capped, and the highest priority among their jobs. */
export function demandOf(shard: Shard): Demand {
  let [leases, priority] = [0, 0];
  for (const job of shard.running) {
    const wanted = demandOfJob(shard, job);
    if (wanted > 0 && leases === 0) priority = job.spec.policy.priority;
    leases += wanted;
    if (leases >= SCHEDULER_LIMITS.demand.value) return { leases: SCHEDULER_LIMITS.demand.value, priority };
  }
  return { leases, priority };
}

function demandOfJob(shard: Shard, job: Job): number {
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
