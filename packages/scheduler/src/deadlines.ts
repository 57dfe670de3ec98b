/**
 * Lease deadlines, earliest first: a binary heap whose entries outlive their lease. Dead entries are dropped
 * when they surface, and all at once when they outnumber the live, so it stays as large as what is in flight.
 */
import type { Replica } from './state.ts';

export interface DeadlineHeap {
  entries: Replica[];
  /** Leases in it that have not ended. */
  live: number;
}

/** Below this many entries dead ones are not worth sweeping. */
const SWEEP_FROM = 1_024;

export const createDeadlines = (): DeadlineHeap => ({ entries: [], live: 0 });

export function addDeadline(heap: DeadlineHeap, replica: Replica): void {
  heap.live += 1;
  heap.entries.push(replica);
  siftUp(heap.entries, heap.entries.length - 1);
}

/** Says that one lease in the heap has ended. */
export function dropDeadline(heap: DeadlineHeap): void {
  heap.live -= 1;
  if (heap.entries.length < SWEEP_FROM || heap.entries.length < heap.live * 2) return;
  heap.entries = heap.entries.filter(isLive).sort((a, b) => (before(a, b) ? -1 : 1));
}

/** The live lease that is due first. */
export function firstDeadline(heap: DeadlineHeap): Replica | undefined {
  for (;;) {
    const [first] = heap.entries;
    if (first === undefined || isLive(first)) return first;
    removeFirst(heap.entries);
  }
}

const isLive = (replica: Replica): boolean => replica.ended === undefined;

/** By deadline, then by lease, so that recovery cannot change the order. */
const before = (a: Replica, b: Replica): boolean =>
  a.deadlineAtMs === b.deadlineAtMs ? a.lease < b.lease : a.deadlineAtMs < b.deadlineAtMs;

function siftUp(entries: Replica[], from: number): void {
  let at = from;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!swapIfBefore(entries, at, above)) return;
    at = above;
  }
}

function removeFirst(entries: Replica[]): void {
  const last = entries.pop();
  if (last === undefined || entries.length === 0) return;
  entries[0] = last;
  let at = 0;
  for (;;) {
    const child = earlierChild(entries, at);
    if (child === undefined || !swapIfBefore(entries, child, at)) return;
    at = child;
  }
}

function earlierChild(entries: readonly Replica[], at: number): number | undefined {
  const [left, right] = [entries[at * 2 + 1], entries[at * 2 + 2]];
  if (left === undefined) return undefined;
  return right !== undefined && before(right, left) ? at * 2 + 2 : at * 2 + 1;
}

/** Puts the entry at `lower` in the place of the one at `upper` if it is due earlier. */
function swapIfBefore(entries: Replica[], lower: number, upper: number): boolean {
  const [a, b] = [entries[lower], entries[upper]];
  if (a === undefined || b === undefined || !before(a, b)) return false;
  entries[lower] = b;
  entries[upper] = a;
  return true;
}
