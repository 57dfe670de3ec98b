/** Where each effect of a shard goes once its commit is stored. */
import { assertNever, type ShardId } from '@trine/protocol';
import type { ShardEffect } from '@trine/scheduler';
import type { Announcements } from './announcements.ts';
import type { Activity } from './cluster/activity.ts';
import type { Gateway } from './gateway/gateway.ts';

export interface EffectPorts {
  readonly gateway: Pick<Gateway, 'handle'>;
  readonly preparation: {
    begin(effect: Extract<ShardEffect, { readonly type: 'prepare-module' }>): void;
  };
  readonly announcements: Announcements;
  readonly activity: Activity;
}

export function carryOut(ports: EffectPorts, shard: ShardId, effect: ShardEffect): void {
  const { gateway, preparation, announcements, activity } = ports;
  switch (effect.type) {
    case 'publish-demand':
    case 'grant-leases':
    case 'refuse-slots':
    case 'record-results':
    case 'abandon-leases':
    case 'free-slots':
    case 'reject-result':
    case 'announce-counters':
      return gateway.handle(shard, effect);
    case 'prepare-module':
      return preparation.begin(effect);
    case 'load-inputs':
      // Read by the shard loop itself, which knows whether the asker still lives.
      return;
    case 'announce-verdict':
      return activity.verdict(effect.verdict, effect.node, effect);
    case 'announce-task':
      activity.task(effect.state);
      return announcements.job(effect.job);
    case 'announce-job':
      gateway.handle(shard, effect);
      return announcements.job(effect.job);
    case 'announce-result':
      return announcements.job(effect.job);
  }
  assertNever(effect);
}
