/** Why a running job waits, in words for its people. */
import { hasRoom } from './open-tasks.ts';
import type { Job } from './state.ts';
import { isCounted } from './tasks.ts';
import type { Turn } from './turn.ts';
import { setReason } from './verdicts.ts';

/** Says what a changed job waits for now; keeps the stored words while the fleet is unknown. */
export function refreshReason(turn: Turn, job: Job): void {
  const { groupsOnline } = turn.shard;
  if (groupsOnline === undefined || job.state !== 'running') return;
  setReason(turn, job, waitingReason(job, groupsOnline));
}

function waitingReason(job: Job, groupsOnline: number): string {
  const { replicas } = job.spec.policy;
  const wantsReplicas = job.need > 0 || job.begun < job.spec.inputs.count;
  if (groupsOnline < replicas && wantsReplicas) {
    return `waiting: ${groupsOnline} of ${replicas} owners online`;
  }
  if (job.live === 0 && needsFurtherOwner(job, groupsOnline)) {
    return `waiting: an owner beyond the ${groupsOnline} online is needed to settle a disagreement`;
  }
  return '';
}

/** All that is left are tasks which as many groups have answered as are online. */
const needsFurtherOwner = (job: Job, groupsOnline: number): boolean =>
  job.need > 0 &&
  (job.begun === job.spec.inputs.count || !hasRoom(job)) &&
  job.fresh.length === 0 &&
  job.retries.every((task) => task.replicas.filter(isCounted).length >= groupsOnline);
