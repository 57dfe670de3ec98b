/**
 * Hands free slots to shards: one slot to one shard at a time, the highest priority that fits first. A shard that
 * refuses a node's slot is not asked again for it until it publishes demand anew, the fleet changes, or a pause
 * that doubles is over. Demand is a hint (zero, or more than zero, and how urgent), never a count to be settled.
 */
import type { Clock } from '@trine/mesh';
import { type JobId, LIMITS, type ShardId } from '@trine/protocol';
import type { RefusalReason } from '@trine/scheduler';
import type { EventSink } from '../event-sink.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import { freeSlots, type Seat } from './seat.ts';

interface Demand {
  readonly leases: number;
  readonly priority: number;
}

export interface SlotMarketOptions {
  readonly clock: Clock;
  readonly sink: EventSink;
  readonly seats: () => Iterable<Seat>;
  /** Distinct quorum groups online, for words. */
  readonly groups: () => number;
}

/** Slots offered to a shard at least, however little it wants: some of them will not be eligible. */
const OFFERS_MIN = 16;
/** Jobs whose waiting is remembered; idle nodes are told of one. */
const WAITING_KEPT = 1_000;

export class SlotMarket {
  readonly #options: SlotMarketOptions;
  readonly #demand = new Map<ShardId, Demand>();
  readonly #outstanding = new Map<ShardId, number>();
  readonly #dirty = new Set<Seat>();
  /** Seats with a free slot that found every shard's offers taken up. */
  readonly #starved = new Set<Seat>();
  /** Running jobs that wait for something, and for what, in words. */
  readonly #waiting = new Map<JobId, string>();
  #isPumping = false;
  #wake: { readonly atMs: number; readonly cancel: () => void } | undefined;
  #isClosed = false;
  #isHeld = false;

  constructor(options: SlotMarketOptions) {
    this.#options = options;
  }

  /** The seat may have a slot to give. */
  consider(seat: Seat): void {
    this.#dirty.add(seat);
    this.#pumpLater();
  }

  considerAll(): void {
    for (const seat of this.#options.seats()) if (freeSlots(seat) > 0) this.#dirty.add(seat);
    this.#pumpLater();
  }

  /** A shard says what it could lease: whoever it refused may be asked again. */
  publish(shard: ShardId, demand: Demand): void {
    if (demand.leases === 0) this.#demand.delete(shard);
    else this.#demand.set(shard, demand);
    for (const seat of this.#options.seats()) seat.parked.delete(shard);
    this.considerAll();
  }

  /** What a running job waits for; nothing when the reason is empty. Idle nodes are told. */
  jobWaits(job: JobId, reason: string): void {
    if (this.#waiting.get(job) === (reason || undefined)) return;
    this.#waiting.delete(job);
    if (reason !== '' && this.#waiting.size < WAITING_KEPT) this.#waiting.set(job, reason);
    this.considerAll();
  }

  /** More or fewer owners are online: refusals for want of them are void. */
  fleetChanged(): void {
    for (const seat of this.#options.seats()) seat.parked.clear();
    this.considerAll();
  }

  granted(shard: ShardId, seat: Seat, count: number): void {
    this.#answered(shard, seat, count);
    seat.parked.delete(shard);
    seat.refusal = '';
    this.#say(seat, '');
    this.consider(seat);
  }

  refused(
    shard: ShardId,
    seat: Seat,
    refusal: { readonly count: number; readonly reason: RefusalReason },
  ): void {
    this.#answered(shard, seat, refusal.count);
    const { parkMinMs, parkMaxMs } = CONTROL_PLANE_LIMITS;
    const before = seat.parked.get(shard);
    const pauseMs = Math.min(parkMaxMs.value, before === undefined ? parkMinMs.value : before.pauseMs * 2);
    seat.parked.set(shard, { pauseMs, untilMs: this.#options.clock.nowMs() + pauseMs });
    seat.refusal = this.#words(refusal.reason);
    this.consider(seat);
  }

  /** The shard lost its memory of what was offered; what it wants it will publish again. */
  forgetShard(shard: ShardId): void {
    this.#demand.delete(shard);
    this.#lower(shard, Infinity);
    for (const seat of this.#options.seats()) seat.offered.delete(shard);
  }

  /** What was offered of a seat that is gone no longer counts. */
  forgetSeat(seat: Seat): void {
    this.#dirty.delete(seat);
    this.#starved.delete(seat);
    for (const [shard, count] of seat.offered) this.#lower(shard, count);
    seat.offered.clear();
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.considerAll();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.cancel();
  }

  #answered(shard: ShardId, seat: Seat, count: number): void {
    const offered = seat.offered.get(shard) ?? 0;
    const taken = Math.min(offered, count);
    if (offered > taken) seat.offered.set(shard, offered - taken);
    else seat.offered.delete(shard);
    this.#lower(shard, taken);
  }

  #lower(shard: ShardId, count: number): void {
    const left = (this.#outstanding.get(shard) ?? 0) - count;
    if (left > 0) this.#outstanding.set(shard, left);
    else this.#outstanding.delete(shard);
    for (const seat of this.#starved) this.#dirty.add(seat);
    this.#starved.clear();
    this.#pumpLater();
  }

  #pumpLater(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    this.#options.clock.defer(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isClosed || this.#isHeld) return;
    const shards = [...this.#demand].sort(([, a], [, b]) => b.priority - a.priority);
    const seats = [...this.#dirty];
    this.#dirty.clear();
    for (const seat of seats) this.#place(seat, shards);
  }

  #place(seat: Seat, shards: readonly (readonly [ShardId, Demand])[]): void {
    for (const [shard, demand] of shards) {
      const free = freeSlots(seat);
      if (free === 0) return;
      if (seat.offered.has(shard) || this.#isParked(seat, shard)) continue;
      const room = offersMax(demand) - (this.#outstanding.get(shard) ?? 0);
      if (room > 0) this.#offer(shard, seat, Math.min(free, room));
      else this.#starved.add(seat);
    }
    this.#explain(seat);
  }

  #isParked(seat: Seat, shard: ShardId): boolean {
    const parked = seat.parked.get(shard);
    if (parked === undefined || parked.untilMs <= this.#options.clock.nowMs()) return false;
    this.#wakeAt(parked.untilMs);
    return true;
  }

  #offer(shard: ShardId, seat: Seat, count: number): void {
    seat.offered.set(shard, count);
    this.#outstanding.set(shard, (this.#outstanding.get(shard) ?? 0) + count);
    const { node, owner, group, profile } = seat.row;
    this.#options.sink.submit(shard, {
      type: 'slots-offered',
      offer: { node, session: seat.session.number, owner, group, labels: profile.labels, count },
    });
  }

  /** One timer for all that wait: it looks at every free seat again. */
  #wakeAt(atMs: number): void {
    if (this.#isClosed || (this.#wake !== undefined && this.#wake.atMs <= atMs)) return;
    this.#wake?.cancel();
    const delayMs = Math.max(1, atMs - this.#options.clock.nowMs());
    const cancel = this.#options.clock.setTimer(delayMs, () => {
      this.#wake = undefined;
      this.considerAll();
    });
    this.#wake = { atMs, cancel };
  }

  /** An idle node is told why, once a reason. */
  #explain(seat: Seat): void {
    if (freeSlots(seat) === 0 || seat.leases.size > 0 || seat.offered.size > 0) return;
    const [waiting] = this.#waiting.values();
    const refusal = this.#demand.size === 0 ? '' : seat.refusal;
    this.#say(seat, refusal || (waiting ?? NOTHING_TO_DO));
  }

  #say(seat: Seat, reason: string): void {
    if (seat.idleReason === reason) return;
    seat.idleReason = reason;
    seat.session.send({ type: 'idle-reason', reason });
  }

  #words(reason: RefusalReason): string {
    return reason === 'too-few-owners'
      ? `waiting: ${this.#options.groups()} of ${LIMITS.replicas.value} owners online`
      : WORDS[reason];
  }
}

const NOTHING_TO_DO = 'no job needs this device now';
const WORDS: Readonly<Record<Exclude<RefusalReason, 'too-few-owners'>, string>> = {
  'no-work': NOTHING_TO_DO,
  'not-eligible': 'this device or its owner already works on every open task; others have to answer first',
  'shard-restarting': 'the coordinator is starting again; work follows in a moment',
};

const offersMax = (demand: Demand): number =>
  Math.min(CONTROL_PLANE_LIMITS.offersPerShard.value, Math.max(OFFERS_MIN, demand.leases * 2));
