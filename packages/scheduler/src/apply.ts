/**
 * The one function that changes a shard. Time and chance come from `batch-began` and from nowhere else, so
 * the same events make the same shard, whoever applies them. The states and what leads from one to the next
 * are told where they are decided: jobs in `jobs.ts`, tasks in `verdicts.ts`, leases in `leases.ts`.
 */
import { LIMITS } from '@trine/protocol';
import { createChance } from './chance.ts';
import { firstDeadline } from './deadlines.ts';
import { publishDemand } from './demand.ts';
import type { ShardEffect } from './effects.ts';
import type { ShardEvent } from './events.ts';
import { inputsLoaded } from './inputs.ts';
import { dropUnstarted, fleetChanged, jobCancelled, jobPrepared, jobRefused, jobSubmitted } from './jobs.ts';
import { expireLeases, leasesReturned, loseUnheard, nodeLost, nodeSaidHello } from './leases.ts';
import { slotsOffered } from './placement.ts';
import { refreshReason } from './reasons.ts';
import { resultsReported } from './results.ts';
import type { Shard } from './state.ts';
import { inGrace } from './tasks.ts';
import { createTurn, flushTurn, type Turn } from './turn.ts';

/**
 * Applies one event and returns what is to be done once the batch is committed. Events that make no sense
 * in the present state (an unknown job, a stale session) change nothing: they are late, not wrong.
 */
export function apply(shard: Shard, event: ShardEvent): readonly ShardEffect[] {
  const turn = createTurn(shard);
  dispatch(turn, event);
  for (const job of turn.jobs) refreshReason(turn, job);
  flushTurn(turn);
  publishDemand(turn);
  return turn.effects;
}

function dispatch(turn: Turn, event: ShardEvent): void {
  switch (event.type) {
    case 'batch-began':
      return beginBatch(turn, event);
    case 'job-submitted':
      return jobSubmitted(turn, event);
    case 'job-prepared':
      return jobPrepared(turn, event);
    case 'job-refused':
      return jobRefused(turn, event);
    case 'job-cancelled':
      return jobCancelled(turn, event);
    case 'inputs-loaded':
      return inputsLoaded(turn, event);
    case 'fleet-changed':
      return fleetChanged(turn, event);
    case 'slots-offered':
      return slotsOffered(turn, event.offer);
    case 'node-said-hello':
      return nodeSaidHello(turn, event);
    case 'node-lost':
      return nodeLost(turn, event);
    case 'leases-returned':
      return leasesReturned(turn, event);
    case 'results-reported':
      return resultsReported(turn, event);
  }
}

function beginBatch(turn: Turn, event: Extract<ShardEvent, { readonly type: 'batch-began' }>): void {
  const { shard } = turn;
  const wasInGrace = inGrace(shard);
  shard.timeMs = Math.max(shard.timeMs, event.atMs);
  shard.chance = createChance(event.entropy);
  if (shard.grace.type === 'pending') startGrace(shard);
  if (inGrace(shard)) return;
  if (wasInGrace) {
    loseUnheard(turn);
    dropUnstarted(turn);
  }
  expireLeases(turn);
}

/** Nodes get time to come back after a restart; a shard without leases needs none. */
function startGrace(shard: Shard): void {
  const graceMs = shard.unheard.size > 0 ? LIMITS.restartGraceMs.value : 0;
  shard.grace = { type: 'until', atMs: shard.timeMs + graceMs };
}

/**
 * When a batch must be made even if nothing arrives, in the shard's time: the first deadline, or the end of
 * the restart grace if that is later or has something to end.
 */
export function nextDeadlineMs(shard: Shard): number | undefined {
  const due = firstDeadline(shard.deadlines)?.deadlineAtMs;
  if (!inGrace(shard)) return due;
  if (due === undefined && shard.unheard.size === 0) return undefined;
  return shard.grace.type === 'until' ? shard.grace.atMs : shard.timeMs;
}
