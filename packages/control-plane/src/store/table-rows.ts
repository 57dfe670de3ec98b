/** From table rows to the machine's rows and back: one place that knows columns and their order of states. */
import {
  type Digest,
  digestFromBytes,
  JOB_STATES,
  OUTCOMES,
  type QuorumGroup,
  type ResultKind,
  RESULT_KINDS,
  TASK_STATES,
} from '@trine/protocol';
import type { CanonicalResult, JobRow, JobSpec, NodeCounters, ResultEntry, TaskRow } from '@trine/scheduler';
import type {
  ApiKeyModel,
  ArtifactModel,
  JobModel,
  JoinTokenModel,
  NodeCounterModel,
  NodeModel,
  ResultEntryModel,
  TaskModel,
} from '../../generated/prisma/models.ts';
import { decodeInput, decodeReplicas, decodeSpec } from './stored-forms.ts';
import type { ApiKeyRow, JoinTokenRow, KeyRole, NodeRow } from './store.ts';

export const stateNumber = {
  job: (state: JobRow['state']): number => JOB_STATES.indexOf(state),
  task: (state: TaskRow['state']): number => TASK_STATES.indexOf(state),
  kind: (kind: ResultKind): number => RESULT_KINDS.indexOf(kind),
  outcome: (outcome: CanonicalResult['outcome']): number => OUTCOMES.indexOf(outcome),
};

export function stateOf<T>(states: readonly T[], index: number): T {
  const state = states[index];
  if (state === undefined) throw new Error(`The store holds the unknown state ${index}.`);
  return state;
}

export const taskCount = (spec: JobSpec): number => spec.inputs.count;

/** True when somebody was found to differ: the tasks that people want to look at. */
export const isDisagreed = (task: TaskRow): boolean =>
  task.replicas.some(({ verdict }) => verdict === 'invalid' || verdict === 'inconclusive');

export function jobRow(row: JobModel): JobRow {
  const spec = decodeSpec(row.spec);
  const { preparedDigest, preparedSize, preparedChunks, edition } = row;
  const isPrepared = preparedDigest !== null && preparedSize !== null && preparedChunks !== null;
  return {
    spec,
    state: stateOf(JOB_STATES, row.state),
    reason: row.reason,
    code: edition === null ? undefined : { module: digestFromBytes(row.moduleDigest), edition },
    preparedModule: isPrepared
      ? artifactRef({ digest: preparedDigest, sizeBytes: preparedSize, chunks: preparedChunks })
      : undefined,
    begun: Number(row.begun),
    closed: Number(row.closed),
    verified: Number(row.verified),
    disputed: Number(row.disputed),
    abandoned: Number(row.abandoned),
    results: Number(row.results),
    invalidResults: Number(row.invalidResults),
    fuel: BigInt(row.fuel.toFixed(0)),
    submittedAtMs: Number(row.submittedAtMs),
    finishedAtMs: optionalNumber(row.finishedAtMs),
  };
}

export const taskRow = (row: TaskModel): TaskRow => ({
  job: row.job as TaskRow['job'],
  index: row.index,
  state: stateOf(TASK_STATES, row.state),
  closed: row.closed,
  input: decodeInput(row.input),
  replicas: decodeReplicas(row.replicas),
  canonical: canonicalResult(row),
  reason: row.reason,
  changedAtMs: Number(row.changedAtMs),
});

function canonicalResult(row: TaskModel): CanonicalResult | undefined {
  if (row.outcome === null || row.outputDigest === null || row.fuel === null) return undefined;
  return {
    outcome: stateOf(OUTCOMES, row.outcome),
    outputDigest: digestFromBytes(row.outputDigest),
    outputBytes: Number(row.outputBytes ?? 0n),
    output: row.output ?? undefined,
    fuel: row.fuel,
  };
}

export const resultEntry = (row: ResultEntryModel): ResultEntry => ({
  job: row.job as ResultEntry['job'],
  sequence: row.sequence,
  index: row.index,
  kind: stateOf(RESULT_KINDS, row.kind),
});

export const counterRow = (row: NodeCounterModel): NodeCounters => ({
  node: row.node as NodeCounters['node'],
  valid: row.valid,
  invalid: row.invalid,
  inconclusive: row.inconclusive,
  late: row.late,
  unanswered: row.unanswered,
  credit: BigInt(row.credit.toFixed(0)),
});

export const artifactRef = (row: Pick<ArtifactModel, 'digest' | 'sizeBytes' | 'chunks'>) => ({
  digest: digestFromBytes(row.digest),
  sizeBytes: Number(row.sizeBytes),
  chunks: digestFromBytes(row.chunks),
});

export const keyRow = (row: ApiKeyModel): ApiKeyRow => ({
  key: row.key as ApiKeyRow['key'],
  name: row.name,
  role: row.role as KeyRole,
  createdAtMs: Number(row.createdAtMs),
  revokedAtMs: optionalNumber(row.revokedAtMs),
  lastUsedAtMs: optionalNumber(row.lastUsedAtMs),
});

export const tokenRow = (row: JoinTokenModel): JoinTokenRow => ({
  token: row.token,
  owner: row.owner as JoinTokenRow['owner'],
  ownerName: row.ownerName,
  createdAtMs: Number(row.createdAtMs),
  expiresAtMs: optionalNumber(row.expiresAtMs),
  revokedAtMs: optionalNumber(row.revokedAtMs),
  uses: row.uses,
});

export const nodeRow = (row: NodeModel, ownerName: string): NodeRow => ({
  node: row.node as NodeRow['node'],
  publicKey: row.publicKey,
  owner: row.owner as NodeRow['owner'],
  ownerName,
  token: row.token ?? undefined,
  session: row.session,
  profile: row.profile as NodeRow['profile'],
  networkPrefix: row.networkPrefix,
  group: row.group as QuorumGroup,
  firstSeenAtMs: Number(row.firstSeenAtMs),
  lastSeenAtMs: Number(row.lastSeenAtMs),
  label: row.label,
});

export const digestBytes = (digest: Digest): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(digest, 'hex'));

const optionalNumber = (value: bigint | null): number | undefined =>
  value === null ? undefined : Number(value);
