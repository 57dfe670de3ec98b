import { describe, expect, it } from 'vitest';
import { saidOf } from './said.ts';
import type { ReplicaView } from './views.ts';

const replica = (part: Partial<ReplicaView>): ReplicaView => ({
  lease: 1,
  node: 'n',
  nodeName: '',
  owner: 'o',
  ownerName: '',
  nodeLabel: '',
  grantedAtMs: 0,
  reason: '',
  ...part,
});

describe('saidOf', () => {
  it('adds a reason only where it says more than the word', () => {
    expect(saidOf(replica({ outcome: 'completed', reason: 'completed' }))).toBe('completed');
    expect(saidOf(replica({ outcome: 'trapped', reason: 'unreachable' }))).toBe('trapped: unreachable');
    expect(saidOf(replica({ ended: 'expired' }))).toBe('expired');
    expect(saidOf(replica({}))).toBe('still working on it');
  });
});
