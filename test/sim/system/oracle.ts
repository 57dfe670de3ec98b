/**
 * Knows from outside what must be true, and looks at every step: each commit as it becomes durable, each effect as it
 * leaves, each word an agent hears. It keeps its own image of the store, so that nothing is believed that was not
 * written, and throws a `Violation` at the first broken promise.
 */
import { decodeEvents, type ShardCommit, type ShardRight, sha256 } from '@trine/control-plane/parts';
import {
  type Digest,
  type JobId,
  type LeaseId,
  type NodeId,
  type ReportedResult,
  type ShardId,
  shardOf,
  shardOfLease,
} from '@trine/protocol';
import {
  apply,
  invariantViolations,
  recoveryEffects,
  type JobRow,
  type ReplicaRow,
  restoreShard,
  type Shard,
  shardDigestRows,
  type ShardEffect,
  type ShardEvent,
  type StoredShard,
  takeChanges,
  type TaskRow,
} from '@trine/scheduler';
import { auditLedger, createLedger, type Ledger, readStored, writeChanges } from '@trine/scheduler/testing';
import type { Chance } from '../chance.ts';
import {
  creditIn,
  type Facts,
  GRACE_MS,
  isOver,
  jobStepFaults,
  taskKey,
  taskStepFaults,
} from './row-rules.ts';

export class Violation extends Error {
  override readonly name = 'Violation';
}

export interface OracleOptions {
  readonly chance: Chance;
  readonly nowMs: () => number;
  readonly groupOf: (node: NodeId) => string | undefined;
  readonly liarGroups: number;
  /** How often memory is compared with the store, and history applied anew: 1 is always. */
  readonly thoroughness: number;
  /** Whether the events of each batch are read, and not only the first of each life of a shard. */
  readonly readsHistory: boolean;
}

/** One shard as it is stored, and what the oracle derives from that. */
interface Image {
  readonly ledger: Ledger;
  epoch: number;
  holder: string;
  /** Who held it under each epoch. */
  readonly lives: Map<number, string>;
  seq: number;
  atMs: number;
  graceUntilMs: number;
  /** Leases live at the takeover: without any there is no grace. */
  isGraceDue: boolean;
  readonly credit: Map<NodeId, bigint>;
  /** The machine that history alone makes, for some lives of the shard. */
  replay: Shard | undefined;
  /** Highest session heard of each node in this life of the shard. */
  readonly sessions: Map<NodeId, number>;
}

interface LeaseFact {
  readonly job: JobId;
  readonly index: number;
  readonly grantedAtMs: number;
  readonly lengthMs: number;
  readonly session: number;
}

/** A lease may outlive its deadline by this: a grace after a restart, and a commit that takes its time. */
const OVERDUE_MS = 60_000;
/** What is still said of a job after its end has been said by then. */
const FORGET_MS = 120_000;

export class Oracle {
  readonly #options: OracleOptions;
  readonly #images = new Map<ShardId, Image>();
  readonly #leases = new Map<LeaseId, LeaseFact>();
  readonly #live = new Set<LeaseId>();
  readonly #liveOf = new Map<NodeId, Set<LeaseId>>();
  /** Leases that are stored and that no coordinator has spoken of yet. */
  readonly #unsaid = new Map<
    LeaseId,
    { readonly shard: ShardId; readonly epoch: number; readonly sinceMs: number }
  >();
  /** Since when jobs are over. */
  readonly #over = new Map<JobId, number>();
  /** Over the rows of jobs that were forgotten. */
  #forgotten = '';
  /** Last word heard of each session. */
  readonly #heard = new Map<string, number>();
  /** What nodes have put their names to, by lease. */
  readonly #said = new Map<LeaseId, Set<string>>();
  /** When a coordinator last began, or the store last failed: deadlines count from there. */
  #disturbedAtMs = 0;
  broken: Violation | undefined;
  commits = 0;
  grants = 0;
  recorded = 0;
  checks = 0;

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  disturbed(): void {
    this.#disturbedAtMs = this.#options.nowMs();
  }

  ledger(shard: ShardId): Ledger {
    return this.#image(shard).ledger;
  }

  get ledgers(): readonly Ledger[] {
    return [...this.#images.values()].map(({ ledger }) => ledger);
  }

  // ── the store ──────────────────────────────────────────────────────────────────────────────────────

  acquired(
    rights: readonly { readonly right: ShardRight; readonly stored: StoredShard }[],
    by: string,
  ): void {
    this.disturbed();
    for (const { right, stored } of rights) {
      const image = this.#image(right.shard);
      if (right.epoch <= image.epoch)
        this.fail(`shard ${right.shard} was given twice under epoch ${right.epoch}`);
      if (right.seq !== image.seq)
        this.fail(`shard ${right.shard} was given at ${right.seq}, stored is ${image.seq}`);
      this.#expectSame(
        'what recovery reads differs from what was stored',
        storedRows(image.ledger),
        sortedRows(stored),
      );
      image.epoch = right.epoch;
      image.holder = by;
      image.lives.set(right.epoch, by);
      image.sessions.clear();
      image.isGraceDue = stored.tasks.some(({ replicas }) =>
        replicas.some(({ ended }) => ended === undefined),
      );
      image.graceUntilMs = Number.NaN;
      image.replay = this.#options.chance.happens(this.#options.thoroughness)
        ? restoreShard({ shard: right.shard, sha256 }, structuredClone(stored))
        : undefined;
      // Asking for inputs is part of a recovery, and remembered.
      if (image.replay !== undefined) recoveryEffects(image.replay);
    }
  }

  /** `machine` is the memory of the coordinator that wrote this, while it still has it. */
  committed(commits: readonly ShardCommit[], machine: (shard: ShardId) => Shard | undefined): void {
    for (const commit of commits) {
      this.commits += 1;
      this.#checkRight(commit);
      const isFirst = Number.isNaN(this.#image(commit.right.shard).graceUntilMs);
      const events = isFirst || this.#options.readsHistory ? decodeEvents(commit.events) : [];
      this.#learnEnds(commit, events);
      this.#checkRows(commit);
      this.#checkHellos(commit, events);
      this.#learnSessions(commit, events);
      this.#checkCredit(commit);
      writeChanges(this.#image(commit.right.shard).ledger, commit.changes);
      this.#checkReplay(commit, events);
      for (const row of commit.changes.jobs)
        if (isOver(row)) this.#over.set(row.spec.job, this.#options.nowMs());
      const memory = machine(commit.right.shard);
      if (memory !== undefined) this.#checkMemory(commit.right.shard, memory);
    }
  }

  #checkRight({ right, seq, atMs, changes }: ShardCommit): void {
    const image = this.#image(right.shard);
    const name = `shard ${right.shard}`;
    if (right.epoch !== image.epoch)
      this.fail(`${name}: a commit under epoch ${right.epoch} of ${image.epoch}`);
    if (seq !== image.seq + 1 || right.seq !== image.seq)
      this.fail(`${name}: batch ${seq} after ${image.seq}`);
    if (atMs < image.atMs) this.fail(`${name}: time ran backwards, from ${image.atMs} to ${atMs}`);
    if (changes.shard.timeMs < image.ledger.shard.timeMs) this.fail(`${name}: stored time ran backwards`);
    if (changes.shard.leaseCounter < image.ledger.shard.leaseCounter)
      this.fail(`${name}: the lease counter fell`);
    image.seq = seq;
    image.atMs = atMs;
  }

  /** History says when this life of the shard began, and which nodes it may forget the sessions of. */
  #learnEnds({ right }: ShardCommit, events: readonly ShardEvent[]): void {
    const image = this.#image(right.shard);
    const [first] = events;
    if (Number.isNaN(image.graceUntilMs) && first?.type === 'batch-began') {
      image.graceUntilMs = image.isGraceDue ? first.atMs + GRACE_MS : 0;
    }
    for (const event of events) if (event.type === 'node-lost') image.sessions.delete(event.node);
  }

  /** A lease of an earlier session that a hello does not name has ended by the end of its batch. */
  #checkHellos({ right }: ShardCommit, events: readonly ShardEvent[]): void {
    const { sessions } = this.#image(right.shard);
    for (const event of events) {
      if (event.type !== 'node-said-hello' || event.session < (sessions.get(event.node) ?? 0)) continue;
      for (const lease of this.#liveOf.get(event.node) ?? []) {
        const isOlder = (this.#leases.get(lease)?.session ?? 0) < event.session;
        if (isOlder && shardOfLease(lease) === right.shard && !event.held.includes(lease)) {
          this.fail(`lease ${lease} outlived a hello that does not name it`);
        }
      }
    }
  }

  /** Known from the next batch on: within one, what was offered before the hello is granted under the old number. */
  #learnSessions({ right }: ShardCommit, events: readonly ShardEvent[]): void {
    const { sessions } = this.#image(right.shard);
    for (const event of events) {
      if (event.type !== 'node-said-hello') continue;
      sessions.set(event.node, Math.max(sessions.get(event.node) ?? 0, event.session));
    }
  }

  #checkRows({ right, changes }: ShardCommit): void {
    const { ledger, graceUntilMs, sessions, epoch } = this.#image(right.shard);
    const specs = new Map(changes.jobs.map((row) => [row.spec.job, row] as const));
    const { groupOf, liarGroups } = this.#options;
    const facts: Facts = {
      groupOf,
      liarGroups,
      graceUntilMs,
      hasSaid: (node, replica) => this.#hasSaid(node, replica),
      isLeaseKnown: (lease) => this.#leases.has(lease),
    };
    const found: string[] = [];
    for (const after of changes.tasks) {
      const before = ledger.tasks.get(taskKey(after.job, after.index));
      const known = ledger.jobs.get(after.job);
      const spec = (specs.get(after.job) ?? known)?.spec;
      if (spec === undefined) this.fail(`task ${after.job}/${after.index} has no job`);
      else
        found.push(
          ...taskStepFaults({ before, after, spec, isJobOver: known !== undefined && isOver(known) }, facts),
        );
      this.#learnLeases(after, before?.replicas.length ?? 0, { sessions, epoch });
    }
    for (const row of changes.jobs) found.push(...jobStepFaults(ledger.jobs.get(row.spec.job), row));
    found.push(...this.#logFaults(ledger, changes.results));
    if (found.length > 0) this.fail(found.join('\n'));
  }

  #learnLeases(row: TaskRow, known: number, { sessions, epoch }: Pick<Image, 'sessions' | 'epoch'>): void {
    for (const [at, replica] of row.replicas.entries()) {
      const { lease, node, session, grantedAtMs, deadlineAtMs } = replica;
      if (at >= known) {
        this.grants += 1;
        if (session < (sessions.get(node) ?? 0))
          this.fail(`lease ${lease} was given to session ${session} of ${node}, which is over`);
        const lengthMs = deadlineAtMs - grantedAtMs;
        this.#unsaid.set(lease, { shard: shardOfLease(lease), epoch, sinceMs: this.#options.nowMs() });
        this.#leases.set(lease, {
          job: row.job,
          index: row.index,
          grantedAtMs: this.#options.nowMs(),
          lengthMs,
          session,
        });
      }
      const held = this.#liveOf.get(node) ?? new Set();
      this.#liveOf.set(node, held);
      if (replica.ended === undefined) {
        this.#live.add(lease);
        held.add(lease);
      } else {
        this.#live.delete(lease);
        held.delete(lease);
      }
    }
  }

  /** Sequences are given without a gap, and a task is decided once. */
  #logFaults(ledger: Ledger, results: ShardCommit['changes']['results']): readonly string[] {
    const found: string[] = [];
    const next = new Map<JobId, number>();
    for (const { job, sequence, index } of results) {
      const due = (next.get(job) ?? ledger.jobs.get(job)?.results ?? 0) + 1;
      if (sequence !== due) found.push(`job ${job}: entry ${sequence} where ${due} was due`);
      next.set(job, sequence);
      const before = ledger.tasks.get(taskKey(job, index));
      if (before !== undefined && before.state !== 'running')
        found.push(`job ${job}: task ${index} was decided twice`);
    }
    return found;
  }

  /** Credit is fuel of valid results, each once; the counters that are stored say the same. */
  #checkCredit({ right, changes }: ShardCommit): void {
    const { ledger, credit } = this.#image(right.shard);
    const changed = new Set<NodeId>();
    for (const after of changes.tasks) {
      const before = creditIn(ledger.tasks.get(taskKey(after.job, after.index)));
      for (const [node, fuel] of creditIn(after)) {
        const earned = fuel - (before.get(node) ?? 0n);
        if (earned === 0n) continue;
        credit.set(node, (credit.get(node) ?? 0n) + earned);
        changed.add(node);
      }
    }
    for (const row of changes.counters) {
      changed.delete(row.node);
      if (row.credit !== (credit.get(row.node) ?? 0n)) {
        this.fail(`node ${row.node} has a credit of ${row.credit} and earned ${credit.get(row.node) ?? 0n}`);
      }
    }
    for (const node of changed) this.fail(`node ${node} earned credit and its counters were not written`);
  }

  /** The batches alone lead to the same rows: history can be replayed. */
  #checkReplay({ right }: ShardCommit, events: readonly ShardEvent[]): void {
    const { replay, ledger } = this.#image(right.shard);
    if (replay === undefined) return;
    for (const event of events) apply(replay, event);
    takeChanges(replay);
    if (!this.#options.chance.happens(this.#options.thoroughness)) return;
    this.#expectSame(
      'history applied anew leads elsewhere',
      storedRows(ledger),
      sortedRows(shardDigestRows(replay)),
    );
  }

  /** Memory is what is stored, and what recovery would derive from it. */
  #checkMemory(shard: ShardId, memory: Shard): void {
    if (!this.#options.chance.happens(this.#options.thoroughness)) return;
    this.checks += 1;
    const { ledger } = this.#image(shard);
    const broken = invariantViolations(memory);
    if (broken.length > 0) this.fail(broken.join('\n'));
    this.#expectSame(
      'memory differs from the store',
      storedRows(ledger),
      sortedRows(shardDigestRows(memory)),
    );
    const recovered = restoreShard({ shard, sha256 }, structuredClone(readStored(ledger)));
    this.#expectSame('recovery would derive something else', derivedOf(memory), derivedOf(recovered));
  }

  #expectSame(sentence: string, expected: unknown, found: unknown): void {
    const [left, right] = [print(expected), print(found)];
    if (left === right) return;
    let at = 0;
    while (left[at] === right[at]) at += 1;
    this.fail(
      `${sentence}:\n  …${left.slice(Math.max(0, at - 120), at + 120)}\n  …${right.slice(Math.max(0, at - 120), at + 120)}`,
    );
  }

  // ── what is said ───────────────────────────────────────────────────────────────────────────────────

  /** Effects leave a coordinator: all of them speak of what is stored. */
  spoke(shard: ShardId, effects: readonly ShardEffect[]): void {
    for (const effect of effects) this.#checkEffect(shard, effect);
  }

  #checkEffect(shard: ShardId, effect: ShardEffect): void {
    const { ledger } = this.#image(shard);
    switch (effect.type) {
      case 'grant-leases':
        for (const { lease, job, index } of effect.grants) {
          this.#unsaid.delete(lease);
          const replica = ledger.tasks.get(taskKey(job, index))?.replicas.find((one) => one.lease === lease);
          if (replica?.node !== effect.node)
            this.fail(`lease ${lease} of ${job}/${index} was granted and is not stored`);
        }
        return;
      case 'record-results':
        for (const lease of effect.leases) this.#expectRecorded(effect.node, lease);
        return;
      case 'announce-result':
        if ((ledger.jobs.get(effect.job)?.results ?? 0) < effect.sequence) {
          this.fail(`entry ${effect.sequence} of ${effect.job} was announced and is not stored`);
        }
        return;
      case 'announce-task': {
        const row = ledger.tasks.get(taskKey(effect.job, effect.index));
        if (row?.state !== effect.state && (effect.state !== 'running' || row === undefined)) {
          this.fail(`task ${effect.job}/${effect.index} was announced ${effect.state} and is ${row?.state}`);
        }
        return;
      }
      case 'announce-job':
        if (!ledger.jobs.has(effect.job)) this.fail(`job ${effect.job} was announced and is not stored`);
        return;
      case 'abandon-leases':
      case 'announce-counters':
      case 'announce-verdict':
      case 'free-slots':
      case 'load-inputs':
      case 'prepare-module':
      case 'publish-demand':
      case 'refuse-slots':
      case 'reject-result':
        return;
    }
  }

  said(node: NodeId, result: ReportedResult): void {
    const words = this.#said.get(result.lease) ?? new Set();
    this.#said.set(result.lease, words.add(`${node} ${wordsOf(result)} ${result.grant}`));
  }

  /** For this lease and the grant that was made of it, in these words. */
  #hasSaid(node: NodeId, { lease, result, grant }: ReplicaRow): boolean {
    const words = this.#said.get(lease);
    return result !== undefined && words?.has(`${node} ${wordsOf(result)} ${grant}`) === true;
  }

  /** A node hears that it may forget: from now on the store alone has it. */
  told(node: NodeId, leases: readonly LeaseId[]): void {
    for (const lease of leases) {
      this.recorded += 1;
      this.#expectRecorded(node, lease);
    }
  }

  #expectRecorded(node: NodeId, lease: LeaseId): void {
    const fact = this.#leases.get(lease);
    // A forger is told to forget what it never had, or what is long closed.
    if (fact === undefined)
      return this.fail(`a result of lease ${lease} was recorded, and no such lease is stored`);
    const row = this.ledger(shardOfLease(lease)).tasks.get(taskKey(fact.job, fact.index));
    const replica = row?.replicas.find((one) => one.lease === lease);
    if (row !== undefined && replica?.result === undefined && !row.closed) {
      this.fail(`node ${node} was told that lease ${lease} is recorded, and its result is not stored`);
    }
  }

  /** Words of one session arrive once each and in order, whatever becomes of its links. */
  heard(session: string, number: number): void {
    const due = (this.#heard.get(session) ?? 0) + 1;
    if (number !== due) this.fail(`${session}: word ${number} was heard where ${due} was due`);
    this.#heard.set(session, number);
  }

  /** A node is never given more than it lends. */
  running(node: NodeId, count: number, slots: number): void {
    if (count > slots) this.fail(`node ${node} runs ${count} leases on ${slots} slots`);
  }

  /** A commit is refused only where another coordinator has taken the shard. */
  fenced(shards: readonly ShardId[], by: string): void {
    for (const shard of shards) {
      if (this.#image(shard).holder === by) this.fail(`shard ${shard} was refused to ${by}, who holds it`);
    }
  }

  /** A submitter hears that its job is stored. */
  accepted(job: JobId): void {
    if (!this.ledger(shardOf(job)).jobs.has(job)) this.fail(`job ${job} was accepted and is not stored`);
  }

  cancelled(job: JobId): void {
    const row = this.job(job);
    if (row === undefined || !isOver(row)) this.fail(`job ${job} was cancelled and is ${row?.state}`);
  }

  // ── now and then, and at the end ───────────────────────────────────────────────────────────────────

  /** What is stored is spoken of, unless the coordinator that stored it is gone: then hellos mend it. */
  checkSpeech(isAlive: (coordinator: string) => boolean): void {
    const nowMs = this.#options.nowMs();
    for (const [lease, { shard, epoch, sinceMs }] of this.#unsaid) {
      const image = this.#image(shard);
      // A coordinator that read its shards again is the same one under a later epoch.
      if (image.lives.get(epoch) !== image.holder || !isAlive(image.holder)) this.#unsaid.delete(lease);
      else if (nowMs - Math.max(sinceMs, this.#disturbedAtMs) > OVERDUE_MS)
        this.fail(`lease ${lease} was stored and never granted`);
    }
  }

  /** Every lease ends: by its deadline, once coordinators and store are well. */
  checkLeases(): void {
    const nowMs = this.#options.nowMs();
    for (const lease of this.#live) {
      const fact = this.#leases.get(lease);
      if (fact === undefined) continue;
      const dueMs = Math.max(fact.grantedAtMs + fact.lengthMs * 1.25, this.#disturbedAtMs) + OVERDUE_MS;
      if (nowMs > dueMs)
        this.fail(
          `lease ${lease} of ${fact.job}/${fact.index} is live ${Math.round((nowMs - dueMs) / 1_000)} s too long`,
        );
    }
  }

  /** Checks jobs that are over once more, all their rows together, and forgets them: long runs must not fill the memory. */
  forgetJobs(): void {
    for (const [job, overSinceMs] of this.#over) {
      if (this.#options.nowMs() - overSinceMs < FORGET_MS) continue;
      this.#over.delete(job);
      this.#forgetJob(this.ledger(shardOf(job)), job);
    }
  }

  #forgetJob(ledger: Ledger, job: JobId): void {
    const row = ledger.jobs.get(job);
    const keys = Array.from({ length: row?.begun ?? 0 }, (_, index) => taskKey(job, index));
    const tasks = new Map(
      keys.flatMap((key) => {
        const task = ledger.tasks.get(key);
        return task === undefined ? [] : [[key, task] as const];
      }),
    );
    const [own, others] = [
      ledger.entries.filter((entry) => entry.job === job),
      ledger.entries.filter((entry) => entry.job !== job),
    ];
    const jobs = new Map(row === undefined ? [] : [[job, row]]);
    // What nodes have earned is summed over jobs, and checked with every commit.
    const found = auditLedger({ ...ledger, tasks, entries: own, jobs }).filter(
      (words) => !words.startsWith('node '),
    );
    if (found.length > 0) this.fail(found.join('\n'));
    this.#forgotten = sha256(`${this.#forgotten}${print([row, own])}`);
    for (const [key, { replicas }] of tasks) {
      ledger.tasks.delete(key);
      for (const { lease } of replicas) this.#said.delete(lease);
    }
    ledger.entries.splice(0, ledger.entries.length, ...others);
  }

  /** All rows together. */
  audit(): void {
    for (const ledger of this.ledgers) {
      const found = auditLedger(ledger);
      if (found.length > 0) this.fail(found.join('\n'));
    }
  }

  job(job: JobId): JobRow | undefined {
    return this.ledger(shardOf(job)).jobs.get(job);
  }

  /** Over every row there is. */
  digest(): Digest {
    const rows = [...this.#images]
      .sort(([a], [b]) => a - b)
      .map(([, { ledger, seq, epoch }]) => [
        seq,
        epoch,
        [...ledger.jobs.values()],
        [...ledger.tasks.values()],
        [...ledger.counters.values()],
        ledger.entries,
      ]);
    return sha256(`${this.#forgotten}${print(rows)}`);
  }

  get liveLeases(): number {
    return this.#live.size;
  }

  /** The first broken promise; kept, because whoever called may have caught it. */
  fail(sentence: string): never {
    this.broken ??= new Violation(sentence);
    throw this.broken;
  }

  #image(shard: ShardId): Image {
    const known = this.#images.get(shard);
    if (known !== undefined) return known;
    const image: Image = {
      ledger: createLedger(shard),
      epoch: 0,
      holder: '',
      lives: new Map(),
      seq: 0,
      atMs: 0,
      graceUntilMs: Number.NaN,
      isGraceDue: false,
      credit: new Map(),
      replay: undefined,
      sessions: new Map(),
    };
    this.#images.set(shard, image);
    return image;
  }
}

const wordsOf = (result: {
  readonly outcome: string;
  readonly outputDigest: string;
  readonly fuel: bigint;
}): string => `${result.outcome} ${result.outputDigest} ${result.fuel}`;

/** As text that equal rows share, whatever the order of their fields. */
const print = (rows: unknown): string =>
  JSON.stringify(rows, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });

const storedRows = (ledger: Ledger): StoredShard => sortedRows(readStored(ledger));

/** In one order, whoever read them. */
const sortedRows = ({ shard, jobs, tasks, counters }: StoredShard): StoredShard => ({
  shard,
  jobs: [...jobs].sort((a, b) => (a.spec.job < b.spec.job ? -1 : 1)),
  tasks: [...tasks].sort((a, b) => (a.job === b.job ? a.index - b.index : a.job < b.job ? -1 : 1)),
  counters: [...counters].sort((a, b) => (a.node < b.node ? -1 : 1)),
});

/** What memory derives from rows: the lists, the sums and the lookups. */
const derivedOf = (shard: Shard): unknown => ({
  running: shard.running.map(({ spec }) => spec.job),
  leases: [...shard.leases.keys()].sort((a, b) => a - b),
  held: [...shard.nodeLeases]
    .map(([node, leases]) => [node, [...leases].map(({ lease }) => lease)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1)),
  deadlines: shard.deadlines.live,
  jobs: [...shard.jobs.values()]
    .map((job) => ({
      job: job.spec.job,
      // What a verified task still wants depends on who is online, which recovery does not know yet.
      tasks: [...job.tasks.values()]
        .map(
          ({ index, live, need, list, state }) =>
            [index, live, state === 'running' ? `${need} ${list}` : ''] as const,
        )
        .sort(([a], [b]) => a - b),
      live: job.live,
    }))
    .sort((a, b) => (a.job < b.job ? -1 : 1)),
});
