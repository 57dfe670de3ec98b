// Where free slots go: priority first, one shard at a time, no spinning on refusals, fewer to those who do not answer.
import type { Clock, HostSession } from '@trine/mesh';
import type { CoordinatorMessage, JobId, LeaseId, NodeId, ShardId } from '@trine/protocol';
import type { ShardEvent } from '@trine/scheduler';
import { expect, test } from 'vitest';
import type { NodeRow } from '../store/store.ts';
import { newSeatLease, type Seat, slotsOf } from './seat.ts';
import { SlotMarket } from './slot-market.ts';

const shard = (number: number): ShardId => number as ShardId;

/** Time that moves when told to, and work that is deferred until then. */
function fakeClock() {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  let deferred: (() => void)[] = [];
  const settle = (): void => {
    while (deferred.length > 0) {
      const due = deferred;
      deferred = [];
      for (const run of due) run();
    }
  };
  const clock: Clock = {
    nowMs: () => nowMs,
    setTimer(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    defer: (run) => void deferred.push(run),
  };
  return {
    clock,
    settle,
    advance(ms: number): void {
      nowMs += ms;
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.run();
      }
      settle();
    },
  };
}

function setUp() {
  const time = fakeClock();
  const offers: { readonly shard: ShardId; readonly node: string; readonly count: number }[] = [];
  const seats: Seat[] = [];
  const market = new SlotMarket({
    clock: time.clock,
    sink: {
      submit: (to: ShardId, event: ShardEvent) => {
        if (event.type !== 'slots-offered') throw new Error('A market makes offers and nothing else.');
        offers.push({ shard: to, node: event.offer.node, count: event.offer.count });
      },
      request: () => Promise.resolve(),
    },
    seats: () => seats,
    groups: () => 2,
  });
  const seatOf = (node: string, capacity: number): Seat & { readonly said: CoordinatorMessage[] } => {
    const said: CoordinatorMessage[] = [];
    const session = { number: 1, send: (message: CoordinatorMessage) => void said.push(message) };
    const row = { node: node as NodeId, owner: 'o', group: 'owner:o', profile: { labels: [] } };
    const seat = {
      session: session as unknown as HostSession,
      row: row as unknown as NodeRow,
      key: undefined as never,
      leases: new Map(),
      offered: new Map(),
      parked: new Map(),
      capacity,
      capacityReason: '',
      isSuspended: false,
      isGone: false,
      cancelGrace: undefined,
      heartbeat: undefined,
      heartbeatAtMs: undefined,
      linkNote: '',
      idleReason: '',
      refusal: '',
      unanswered: 0,
      offences: 0,
      reportsPending: 0,
      queue: Promise.resolve(),
      said,
    };
    seats.push(seat);
    return seat;
  };
  const take = () => offers.splice(0);
  return { ...time, market, seatOf, take };
}

test('slots go to the highest priority, and what is offered is not offered again', () => {
  const { market, seatOf, settle, take } = setUp();
  const seat = seatOf('a', 3);
  market.publish(shard(1), { leases: 10, priority: 0 });
  market.publish(shard(2), { leases: 10, priority: 5 });
  settle();
  expect(take()).toEqual([{ shard: 2, node: 'a', count: 3 }]);
  market.consider(seat);
  settle();
  expect(take()).toEqual([]);
});

test('a refused slot goes to the next shard, and back only after a pause that doubles', () => {
  const { market, seatOf, settle, take, advance } = setUp();
  const seat = seatOf('a', 1);
  market.publish(shard(1), { leases: 1, priority: 1 });
  market.publish(shard(2), { leases: 1, priority: 0 });
  settle();
  take();
  market.refused(shard(1), seat, { count: 1, reason: 'not-eligible' });
  settle();
  expect(take()).toEqual([{ shard: 2, node: 'a', count: 1 }]);
  market.refused(shard(2), seat, { count: 1, reason: 'no-work' });
  advance(99);
  expect(take()).toEqual([]);
  advance(1);
  expect(take()).toEqual([{ shard: 1, node: 'a', count: 1 }]);
  market.refused(shard(1), seat, { count: 1, reason: 'not-eligible' });
  settle();
  expect(take()).toEqual([{ shard: 2, node: 'a', count: 1 }]);
  market.refused(shard(2), seat, { count: 1, reason: 'no-work' });
  advance(199);
  expect(take()).toEqual([]);
  advance(1);
  expect(take().map((offer) => offer.shard)).toEqual([1]);
});

test('new demand, or another fleet, voids earlier refusals at once', () => {
  const { market, seatOf, settle, take } = setUp();
  const seat = seatOf('a', 1);
  market.publish(shard(1), { leases: 1, priority: 0 });
  settle();
  market.refused(shard(1), seat, { count: 1, reason: 'too-few-owners' });
  settle();
  take();
  market.fleetChanged();
  settle();
  expect(take()).toHaveLength(1);
  market.refused(shard(1), seat, { count: 1, reason: 'too-few-owners' });
  market.publish(shard(1), { leases: 2, priority: 0 });
  settle();
  expect(take()).toHaveLength(1);
});

test('a shard that wants little is not flooded; whoever found no room is next when there is', () => {
  const { market, seatOf, settle, take } = setUp();
  const seats = Array.from({ length: 20 }, (_, index) => seatOf(`n${index}`, 1));
  market.publish(shard(1), { leases: 1, priority: 0 });
  settle();
  const first = take();
  expect(first).toHaveLength(16);
  const [offered] = seats;
  if (offered === undefined) throw new Error('There are twenty seats.');
  market.refused(shard(1), offered, { count: 1, reason: 'no-work' });
  settle();
  expect(take()).toEqual([{ shard: 1, node: 'n16', count: 1 }]);
});

test('an idle node is told why, once, and that work has come', () => {
  const { market, seatOf, settle } = setUp();
  const seat = seatOf('a', 1);
  market.consider(seat);
  settle();
  market.consider(seat);
  settle();
  market.jobWaits('j' as JobId, 'waiting: 2 of 3 owners online');
  settle();
  market.publish(shard(1), { leases: 1, priority: 0 });
  settle();
  seat.leases.set(64 as LeaseId, newSeatLease(1));
  market.granted(shard(1), seat, 1);
  settle();
  expect(seat.said.map((message) => message.type === 'idle-reason' && message.reason)).toEqual([
    'no job needs this device now',
    'waiting: 2 of 3 owners online',
    '',
  ]);
});

test('a node that does not answer is offered fewer, but never nothing', () => {
  const { seatOf } = setUp();
  const seat = seatOf('a', 8);
  const slots = Array.from({ length: 6 }, (_, unanswered) => slotsOf({ ...seat, unanswered }));
  expect(slots).toEqual([8, 4, 2, 1, 1, 1]);
  expect(slotsOf({ ...seat, capacity: 0 })).toBe(0);
});

test('nothing is offered while the loop asks to hold back, or of a seat that is away', () => {
  const { market, seatOf, settle, take } = setUp();
  const seat = seatOf('a', 1);
  market.hold(true);
  market.publish(shard(1), { leases: 1, priority: 0 });
  settle();
  expect(take()).toEqual([]);
  market.hold(false);
  settle();
  expect(take()).toHaveLength(1);
  market.forgetSeat(seat);
  seat.isSuspended = true;
  market.consider(seat);
  settle();
  expect(take()).toEqual([]);
});
