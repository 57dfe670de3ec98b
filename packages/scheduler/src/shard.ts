/** The surface of the state machine; see `apply` for its rules. */
import type { Digest, ShardId } from '@trine/protocol';

/** What the machine cannot do itself: hashing at the platform's speed. */
export interface ShardContext {
  readonly shard: ShardId;
  readonly sha256: (bytes: Uint8Array) => Digest;
}
