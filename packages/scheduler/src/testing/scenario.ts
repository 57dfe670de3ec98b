/**
 * Scenarios as text: one line an event, its effects to the right of `->`. Nodes are named like `a1`: owner
 * `a`, node `a1`; those called `n…` have no token and share a network. Leases are `#n`, tasks of job `j` are plain indexes, of another job `k/3`. Times are seconds.
 *
 *   at 10                        a batch begins
 *   fleet 3                      three groups online
 *   submit j 5 timeout 60 …      a range job (`list` for a list); policy by name and number
 *   prepare j · refuse j · cancel j · load j 0 2
 *   offer a1 2                   two free slots
 *   report a1 0=x #3=trap:t …    answers by task or lease: a word, `trap:w`, `fuel:w`, `abort:w`; `x*7` with 7 fuel;
 *                                `!` after the word names a wrong grant
 *   hello a1 2 #1 · lost a1 · return a1 #1      `a1@1` speaks for an earlier session
 *   restart                      recovery from what was stored
 *   show 0 · show a1 · show j    nothing happens: the row, counters or job
 */
import {
  assertNever,
  digestOf,
  LIMITS,
  type Digest,
  type JobId,
  type KeyId,
  type LeaseId,
} from '@trine/protocol';
import type { NodeId, Outcome, OwnerId, QuorumGroup, ShardId } from '@trine/protocol';
import { apply } from '../apply.ts';
import { shardDigestRows, takeChanges } from '../changes.ts';
import type { ShardEffect } from '../effects.ts';
import type { ArtifactRef, JobPolicy, JobSpec, NodeResult, ShardEvent, TaskInput } from '../events.ts';
import { invariantViolations } from '../invariants.ts';
import { recoveryEffects, restoreShard } from '../restore.ts';
import type { ShardContext } from '../shard.ts';
import type { Shard } from '../state.ts';
import { auditLedger, createLedger, type Ledger, readStored, writeChanges } from './ledger.ts';

const SHARD = 7 as ShardId;
export const TEST_CONTEXT: ShardContext = { shard: SHARD, sha256: digestOf };

interface World {
  shard: Shard;
  readonly ledger: Ledger;
  readonly sessions: Map<string, number>;
  /** Leases as granted, by number, with their grant and task. */
  readonly grants: Map<number, { readonly node: string; readonly task: string; readonly grant: Digest }>;
  frames: number;
  batches: number;
}

/** The same scenario with the effects that the machine really has; every line's state is checked. */
export function playScenario(scenario: string): string {
  const ledger = createLedger(SHARD);
  const shard = restoreShard(TEST_CONTEXT, readStored(ledger));
  const world: World = { shard, ledger, sessions: new Map(), grants: new Map(), frames: 0, batches: 0 };
  const lines = scenario.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('--'))
    .map((line) => {
      const [event = ''] = line.split('->');
      return `${event.trim()} -> ${playLine(world, event.trim().split(/\s+/u))}`.trim();
    })
    .join('\n');
}

/** The scenario without its indentation and comments, to compare with. */
export const plainScenario = (scenario: string): string =>
  scenario
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
    .join('\n');

function playLine(world: World, words: readonly string[]): string {
  const [verb = '', ...rest] = words;
  if (verb === 'show') return show(world, rest[0] ?? '');
  const effects = verb === 'restart' ? restart(world) : play(world, eventOf(world, verb, rest));
  for (const effect of effects) learnGrants(world, effect);
  return effects
    .map(describeEffect)
    .filter((text) => text !== '')
    .join('; ');
}

function play(world: World, event: ShardEvent): readonly ShardEffect[] {
  const effects = apply(world.shard, event);
  writeChanges(world.ledger, takeChanges(world.shard));
  checkWorld(world);
  return effects;
}

function restart(world: World): readonly ShardEffect[] {
  world.shard = restoreShard(TEST_CONTEXT, readStored(world.ledger));
  checkWorld(world);
  return recoveryEffects(world.shard);
}

/** Throws at the first broken promise, so that a test names it. */
function checkWorld({ shard, ledger }: World): void {
  const recovered = restoreShard(TEST_CONTEXT, readStored(ledger));
  const found = [...invariantViolations(shard), ...auditLedger(ledger)];
  if (found.length > 0) throw new Error(found.join('\n'));
  const [memory, stored] = [shardDigestRows(shard), shardDigestRows(recovered)].map((rows) =>
    printRows(rows),
  );
  if (memory !== stored) throw new Error(`recovered differs from memory:\n${stored}\n${memory}`);
}

/** Rows as text that two equal states share. */
export const printRows = (rows: unknown): string =>
  JSON.stringify(rows, (_key, value: unknown) =>
    typeof value === 'bigint'
      ? `${value}n`
      : value instanceof Uint8Array
        ? Array.from(value).join(' ')
        : value,
  );

// ── events ───────────────────────────────────────────────────────────────────────────────────────────

function eventOf(world: World, verb: string, rest: readonly string[]): ShardEvent {
  const [first = '', second = '0'] = rest;
  switch (verb) {
    case 'at':
      world.batches += 1;
      return { type: 'batch-began', atMs: Number(first) * 1_000, entropy: Uint8Array.of(world.batches) };
    case 'fleet':
      return { type: 'fleet-changed', groups: Number(first) };
    case 'submit':
      return { type: 'job-submitted', spec: testJob(first as JobId, Number(second), rest.slice(2)) };
    case 'prepare':
      return {
        type: 'job-prepared',
        job: first as JobId,
        module: artifact('prepared'),
        code: { module: artifact('module').digest, edition: '1' },
      };
    case 'refuse':
      return { type: 'job-refused', job: first as JobId, code: 'module-refused', message: 'imports env.now' };
    case 'cancel':
      return { type: 'job-cancelled', job: first as JobId, reason: 'no longer needed' };
    case 'load':
      return loadInputs(first as JobId, Number(second), Number(rest[2]));
    default:
      return nodeEventOf(world, verb, rest);
  }
}

function nodeEventOf(world: World, verb: string, rest: readonly string[]): ShardEvent {
  const [first = '', second = '1'] = rest;
  const [name = '', earlier] = first.split('@');
  const node = name as NodeId;
  const session = earlier === undefined ? (world.sessions.get(name) ?? 1) : Number(earlier);
  const who = { node, session, ...ownerOf(name) };
  const leases = rest.filter((word) => /^#\d+$/u.test(word)).map((word) => leaseOf(Number(word.slice(1))));
  switch (verb) {
    case 'offer':
      return { type: 'slots-offered', offer: { ...who, labels: [], count: Number(second) } };
    case 'hello':
      world.sessions.set(name, Number(second));
      return { type: 'node-said-hello', node, session: Number(second), held: leases };
    case 'lost':
      return { type: 'node-lost', node, session, reason: 'the link is silent' };
    case 'return':
      return { type: 'leases-returned', node, session, leases, reason: 'the owner is back' };
    case 'report':
      return { type: 'results-reported', ...who, ...reportOf(world, name, rest.slice(1)) };
    default:
      throw new Error(`A scenario has no "${verb}".`);
  }
}

/** Nodes called `n…` joined without a token from one network. */
const ownerOf = (name: string): { readonly owner: OwnerId; readonly group: QuorumGroup } =>
  name.startsWith('n')
    ? { owner: `node:${name}` as OwnerId, group: 'net:192.0.2.0/24' as QuorumGroup }
    : { owner: `o${name[0]}` as OwnerId, group: `owner:${name[0]}` as QuorumGroup };

export const artifact = (name: string): ArtifactRef => {
  const digest = digestOf(textBytes(name));
  return { digest, sizeBytes: name.length, chunks: digest };
};

const textBytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const POLICY_WORDS: Readonly<Record<string, keyof JobPolicy>> = {
  replicas: 'replicas',
  quorum: 'quorum',
  max: 'replicasMax',
  fails: 'failedAttemptsMax',
  priority: 'priority',
};

/** A job with the default policy but for the `words`, which are names and numbers in turn. */
export function testJob(job: JobId, count: number, words: readonly string[] = []): JobSpec {
  const policy: Record<string, number> = {
    replicas: LIMITS.replicas.value,
    quorum: LIMITS.quorum.value,
    replicasMax: LIMITS.replicasMax.value,
    failedAttemptsMax: LIMITS.failedAttemptsMax.value,
    timeoutMs: LIMITS.taskTimeoutMs.value,
    priority: 0,
  };
  words.forEach((word, i) => {
    const name = POLICY_WORDS[word];
    if (name !== undefined) policy[name] = Number(words[i + 1]);
    if (word === 'timeout') policy['timeoutMs'] = Number(words[i + 1]) * 1_000;
  });
  return {
    job,
    key: 'key' as KeyId,
    name: job,
    module: artifact('module'),
    abi: 'trine-1',
    inputs: words.includes('list')
      ? { type: 'list', count }
      : { type: 'range', shared: Uint8Array.of(1), first: 0, count },
    limits: { fuel: 1_000_000n, memoryBytes: 65_536, outputBytes: 4_096 },
    policy: policy as unknown as JobPolicy,
    isPublic: true,
    manifest: '{}',
  };
}

function loadInputs(job: JobId, from: number, count: number): ShardEvent {
  const inputs = Array.from({ length: count }, (_, i): TaskInput => {
    const bytes = Uint8Array.of(from + i);
    return { type: 'inline', bytes, digest: digestOf(bytes) };
  });
  return { type: 'inputs-loaded', job, from, inputs };
}

const leaseOf = (number: number): LeaseId => (number * LIMITS.shards.value + SHARD) as LeaseId;
const numberOf = (lease: LeaseId): number => Math.floor(lease / LIMITS.shards.value);

function reportOf(world: World, node: string, answers: readonly string[]) {
  world.frames += 1;
  const id = artifact(`frame ${world.frames}`).digest;
  const frame = { id, root: new Uint8Array(32), signature: new Uint8Array(64), leaves: answers.length };
  return { frame, results: answers.map((answer, leaf) => resultOf(world, node, answer, leaf)) };
}

const OUTCOME_WORDS: Readonly<Record<string, Outcome>> = {
  trap: 'trapped',
  fuel: 'out-of-fuel',
  abort: 'aborted',
};

function resultOf(world: World, node: string, answer: string, leaf: number): NodeResult {
  const [target = '', said = ''] = answer.split('=');
  const [claim = '', fuel = '10'] = said.replace('!', '').split('*');
  const [kind = '', word = kind] = claim.split(':');
  const number = target.startsWith('#') ? Number(target.slice(1)) : latestLease(world, node, target);
  const known = world.grants.get(number)?.grant ?? artifact('no grant').digest;
  const output = textBytes(word);
  return {
    lease: leaseOf(number),
    grant: said.includes('!') ? artifact('another grant').digest : known,
    outcome: claim.includes(':') ? (OUTCOME_WORDS[kind] ?? 'completed') : 'completed',
    outputDigest: digestOf(output),
    outputBytes: output.length,
    output,
    fuel: BigInt(fuel),
    wallMs: 1,
    reason: kind === 'abort' ? word : '',
    leaf,
  };
}

function latestLease(world: World, node: string, target: string): number {
  const task = target.includes('/') ? target : `j/${target}`;
  const own = [...world.grants].filter(([, grant]) => grant.node === node && grant.task === task);
  const latest = own.at(-1)?.[0];
  if (latest === undefined) throw new Error(`${node} was never granted ${task}`);
  return latest;
}

// ── effects ──────────────────────────────────────────────────────────────────────────────────────────

function learnGrants(world: World, effect: ShardEffect): void {
  if (effect.type !== 'grant-leases') return;
  for (const { lease, job, index, grant } of effect.grants) {
    world.grants.set(numberOf(lease), { node: effect.node, task: `${job}/${index}`, grant });
  }
}

const names = (leases: readonly LeaseId[]): string => leases.map((lease) => `#${numberOf(lease)}`).join(' ');

const taskName = (job: JobId, index: number): string => (job === 'j' ? `${index}` : `${job}/${index}`);

/** One effect in a few words; counters are left out, `show` has them. */
function describeEffect(effect: ShardEffect): string {
  switch (effect.type) {
    case 'prepare-module':
      return `prepare ${effect.job}`;
    case 'load-inputs':
      return `load ${effect.job} ${effect.from}+${effect.count}`;
    case 'publish-demand':
      return `demand ${effect.leases}${effect.priority === 0 ? '' : ` at ${effect.priority}`}`;
    case 'grant-leases':
      return `grant ${effect.grants.map((g) => `#${numberOf(g.lease)}=${taskName(g.job, g.index)}`).join(' ')}`;
    case 'refuse-slots':
      return `refuse ${effect.count} ${effect.reason}`;
    case 'record-results':
      return `record ${names(effect.leases)}`;
    case 'abandon-leases':
      return `abandon ${effect.node} ${names(effect.leases)}`;
    case 'free-slots':
      return `free ${effect.node}${effect.session === 1 ? '' : `@${effect.session}`} ${effect.count}`;
    case 'reject-result':
      return `reject ${names([effect.lease])} ${effect.code}`;
    case 'announce-counters':
      return '';
    case 'announce-verdict':
      return `${effect.node} ${effect.verdict} in ${taskName(effect.job, effect.index)}`;
    case 'announce-task':
      return `${taskName(effect.job, effect.index)} ${effect.state}`;
    case 'announce-job':
      return `${effect.job} ${effect.state}${effect.reason === '' ? '' : ` (${effect.reason})`}`;
    case 'announce-result':
      return `entry ${effect.sequence}`;
  }
  return assertNever(effect);
}

function show(world: World, name: string): string {
  const counters = world.ledger.counters.get(name as NodeId);
  if (counters !== undefined) {
    const { valid, invalid, inconclusive, late, unanswered, credit } = counters;
    return `valid ${valid} invalid ${invalid} inconclusive ${inconclusive} late ${late} unanswered ${unanswered} credit ${credit}`;
  }
  const job = world.ledger.jobs.get(name as JobId);
  if (job !== undefined) {
    const { state, begun, closed, verified, disputed, abandoned, results, fuel } = job;
    return `${state} begun ${begun} closed ${closed} verified ${verified} disputed ${disputed} abandoned ${abandoned} results ${results} fuel ${fuel}`;
  }
  const row = world.ledger.tasks.get(name.includes('/') ? name : `j/${name}`);
  if (row === undefined) return 'nothing';
  const replicas = row.replicas.map(
    (r) => `#${numberOf(r.lease)} ${r.node} ${r.ended ?? 'live'} ${r.verdict ?? '-'}`,
  );
  return [`${row.state}${row.closed ? ' closed' : ''}`, ...replicas, row.reason].filter(Boolean).join(', ');
}
