/** Tells nodes their own counters, summed over shards, at most once a second each. */
import type { Clock } from '@trine/mesh';
import type { NodeId } from '@trine/protocol';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { ViewStore } from '../store/store.ts';
import type { Seat } from './seat.ts';

export interface StandingsOptions {
  readonly clock: Clock;
  readonly views: Pick<ViewStore, 'counters'>;
  readonly seat: (node: NodeId) => Seat | undefined;
}

export interface Standings {
  /** The node's counters changed. */
  tell(node: NodeId): void;
  close(): void;
}

export function createStandings({ clock, views, seat }: StandingsOptions): Standings {
  const due = new Set<NodeId>();
  let cancel: (() => void) | undefined;

  const flush = async (): Promise<void> => {
    const nodes = [...due].filter((node) => seat(node) !== undefined);
    due.clear();
    if (nodes.length === 0) return;
    for (const counters of await views.counters(nodes)) {
      const { node, valid, invalid, inconclusive, late, credit } = counters;
      seat(node)?.session.send({ type: 'standing', valid, invalid, inconclusive, late, credit });
    }
  };

  const later = (): void => {
    cancel = clock.setTimer(CONTROL_PLANE_LIMITS.standingMs.value, () => {
      cancel = undefined;
      // A store that is away now has the counters later: the next verdict asks again.
      flush().catch(() => undefined);
    });
  };

  return {
    tell(node) {
      due.add(node);
      if (cancel === undefined) later();
    },
    close() {
      cancel?.();
    },
  };
}
