// What a task's page tells before and after its verdict: nothing that another node could copy.
import type { Outcome } from '@trine/protocol';
import type { ReplicaRow } from '@trine/scheduler';
import { expect, test } from 'vitest';
import { digestFor, jobId, replicaRow, taskRowFor } from '../store/rows.testing.ts';
import { taskView } from './job-views.ts';

const REASON = 'out of fuel at the limit of 1000';

const answered = (outcome: Outcome): ReplicaRow =>
  replicaRow(1, {
    ended: 'reported',
    endedAtMs: 1,
    reason: REASON,
    result: {
      outcome,
      outputDigest: digestFor(''),
      outputBytes: 0,
      output: undefined,
      fuel: 1_000n,
      wallMs: 3,
      frame: digestFor('frame'),
      leaf: 0,
    },
  });

const shown = (outcome: Outcome, state: 'running' | 'verified') =>
  taskView(taskRowFor(jobId('a'), 0, { state, replicas: [answered(outcome)] }), new Map()).replicas[0];

test.each<Outcome>(['completed', 'trapped', 'out-of-fuel'])(
  'an answer of %s is not shown before the verdict, in figures or in words',
  (outcome) => {
    expect(shown(outcome, 'running')).toMatchObject({
      outcome: undefined,
      outputDigest: undefined,
      fuel: undefined,
      wallMs: undefined,
      reason: '',
    });
    expect(shown(outcome, 'verified')).toMatchObject({ outcome, fuel: '1000', reason: REASON });
  },
);

test('why an attempt was aborted is told at once', () => {
  expect(shown('aborted', 'running')?.reason).toBe(REASON);
});
