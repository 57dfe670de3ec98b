/** The shard loop as use cases and the gateway see it: somewhere to put events. */
import type { ShardId } from '@trine/protocol';
import type { ShardEvent } from '@trine/scheduler';

export interface EventSink {
  /** Hands an event over; it is applied in the next batch, or lost with the memory that a failed commit drops. */
  submit(shard: ShardId, event: ShardEvent): void;
  /** Resolves when the batch that holds the event is stored; rejects with a code when it is not. */
  request(shard: ShardId, event: ShardEvent): Promise<void>;
}
