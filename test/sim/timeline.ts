/** Simulated time: actions in the order of their instants, ties in the order they were planned. */

export interface Timeline {
  readonly nowMs: () => number;
  readonly after: (delayMs: number, action: () => void) => void;
  /** Runs the next action; false when none is left. */
  readonly step: () => boolean;
}

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

export function createTimeline(): Timeline {
  const heap: Planned[] = [];
  let [now, planned] = [0, 0];
  return {
    nowMs: () => now,
    after: (delayMs, action) => {
      planned += 1;
      push(heap, { atMs: now + delayMs, order: planned, action });
    },
    step: () => {
      const next = pop(heap);
      if (next === undefined) return false;
      now = next.atMs;
      next.action();
      return true;
    },
  };
}

const before = (a: Planned, b: Planned): boolean => (a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs);

function push(heap: Planned[], entry: Planned): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !before(entry, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = entry;
}

function pop(heap: Planned[]): Planned | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[at * 2 + 1], heap[at * 2 + 2]];
    const rightFirst = left !== undefined && right !== undefined && before(right, left);
    const child = rightFirst ? right : left;
    if (child === undefined || !before(child, last)) break;
    heap[at] = child;
    at = at * 2 + (rightFirst ? 2 : 1);
  }
  heap[at] = last;
  return first;
}
