/** Names of nodes for people: rows of the registry, kept a while because every replica shown needs one. */
import type { NodeId } from '@trine/protocol';
import { CONTROL_PLANE_LIMITS } from './limits.ts';
import type { NodeRow, ViewStore } from './store/store.ts';

export interface NodeDirectory {
  /** Keeps a row that was just read or written. */
  learn(row: NodeRow): void;
  rows(nodes: Iterable<NodeId>): Promise<ReadonlyMap<NodeId, NodeRow>>;
}

export function createNodeDirectory(views: Pick<ViewStore, 'node'>): NodeDirectory {
  const known = new Map<NodeId, NodeRow>();
  const learn = (row: NodeRow): void => {
    known.delete(row.node);
    known.set(row.node, row);
    if (known.size <= CONTROL_PLANE_LIMITS.namesCached.value) return;
    const [oldest] = known.keys();
    if (oldest !== undefined) known.delete(oldest);
  };
  return {
    learn,
    async rows(nodes) {
      const found = new Map<NodeId, NodeRow>();
      for (const node of new Set(nodes)) {
        const row = known.get(node) ?? (await views.node(node));
        if (row === undefined) continue;
        if (!known.has(node)) learn(row);
        found.set(node, row);
      }
      return found;
    },
  };
}

/** What a node is called: its own name, or the beginning of its id. */
export const nameOfNode = (row: NodeRow | undefined, node: NodeId): string =>
  row?.profile.name ?? `node ${node.slice(0, 8)}`;
