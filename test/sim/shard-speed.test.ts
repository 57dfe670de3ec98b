/** How fast one shard decides, without store or network: printed for people, never asserted. */
import { createHash } from 'node:crypto';
import type { Digest, JobId } from '@trine/protocol';
import {
  apply,
  type LeaseGrant,
  restoreShard,
  type Shard,
  type ShardEvent,
  takeChanges,
} from '@trine/scheduler';
import { artifact, createLedger, readStored, TEST_CONTEXT, testJob } from '@trine/scheduler/testing';
import { expect, it } from 'vitest';
import { answerOf, createSimNode, type SimNode } from './sim-node.ts';

const NODES = 300;
const TASKS = 20_000;
const JOB = 'fast' as JobId;

const sha256 = (bytes: Uint8Array): Digest => createHash('sha256').update(bytes).digest('hex') as Digest;

it('verifies tiny tasks of 300 nodes, and says how fast', () => {
  const context = { ...TEST_CONTEXT, sha256 };
  const shard = restoreShard(context, readStored(createLedger(context.shard)));
  const nodes = Array.from({ length: NODES }, (_, i) => createSimNode(i, i, 'honest'));
  const began = performance.now();
  const { events, verified, open, rows } = runJob(shard, nodes);
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `shard: ${Math.round(events / seconds)} events/s, ${Math.round(verified / seconds)} verified/s, ` +
      `${Math.round((seconds * 1e6) / verified)} µs a verified task, ${open} tasks open at most, ${rows} task rows`,
  );
  expect(verified).toBe(TASKS);
  expect(shard.jobs.size).toBe(0);
});

interface Tally {
  events: number;
  verified: number;
  /** Most tasks in memory at once: what must not grow with the job. */
  open: number;
  rows: number;
}

/** Every node offers its slots and answers in the next batch what it was granted in this one. */
function runJob(shard: Shard, nodes: readonly SimNode[]): Tally {
  const tally: Tally = { events: 0, verified: 0, open: 0, rows: 0 };
  const granted = new Map<SimNode, readonly LeaseGrant[]>();
  const code = { module: artifact('module').digest, edition: '1' };
  let first: readonly ShardEvent[] = [
    { type: 'fleet-changed', groups: nodes.length },
    { type: 'job-submitted', spec: testJob(JOB, TASKS) },
    { type: 'job-prepared', job: JOB, module: artifact('prepared'), code },
  ];
  for (let batch = 1; batch === 1 || shard.jobs.size > 0; batch += 1) {
    play(shard, tally, { type: 'batch-began', atMs: batch, entropy: Uint8Array.of(batch & 255, batch >> 8) });
    for (const event of first) play(shard, tally, event);
    first = [];
    for (const node of nodes) playNode(shard, tally, { node, batch, granted });
    tally.open = Math.max(tally.open, shard.jobs.get(JOB)?.tasks.size ?? 0);
    tally.rows += takeChanges(shard)?.tasks.length ?? 0;
  }
  return tally;
}

interface NodeTurn {
  readonly node: SimNode;
  readonly batch: number;
  readonly granted: Map<SimNode, readonly LeaseGrant[]>;
}

function playNode(shard: Shard, tally: Tally, { node, batch, granted }: NodeTurn): void {
  const { owner, group } = node;
  const who = { node: node.node, session: 1, owner, group };
  const grants = granted.get(node) ?? [];
  if (grants.length > 0) {
    const id = `${node.node}/${batch}` as Digest;
    const frame = { id, root: new Uint8Array(32), signature: new Uint8Array(64), leaves: grants.length };
    const results = grants.map((grant) => answerOf(node, grant, 1));
    play(shard, tally, { type: 'results-reported', ...who, frame, results });
  }
  const effects = play(shard, tally, {
    type: 'slots-offered',
    offer: { ...who, labels: [], count: node.capacity },
  });
  const fresh = effects.flatMap((effect) => (effect.type === 'grant-leases' ? effect.grants : []));
  granted.set(node, fresh);
}

function play(shard: Shard, tally: Tally, event: ShardEvent) {
  const effects = apply(shard, event);
  tally.events += 1;
  for (const effect of effects) {
    if (effect.type === 'announce-task' && effect.state === 'verified') tally.verified += 1;
  }
  return effects;
}
