/** A swarm with faults and liars against one shard, from a seed that is printed first. */
import type { JobId, OwnerId } from '@trine/protocol';
import { type Ledger, testJob } from '@trine/scheduler/testing';
import { digestOf } from '@trine/protocol';
import { describe, expect, it } from 'vitest';
import { type Faults, simulateShard, type SimReport } from './shard-sim.ts';
import { bytesOf, createSimNode, fuelOf, type NodeKind, type SimNode, truthOf } from './sim-node.ts';

const CALM: Faults = { lost: 0, doubled: 0, slow: 0, leaves: 0, crashes: 0 };
const STORMY: Faults = { lost: 0.03, doubled: 0.05, slow: 0.01, leaves: 0.01, crashes: 0.02 };
const HOUR_MS = 3_600_000;

/** `kinds` gives each owner its kind; every owner has `each` nodes. */
const swarm = (each: number, kinds: readonly NodeKind[]): readonly SimNode[] =>
  kinds.flatMap((kind, owner) =>
    Array.from({ length: each }, (_, i) => createSimNode(owner * each + i, owner, kind)),
  );

const honest = (count: number): readonly NodeKind[] => Array.from({ length: count }, () => 'honest' as const);

const JOBS = [
  testJob('range' as JobId, 150, ['timeout', '20']),
  testJob('listed' as JobId, 300, ['list', 'timeout', '20', 'priority', '1']),
];

function simulate(seed: number, nodes: readonly SimNode[], faults: Faults): SimReport {
  console.log(`shard simulation, seed ${seed}, ${nodes.length} nodes`);
  const report = simulateShard({ seed, nodes, faults, jobs: JOBS, untilMs: HOUR_MS });
  const { events, batches, restarts, simulatedMs } = report;
  console.log(
    `  ${events} events, ${batches} batches, ${restarts} restarts, ${Math.round(simulatedMs / 1_000)} s simulated`,
  );
  return report;
}

const verified = (ledger: Ledger) => [...ledger.tasks.values()].filter(({ state }) => state === 'verified');

const wrong = (ledger: Ledger) =>
  verified(ledger).filter(
    ({ job, index, canonical }) => canonical?.outputDigest !== digestOf(bytesOf(truthOf(job, index))),
  );

/** Credit of an owner's nodes on the shard. */
const creditOf = (report: SimReport, nodes: readonly SimNode[], owner: number): bigint =>
  nodes
    .filter((node) => node.owner === (`o${owner}` as OwnerId))
    .reduce((sum, { node }) => sum + (report.ledger.counters.get(node)?.credit ?? 0n), 0n);

describe('a simulated shard', () => {
  it('verifies every task among honest nodes, with three valid results each', () => {
    const report = simulate(1, swarm(2, honest(3)), CALM);
    expect(report.unfinished).toBe(0);
    expect(wrong(report.ledger)).toEqual([]);
    const rows = verified(report.ledger);
    expect(rows.length).toBe(450);
    expect(rows.every(({ replicas }) => replicas.filter((r) => r.verdict === 'valid').length === 3)).toBe(
      true,
    );
    const paid = [...report.ledger.counters.values()].reduce((sum, { credit }) => sum + credit, 0n);
    expect(paid).toBe(rows.reduce((sum, { index }) => sum + 3n * fuelOf(index), 0n));
  });

  it.each([2, 3, 4, 5, 6])(
    'gets through faults and restarts, with nothing lost or paid twice (seed %i)',
    (seed) => {
      const report = simulate(seed, swarm(3, honest(5)), STORMY);
      expect(report.unfinished).toBe(0);
      expect(report.restarts).toBeGreaterThan(0);
      expect(wrong(report.ledger)).toEqual([]);
      expect(verified(report.ledger).length + given(report.ledger)).toBe(450);
    },
  );

  it.each(['random-liar', 'consistent-liar', 'crashing'] as const)(
    'is never fooled by one %s among four owners',
    (kind) => {
      const nodes = swarm(3, [...honest(3), kind]);
      const report = simulate(7, nodes, STORMY);
      expect(report.unfinished).toBe(0);
      expect(wrong(report.ledger)).toEqual([]);
      const lies = [...report.ledger.jobs.values()].reduce((sum, job) => sum + job.invalidResults, 0);
      if (kind === 'crashing') expect(lies).toBe(0);
      else expect(lies).toBeGreaterThan(0);
      if (kind === 'consistent-liar') expect(creditOf(report, nodes, 3)).toBe(0n);
    },
  );

  it('is fooled by two owners who conspire, whenever they meet in a task', () => {
    const report = simulate(8, swarm(2, [...honest(4), 'consistent-liar', 'consistent-liar']), CALM);
    const fooled = wrong(report.ledger);
    expect(fooled.length).toBeGreaterThan(0);
    expect(fooled.length).toBeLessThan(verified(report.ledger).length / 2);
    for (const row of fooled) {
      const valid = row.replicas.filter(({ verdict }) => verdict === 'valid').map(({ owner }) => owner);
      expect(valid.sort()).toEqual(['o4', 'o5']);
    }
  });

  it('is the same run from the same seed', () => {
    const tell = ({ ledger, events, simulatedMs }: SimReport): string =>
      JSON.stringify([
        events,
        simulatedMs,
        ledger.entries,
        [...ledger.tasks.values()].map((row) => row.state),
      ]);
    const run = (): SimReport => simulate(9, swarm(2, [...honest(3), 'random-liar']), STORMY);
    expect(tell(run())).toBe(tell(run()));
  });
});

/** Tasks given up after too many failed attempts. */
const given = (ledger: Ledger): number =>
  [...ledger.tasks.values()].filter(({ state }) => state === 'abandoned').length;
