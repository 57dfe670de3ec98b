/**
 * A node as the coordinator meets it: runs what it is granted, keeps a result until it is recorded, comes
 * back with what it holds. What it answers depends on its kind.
 */
import { digestOf, type LeaseId, type NodeId, type OwnerId, type QuorumGroup } from '@trine/protocol';
import type { LeaseGrant, NodeResult } from '@trine/scheduler';

/** `random` lies differ every time; `consistent` ones depend on the task alone, so such liars agree. */
export type NodeKind = 'honest' | 'random-liar' | 'consistent-liar' | 'crashing';

export interface SimNode {
  readonly node: NodeId;
  readonly owner: OwnerId;
  readonly group: QuorumGroup;
  readonly kind: NodeKind;
  readonly capacity: number;
  /** Counts its sessions; the coordinator ignores lower numbers. */
  session: number;
  online: boolean;
  readonly running: Map<LeaseId, LeaseGrant>;
  /** Results not yet known to be recorded. */
  readonly unrecorded: Map<LeaseId, NodeResult>;
}

export function createSimNode(number: number, owner: number, kind: NodeKind): SimNode {
  return {
    node: `n${number}` as NodeId,
    owner: `o${owner}` as OwnerId,
    group: `owner:o${owner}` as QuorumGroup,
    kind,
    capacity: 1 + (number % 4),
    session: 0,
    online: false,
    running: new Map(),
    unrecorded: new Map(),
  };
}

const FUEL_BASE = 1_000;

/** The one right answer of a task. */
export const truthOf = (job: string, index: number): string => `${job}/${index} is done`;
export const fuelOf = (index: number): bigint => BigInt(FUEL_BASE + (index % 7));

/** What the node says after running the grant; `draw` is fresh chance. */
export function answerOf(node: SimNode, grant: LeaseGrant, draw: number): NodeResult {
  const outcome = node.kind === 'crashing' && draw < 0.5 ? 'aborted' : 'completed';
  const output = bytesOf(wordsOf(node, grant, draw));
  return {
    lease: grant.lease,
    grant: grant.grant,
    outcome,
    outputDigest: digestOf(output),
    outputBytes: output.length,
    output,
    fuel: fuelOf(grant.index),
    wallMs: 1,
    reason: outcome === 'aborted' ? 'memory refused' : '',
    leaf: 0,
  };
}

function wordsOf({ kind }: SimNode, { job, index }: LeaseGrant, draw: number): string {
  if (kind === 'consistent-liar') return `the lie of ${index}`;
  return kind === 'random-liar' && draw < 0.5 ? `a lie ${draw}` : truthOf(job, index);
}

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
