/** A submitted job, by its id: look, read its results as they come, wait, cancel. */
import type { JobView, ResultView } from '@trine/control-plane/router';
import { type Outcome, parseWasiOutput, type ResultKind, TrineError, type WasiOutput } from '@trine/protocol';
import { fromBase64 } from './bytes.ts';
import type { Client } from './client.ts';
import { READ_PATIENCE_MS } from './limits.ts';
import { readResults } from './results.ts';

/** One entry of a job's result log. */
export interface JobResult {
  /** Position in the job's log, gapless from 1: give it as `after` to go on from here. */
  readonly sequence: number;
  /** Which input it answers. */
  readonly index: number;
  /** `verified`: a quorum agreed. `disputed` and `abandoned` tasks have no canonical result. */
  readonly kind: ResultKind;
  /** What the quorum agreed on; a trap that it agreed on is an answer like any other. */
  readonly outcome: Outcome | undefined;
  /** The output's bytes where there is a canonical result, else `undefined`. */
  readonly output: Uint8Array | undefined;
  readonly outputDigest: string | undefined;
  /** What a WASI command left: the same output, read. `undefined` for other guests, and where there is no output. */
  readonly wasi: WasiOutput | undefined;
  /** Metered instructions of one run. */
  readonly fuel: bigint;
  /** Why, in words, for what was not verified. */
  readonly reason: string;
}

export interface ResultsOptions {
  /** Only entries after this sequence number. Default 0: from the beginning. */
  readonly after?: number;
  /** False: ends with what is there now. Default true: goes on until the job has ended. */
  readonly follow?: boolean;
  /** False: outputs over 4 KiB are left to be fetched by digest. Default true. */
  readonly fetchOutputs?: boolean;
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Called with a fresh view whenever it has changed. */
  readonly onChange?: (job: JobView) => void;
}

export interface Job {
  readonly id: string;
  status(): Promise<JobView>;
  /**
   * The result log from `after` on, as it grows, until the job has ended and everything was given. Goes on by
   * itself after lost connections and coordinator restarts, without gaps or repeats.
   */
  results(options?: ResultsOptions): AsyncIterable<JobResult>;
  /** Resolves with the final view when the job is finished, cancelled or refused. */
  wait(options?: WaitOptions): Promise<JobView>;
  /** Cancels; what is verified stays. */
  cancel(): Promise<JobView>;
}

export function jobOf(client: Client, id: string): Job {
  const status = (): Promise<JobView> => client.call(() => client.api.jobs.get.query({ job: id }));
  return {
    id,
    status,
    results: (options = {}) => jobResults(client, id, options),
    wait: (options = {}) => waitFor(client, id, options),
    cancel: () => client.call(() => client.api.jobs.cancel.mutate({ job: id })),
  };
}

async function* jobResults(client: Client, job: string, options: ResultsOptions): AsyncGenerator<JobResult> {
  const { after = 0, follow = true, fetchOutputs = true, signal } = options;
  let abi: string | undefined;
  for await (const view of readResults(client, { job, after, follow, signal })) {
    abi ??= (
      await client.call(() => client.api.jobs.get.query({ job }), { patienceMs: READ_PATIENCE_MS, signal })
    ).abi;
    const output = await outputOf(client, view, fetchOutputs);
    yield resultOf(view, output, abi);
  }
}

function resultOf(view: ResultView, output: Uint8Array | undefined, abi: string): JobResult {
  const isCommand = abi === 'wasi-1' && view.outcome === 'completed' && output !== undefined;
  return {
    sequence: view.sequence,
    index: view.index,
    kind: view.kind,
    outcome: view.outcome,
    output,
    outputDigest: view.outputDigest,
    wasi: isCommand ? parseWasiOutput(output) : undefined,
    fuel: BigInt(view.fuel),
    reason: view.reason,
  };
}

async function outputOf(client: Client, view: ResultView, fetch: boolean): Promise<Uint8Array | undefined> {
  if (view.output !== undefined) return fromBase64(view.output);
  if (view.outputDigest === undefined || view.kind !== 'verified') return undefined;
  if (view.outputBytes === 0) return new Uint8Array(0);
  return fetch ? await client.download(view.outputDigest) : undefined;
}

async function waitFor(client: Client, id: string, options: WaitOptions): Promise<JobView> {
  const { signal, onChange } = options;
  const look = (): Promise<JobView> =>
    client.call(() => client.api.jobs.get.query({ job: id }), { patienceMs: READ_PATIENCE_MS, signal });
  let view = await look();
  onChange?.(view);
  // The log wakes us: it ends when the job does, and each entry changes the view.
  for await (const _ of readResults(client, { job: id, after: view.resultSequence, follow: true, signal })) {
    if (onChange === undefined) continue;
    view = await look();
    onChange(view);
  }
  if (signal?.aborted === true) throw new TrineError('wrong-state', `Waiting for job ${id} was given up.`);
  view = await look();
  onChange?.(view);
  return view;
}
