/** Nodes that were cut off stay out for a while. Bounded: the oldest is forgotten first. */
import type { Clock } from '@trine/mesh';
import type { NodeId } from '@trine/protocol';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';

export interface Bans {
  add(node: NodeId): void;
  /** Milliseconds until the node may come back; 0 when it may now. */
  remainingMs(node: NodeId): number;
}

export function createBans(clock: Clock): Bans {
  const until = new Map<NodeId, number>();
  return {
    add(node) {
      until.delete(node);
      until.set(node, clock.nowMs() + CONTROL_PLANE_LIMITS.banMs.value);
      const [oldest] = until.keys();
      if (until.size > CONTROL_PLANE_LIMITS.bansKept.value && oldest !== undefined) until.delete(oldest);
    },
    remainingMs(node) {
      const remaining = Math.ceil((until.get(node) ?? 0) - clock.nowMs());
      if (remaining > 0) return remaining;
      until.delete(node);
      return 0;
    },
  };
}
