/** Someone who sends jobs, asks again until each is accepted, and now and then thinks better of it. */
import { type Digest, digestOf, type JobId, jobIdFrom, shardOf, type ShardId } from '@trine/protocol';
import type { JobSpec, ShardEvent } from '@trine/scheduler';
import { testJob } from '@trine/scheduler/testing';
import type { Chance } from '../chance.ts';
import type { Timeline } from '../timeline.ts';
import type { SimCoordinator } from './coordinator.ts';
import type { Oracle } from './oracle.ts';

export interface SubmitterOptions {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly oracle: Oracle;
  readonly coordinator: () => SimCoordinator | undefined;
}

const ASK_AGAIN_MS = 2_000;

export class Submitter {
  readonly #options: SubmitterOptions;
  readonly #open = new Set<JobId>();

  constructor(options: SubmitterOptions) {
    this.#options = options;
  }

  /** Nothing is on its way to being accepted. */
  get isDone(): boolean {
    return this.#open.size === 0;
  }

  submit(spec: JobSpec): void {
    const { oracle } = this.#options;
    this.#open.add(spec.job);
    this.#ask(
      async (coordinator) => {
        // As the product does: who asks again for a job that is stored is answered without a second one.
        if (await coordinator.isStored(spec.job)) return;
        await coordinator.saveInputs(spec.job, inputsOf(spec));
        await coordinator.loop.request(shardOf(spec.job), { type: 'job-submitted', spec });
      },
      () => {
        oracle.accepted(spec.job);
        this.#open.delete(spec.job);
      },
    );
  }

  cancel(job: JobId): void {
    const { oracle } = this.#options;
    const event: ShardEvent = { type: 'job-cancelled', job, reason: 'its submitter said so' };
    this.#open.add(job);
    this.#ask(
      (coordinator) => coordinator.loop.request(shardOf(job), event),
      () => {
        oracle.cancelled(job);
        this.#open.delete(job);
      },
    );
  }

  /** Until it is answered; a coordinator that died never answers, so patience ends the wait. */
  #ask(request: (coordinator: SimCoordinator) => Promise<void>, done: () => void): void {
    const { timeline, coordinator, chance } = this.#options;
    const again = (): void =>
      timeline.after(ASK_AGAIN_MS * (0.5 + chance.unit()), () => this.#ask(request, done));
    const asked = coordinator();
    if (asked === undefined || asked.process.isDead || asked.process.isFrozen) return again();
    let isSettled = false;
    const settle = (next: () => void): void => {
      if (isSettled) return;
      isSettled = true;
      next();
    };
    timeline.after(20_000, () => settle(again));
    asked.process.enter(() => {
      request(asked).then(
        () => settle(done),
        () => settle(again),
      );
    });
  }
}

const inputsOf = ({
  job,
  inputs,
}: JobSpec): readonly {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
}[] =>
  inputs.type === 'list'
    ? Array.from({ length: inputs.count }, (_, index) => {
        const bytes = Uint8Array.from(`${job}/${index}`, (letter) => letter.charCodeAt(0));
        return { digest: digestOf(bytes), sizeBytes: bytes.length, bytes };
      })
    : [];

/** A few shards, so that jobs share them. */
const SHARDS_USED = 3;

/** Jobs whose policies make every end likely, and the shards they hash to. */
export function planJobs(
  chance: Chance,
  { jobs: count, isTight }: { readonly jobs: number; readonly isTight: boolean },
): { readonly jobs: readonly JobSpec[]; readonly shards: readonly ShardId[] } {
  const shards = new Set<ShardId>();
  const jobs: JobSpec[] = [];
  while (jobs.length < count) {
    const job = jobIdFrom(chance.bytes(20));
    if (shards.size === SHARDS_USED && !shards.has(shardOf(job))) continue;
    shards.add(shardOf(job));
    jobs.push(
      testJob(job, 1 + chance.below(40), isTight ? ['quorum', '3', 'timeout', '6'] : policyWords(chance)),
    );
  }
  return { jobs, shards: [...shards].sort((a, b) => a - b) };
}

function policyWords(chance: Chance): readonly string[] {
  const words = ['timeout', `${4 + chance.below(40)}`, 'priority', `${chance.below(3)}`];
  if (chance.happens(0.4)) words.push('list');
  if (chance.happens(0.2)) words.push('quorum', '3');
  if (chance.happens(0.2)) words.push('replicas', '2');
  if (chance.happens(0.3)) words.push('fails', `${2 + chance.below(3)}`);
  if (chance.happens(0.2)) words.push('max', '4');
  return words;
}
