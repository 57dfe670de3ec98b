/** A node's place at this gateway: its session, what it lends, and which leases it carries. Presence, never stored. */
import { type KeyObject, createPublicKey } from 'node:crypto';
import type { HostSession } from '@trine/mesh';
import { type Heartbeat, LIMITS, type LeaseId, type ShardId } from '@trine/protocol';
import type { NodeRow } from '../store/store.ts';

/** What the gateway must know of a lease to judge an upload. */
export interface SeatLease {
  /** Most output bytes the job allows. */
  readonly outputBytesMax: number;
  uploads: number;
  /** The result that was handed to its shard and is not yet recorded. */
  reported: { readonly fuel: bigint; readonly atMs: number } | undefined;
}

/** A shard that refused this node's slots: it is asked again later. */
export interface Parked {
  readonly untilMs: number;
  readonly pauseMs: number;
}

export interface Seat {
  readonly session: HostSession;
  readonly key: KeyObject;
  row: NodeRow;
  readonly leases: Map<LeaseId, SeatLease>;
  /** Slots handed to a shard that has not answered. */
  readonly offered: Map<ShardId, number>;
  readonly parked: Map<ShardId, Parked>;
  capacity: number;
  /** Why the node lends what it lends, as it said with its capacity. */
  capacityReason: string;
  isSuspended: boolean;
  /** Set once its leases were given up or the session ended. */
  isGone: boolean;
  cancelGrace: (() => void) | undefined;
  heartbeat: Heartbeat | undefined;
  heartbeatAtMs: number | undefined;
  /** What became of its last attempt to move to a data channel. */
  linkNote: string;
  /** Last idle reason sent, so that it is sent once. */
  idleReason: string;
  /** Why slots were refused last. */
  refusal: string;
  /** Leases that ended without an answer, one after the other. */
  unanswered: number;
  offences: number;
  reportsPending: number;
  /** Messages whose order matters are handled one after the other. */
  queue: Promise<void>;
}

export const newSeatLease = (outputBytesMax: number): SeatLease => ({
  outputBytesMax,
  uploads: 0,
  reported: undefined,
});

/** DER before a raw Ed25519 key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export const createSeat = (session: HostSession, row: NodeRow): Seat => ({
  session,
  row,
  key: createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, session.publicKey]),
    format: 'der',
    type: 'spki',
  }),
  leases: new Map(session.hello.held.map((lease) => [lease, newSeatLease(LIMITS.outputBytes.value)])),
  offered: new Map(),
  parked: new Map(),
  capacity: 0,
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
});

/** Slots it may have at once: what it lends, halved for each lease in a row that it left unanswered. */
export const slotsOf = (seat: Seat): number => {
  const lent = Math.min(seat.capacity, LIMITS.leasesPerNode.value);
  return lent === 0 ? 0 : Math.max(1, Math.floor(lent / 2 ** Math.min(seat.unanswered, 30)));
};

/** Slots free for an offer now. */
export function freeSlots(seat: Seat): number {
  if (seat.isGone || seat.isSuspended) return 0;
  let offered = 0;
  for (const count of seat.offered.values()) offered += count;
  return Math.max(0, slotsOf(seat) - seat.leases.size - offered);
}
