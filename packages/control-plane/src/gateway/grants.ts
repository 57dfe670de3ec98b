/** A lease as the shard granted it becomes what the node is sent: bearers added, cut into messages that fit a frame. */
import {
  type ArtifactGrant,
  type CoordinatorMessage,
  type Grant,
  LIMITS,
  type NodeId,
} from '@trine/protocol';
import type { ArtifactRef, LeaseGrant } from '@trine/scheduler';
import type { Bearers } from '../auth/bearers.ts';

/** Bytes of grants in one message: room is left in the frame for its other messages' heads. */
const MESSAGE_BYTES = 49_152;
/** A grant without its inline input: ids, digests, bearers and names at their longest. */
const GRANT_BYTES = 1_024;

type GrantsMessage = Extract<CoordinatorMessage, { readonly type: 'grants' }>;

export function grantsMessages(
  grants: readonly LeaseGrant[],
  node: NodeId,
  bearers: Bearers,
): readonly GrantsMessage[] {
  const messages: GrantsMessage[] = [];
  let current: Grant[] = [];
  let bytes = 0;
  for (const lease of grants) {
    const size = GRANT_BYTES + (lease.input.type === 'inline' ? lease.input.bytes.length : 0);
    if (current.length === LIMITS.grantsPerMessage.value || bytes + size > MESSAGE_BYTES) {
      messages.push({ type: 'grants', grants: current });
      current = [];
      bytes = 0;
    }
    current.push(grantFor(lease, node, bearers));
    bytes += size;
  }
  if (current.length > 0) messages.push({ type: 'grants', grants: current });
  return messages;
}

function grantFor(lease: LeaseGrant, node: NodeId, bearers: Bearers): Grant {
  const artifact = ({ digest, sizeBytes, chunks }: ArtifactRef): ArtifactGrant => ({
    digest,
    sizeBytes,
    chunks,
    bearer: bearers.forReading(node, digest),
  });
  const { input } = lease;
  return {
    lease: lease.lease,
    job: lease.job,
    index: lease.index,
    code: lease.code,
    abi: lease.abi,
    module: artifact(lease.module),
    input:
      input.type === 'inline'
        ? { type: 'inline', bytes: input.bytes }
        : { type: 'artifact', artifact: artifact(input.artifact) },
    inputDigest: input.digest,
    limits: lease.limits,
    deadlineMs: lease.deadlineMs,
    jobName: lease.jobName,
  };
}
