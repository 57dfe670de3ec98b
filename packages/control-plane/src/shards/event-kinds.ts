/** What becomes of an event when its batch was lost or the queue is full. */
import { assertNever } from '@trine/protocol';
import type { ShardEvent } from '@trine/scheduler';

/**
 * `kept`: somebody said it once and means it. `repeated`: nodes say it until it is recorded. `presence`: the
 * gateway knows it and says it anew after a recovery; an old offer applied late would be granted twice.
 */
export type EventKind = 'kept' | 'repeated' | 'presence';

export function eventKind(event: ShardEvent): EventKind {
  switch (event.type) {
    case 'job-submitted':
    case 'job-prepared':
    case 'job-refused':
    case 'job-cancelled':
    case 'node-said-hello':
    case 'node-lost':
    case 'leases-returned':
      return 'kept';
    case 'results-reported':
      return 'repeated';
    case 'batch-began':
    case 'inputs-loaded':
    case 'fleet-changed':
    case 'slots-offered':
      return 'presence';
    default:
      return assertNever(event);
  }
}
