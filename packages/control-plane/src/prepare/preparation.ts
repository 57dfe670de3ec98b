/** From `prepare-module` to `job-prepared` or `job-refused`: fetch, prepare in a thread, keep, tell the shard. */
import { type Abi, type Digest, ERRORS, type JobId, type KeyId, shardOf, TrineError } from '@trine/protocol';
import { EDITION, PAGE_BYTES } from '@trine/rewriter';
import type { ArtifactRef, ShardEffect } from '@trine/scheduler';
import type { Logger } from 'pino';
import type { ArtifactFiles } from '../artifacts/artifact-files.ts';
import type { EventSink } from '../event-sink.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { RegistryStore } from '../store/store.ts';
import type { Preparer } from './preparer.ts';

type PrepareModule = Extract<ShardEffect, { readonly type: 'prepare-module' }>;

export interface PreparationOptions {
  readonly preparer: Preparer;
  readonly files: ArtifactFiles;
  readonly registry: Pick<RegistryStore, 'saveArtifact' | 'findArtifact'>;
  readonly sink: EventSink;
  readonly log: Logger;
}

/** Owner of what the coordinator itself makes; no key has this id. */
export const COORDINATOR_KEY = 'coordinator' as KeyId;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** Makes the handler of `prepare-module`. A job that is under way already is not begun again. */
export function createPreparation(options: PreparationOptions) {
  const underWay = new Set<JobId>();
  const cache: PreparedCache = new Map();
  const timers = new Set<NodeJS.Timeout>();
  const attempts = new Set<Promise<void>>();
  let isClosed = false;

  const attempt = async (effect: PrepareModule, retryMs: number): Promise<void> => {
    try {
      await prepareJob(options, cache, effect);
      underWay.delete(effect.job);
    } catch (cause) {
      options.log.error({ err: cause, job: effect.job }, 'a module could not be prepared');
      if (cause instanceof TrineError && ERRORS[cause.code].retry) return retryLater(effect, retryMs);
      underWay.delete(effect.job);
      refuse(
        options.sink,
        effect.job,
        'internal',
        'The module could not be read or stored; the log says why.',
      );
    }
  };
  const start = (effect: PrepareModule, retryMs: number): void => {
    const attempted = attempt(effect, retryMs).finally(() => attempts.delete(attempted));
    attempts.add(attempted);
  };
  const retryLater = (effect: PrepareModule, retryMs: number): void => {
    if (isClosed) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      start(effect, Math.min(retryMs * 2, RETRY_MAX_MS));
    }, retryMs);
    timers.add(timer);
  };

  return {
    begin(effect: PrepareModule): void {
      if (isClosed || underWay.has(effect.job)) return;
      underWay.add(effect.job);
      start(effect, RETRY_MIN_MS);
    },
    /** Resolves when nothing is being prepared or written any more. */
    async close(): Promise<void> {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
      await options.preparer.close();
      await Promise.all(attempts);
    },
  };
}

async function prepareJob(
  options: PreparationOptions,
  cache: PreparedCache,
  { job, module, limits, abi }: PrepareModule,
): Promise<void> {
  const maxMemoryPages = Math.floor(limits.memoryBytes / PAGE_BYTES);
  const name = `${module.digest}/${EDITION}/${maxMemoryPages}`;
  const known = cache.get(name);
  // Retention may have taken it since; asking keeps it.
  if (known !== undefined && (await options.registry.findArtifact(known.ref.digest)) !== undefined)
    return tell(options.sink, { job, abi, original: module.digest, prepared: known });
  const answer = await options.preparer.prepare({
    module: await options.files.read(module.digest),
    maxMemoryPages,
  });
  if (answer.type === 'refused') {
    // The job is whole and stays: whoever starts the coordinator again finds it still to be prepared.
    if (answer.code !== 'shutting-down') refuse(options.sink, job, answer.code, answer.message);
    return;
  }
  const ref = await options.files.putBytes(answer.bytes);
  await options.registry.saveArtifact(ref, COORDINATOR_KEY);
  const prepared = { ref, abi: answer.abi };
  remember(cache, name, prepared);
  tell(options.sink, { job, abi, original: module.digest, prepared });
}

/** A prepared module, and what it is meant for. */
interface KnownModule {
  readonly ref: ArtifactRef;
  readonly abi: Abi;
}

type PreparedCache = Map<string, KnownModule>;

function remember(cache: PreparedCache, name: string, known: KnownModule): void {
  cache.set(name, known);
  const [oldest] = cache.keys();
  if (cache.size > CONTROL_PLANE_LIMITS.preparedCached.value && oldest !== undefined) cache.delete(oldest);
}

interface Told {
  readonly job: JobId;
  /** What the job was submitted as. */
  readonly abi: Abi;
  readonly original: Digest;
  readonly prepared: KnownModule;
}

function tell(sink: EventSink, { job, abi, original, prepared }: Told): void {
  if (prepared.abi !== abi) return refuse(sink, job, 'abi-mismatch', mismatch(abi, prepared.abi));
  sink.submit(shardOf(job), {
    type: 'job-prepared',
    job,
    module: prepared.ref,
    code: { module: original, edition: EDITION },
  });
}

const mismatch = (submitted: Abi, found: Abi): string =>
  `The job was submitted with the ABI ${submitted}, but the module is made for ${found}. ` +
  (found === 'wasi-1'
    ? 'It is a WASI command: submit it with the ABI wasi-1 and WASI inputs.'
    : 'It exports what trine-1 asks for: submit it with that ABI and plain inputs.');

const refuse = (sink: EventSink, job: JobId, code: string, message: string): void =>
  sink.submit(shardOf(job), { type: 'job-refused', job, code, message });
