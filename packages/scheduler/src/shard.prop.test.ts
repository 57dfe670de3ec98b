/** Properties of any run: promises hold after every event, and recovery is invisible. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardDigestRows } from './changes.ts';
import type { ShardEffect } from './effects.ts';
import { invariantViolations } from './invariants.ts';
import { recoveryEffects, restoreShard } from './restore.ts';
import { auditLedger, printRows, readStored, TEST_CONTEXT } from './testing/index.ts';
import {
  batch,
  createRandomWorld,
  eventsOf,
  NODES,
  play,
  type RandomWorld,
  reintroduce,
  type Step,
  STEP_KINDS,
} from './testing/random-world.ts';

const RUNS = 100;
const weights: Partial<Record<Step['kind'], number>> = { offer: 12, answer: 12, wait: 2, submit: 2 };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(...STEP_KINDS.map((kind) => ({ arbitrary: fc.constant(kind), weight: weights[kind] ?? 1 }))),
  a: fc.nat(999),
  b: fc.nat(999),
  c: fc.nat(999),
});
const steps = fc.array(step, { minLength: 20, maxLength: 150 });

/** A world that can work: four owners online and a job under way. */
function startedWorld(): RandomWorld {
  const world = createRandomWorld();
  play(world, batch(world, 10));
  play(world, { type: 'fleet-changed', groups: 4 });
  for (const event of eventsOf(world, { kind: 'submit', a: 0, b: 4, c: 2 })) play(world, event);
  return world;
}

function recover(world: RandomWorld): void {
  const groups = world.shard.groupsOnline ?? 4;
  world.shard = restoreShard(TEST_CONTEXT, readStored(world.ledger));
  recoveryEffects(world.shard);
  for (const event of reintroduce(world, groups)) play(world, event);
}

const violations = (world: RandomWorld): readonly string[] => [
  ...invariantViolations(world.shard),
  ...auditLedger(world.ledger),
];

describe('any run of a shard', () => {
  it('keeps every promise after every event, and memory equals what recovery would read', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(steps, (run) => {
        const world = startedWorld();
        for (const step of run) {
          if (step.kind === 'recover') recover(world);
          for (const event of eventsOf(world, step)) {
            for (const effect of play(world, event)) count(seen, effect);
          }
          expect(violations(world)).toEqual([]);
          const recovered = restoreShard(TEST_CONTEXT, readStored(world.ledger));
          expect(invariantViolations(recovered)).toEqual([]);
          expect(printRows(shardDigestRows(recovered))).toBe(printRows(shardDigestRows(world.shard)));
        }
      }),
      { numRuns: RUNS },
    );
    // The runs are worth something only if they get everywhere.
    for (const name of ['verified', 'disputed', 'abandoned', 'cancelled', 'valid', 'invalid', 'late']) {
      expect(seen.get(name) ?? 0, name).toBeGreaterThan(0);
    }
  });

  it('a recovered shard answers further events as the one that was lost would have', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const world = startedWorld();
        for (const step of before) for (const event of eventsOf(world, step)) play(world, event);
        const twin = restoreShard(TEST_CONTEXT, readStored(world.ledger));
        const shadow: RandomWorld = { ...createRandomWorld(), shard: twin };
        for (const event of reintroduce(world, 5)) {
          play(world, event);
          play(shadow, event);
        }
        for (const step of after.filter(leavesGraceAlone)) {
          for (const event of eventsOf(world, step)) {
            expect(spoken(play(shadow, event))).toBe(spoken(play(world, event)));
          }
        }
        expect(storedWithoutLate(twin)).toBe(storedWithoutLate(world.shard));
      }),
      { numRuns: RUNS },
    );
  });

  it('every job ends once enough honest owners stay and answer', () => {
    fc.assert(
      fc.property(steps, (run) => {
        const world = startedWorld();
        for (const step of run) {
          if (step.kind === 'recover') recover(world);
          for (const event of eventsOf(world, step)) play(world, event);
        }
        settleEverything(world);
        expect(violations(world)).toEqual([]);
        expect(world.shard.jobs.size).toBe(0);
        expect(world.shard.leases.size).toBe(0);
      }),
      { numRuns: RUNS },
    );
  });

  it('a lease frees its slot exactly once', () => {
    fc.assert(
      fc.property(steps, (run) => {
        const world = startedWorld();
        let [granted, freed] = [0, 0];
        for (const step of run.filter(({ kind }) => kind !== 'hello' && kind !== 'recover')) {
          for (const event of eventsOf(world, step)) {
            for (const effect of play(world, event)) {
              if (effect.type === 'grant-leases') granted += effect.grants.length;
              if (effect.type === 'free-slots') freed += effect.count;
            }
          }
          const live = [...world.shard.nodeLeases.values()].reduce((sum, leases) => sum + leases.size, 0);
          expect(granted - freed).toBe(live);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

/** Time and a fleet too small mean something else while the grace after a recovery lasts. */
const leavesGraceAlone = ({ kind, b }: Step): boolean =>
  kind !== 'wait' && kind !== 'recover' && !(kind === 'fleet' && b % 8 < 3);

/** Seven owners come and answer the truth until nothing is left; deadlines pass meanwhile. */
function settleEverything(world: RandomWorld): void {
  play(world, { type: 'fleet-changed', groups: 7 });
  world.held = [];
  for (let round = 0; round < 80 && world.shard.jobs.size > 0; round += 1) {
    play(world, batch(world, 70_000));
    NODES.forEach((_node, a) => {
      for (const event of eventsOf(world, { kind: 'offer', a, b: 3, c: 0 })) play(world, event);
    });
    while (world.held.length > 0) {
      for (const event of eventsOf(world, { kind: 'answer', a: 0, b: 0, c: 0 })) play(world, event);
    }
  }
}

function count(seen: Map<string, number>, effect: ShardEffect): void {
  const name =
    effect.type === 'announce-task' ? effect.state : effect.type === 'announce-verdict' ? effect.verdict : '';
  seen.set(name, (seen.get(name) ?? 0) + 1);
}

/**
 * Effects that must not depend on a recovery. Demand is a hint, and which results of closed tasks are still
 * known to be late is presence.
 */
const spoken = (effects: readonly ShardEffect[]): string =>
  printRows(
    effects
      .filter((effect) => effect.type !== 'publish-demand' && effect.type !== 'announce-counters')
      .filter((effect) => !(effect.type === 'announce-verdict' && effect.verdict === 'late')),
  );

const storedWithoutLate = (shard: RandomWorld['shard']): string => {
  const { counters, jobs, tasks, shard: row } = shardDigestRows(shard);
  const sums = counters
    .map((sum) => ({ ...sum, late: 0 }))
    .filter((sum) => sum.valid + sum.invalid + sum.inconclusive + sum.unanswered > 0);
  return printRows({ jobs, tasks, sums, leases: row.leaseCounter });
};
