/**
 * What may become of rows from one commit to the next, said anew and without the scheduler's own helpers: a rule
 * that shares code with what it checks would be broken together with it.
 */
import { type JobId, LIMITS, type LeaseId, type NodeId } from '@trine/protocol';
import type { JobRow, JobSpec, ReplicaRow, TaskRow } from '@trine/scheduler';
import { truthOf, wordsBytes } from './character.ts';
import { sha256 } from '@trine/control-plane/parts';

/** What the rules must know beside the rows. */
export interface Facts {
  /** What must differ within a quorum, as the world knows it. */
  readonly groupOf: (node: NodeId) => string | undefined;
  /** Whether this node has put its name to this result of this lease. */
  readonly hasSaid: (node: NodeId, replica: ReplicaRow) => boolean;
  readonly isLeaseKnown: (lease: LeaseId) => boolean;
  /** The most that liars of one mind could outvote: with fewer groups than a quorum the truth must win. */
  readonly liarGroups: number;
  /** The shard's time until which nothing may expire. */
  readonly graceUntilMs: number;
}

/** Leases one task may ever have; further ones would be a fault of the scheduler's own limit. */
const ATTEMPTS_MAX = 64;

type Found = string[];

const isLive = (replica: ReplicaRow): boolean => replica.ended === undefined;
const counts = ({ result, verdict }: ReplicaRow): boolean =>
  result !== undefined && result.outcome !== 'aborted' && verdict !== 'late';

/** Ended, and against the task: nothing came, or nothing comparable did. Work that was given back does not count. */
const failed = ({ ended, result }: ReplicaRow): boolean =>
  result === undefined ? ended === 'expired' || ended === 'lost' : result.outcome === 'aborted';

const same = (
  a: { readonly outcome: string; readonly outputDigest: string; readonly fuel: bigint },
  b: { readonly outcome: string; readonly outputDigest: string; readonly fuel: bigint },
): boolean => a.outcome === b.outcome && a.outputDigest === b.outputDigest && a.fuel === b.fuel;

const hasTwice = (values: readonly (string | number | undefined)[]): boolean =>
  new Set(values).size < values.length;

export interface TaskStep {
  readonly before: TaskRow | undefined;
  readonly after: TaskRow;
  readonly spec: JobSpec;
  readonly isJobOver: boolean;
}

/** Every broken rule, as a sentence. */
export function taskStepFaults(step: TaskStep, facts: Facts): readonly string[] {
  const { before, after } = step;
  const found: Found = [];
  if (before !== undefined) checkHistory(before, after, found);
  checkNewReplicas(step, facts, found);
  checkPlaces(after, facts, found);
  checkEnds(step, facts, found);
  checkVerdicts(step, facts, found);
  checkState(step, found);
  return found.map((sentence) => `task ${after.job}/${after.index}: ${sentence}`);
}

/** What was stored stays: nothing a row said is taken back. */
function checkHistory(before: TaskRow, after: TaskRow, found: Found): void {
  if (before.closed) found.push('a closed task changed');
  if (before.state !== 'running' && before.state !== after.state) {
    found.push(`it was ${before.state} and became ${after.state}`);
  }
  if (
    before.canonical !== undefined &&
    (after.canonical === undefined || !same(before.canonical, after.canonical))
  ) {
    found.push('its canonical result changed');
  }
  if (after.replicas.length < before.replicas.length) found.push('a replica vanished');
  for (const [at, old] of before.replicas.entries()) checkReplicaHistory(old, after.replicas[at], found);
}

function checkReplicaHistory(old: ReplicaRow, now: ReplicaRow | undefined, found: Found): void {
  if (now === undefined) return;
  const name = `lease ${old.lease}`;
  const fixed = ['lease', 'node', 'owner', 'group', 'session', 'grantedAtMs', 'grant'] as const;
  for (const field of fixed) if (old[field] !== now[field]) found.push(`${name}: its ${field} changed`);
  if (old.ended !== undefined && (old.ended !== now.ended || old.endedAtMs !== now.endedAtMs)) {
    found.push(`${name} ended twice: ${old.ended}, then ${now.ended}`);
  }
  if (old.result !== undefined && (now.result === undefined || !same(old.result, now.result))) {
    found.push(`${name}: its stored result was lost or replaced`);
  }
  if (old.verdict !== undefined && old.verdict !== now.verdict) {
    found.push(`${name}: verdict ${old.verdict} became ${now.verdict}`);
  }
}

function checkNewReplicas({ before, after, spec, isJobOver }: TaskStep, facts: Facts, found: Found): void {
  const known = before?.replicas.length ?? 0;
  const fresh = after.replicas.slice(known);
  for (const replica of fresh) {
    if (facts.isLeaseKnown(replica.lease)) found.push(`lease ${replica.lease} was given before`);
    if (isJobOver) found.push(`lease ${replica.lease} was given for a job that is over`);
  }
  if (fresh.length === 0) return;
  const answers = before?.replicas.filter(counts).length ?? 0;
  if (before?.state === 'running' && answers >= spec.policy.replicasMax) {
    found.push(`${answers} results count, and a further lease was given`);
  }
  if (after.replicas.length > ATTEMPTS_MAX) found.push(`${after.replicas.length} leases were given`);
  const failures = before?.replicas.filter(failed).length ?? 0;
  if (before?.state === 'running' && failures >= spec.policy.failedAttemptsMax) {
    found.push(`${failures} attempts had failed, and a further lease was given`);
  }
}

/** A node and a group have one place: one live lease or one result that counts. */
function checkPlaces({ replicas }: TaskRow, { groupOf }: Facts, found: Found): void {
  const placed = replicas.filter((replica) => isLive(replica) || counts(replica));
  if (hasTwice(placed.map(({ node }) => node))) found.push('a node has two places');
  if (hasTwice(placed.map(({ node }) => groupOf(node)))) found.push('an owner or network has two places');
  if (replicas.some(({ result, ended }) => result !== undefined && ended === undefined)) {
    found.push('a lease is live and has its result');
  }
}

function checkEnds({ before, after }: TaskStep, facts: Facts, found: Found): void {
  for (const [at, replica] of after.replicas.entries()) {
    const { ended, endedAtMs = 0, deadlineAtMs, lease } = replica;
    if (ended === undefined || before?.replicas[at]?.ended !== undefined) continue;
    if (ended === 'expired' && endedAtMs < deadlineAtMs)
      found.push(`lease ${lease} expired before its deadline`);
    if (ended === 'expired' && endedAtMs < facts.graceUntilMs) {
      found.push(`lease ${lease} expired within the grace after a restart`);
    }
    if (ended === 'reported' && replica.result === undefined)
      found.push(`lease ${lease} ended as reported without a result`);
  }
}

function checkVerdicts({ after, spec }: TaskStep, facts: Facts, found: Found): void {
  const { canonical, replicas, job, index } = after;
  const valid = replicas.filter(({ verdict }) => verdict === 'valid');
  for (const replica of replicas) checkVerdict(replica, after, facts, found);
  for (const { result, lease } of replicas.filter(counts)) {
    if ((result?.fuel ?? 0n) > spec.limits.fuel) found.push(`lease ${lease}: more fuel than the job allows`);
  }
  if (hasTwice(valid.map(({ node }) => facts.groupOf(node)))) found.push('an owner is credited twice');
  if ((canonical === undefined) === (after.state === 'verified'))
    found.push(`it is ${after.state}, canonical or not`);
  if (canonical === undefined) return;
  if (new Set(valid.map(({ node }) => facts.groupOf(node))).size < spec.policy.quorum) {
    found.push(`its canonical result rests on ${valid.length} of ${spec.policy.quorum} owners`);
  }
  if (facts.liarGroups >= spec.policy.quorum) return;
  const truth = truthOf(job, index);
  const outputDigest = sha256(wordsBytes(truth.words));
  if (!same(canonical, { ...truth, outputDigest })) found.push('its canonical result is a lie');
}

function checkVerdict(replica: ReplicaRow, task: TaskRow, facts: Facts, found: Found): void {
  const { verdict, result, lease, node } = replica;
  const { canonical, state } = task;
  if (result !== undefined && !facts.hasSaid(node, replica))
    found.push(`lease ${lease}: its node never said that`);
  const agrees = canonical !== undefined && result !== undefined && same(result, canonical);
  if (verdict === 'valid' && (!agrees || result?.outcome === 'aborted'))
    found.push(`lease ${lease} is valid and differs`);
  if (verdict === 'invalid' && (agrees || state !== 'verified'))
    found.push(`lease ${lease} is invalid without cause`);
  if (verdict === 'inconclusive' && state === 'verified')
    found.push(`lease ${lease} is inconclusive and decided`);
  if (counts(replica) && verdict === undefined && state !== 'running')
    found.push(`lease ${lease} waits for a verdict`);
}

function checkState({ after, spec }: TaskStep, found: Found): void {
  const { state, closed, replicas } = after;
  const counted = replicas.filter(counts).length;
  const live = replicas.filter(isLive).length;
  const { replicasMax, failedAttemptsMax } = spec.policy;
  if (closed && live > 0) found.push('it is closed with a live lease');
  if (closed && state === 'running') found.push('it is closed and undecided');
  if (!closed && (state === 'disputed' || state === 'abandoned' || state === 'cancelled'))
    found.push(`it is ${state} and open`);
  if (state === 'disputed' && counted < replicasMax) found.push(`it is disputed after ${counted} results`);
  if (
    state === 'abandoned' &&
    replicas.filter(failed).length < failedAttemptsMax &&
    replicas.length < ATTEMPTS_MAX
  ) {
    found.push(`it was given up after ${replicas.filter(failed).length} failures`);
  }
}

/** A job's figures never fall, and what is over stays over. */
export function jobStepFaults(before: JobRow | undefined, after: JobRow): readonly string[] {
  const found: Found = [];
  const figures = [
    'begun',
    'closed',
    'verified',
    'disputed',
    'abandoned',
    'results',
    'invalidResults',
  ] as const;
  for (const field of figures) {
    if (after[field] < (before?.[field] ?? 0))
      found.push(`${field} fell from ${before?.[field]} to ${after[field]}`);
  }
  if (before !== undefined && after.fuel < before.fuel) found.push('its bill fell');
  if (before !== undefined && isOver(before)) found.push(`it was ${before.state} and changed`);
  if (after.results !== after.verified + after.disputed + after.abandoned)
    found.push('its log has not one entry a decision');
  if (after.state === 'finished' && after.closed !== after.spec.inputs.count)
    found.push('it finished with tasks open');
  return found.map((sentence) => `job ${after.spec.job}: ${sentence}`);
}

export const isOver = ({ state }: JobRow): boolean => state !== 'preparing' && state !== 'running';

/** What each node has earned in this task: fuel of valid results. */
export function creditIn(row: TaskRow | undefined): ReadonlyMap<NodeId, bigint> {
  const credit = new Map<NodeId, bigint>();
  for (const { node, verdict, result } of row?.replicas ?? []) {
    if (verdict === 'valid') credit.set(node, (credit.get(node) ?? 0n) + (result?.fuel ?? 0n));
  }
  return credit;
}

export const taskKey = (job: JobId, index: number): string => `${job}/${index}`;

/** After a takeover nothing expires before this, by the shard's own clock. */
export const GRACE_MS = LIMITS.restartGraceMs.value;
