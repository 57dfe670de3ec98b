/**
 * The leases in a node's hands: taken, fetched, run, reported, or given back. Knows threads, artifacts and results;
 * of the session it knows only how to send.
 */
import {
  type AgentMessage,
  type CoordinatorMessage,
  digestOf,
  type Grant,
  type LeaseId,
  LIMITS,
} from '@trine/protocol';
import type { RunResult } from '@trine/sandbox';
import { type Artifacts, createArtifacts } from './artifacts.ts';
import {
  type Attempt,
  beginAttempt,
  outputDigestOf,
  prepareAttempt,
  refuseGrant,
  reportedResult,
} from './attempt.ts';
import { capacityFor } from './capacity.ts';
import type { Counters } from './counters.ts';
import { createFuelMeter, type FuelMeter } from './fuel-meter.ts';
import {
  COOL_DOWN_MAX_MS,
  COOL_DOWN_MS,
  INPUT_BYTES_MAX,
  LEASES_SPARE,
  PROGRESS_INTERVAL_MS,
} from './limits.ts';
import { type KeptLease, KeptLeases } from './kept-leases.ts';
import { Outbox } from './outbox.ts';
import type { AgentPorts } from './ports.ts';
import { type PoolEvents, type Slot, ThreadPool } from './thread-pool.ts';
import { createUploads, type Uploads } from './uploads.ts';
import { sentence } from './wire-words.ts';

export interface LeaseDeskOptions {
  readonly ports: AgentPorts;
  readonly origin: string;
  readonly counters: Counters;
  readonly send: (message: AgentMessage) => void;
  /** Why no work is taken now, or `undefined` when it is. */
  readonly refusing: () => string | undefined;
  /** Leases came or went, or a thread became free. */
  readonly onChange: () => void;
  /** Something that only watchers care for. */
  readonly onProgress: () => void;
  /** How often a running step task is kept, in milliseconds. */
  readonly checkpointEveryMs: number;
}

/** See the module's head. */
export class LeaseDesk {
  readonly #options: LeaseDeskOptions;
  readonly #ports: AgentPorts;
  readonly #attempts = new Map<LeaseId, Attempt>();
  readonly #pool: ThreadPool;
  readonly #outbox: Outbox;
  readonly #kept: KeptLeases;
  readonly #uploads: Uploads;
  readonly #artifacts: Artifacts;
  #meter: FuelMeter = createFuelMeter();
  #threads = 0;
  #cooling: { readonly untilMs: number; readonly failures: number; readonly reason: string } | undefined;
  #onRecorded: (() => void) | undefined;

  constructor(options: LeaseDeskOptions) {
    const { ports, origin, send } = options;
    this.#options = options;
    this.#ports = ports;
    const events: PoolEvents = {
      progress: (attempt, done, total) => this.#progressed(attempt, { done, total }),
      finished: (attempt, result) => this.#finished(attempt, result),
      changed: () => this.pump(),
      log: ({ grant }, text) => ports.log.debug({ job: grant.job, index: grant.index, text }, 'guest log'),
      checkpoint: (attempt, { bytes }) => {
        if (this.#isLive(attempt)) this.#kept.keep({ grant: attempt.grant, checkpoint: bytes });
      },
    };
    this.#pool = new ThreadPool(ports.threads, events, options.checkpointEveryMs);
    const coordinator = digestOf(new TextEncoder().encode(origin)).slice(0, 16);
    this.#outbox = new Outbox(ports, { key: `unrecorded-${coordinator}`, send });
    this.#kept = new KeptLeases(ports, `kept-${coordinator}`);
    this.#uploads = createUploads(ports, origin, send);
    this.#artifacts = createArtifacts(ports, origin);
  }

  // ── what it holds ──────────────────────────────────────────────────────────────────────────────────

  /** Leases at hand that are not reported yet. */
  get size(): number {
    return this.#attempts.size;
  }

  /** Results reported or waiting to be, and not recorded. */
  get unrecorded(): number {
    return this.#outbox.size;
  }

  /** What a new session is told: leases at hand, and those of unrecorded results. */
  held(): LeaseId[] {
    return [...this.#attempts.keys(), ...this.#outbox.leases()];
  }

  attempts(): readonly Attempt[] {
    return [...this.#attempts.values()];
  }

  slots(): readonly Slot[] {
    return this.#pool.slots();
  }

  runningSince(): readonly number[] {
    return this.attempts().flatMap(({ stage, startedAtMs }) =>
      stage === 'running' && startedAtMs !== undefined ? [startedAtMs] : [],
    );
  }

  fuelPerSecond(): number {
    return this.#meter.perSecond(this.#ports.clock.nowMs(), this.runningSince());
  }

  threadSpeed(): number | undefined {
    return this.#meter.threadSpeed();
  }

  /** Leases to ask for while work is taken and nothing cools down. */
  capacity(): number {
    return capacityFor(this.#threads, this.#meter.meanRunMs());
  }

  /** Why no new work is wanted for a moment, after a failed transfer. */
  coolingReason(): string | undefined {
    const cooling = this.#cooling;
    return cooling !== undefined && this.#ports.clock.nowMs() < cooling.untilMs ? cooling.reason : undefined;
  }

  // ── its life ───────────────────────────────────────────────────────────────────────────────────────

  /** Reads what an earlier run of the program left. */
  async load(): Promise<void> {
    const [kept] = await Promise.all([this.#kept.load(), this.#outbox.load(), this.#options.counters.load()]);
    for (const lease of kept) this.#goOn(lease);
    const { threadSpeed } = this.#options.counters.values;
    this.#meter = createFuelMeter(threadSpeed > 0 ? threadSpeed : undefined);
  }

  async save(): Promise<void> {
    await Promise.all([this.#outbox.save(), this.#kept.save()]);
  }

  lend(threads: number): void {
    this.#threads = threads;
    const stopped = this.#pool.resize(threads);
    this.#giveBack(
      stopped.map(({ grant }) => grant.lease),
      'its thread was taken back',
    );
    this.pump();
  }

  /** Ends every thread; resolves when none burns CPU. */
  endThreads(): Promise<void> {
    this.#threads = 0;
    return this.#pool.close();
  }

  startFresh(): void {
    this.#cooling = undefined;
  }

  /** A new session has heard nothing: unrecorded results and open requests are said again. */
  sessionBegan(): void {
    this.#outbox.sessionBegan();
    this.#uploads.askAgain();
  }

  sessionEnded(): void {
    this.#outbox.sessionEnded();
  }

  giveBackAll(reason: string): void {
    this.#giveBack([...this.#attempts.keys()], reason);
  }

  /** Lets everything at hand go without a word: the coordinator has given it to others. */
  dropAll(): void {
    this.#drop([...this.#attempts.keys()]);
  }

  /** The machine slept: what expired meanwhile is another node's by now. */
  giveBackExpired(): void {
    const nowMs = this.#ports.clock.nowMs();
    const expired = this.attempts().filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    this.#giveBack(
      expired.map(({ grant }) => grant.lease),
      'the machine slept past their time',
    );
  }

  /** Sends what is finished and gives it a moment to be recorded, so that it need not be kept. */
  async settleResults(boundMs: number): Promise<void> {
    await this.#outbox.flush();
    if (this.#outbox.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#ports.clock.setTimer(boundMs, resolve);
      this.#onRecorded = () => {
        cancel();
        resolve();
      };
    });
  }

  // ── what the coordinator says ──────────────────────────────────────────────────────────────────────

  granted(grants: readonly Grant[]): void {
    for (const grant of grants) {
      if (this.#attempts.has(grant.lease) || this.#outbox.holds(grant.lease)) continue;
      const reason = this.#options.refusing() ?? refuseGrant(grant) ?? this.#overfull(grant);
      if (reason === undefined) this.#begin(grant);
      else this.#options.send({ type: 'return-leases', leases: [grant.lease], reason: sentence(reason) });
    }
  }

  recorded(leases: readonly LeaseId[]): void {
    this.#outbox.forget(leases);
    if (this.#outbox.size === 0) this.#onRecorded?.();
  }

  /** Leases were taken away: their runs end at once, and nothing of them is reported. */
  abandoned(leases: readonly LeaseId[], reason: string): void {
    this.#ports.log.debug({ leases: leases.length, reason }, 'leases abandoned');
    this.#drop(leases);
    this.recorded(leases);
  }

  uploadAnswered(message: Extract<CoordinatorMessage, { type: 'upload-granted' | 'upload-refused' }>): void {
    this.#uploads.answered(message);
  }

  // ── one lease's way ────────────────────────────────────────────────────────────────────────────────

  /** What was asked for is taken, and a little more for words that crossed; a flood goes back. */
  #overfull(grant: Grant): string | undefined {
    const most = Math.min(this.capacity() * 2 + LEASES_SPARE, LIMITS.leasesPerNode.value);
    if (this.#attempts.size + this.#outbox.size >= most) return 'more leases than this node asked for';
    const bytes = this.attempts().reduce((sum, attempt) => sum + inputBytes(attempt.grant), 0);
    return bytes + inputBytes(grant) > INPUT_BYTES_MAX
      ? 'its input does not fit beside those at hand'
      : undefined;
  }

  #begin(grant: Grant, resume?: Uint8Array): void {
    const attempt = beginAttempt(grant, this.#ports.clock.nowMs(), resume);
    this.#attempts.set(grant.lease, attempt);
    void this.#prepare(attempt);
  }

  /** What an earlier run of the program had at hand goes on; the next hello names it, and the coordinator knows if it may. */
  #goOn({ grant, checkpoint }: KeptLease): void {
    if (this.#outbox.holds(grant.lease) || refuseGrant(grant) !== undefined) this.#kept.forget([grant.lease]);
    else this.#begin(grant, checkpoint);
  }

  async #prepare(attempt: Attempt): Promise<void> {
    const prepared = await prepareAttempt(this.#artifacts, this.#ports.hash, attempt);
    if (!this.#isLive(attempt)) return;
    switch (prepared.type) {
      case 'ready':
        attempt.request = prepared.request;
        attempt.stage = 'ready';
        return this.pump();
      case 'unfetched':
        this.#cool(prepared.reason);
        return this.#giveBack([attempt.grant.lease], prepared.reason);
      case 'unable':
        void this.#report(attempt, abortedRun(prepared.reason));
    }
  }

  #isLive(attempt: Attempt): boolean {
    return this.#attempts.get(attempt.grant.lease) === attempt;
  }

  /** A failed transfer must not become a storm of leases that come and go. */
  #cool(reason: string): void {
    const failures = (this.#cooling?.failures ?? 0) + 1;
    const pauseMs = Math.min(COOL_DOWN_MS * 2 ** (failures - 1), COOL_DOWN_MAX_MS);
    this.#cooling = { untilMs: this.#ports.clock.nowMs() + pauseMs, failures, reason };
    this.#ports.log.warn({ reason, pauseMs }, 'a lease goes back after a failed transfer');
  }

  /** Starts what is ready, oldest first, on the threads that are free. */
  pump(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const attempt of this.#attempts.values()) {
      if (attempt.stage !== 'ready') continue;
      if (attempt.expiresAtMs <= nowMs) {
        this.#giveBack([attempt.grant.lease], 'its time ended before it began');
      } else if (!this.#pool.start(attempt, nowMs)) break;
    }
    this.#options.onChange();
  }

  #progressed(attempt: Attempt, progress: { readonly done: number; readonly total: number }): void {
    const nowMs = this.#ports.clock.nowMs();
    if (!this.#isLive(attempt) || progress.done < 0 || progress.total < 0) return;
    attempt.progress = progress;
    this.#options.onProgress();
    if (nowMs - attempt.progressSentAtMs < PROGRESS_INTERVAL_MS) return;
    attempt.progressSentAtMs = nowMs;
    this.#options.send({ type: 'progress', lease: attempt.grant.lease, ...progress });
  }

  #finished(attempt: Attempt, result: RunResult): void {
    if (!this.#isLive(attempt)) return;
    const { startedAtMs, resume } = attempt;
    // A run that went on spent a part of its fuel before, in time that nobody measured.
    if (result.outcome !== 'aborted' && startedAtMs !== undefined && resume === undefined) {
      const endedAtMs = this.#ports.clock.nowMs();
      this.#meter.ended({ startedAtMs, endedAtMs, wallMs: result.wallMs, fuel: Number(result.fuel) });
    }
    attempt.stage = 'uploading';
    void this.#report(attempt, result);
  }

  async #report(attempt: Attempt, result: RunResult): Promise<void> {
    const { grant } = attempt;
    const digest = await outputDigestOf(this.#ports.hash, result.output);
    if (!this.#isLive(attempt)) return;
    const reported = reportedResult(grant, result, digest);
    if (reported.output === undefined) {
      const uploaded = await this.#uploads.begin(grant.lease, digest, result.output);
      if (!this.#isLive(attempt)) return;
      if (uploaded.type === 'refused') {
        this.#cool(uploaded.reason);
        return this.#giveBack([grant.lease], uploaded.reason);
      }
    }
    this.#cooling = undefined;
    this.#attempts.delete(grant.lease);
    this.#outbox.add(reported);
    this.#kept.forget([grant.lease]);
    this.#options.counters.ran(result.fuel, this.#meter.threadSpeed());
    this.#options.onChange();
  }

  /** We let leases go: the coordinator is told at once. */
  #giveBack(leases: readonly LeaseId[], reason: string): void {
    const held = leases.filter((lease) => this.#attempts.has(lease));
    if (held.length === 0) return;
    this.#drop(held);
    this.#options.send({ type: 'return-leases', leases: held, reason: sentence(reason) });
    this.#options.onChange();
  }

  #drop(leases: readonly LeaseId[]): void {
    for (const lease of leases) {
      const attempt = this.#attempts.get(lease);
      this.#attempts.delete(lease);
      attempt?.stop.abort();
      this.#uploads.drop(lease);
    }
    this.#kept.forget(leases);
  }
}

const inputBytes = ({ input }: Grant): number =>
  input.type === 'artifact' ? input.artifact.sizeBytes : LIMITS.inlineBytes.value;

const abortedRun = (reason: string): RunResult => ({
  outcome: 'aborted',
  output: new Uint8Array(0),
  fuel: 0n,
  reason,
  wallMs: 0,
});
