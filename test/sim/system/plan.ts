/** From a seed to a world: who is in it, what is submitted, and which faults it has. No world has them all. */
import type { Chance } from '../chance.ts';
import { createDevice, type Device } from './agent.ts';
import { type Character, HONEST } from './character.ts';
import type { NetworkFaults } from './network.ts';
import type { StoreFaults } from './faulty-store.ts';

/** Chances per second of simulated time. */
export interface WorldFaults {
  readonly agentCrash: number;
  readonly agentFreeze: number;
  readonly agentPause: number;
  readonly agentLeave: number;
  /** A second program starts with the same key. */
  readonly agentTwin: number;
  /** An older copy of its disk is put back. */
  readonly agentOldDisk: number;
  readonly partition: number;
  readonly coordinatorKill: number;
  readonly coordinatorStop: number;
  /** Frozen while another takes its shards over, and awake again. */
  readonly coordinatorZombie: number;
  readonly wallClockSet: number;
  readonly storeAway: number;
  readonly storeFull: number;
}

export interface Plan {
  readonly network: NetworkFaults;
  readonly store: StoreFaults;
  readonly world: WorldFaults;
  readonly devices: readonly Device[];
  /** Owners or networks whose nodes lie. */
  readonly liarGroups: number;
  /** Exactly as many owners as a quorum needs, all of them slow and stubborn. */
  readonly isTight: boolean;
  readonly jobs: number;
  /** Time with faults; then the world is mended and everything must come to its end. */
  readonly stormMs: number;
  readonly runMs: number;
  /** By which the coordinator's wall clock is off after a restart, at most. */
  readonly wallJumpMs: number;
  /** How fast coordinators' clocks run. */
  readonly coordinatorRate: number;
}

const CALM_NETWORK: NetworkFaults = { lost: 0, doubled: 0, swapped: 0, cut: 0, delayMs: 30 };
const CALM_STORE: StoreFaults = { before: 0, during: 0, answer: 0, late: 0, stall: 0, latencyMs: 4 };

export const MENDED = { network: CALM_NETWORK, store: CALM_STORE };

const HOUR_MS = 3_600_000;

export function planOf(chance: Chance): Plan {
  /** Half of all worlds know a given fault. */
  const maybe = (most: number): number => (chance.happens(0.5) ? most * chance.unit() : 0);
  // In a tight world every owner is needed for every task, and answers come late.
  const isTight = chance.happens(0.25);
  const liarGroups = !isTight && chance.happens(0.7) ? 1 : 0;
  return {
    network: {
      lost: maybe(0.02),
      doubled: maybe(0.03),
      swapped: maybe(0.02),
      cut: maybe(0.01),
      delayMs: 5 + 150 * chance.unit() ** 2,
    },
    store: {
      before: maybe(0.02),
      during: maybe(0.02),
      answer: maybe(0.03),
      late: maybe(0.02),
      stall: maybe(0.01),
      latencyMs: 1 + 30 * chance.unit() ** 2,
    },
    world: {
      agentCrash: maybe(0.02),
      agentFreeze: maybe(0.02),
      agentPause: maybe(0.02),
      agentLeave: maybe(0.01),
      agentTwin: maybe(0.005),
      agentOldDisk: maybe(0.3),
      partition: maybe(0.015),
      coordinatorKill: maybe(0.02),
      coordinatorStop: maybe(0.01),
      coordinatorZombie: maybe(0.01),
      wallClockSet: maybe(0.02),
      storeAway: maybe(0.01),
      storeFull: maybe(0.01),
    },
    devices: planDevices(chance, { liarGroups, isTight }),
    isTight,
    liarGroups,
    jobs: 3 + chance.below(4),
    stormMs: 120_000 + chance.below(120_000),
    runMs: 500 + chance.below(8_000),
    wallJumpMs: chance.happens(0.5) ? HOUR_MS : 0,
    coordinatorRate: chance.happens(0.3) ? 0.98 + 0.04 * chance.unit() : 1,
  };
}

/** At least three honest owners or networks, so that every job can end; some have several nodes. */
function planDevices(
  chance: Chance,
  { liarGroups, isTight }: Pick<Plan, 'liarGroups' | 'isTight'>,
): readonly Device[] {
  const groups = isTight ? 3 : 3 + liarGroups + chance.below(3);
  return Array.from({ length: groups }, (_, group) => {
    const isLiar = group < liarGroups;
    const hasToken = chance.happens(0.6);
    return Array.from({ length: 1 + chance.below(4) }, (_, place) =>
      createDevice({
        name: `node ${group}.${place}`,
        number: group * 8 + place,
        token: hasToken ? tokenOf(group) : undefined,
        // Nodes with a token come from anywhere, others share what is one network to the coordinator.
        address: hasToken ? `192.0.2.${group * 8 + place}` : `198.51.${group}.${10 + place}`,
        group: `group ${group}`,
        slots: 1 + chance.below(4),
        clockRate: chance.happens(0.3) ? 0.95 + 0.1 * chance.unit() : 1,
        character: isTight ? SLOW : isLiar ? planLiar(chance) : planHonest(chance),
      }),
    );
  }).flat();
}

const SLOW: Character = { ...HONEST, slow: 0.5, stubborn: 1 };

/** Exactly 32 characters of the alphabet of join tokens follow the prefix. */
export const tokenOf = (group: number): string =>
  `trine_join_${'abcdefghijklmnopqrstuvwxyz234567'.slice(group)}${'abcdefghijklmnopqrstuvwxyz'.slice(0, group)}`;

function planLiar(chance: Chance): Character {
  const maybe = (most: number): number => (chance.happens(0.5) ? most * chance.unit() : 0);
  return {
    ...planHonest(chance),
    lies: chance.happens(0.7) ? 0.2 + 0.8 * chance.unit() : 0,
    word: chance.happens(0.5) ? 'a lie' : undefined,
    inflates: maybe(0.3),
    repeats: maybe(0.3),
    forges: maybe(1),
    liesInHello: maybe(0.5),
    hoards: maybe(0.1),
  };
}

/** Honest nodes fail, too. */
function planHonest(chance: Chance): Character {
  const maybe = (most: number): number => (chance.happens(0.3) ? most * chance.unit() : 0);
  return {
    ...HONEST,
    aborts: maybe(0.1),
    slow: maybe(0.1),
    hoards: maybe(0.02),
    repeats: maybe(0.05),
    stubborn: maybe(1),
  };
}
