/** The contract of Trine: ids, states, limits, errors, messages and their bytes. */
export { utf8Text } from './cbor-cursor.ts';
export { type CborValue, CborWriter } from './cbor-writer.ts';
export { decodeCbor, encodeCbor } from './codec.ts';
export {
  assert,
  assertNever,
  ERRORS,
  type ErrorCode,
  type ErrorRow,
  isErrorCode,
  TrineError,
} from './errors.ts';
export { type DecodedFrame, decodeFrame, encodeFrame, encodeHandshake, type Frame } from './frames.ts';
export {
  type ArtifactGrant,
  type CodeIdentity,
  type Grant,
  type GrantIdentity,
  grantDigest,
  type InputGrant,
  rangeInput,
  type TaskLimits,
} from './grants.ts';
export {
  agentTranscript,
  type Challenge,
  coordinatorTranscript,
  type Handshake,
  type Hello,
  type Refused,
  type Resume,
  type Said,
  type Welcome,
} from './handshake.ts';
export {
  type Digest,
  digestFromBytes,
  digestOf,
  digestToBytes,
  type JobId,
  jobIdFrom,
  type KeyId,
  type LeaseId,
  leaseIdOf,
  type NodeId,
  nodeIdOf,
  type OwnerId,
  ownOwner,
  parseDigest,
  parseJobId,
  parseNodeId,
  portableSha256,
  type QuorumGroup,
  randomText,
  type Sha256,
  SIGNATURE_ALGORITHM,
  type ShardId,
  shardOf,
  shardOfLease,
} from './ids.ts';
export { type Limit, LIMITS } from './limits.ts';
export type { AgentMessage, CoordinatorMessage, Heartbeat, SignalMessage } from './messages.ts';
export { merkleRoot } from './merkle.ts';
export { type NodeProfile, profileSchema } from './profile.ts';
export {
  type LeafContent,
  type Report,
  type ReportedResult,
  reportLeaf,
  reportRoot,
  reportTranscript,
} from './reports.ts';
export {
  ABIS,
  type Abi,
  AGENT_KINDS,
  type AgentKind,
  type ComparableOutcome,
  JOB_STATES,
  type JobState,
  LINK_KINDS,
  type LinkKind,
  OUTCOMES,
  type Outcome,
  RESULT_KINDS,
  type ResultKind,
  TASK_STATES,
  type TaskState,
  VERDICTS,
  type Verdict,
} from './states.ts';
export { PROTOCOL_VERSION, PROTOCOL_VERSIONS } from './version.ts';
export {
  coordinatorMessageBytes,
  decodeAgentMessages,
  decodeCoordinatorMessages,
  type DecodedMessages,
  encodeAgentMessage,
  encodeCoordinatorMessage,
} from './wire.ts';
export {
  encodeWasiInput,
  encodeWasiOutput,
  type ParsedWasiInput,
  parseWasiInput,
  parseWasiShared,
  WASI_DEFAULT_ARGS,
  WASI_INDEX_VARIABLE,
  type WasiInput,
  type WasiTask,
} from './wasi.ts';
export { parseWasiOutput, type WasiOutput } from './wasi-output.ts';
