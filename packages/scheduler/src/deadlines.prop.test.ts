/** The heap against a plain sort, with leases that end before they are due. */
import type { LeaseId } from '@trine/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addDeadline, createDeadlines, dropDeadline, firstDeadline } from './deadlines.ts';
import type { Replica } from './state.ts';

type Due = Pick<Replica, 'lease' | 'deadlineAtMs' | 'ended'>;

const actions = fc.array(fc.record({ atMs: fc.nat(50), ends: fc.nat(99) }), { maxLength: 300 });

it('always names the live lease that is due first', () => {
  fc.assert(
    fc.property(actions, (run) => {
      const heap = createDeadlines();
      const live: Due[] = [];
      run.forEach(({ atMs, ends }, i) => {
        const due: Due = { lease: i as LeaseId, deadlineAtMs: atMs, ended: undefined };
        live.push(due);
        addDeadline(heap, due as Replica);
        if (ends % 3 > 0) endOne(live, ends, () => dropDeadline(heap));
        expect(firstDeadline(heap)).toBe(earliest(live));
        expect(heap.live).toBe(live.length);
      });
    }),
  );
});

it('stays as large as what is in flight, however many leases have come and gone', () => {
  const heap = createDeadlines();
  addDeadline(heap, { lease: 0 as LeaseId, deadlineAtMs: 0, ended: undefined } as Replica);
  for (let i = 1; i <= 10_000; i += 1) {
    const due: Due = { lease: i as LeaseId, deadlineAtMs: i, ended: undefined };
    addDeadline(heap, due as Replica);
    due.ended = 'reported';
    dropDeadline(heap);
  }
  expect(heap.entries.length).toBeLessThanOrEqual(1_024);
});

function endOne(live: Due[], number: number, dropped: () => void): void {
  const [ended] = live.splice(number % live.length, 1);
  if (ended === undefined) return;
  ended.ended = 'reported';
  dropped();
}

const earliest = (live: readonly Due[]): Due | undefined =>
  live.toSorted((a, b) => a.deadlineAtMs - b.deadlineAtMs || a.lease - b.lease)[0];
