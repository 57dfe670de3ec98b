/** What callers of the machine rely on beyond its scenarios: wake-ups, changes, and time. */
import type { JobId, NodeId, OwnerId, QuorumGroup } from '@trine/protocol';
import { describe, expect, it } from 'vitest';
import { apply, nextDeadlineMs } from './apply.ts';
import { takeChanges } from './changes.ts';
import type { ShardEvent } from './events.ts';
import { restoreShard } from './restore.ts';
import type { Shard } from './state.ts';
import { artifact, createLedger, readStored, TEST_CONTEXT, testJob, writeChanges } from './testing/index.ts';

const JOB = 'j' as JobId;

const began = (atMs: number, seed = 1): ShardEvent => ({
  type: 'batch-began',
  atMs,
  entropy: Uint8Array.of(seed),
});

const offer = (name: string, count: number): ShardEvent => ({
  type: 'slots-offered',
  offer: {
    node: name as NodeId,
    session: 1,
    owner: `o${name}` as OwnerId,
    group: `owner:${name}` as QuorumGroup,
    labels: [],
    count,
  },
});

const code = { module: artifact('module').digest, edition: '1' };

function startedShard(count: number): Shard {
  const shard = restoreShard(TEST_CONTEXT, readStored(createLedger(TEST_CONTEXT.shard)));
  apply(shard, began(1_000));
  apply(shard, { type: 'fleet-changed', groups: 3 });
  apply(shard, { type: 'job-submitted', spec: testJob(JOB, count, ['timeout', '60']) });
  apply(shard, { type: 'job-prepared', job: JOB, module: artifact('prepared'), code });
  return shard;
}

const ledgerOf = (shard: Shard) => {
  const ledger = createLedger(TEST_CONTEXT.shard);
  writeChanges(ledger, takeChanges(shard));
  return ledger;
};

describe('wake-ups', () => {
  it('asks for a batch at the first deadline, and for none when nothing is leased', () => {
    const shard = startedShard(2);
    expect(nextDeadlineMs(shard)).toBeUndefined();
    apply(shard, offer('a', 1));
    apply(shard, began(5_000));
    apply(shard, offer('a', 1));
    expect(nextDeadlineMs(shard)).toBe(61_000);
    apply(shard, began(61_000));
    expect(nextDeadlineMs(shard)).toBe(65_000);
    apply(shard, began(65_000));
    expect(nextDeadlineMs(shard)).toBeUndefined();
  });

  it('asks for one at once after a recovery with leases, then when the grace ends', () => {
    const shard = startedShard(1);
    apply(shard, offer('a', 1));
    const recovered = restoreShard(TEST_CONTEXT, readStored(ledgerOf(shard)));
    expect(nextDeadlineMs(recovered)).toBe(1_000);
    apply(recovered, began(4_000));
    expect(nextDeadlineMs(recovered)).toBe(34_000);
  });
});

describe('changes', () => {
  it('has none to store after presence alone', () => {
    const shard = startedShard(1);
    takeChanges(shard);
    apply(shard, began(2_000));
    apply(shard, { type: 'fleet-changed', groups: 5 });
    apply(shard, { type: 'node-said-hello', node: 'a' as NodeId, session: 3, held: [] });
    apply(shard, { type: 'inputs-loaded', job: JOB, from: 0, inputs: [] });
    apply(shard, { type: 'node-lost', node: 'a' as NodeId, session: 3, reason: 'gone' });
    expect(takeChanges(shard)).toBeUndefined();
  });

  it('names each row once, in its last form, and only what changed', () => {
    const shard = startedShard(3);
    takeChanges(shard);
    apply(shard, offer('a', 2));
    apply(shard, offer('b', 1));
    const changes = takeChanges(shard);
    expect(changes?.jobs.map((row) => row.begun)).toEqual([2]);
    expect(changes?.tasks.map((row) => row.index).toSorted()).toEqual([0, 1]);
    expect(changes?.tasks.reduce((sum, row) => sum + row.replicas.length, 0)).toBe(3);
    expect(changes?.shard.leaseCounter).toBe(3);
    expect(takeChanges(shard)).toBeUndefined();
  });

  it('writes no row for a task that has not begun, however large the job', () => {
    const shard = startedShard(100_000_000);
    apply(shard, offer('a', 2));
    expect(takeChanges(shard)?.tasks.length).toBe(2);
    expect(shard.jobs.get(JOB)?.tasks.size).toBe(2);
  });
});

describe('time and chance', () => {
  it('does not run backwards', () => {
    const shard = startedShard(1);
    apply(shard, began(500));
    apply(shard, offer('a', 1));
    expect(nextDeadlineMs(shard)).toBe(61_000);
  });

  it('draws places from the entropy of the batch: nodes cannot foresee which task they get', () => {
    const order = (seed: number): string => {
      const shard = startedShard(12);
      apply(shard, offer('a', 12));
      apply(shard, began(2_000, seed));
      return apply(shard, offer('b', 12))
        .flatMap((effect) => (effect.type === 'grant-leases' ? effect.grants.map(({ index }) => index) : []))
        .join(' ');
    };
    expect(order(1)).toBe(order(1));
    expect(new Set([1, 2, 3, 4, 5].map(order)).size).toBe(5);
  });
});
