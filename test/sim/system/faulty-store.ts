/**
 * A store that outlives every coordinator and does what databases do to them: answers late, is away, fails before a
 * commit or during it, commits and loses the answer, or answers with an error and commits afterwards all the same.
 * Its tables are those of the memory store; what is committed is told to whoever checks it.
 */
import type { ShardCommit, Store } from '@trine/control-plane/parts';
import { type ShardId, TrineError } from '@trine/protocol';
import type { Chance } from '../chance.ts';
import type { Timeline } from '../timeline.ts';
import type { SimProcess } from './process.ts';

/** Chances are per call. */
export interface StoreFaults {
  /** Refused before anything was done. */
  readonly before: number;
  /** Broken off and rolled back. */
  readonly during: number;
  /** Done, and the answer is lost. */
  readonly answer: number;
  /** An error is answered, and the commit happens later. */
  readonly late: number;
  /** The call takes seconds. */
  readonly stall: number;
  readonly latencyMs: number;
}

export interface FaultyStoreOptions {
  readonly tables: Store;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly faults: () => StoreFaults;
  /** A commit is in the tables; called before anything else can happen. */
  readonly onCommitted: (commits: readonly ShardCommit[], by: SimProcess) => void;
  /** A commit was refused. */
  readonly onFenced: (shards: readonly ShardId[], by: SimProcess) => void;
  /** Shards were given to a coordinator. */
  readonly onAcquired: (shards: Acquired, by: SimProcess) => void;
}

type Acquired = Awaited<ReturnType<Store['shards']['acquire']>>;

const STALL_MS = 8_000;
const LATE_MS = 3_000;

const away = (): TrineError => new TrineError('store-unavailable', 'The simulated store does not answer.');

const full = (): TrineError => new TrineError('disk-full', 'The disk of the simulated store is full.');

/** A commit that somebody was told had failed and that is still under way: it holds its shards' rows. */
interface LateCommit {
  readonly shards: ReadonlySet<ShardId>;
  readonly waiting: (() => void)[];
}

export class FaultyStore {
  readonly #options: FaultyStoreOptions;
  readonly #late = new Set<LateCommit>();
  /** Unreachable: nothing begins. */
  isAway = false;
  /** Its disk is full: it answers, and commits nothing. */
  isFull = false;
  calls = 0;
  failures = 0;

  constructor(options: FaultyStoreOptions) {
    this.#options = options;
  }

  /** The store as one coordinator's program reaches it. */
  for(process: SimProcess): Store {
    const { tables } = this.#options;
    return {
      shards: {
        ...this.#part(tables.shards, process),
        acquire: (shards, holder) => this.#acquire(process, shards, holder),
        commit: (commits) => this.#commit(process, commits),
      },
      registry: this.#part(tables.registry, process),
      views: this.#part(tables.views, process),
      retention: this.#part(tables.retention, process),
      ping: () => this.#call(process, () => tables.ping()),
      close: () => Promise.resolve(),
    };
  }

  #part<T extends object>(part: T, process: SimProcess): T {
    const calls = Object.entries(part) as [string, (...args: unknown[]) => Promise<unknown>][];
    return Object.fromEntries(
      calls.map(([name, call]) => [name, (...args: unknown[]) => this.#call(process, () => call(...args))]),
    ) as T;
  }

  #latencyMs(): number {
    const { chance } = this.#options;
    const { latencyMs, stall } = this.#options.faults();
    return chance.happens(stall) ? STALL_MS * chance.unit() : 0.2 + latencyMs * chance.unit();
  }

  /** The way there, the work, and the way back; a dead program hears no answer. */
  #call<T>(process: SimProcess, work: () => Promise<T>): Promise<T> {
    const { timeline, chance } = this.#options;
    const { before, during, answer } = this.#options.faults();
    this.calls += 1;
    return new Promise((resolve, reject) => {
      const reply = (settle: () => void): void =>
        timeline.after(this.#latencyMs(), () => process.enter(settle));
      const fail = (): void => {
        this.failures += 1;
        reply(() => reject(away()));
      };
      timeline.after(this.#latencyMs(), () => {
        if (this.isAway || chance.happens(before + during)) return fail();
        const isLost = chance.happens(answer);
        work().then(
          (value) => (isLost ? fail() : reply(() => resolve(value))),
          (error: Error) => reply(() => reject(error)),
        );
      });
    });
  }

  async #write(process: SimProcess, commits: readonly ShardCommit[]) {
    const outcome = await this.#options.tables.shards.commit(commits);
    if (outcome.type === 'committed') this.#options.onCommitted(commits, process);
    else this.#options.onFenced(outcome.shards, process);
    return outcome;
  }

  #commit(process: SimProcess, commits: readonly ShardCommit[]) {
    const { chance } = this.#options;
    return this.#call(process, () => {
      if (this.isFull) return Promise.reject(full());
      return chance.happens(this.#options.faults().late)
        ? this.#writeLate(process, commits)
        : this.#write(process, commits);
    });
  }

  /** Says that it failed, and writes some time later: until then nobody takes these shards over. */
  #writeLate(process: SimProcess, commits: readonly ShardCommit[]): Promise<never> {
    const { chance, timeline } = this.#options;
    const late: LateCommit = { shards: new Set(commits.map(({ right }) => right.shard)), waiting: [] };
    this.#late.add(late);
    timeline.after(LATE_MS * chance.unit(), () => {
      void this.#write(process, commits).then(() => this.#release(late));
    });
    return Promise.reject(away());
  }

  #release(late: LateCommit): void {
    this.#late.delete(late);
    for (const go of late.waiting) go();
  }

  /** Waits for the rows that a commit under way holds. */
  async #acquire(process: SimProcess, shards: readonly ShardId[], holder: string) {
    return this.#call(process, async () => {
      const held = [...this.#late].filter((late) => shards.some((shard) => late.shards.has(shard)));
      await Promise.all(held.map((late) => new Promise<void>((go) => late.waiting.push(go))));
      const acquired = await this.#options.tables.shards.acquire(shards, holder);
      this.#options.onAcquired(acquired, process);
      return acquired;
    });
  }
}
