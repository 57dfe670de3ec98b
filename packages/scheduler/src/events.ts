/**
 * What can happen to a shard. A batch is a list of events that starts with `batch-began`; the machine
 * reads time and chance from there and nowhere else. Events marked *presence* change nothing that is
 * stored unless they lead to a grant or end a lease.
 */
import type {
  Abi,
  CodeIdentity,
  Digest,
  JobId,
  KeyId,
  LeaseId,
  NodeId,
  Outcome,
  OwnerId,
  QuorumGroup,
  TaskLimits,
} from '@trine/protocol';

/** An artifact as the shard knows it; bearers are the gateway's business. */
export interface ArtifactRef {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Digest of the chunk list. */
  readonly chunks: Digest;
}

export type JobInputs =
  /** Inputs are rows in the store, read a window at a time through `load-inputs`. */
  | { readonly type: 'list'; readonly count: number }
  /** Task i's input is `shared` followed by (first + i) as u64 little-endian. */
  | { readonly type: 'range'; readonly shared: Uint8Array; readonly first: number; readonly count: number };

export type TaskInput =
  | { readonly type: 'inline'; readonly bytes: Uint8Array; readonly digest: Digest }
  | { readonly type: 'artifact'; readonly artifact: ArtifactRef; readonly digest: Digest };

/** How a job's tasks are checked. Named defaults are in protocol/limits. */
export interface JobPolicy {
  readonly replicas: number;
  readonly quorum: number;
  readonly replicasMax: number;
  readonly failedAttemptsMax: number;
  readonly timeoutMs: number;
  readonly priority: number;
}

export interface JobSpec {
  readonly job: JobId;
  readonly key: KeyId;
  readonly name: string;
  /** The module as submitted. */
  readonly module: ArtifactRef;
  readonly abi: Abi;
  readonly inputs: JobInputs;
  readonly limits: TaskLimits;
  readonly policy: JobPolicy;
  /** Shown to anyone; others only to their key and the operator. */
  readonly isPublic: boolean;
  /** The submitter's manifest as JSON text (how to show the output), opaque to the machine. */
  readonly manifest: string;
}

/** A result as the gateway hands it over: signature and grant digests already checked against the report. */
export interface NodeResult {
  readonly lease: LeaseId;
  readonly grant: Digest;
  readonly outcome: Outcome;
  readonly outputDigest: Digest;
  readonly outputBytes: number;
  /** Small outputs travel here and live in the task's row; larger ones are stored artifacts by now. */
  readonly output: Uint8Array | undefined;
  readonly fuel: bigint;
  readonly wallMs: number;
  readonly reason: string;
  /** Index of this result's leaf in the signed report frame. */
  readonly leaf: number;
}

/** One signed report as it will be stored, once. */
export interface ReportFrame {
  /** Unique: SHA-256 of root and signature. */
  readonly id: Digest;
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
  readonly leaves: number;
}

export interface SlotOffer {
  readonly node: NodeId;
  readonly session: number;
  readonly owner: OwnerId;
  readonly group: QuorumGroup;
  readonly labels: readonly string[];
  /** Slots free for this shard now. */
  readonly count: number;
}

export type ShardEvent =
  | { readonly type: 'batch-began'; readonly atMs: number; readonly entropy: Uint8Array }
  | { readonly type: 'job-submitted'; readonly spec: JobSpec }
  | {
      readonly type: 'job-prepared';
      readonly job: JobId;
      readonly module: ArtifactRef;
      readonly code: CodeIdentity;
    }
  | { readonly type: 'job-refused'; readonly job: JobId; readonly code: string; readonly message: string }
  | { readonly type: 'job-cancelled'; readonly job: JobId; readonly reason: string }
  | {
      readonly type: 'inputs-loaded';
      readonly job: JobId;
      readonly from: number;
      readonly inputs: readonly TaskInput[];
    }
  /** Presence: distinct quorum groups that have a node online with capacity. */
  | { readonly type: 'fleet-changed'; readonly groups: number }
  /** Presence, unless granted. */
  | { readonly type: 'slots-offered'; readonly offer: SlotOffer }
  /**
   * A new session of a node, with the leases it still holds. Leases granted under an earlier session
   * number that it does not name have ended; named ones that are not its own are abandoned.
   */
  | {
      readonly type: 'node-said-hello';
      readonly node: NodeId;
      readonly session: number;
      readonly held: readonly LeaseId[];
    }
  /** The link grace is over, or the node left: every lease of sessions up to this number ends. */
  | { readonly type: 'node-lost'; readonly node: NodeId; readonly session: number; readonly reason: string }
  | {
      readonly type: 'leases-returned';
      readonly node: NodeId;
      readonly session: number;
      readonly leases: readonly LeaseId[];
      readonly reason: string;
    }
  | {
      readonly type: 'results-reported';
      readonly node: NodeId;
      readonly owner: OwnerId;
      readonly group: QuorumGroup;
      readonly session: number;
      readonly frame: ReportFrame;
      readonly results: readonly NodeResult[];
    };
