/**
 * The one loop that decides: it takes whatever arrived, applies it, commits every changed shard in one
 * transaction, and only then lets effects out. One commit is in flight at a time; what arrives meanwhile is the
 * next batch, so batches grow with the load and an idle loop commits at once.
 *
 * A shard is `acquiring` (no memory; its events wait) → `held` (memory equals the store whenever no commit is in
 * flight) → `acquiring` again when a commit fails or the machine breaks: memory is dropped, the store is asked
 * what is true, and the lost batch turns out stored (its effects go out, its requests resolve) or not stored
 * (what use cases and nodes said is applied anew; offers and fleet are presence and come again from the gateway).
 * → `lost` when another coordinator took it: final, unless this one is still meant to hold it.
 */
import type { Clock } from '@trine/mesh';
import { type Digest, ERRORS, type ShardId, TrineError } from '@trine/protocol';
import type { ShardEffect, ShardEvent } from '@trine/scheduler';
import type { Logger } from 'pino';
import { storeError } from '../store/store-errors.ts';
import type { ShardCommit, ShardRight, ShardStore } from '../store/store.ts';
import { eventKind } from './event-kinds.ts';
import { type Batch, HeldShard, type ShardSources } from './held-shard.ts';
import { SHARD_LOOP_LIMITS } from './limits.ts';
import { createPendingRequest, type PendingRequest, unavailable } from './pending-request.ts';

export interface ShardLoopOptions {
  readonly store: { readonly shards: ShardStore };
  /** The shards this coordinator is meant to hold. */
  readonly shards: readonly ShardId[];
  /** Who holds them, in words, for the table. */
  readonly holder: string;
  /** Monotonic time and timers; `systemClock` of the mesh. */
  readonly clock: Pick<Clock, 'nowMs' | 'setTimer'>;
  /** Milliseconds since 1970; asked once each time a shard is taken over. */
  readonly wallMs?: () => number;
  readonly random: (sizeBytes: number) => Uint8Array;
  /** Runs something in a later turn of the program, after what has arrived by then; `setImmediate` unless told. */
  readonly nextTurn?: (run: () => void) => void;
  readonly sha256: (bytes: Uint8Array) => Digest;
  /** Effects of one shard, in order, after the commit they belong to. `load-inputs` is done by the loop itself. */
  readonly onEffects: (shard: ShardId, effects: readonly ShardEffect[]) => void;
  /**
   * Shards whose memory is fresh from the store, at the start too: presence is gone. Called before their
   * recovery effects; the gateway says fleet, hellos and offers again.
   */
  readonly onRecovered?: (shards: readonly ShardId[]) => void;
  /** Another coordinator took these shards. */
  readonly onFenced?: (shards: readonly ShardId[]) => void;
  /** Whether a shard that was fenced should be taken over again; never, unless told. */
  readonly isMeantToHold?: (shard: ShardId) => boolean;
  /** The queue is long (hold back) or short again (go on). */
  readonly onPressure?: (isHigh: boolean) => void;
  readonly onCommit?: (commit: CommitFigures) => void;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** For tests: each may throw, and stands for a store that failed there. */
  readonly faults?: ShardLoopFaults;
}

export interface ShardLoopFaults {
  readonly beforeCommit?: (commits: readonly ShardCommit[]) => void | Promise<void>;
  readonly afterCommit?: (commits: readonly ShardCommit[]) => void | Promise<void>;
}

export interface CommitFigures {
  readonly shards: number;
  readonly events: number;
  readonly tasks: number;
  readonly durationMs: number;
}

export interface ShardLoopState {
  readonly state: 'starting' | 'running' | 'recovering' | 'fenced' | 'closed';
  readonly held: number;
  readonly queued: number;
  readonly commits: number;
  readonly failures: number;
}

export interface ShardLoop {
  /** Hands an event over. Under too much load offers are refused and reports dropped: nodes say both again. */
  submit(shard: ShardId, event: ShardEvent): void;
  /** Resolves once the batch that holds the event is stored; rejects with `store-unavailable` or `shutting-down`. */
  request(shard: ShardId, event: ShardEvent): Promise<void>;
  running(): ShardLoopState;
  /** Resolves when every shard has been taken over for the first time. */
  ready(): Promise<void>;
  /** Resolves when nothing is queued, in flight or being read. */
  whenIdle(): Promise<void>;
  /** Waits for the commit in flight and stops; safe to call twice. */
  close(): Promise<void>;
  /** A held shard's machine, for checks that recovered state equals memory; not to be changed. */
  machine(shard: ShardId): HeldShard['machine'] | undefined;
}

/** Starts taking the shards over at once; `ready()` tells when they are held. */
export const createShardLoop = (options: ShardLoopOptions): ShardLoop => new Loop(options);

interface Entry {
  readonly event: ShardEvent;
  readonly request: PendingRequest | undefined;
}

/** A batch whose commit failed: stored or not, only the store knows. */
interface LostBatch {
  readonly right: ShardRight;
  readonly encoded: Uint8Array;
  readonly effects: readonly ShardEffect[];
  readonly entries: readonly Entry[];
  /** The failure came from outside, so the same events may be applied anew. */
  readonly isRepeatable: boolean;
}

/** Where a shard is in its life; see the head of this file. */
interface Place {
  readonly shard: ShardId;
  state: 'acquiring' | 'held' | 'lost';
  queue: Entry[];
  held: HeldShard | undefined;
  lostBatch: LostBatch | undefined;
}

interface Applied {
  readonly place: Place;
  readonly held: HeldShard;
  readonly entries: readonly Entry[];
  readonly batch: Batch;
}

/** Applied, and something stored changed. */
interface Changed extends Applied {
  readonly commit: ShardCommit;
}

class Loop implements ShardLoop {
  readonly #options: ShardLoopOptions;
  readonly #sources: ShardSources;
  readonly #nextTurn: (run: () => void) => void;
  readonly #places: ReadonlyMap<ShardId, Place>;
  /** Shards whose deadline has come. */
  readonly #due = new Set<ShardId>();
  readonly #idleWaiters = new Set<() => void>();
  readonly #readyWaiters = new Set<() => void>();
  #queued = 0;
  #isHigh = false;
  #isAwake = false;
  #isClosing = false;
  #hasStarted = false;
  #loads = 0;
  #commits = 0;
  #failures = 0;
  /** Commits that failed since the last that did not. */
  #failuresInRow = 0;
  #turns: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #cancelPause: (() => void) | undefined;

  constructor(options: ShardLoopOptions) {
    const { clock, random, sha256, wallMs = Date.now } = options;
    this.#options = options;
    this.#nextTurn = options.nextTurn ?? ((run) => void setImmediate(run));
    this.#sources = { nowMs: () => clock.nowMs(), wallMs, random, sha256 };
    this.#places = new Map(options.shards.map((shard) => [shard, emptyPlace(shard)]));
    this.#wake();
  }

  submit(shard: ShardId, event: ShardEvent): void {
    const place = this.#places.get(shard);
    if (this.#isClosing || place === undefined || place.state === 'lost') return;
    if (this.#queued >= SHARD_LOOP_LIMITS.queueEvents.value && eventKind(event) !== 'kept') {
      this.#shed(shard, event);
    } else {
      this.#enqueue(place, { event, request: undefined });
    }
  }

  request(shard: ShardId, event: ShardEvent): Promise<void> {
    const place = this.#places.get(shard);
    if (this.#isClosing) return Promise.reject(shuttingDown());
    if (place === undefined || place.state === 'lost') {
      return Promise.reject(unavailable('Another coordinator decides for this job now; ask there.'));
    }
    if (this.#queued >= SHARD_LOOP_LIMITS.queueEvents.value) {
      return Promise.reject(
        unavailable('The coordinator has more to do than it can hold; ask again in a moment.'),
      );
    }
    const request = createPendingRequest(this.#options.clock);
    this.#enqueue(place, { event, request });
    return request.promise;
  }

  running(): ShardLoopState {
    const places = [...this.#places.values()];
    const held = places.filter(({ state }) => state === 'held').length;
    return {
      state: this.#stateOf(places, held),
      held,
      queued: this.#queued,
      commits: this.#commits,
      failures: this.#failures,
    };
  }

  machine(shard: ShardId): HeldShard['machine'] | undefined {
    return this.#places.get(shard)?.held?.machine;
  }

  ready(): Promise<void> {
    if (this.#hasStarted) return Promise.resolve();
    return new Promise((resolve) => this.#readyWaiters.add(resolve));
  }

  whenIdle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.add(resolve));
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#cancelTimer?.();
    this.#cancelPause?.();
    await this.#turns;
    for (const place of this.#places.values()) {
      this.#fail([...(place.lostBatch?.entries ?? []), ...this.#takeQueue(place, Infinity)], shuttingDown());
      place.lostBatch = undefined;
    }
    settleAll(this.#idleWaiters);
    settleAll(this.#readyWaiters);
  }

  #stateOf(places: readonly Place[], held: number): ShardLoopState['state'] {
    if (this.#isClosing) return 'closed';
    if (!this.#hasStarted) return 'starting';
    if (places.some(({ state }) => state === 'lost')) return 'fenced';
    return held === places.length ? 'running' : 'recovering';
  }

  #enqueue(place: Place, entry: Entry): void {
    place.queue.push(entry);
    this.#queued += 1;
    this.#tellPressure();
    this.#wake();
  }

  #takeQueue(place: Place, count: number): Entry[] {
    const taken = place.queue.splice(0, count);
    this.#queued -= taken.length;
    this.#tellPressure();
    return taken;
  }

  #tellPressure(): void {
    const pressureEvents = SHARD_LOOP_LIMITS.pressureEvents.value;
    const isHigh = this.#isHigh ? this.#queued > pressureEvents / 2 : this.#queued >= pressureEvents;
    if (isHigh === this.#isHigh) return;
    this.#isHigh = isHigh;
    this.#guard(() => this.#options.onPressure?.(isHigh));
  }

  /** A refused offer frees its slots; a dropped report comes again. */
  #shed(shard: ShardId, event: ShardEvent): void {
    if (event.type !== 'slots-offered') return;
    const { node, session, count } = event.offer;
    this.#nextTurn(() =>
      this.#say(shard, [{ type: 'refuse-slots', node, session, count, reason: 'shard-restarting' }]),
    );
  }

  /** Starts the loop if it rests. What is submitted in the same turn of the program shares the batch. */
  #wake(): void {
    if (this.#isAwake || this.#isClosing) return;
    this.#isAwake = true;
    this.#cancelTimer?.();
    this.#turns = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isClosing) {
      // Lets input in before each batch: what has arrived by then is in it, and a busy loop starves nobody.
      await new Promise<void>((resolve) => this.#nextTurn(resolve));
      if (this.#isClosing) break;
      const waiting = [...this.#places.values()].filter(({ state }) => state === 'acquiring');
      if (waiting.length > 0) {
        await this.#acquire(waiting);
      } else if (!(await this.#applyAndCommit())) {
        break;
      }
    }
    this.#isAwake = false;
    if (this.#isClosing) return;
    // Something may have arrived since the last look.
    if (this.#queued > 0) {
      this.#wake();
      return;
    }
    this.#armTimer();
    if (this.#isIdle()) settleAll(this.#idleWaiters);
  }

  #isIdle(): boolean {
    return !this.#isAwake && this.#queued === 0 && this.#loads === 0 && this.#hasStarted;
  }

  /** False when there was nothing to do. */
  async #applyAndCommit(): Promise<boolean> {
    const busy = [...this.#places.values()].filter(
      ({ shard, state, queue }) => state === 'held' && (queue.length > 0 || this.#due.has(shard)),
    );
    this.#due.clear();
    const applied = busy.flatMap((place) => this.#apply(place) ?? []);
    const changed = applied.flatMap((one) => toCommit(one) ?? []);
    for (const one of applied) if (one.batch.changes === undefined) this.#finish(one);
    if (changed.length > 0) await this.#commit(changed);
    return busy.length > 0;
  }

  #apply(place: Place): Applied | undefined {
    const { held } = place;
    if (held === undefined) return undefined;
    const entries = this.#takeQueue(place, SHARD_LOOP_LIMITS.eventsPerBatch.value).filter(
      ({ request }) => request?.isSettled() !== true,
    );
    try {
      return { place, held, entries, batch: held.apply(entries.map(({ event }) => event)) };
    } catch (error) {
      // The machine stopped half way: nothing of it may be stored, and what broke it must not come again.
      const types = [...new Set(entries.map(({ event }) => event.type))];
      this.#options.log.error(
        { err: error, shard: place.shard, types },
        'The machine broke on a batch; it is dropped',
      );
      this.#failures += 1;
      this.#drop(place);
      this.#fail(
        entries,
        new TrineError('internal', 'The coordinator could not apply this request.', { cause: error }),
      );
      return undefined;
    }
  }

  /** Shards that were fenced fall out; the others write the same batches again. */
  async #commit(changed: readonly Changed[]): Promise<void> {
    let remaining = changed;
    while (remaining.length > 0) {
      const startedMs = this.#options.clock.nowMs();
      try {
        const fenced = await this.#write(remaining.map(({ commit }) => commit));
        if (fenced.length === 0) {
          this.#committed(remaining, this.#options.clock.nowMs() - startedMs);
          return;
        }
        this.#fenced(remaining.filter(({ place }) => fenced.includes(place.shard)));
        remaining = remaining.filter(({ place }) => !fenced.includes(place.shard));
      } catch (error) {
        this.#commitFailed(remaining, storeError(error));
        return;
      }
    }
  }

  async #write(commits: readonly ShardCommit[]): Promise<readonly ShardId[]> {
    const { store, faults } = this.#options;
    await faults?.beforeCommit?.(commits);
    const outcome = await store.shards.commit(commits);
    await faults?.afterCommit?.(commits);
    return outcome.type === 'committed' ? [] : outcome.shards;
  }

  #committed(changed: readonly Changed[], durationMs: number): void {
    this.#commits += 1;
    this.#failuresInRow = 0;
    for (const { held, commit } of changed) held.right = { ...held.right, seq: commit.seq };
    this.#guard(() =>
      this.#options.onCommit?.({
        shards: changed.length,
        events: changed.reduce((sum, { entries }) => sum + entries.length, 0),
        tasks: changed.reduce((sum, { commit }) => sum + commit.changes.tasks.length, 0),
        durationMs,
      }),
    );
    for (const one of changed) this.#finish(one);
  }

  #finish({ place, held, entries, batch }: Applied): void {
    for (const { request } of entries) request?.resolve();
    this.#release(place, held, batch.effects);
  }

  #fenced(lost: readonly Changed[]): void {
    const { log, onFenced, isMeantToHold } = this.#options;
    const shards = lost.map(({ place }) => place.shard);
    log.error({ shards }, 'Another coordinator took these shards; what was not stored is dropped');
    this.#failures += 1;
    for (const { place, entries } of lost) {
      this.#drop(place);
      const queued = this.#takeQueue(place, Infinity);
      this.#fail(
        [...entries, ...queued],
        unavailable('Another coordinator decides for this job now; ask again.'),
      );
      if (isMeantToHold?.(place.shard) !== true) place.state = 'lost';
    }
    this.#guard(() => onFenced?.(shards));
  }

  #commitFailed(changed: readonly Changed[], error: TrineError): void {
    this.#options.log.error(
      { err: error, shards: changed.map(({ place }) => place.shard) },
      'A commit failed; memory is dropped and read again from the store',
    );
    this.#failures += 1;
    this.#failuresInRow += 1;
    for (const { place, held, entries, batch, commit } of changed) {
      this.#drop(place);
      place.lostBatch = {
        right: held.right,
        encoded: commit.events,
        effects: batch.effects,
        entries,
        isRepeatable: error.code !== 'internal',
      };
    }
  }

  #drop(place: Place): void {
    place.held = undefined;
    place.state = 'acquiring';
  }

  /** Takes shards over, or waits a little: the store may be away. */
  async #acquire(waiting: readonly Place[]): Promise<void> {
    const { store, holder, log } = this.#options;
    // A store that gives shards and takes no commits (a full disk) must not be asked without end.
    if (this.#failuresInRow > 1) await this.#pause();
    try {
      const acquired = await store.shards.acquire(
        waiting.map(({ shard }) => shard),
        holder,
      );
      const verdicts = await Promise.all(waiting.map((place) => this.#wasStored(place)));
      for (const { right, stored } of acquired) {
        const at = waiting.findIndex(({ shard }) => shard === right.shard);
        const place = waiting[at];
        if (place !== undefined)
          this.#hold(place, new HeldShard(right, stored, this.#sources), verdicts[at] === true);
      }
    } catch (error) {
      log.warn({ err: error }, 'The store does not give the shards yet; trying again');
      await this.#pause();
      return;
    }
    this.#announce(waiting.filter(({ state }) => state === 'held'));
  }

  /** Whether the batch that failed is in the store after all: then it is there with our epoch and our bytes. */
  async #wasStored({ shard, lostBatch }: Place): Promise<boolean> {
    if (lostBatch === undefined) return false;
    const { right, encoded } = lostBatch;
    const [stored] = await this.#options.store.shards.readBatches(shard, right.seq, 1);
    return (
      stored?.seq === right.seq + 1 &&
      stored.epoch === right.epoch &&
      Buffer.compare(stored.events, encoded) === 0
    );
  }

  /** Memory is what the store says. The lost batch is settled, and what was presence leaves the queue. */
  #hold(place: Place, held: HeldShard, wasStored: boolean): void {
    const { lostBatch } = place;
    place.held = held;
    place.state = 'held';
    place.lostBatch = undefined;
    const queued = this.#takeQueue(place, Infinity);
    const lost = lostBatch?.entries ?? [];
    const repeated = lostBatch !== undefined && !wasStored && lostBatch.isRepeatable ? lost : [];
    for (const entry of [...repeated, ...queued]) {
      if (eventKind(entry.event) !== 'presence') this.#enqueue(place, entry);
    }
    if (lostBatch === undefined) return;
    if (wasStored) {
      for (const { request } of lost) request?.resolve();
      this.#release(place, held, lostBatch.effects);
    } else if (!lostBatch.isRepeatable) {
      this.#fail(lost, new TrineError('internal', 'The store refused what this request would have written.'));
    }
  }

  #announce(recovered: readonly Place[]): void {
    if (recovered.length === 0) return;
    const { log, onRecovered } = this.#options;
    log.info({ shards: recovered.length }, 'Shards are held');
    this.#hasStarted = true;
    this.#guard(() => onRecovered?.(recovered.map(({ shard }) => shard)));
    for (const place of recovered) {
      if (place.held !== undefined) this.#release(place, place.held, place.held.recoveryEffects());
    }
    settleAll(this.#readyWaiters);
  }

  async #pause(): Promise<void> {
    if (this.#isClosing) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.setTimer(SHARD_LOOP_LIMITS.retryMs.value, resolve);
      this.#cancelPause = () => {
        cancel();
        resolve();
      };
    });
    this.#cancelPause = undefined;
  }

  /** Lets effects out; inputs are read here, because only the loop knows whether the asker still lives. */
  #release(place: Place, held: HeldShard, effects: readonly ShardEffect[]): void {
    const said = effects.filter((effect) => effect.type !== 'load-inputs');
    if (said.length > 0) this.#say(place.shard, said);
    for (const effect of effects) {
      if (effect.type === 'load-inputs') void this.#load(place, held, effect);
    }
  }

  async #load(
    place: Place,
    held: HeldShard,
    effect: Extract<ShardEffect, { readonly type: 'load-inputs' }>,
  ): Promise<void> {
    const { store, log } = this.#options;
    const { job, from, count } = effect;
    this.#loads += 1;
    try {
      while (place.held === held && !this.#isClosing) {
        try {
          const inputs = await store.shards.loadInputs(job, from, count);
          if (place.held === held) this.submit(place.shard, { type: 'inputs-loaded', job, from, inputs });
          return;
        } catch (error) {
          const failure = storeError(error);
          log.error({ err: failure, job, from, count }, 'Inputs could not be read');
          if (!ERRORS[failure.code].retry || failure.code === 'internal') return;
          await this.#pauseLoad();
        }
      }
    } finally {
      this.#loads -= 1;
      if (this.#isIdle()) settleAll(this.#idleWaiters);
    }
  }

  #pauseLoad(): Promise<void> {
    return new Promise(
      (resolve) => void this.#options.clock.setTimer(SHARD_LOOP_LIMITS.retryMs.value, resolve),
    );
  }

  #say(shard: ShardId, effects: readonly ShardEffect[]): void {
    this.#guard(() => this.#options.onEffects(shard, effects));
  }

  /** A listener that throws is a bug of its own; the loop goes on. */
  #guard(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.log.error({ err: error }, 'A listener of the shard loop threw');
    }
  }

  #fail(entries: readonly Entry[], error: TrineError): void {
    for (const { request } of entries) request?.reject(error);
  }

  /** Wakes the loop when the next lease is due. An idle coordinator has no timer. */
  #armTimer(): void {
    const waits = [...this.#places.values()].flatMap(({ shard, held }) => {
      const ms = held?.msToDeadline();
      return ms === undefined ? [] : [{ shard, ms }];
    });
    if (waits.length === 0) return;
    const { deadlineMinMs, timerMaxMs } = SHARD_LOOP_LIMITS;
    const first = Math.min(...waits.map(({ ms }) => ms));
    const delayMs = Math.min(timerMaxMs.value, Math.max(deadlineMinMs.value, first));
    this.#cancelTimer = this.#options.clock.setTimer(delayMs, () => {
      for (const { shard, ms } of waits) if (ms <= delayMs) this.#due.add(shard);
      this.#wake();
    });
  }
}

const emptyPlace = (shard: ShardId): Place => ({
  shard,
  state: 'acquiring',
  queue: [],
  held: undefined,
  lostBatch: undefined,
});

function toCommit(applied: Applied): Changed | undefined {
  const { held, batch } = applied;
  if (batch.changes === undefined || batch.encoded === undefined) return undefined;
  const { right } = held;
  const commit: ShardCommit = {
    right,
    seq: right.seq + 1,
    atMs: batch.atMs,
    events: batch.encoded,
    changes: batch.changes,
  };
  return { ...applied, commit };
}

function settleAll(waiters: Set<() => void>): void {
  for (const settle of waiters) settle();
  waiters.clear();
}

const shuttingDown = (): TrineError =>
  new TrineError('shutting-down', 'The coordinator is stopping; ask again in a moment.');
