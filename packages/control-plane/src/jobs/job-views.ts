/** Rows to views: bigints become digits, bytes become base64, nodes get their names. */
import type { JobId, NodeId } from '@trine/protocol';
import type { JobRow, ReplicaRow, TaskRow } from '@trine/scheduler';
import { type Caller, isOperator } from '../caller.ts';
import { nameOfNode } from '../node-directory.ts';
import { manifestSchema } from '../routers/schemas.ts';
import type { NodeRow, StoredResult } from '../store/store.ts';
import type { JobManifest, JobView, ReplicaView, ResultView, TaskCounts, TaskView } from '../views.ts';

export const isMine = (row: JobRow, caller: Caller): boolean =>
  caller.type === 'key' && caller.key === row.spec.key;

export const maySee = (row: JobRow, caller: Caller): boolean =>
  row.spec.isPublic || isMine(row, caller) || isOperator(caller);

export function jobView(row: JobRow, caller: Caller): JobView {
  const { spec } = row;
  return {
    id: spec.job,
    name: spec.name,
    state: row.state,
    reason: row.reason,
    moduleDigest: spec.module.digest,
    moduleBytes: spec.module.sizeBytes,
    edition: row.code?.edition,
    abi: spec.abi,
    tasks: taskCounts(row),
    fuel: row.fuel.toString(),
    invalidResults: row.invalidResults,
    submittedAtMs: row.submittedAtMs,
    finishedAtMs: row.finishedAtMs,
    isPublic: spec.isPublic,
    isMine: isMine(row, caller),
    manifest: manifestOf(spec.manifest),
    policy: {
      replicas: spec.policy.replicas,
      quorum: spec.policy.quorum,
      replicasMax: spec.policy.replicasMax,
      timeoutMs: spec.policy.timeoutMs,
      priority: spec.policy.priority,
    },
    limits: {
      fuel: spec.limits.fuel.toString(),
      memoryBytes: spec.limits.memoryBytes,
      outputBytes: spec.limits.outputBytes,
    },
    resultSequence: row.results,
  };
}

function taskCounts(row: JobRow): TaskCounts {
  const { verified, disputed, abandoned, begun } = row;
  const isOpen = row.state === 'preparing' || row.state === 'running';
  const total = row.spec.inputs.count;
  return {
    total,
    waiting: isOpen ? total - begun : 0,
    running: isOpen ? Math.max(0, begun - verified - disputed - abandoned) : 0,
    verified,
    disputed,
    abandoned,
  };
}

/** A manifest was checked when it came in; what cannot be read shows nothing. */
function manifestOf(text: string): JobManifest {
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}

export function taskView(row: TaskRow, nodes: ReadonlyMap<NodeId, NodeRow>): TaskView {
  return {
    job: row.job,
    index: row.index,
    state: row.state,
    reason: row.reason,
    inputDigest: row.input.digest,
    canonical:
      row.canonical === undefined
        ? undefined
        : {
            outcome: row.canonical.outcome,
            outputDigest: row.canonical.outputDigest,
            outputBytes: row.canonical.outputBytes,
            fuel: row.canonical.fuel.toString(),
          },
    replicas: row.replicas.map((replica) => replicaView(row, replica, nodes.get(replica.node))),
    changedAtMs: row.changedAtMs,
  };
}

/** A task that nobody has begun: it has no row. */
export const untouchedTask = (job: JobRow, index: number): TaskView => ({
  job: job.spec.job,
  index,
  state: job.state === 'cancelled' || job.state === 'refused' ? 'cancelled' : 'waiting',
  reason: '',
  inputDigest: '',
  canonical: undefined,
  replicas: [],
  changedAtMs: job.submittedAtMs,
});

/** Until a task is decided nobody is shown what was answered: it could be copied. */
const isDecided = (row: TaskRow): boolean => row.state !== 'waiting' && row.state !== 'running';

/** The words beside a trap or an empty tank give the whole answer away; why an attempt was aborted gives nothing. */
const isTelling = (row: TaskRow, { result }: ReplicaRow): boolean =>
  !isDecided(row) && result !== undefined && result.outcome !== 'aborted';

function replicaView(task: TaskRow, replica: ReplicaRow, node: NodeRow | undefined): ReplicaView {
  const result = isDecided(task) ? replica.result : undefined;
  return {
    lease: replica.lease,
    node: replica.node,
    nodeName: nameOfNode(node, replica.node),
    owner: replica.owner,
    ownerName: node?.ownerName ?? replica.owner,
    nodeLabel: node?.label ?? '',
    grantedAtMs: replica.grantedAtMs,
    ended: replica.ended,
    outcome: result?.outcome,
    outputDigest: result?.outputDigest,
    fuel: result?.fuel.toString(),
    wallMs: result?.wallMs,
    verdict: replica.verdict,
    reason: isTelling(task, replica) ? '' : replica.reason,
  };
}

export function resultView(job: JobId, { entry, task }: StoredResult): ResultView {
  const { canonical } = task;
  return {
    job,
    sequence: entry.sequence,
    index: entry.index,
    kind: entry.kind,
    outcome: canonical?.outcome,
    outputDigest: canonical?.outputDigest,
    outputBytes: canonical?.outputBytes ?? 0,
    output: canonical?.output === undefined ? undefined : Buffer.from(canonical.output).toString('base64'),
    fuel: (canonical?.fuel ?? 0n).toString(),
    reason: task.reason,
  };
}
