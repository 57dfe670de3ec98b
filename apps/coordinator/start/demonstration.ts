/** The demonstration's two jobs: what is submitted, how it is followed, and how its answers are checked. */
import { createHash, randomUUID } from 'node:crypto';
import type { JobView, ResultView } from '@trine/control-plane/router';
import { createTrine } from '@trine/sdk';
import {
  decodeMersenne,
  fractalInputs,
  type GuestName,
  type LoadedGuest,
  loadGuest,
  MERSENNE_EXPONENTS,
  mersenneInputs,
} from '@trine/wasm';
import type { Api } from './api.ts';

const POLL_MS = 250;
const PAGE = 500;
/** Tiles computed here once more, without Trine, to check the picture. */
const TILES_RECOMPUTED = 8;

export interface DemoJob {
  readonly name: GuestName;
  readonly id: string;
  /** True when the store held it, verified, before this start. */
  readonly wasDone: boolean;
}

export interface DemoAnswers {
  readonly exponents: readonly number[];
  readonly residues: number;
  readonly tilesRecomputed: number;
  readonly mersenneMatches: boolean;
  readonly fractalMatches: boolean;
}

const INPUTS = { mersenne: () => mersenneInputs(), fractal: () => fractalInputs() } as const;

/** Submits both jobs, or finds them: the idempotency key names what is asked. */
export async function submitDemonstration(options: {
  readonly url: string;
  readonly key: string;
  readonly again: boolean;
  readonly guests: URL;
}): Promise<readonly DemoJob[]> {
  const trine = createTrine({ url: options.url, key: options.key });
  const suffix = options.again ? `-${randomUUID()}` : '';
  const submit = async (name: keyof typeof INPUTS): Promise<DemoJob> => {
    const { manifest, module } = await loadGuest(name, options.guests);
    const job = await trine.submit({
      name: manifest.title,
      module,
      inputs: INPUTS[name](),
      limits: {
        fuel: BigInt(manifest.limits.fuel),
        memoryBytes: manifest.limits.memoryBytes,
        outputBytes: manifest.limits.outputBytes,
      },
      manifest: { title: manifest.title, summary: manifest.summary, output: manifest.output },
      isPublic: true,
      idempotencyKey: `demonstration-${name}-${digest(module).slice(0, 16)}${suffix}`,
    });
    const view = await job.status();
    return { name, id: job.id, wasDone: view.state === 'finished' };
  };
  return [await submit('mersenne'), await submit('fractal')];
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Looks a few times a second until every job has ended; tells `onProgress` what it saw. */
export async function followJobs(
  api: Api,
  jobs: readonly DemoJob[],
  options: { readonly onProgress: (views: readonly JobView[]) => void; readonly signal: AbortSignal },
): Promise<readonly JobView[]> {
  for (;;) {
    const views = await Promise.all(jobs.map((job) => api.jobs.get.query({ job: job.id })));
    options.onProgress(views);
    if (views.every(hasEnded)) return views;
    options.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const hasEnded = (job: JobView): boolean =>
  job.state === 'finished' || job.state === 'cancelled' || job.state === 'refused';

/** Reads the verified answers back from the store and checks them against what is known without Trine. */
export async function checkAnswers(api: Api, jobs: readonly DemoJob[], guests: URL): Promise<DemoAnswers> {
  const byName = async (name: GuestName) => readResults(api, jobs.find((job) => job.name === name)?.id ?? '');
  const [mersenne, fractal] = [await byName('mersenne'), await byName('fractal')];
  const answers = mersenne.flatMap((result) => decodeMersenne(outputOf(result)) ?? []);
  const exponents = answers
    .filter((answer) => answer.isPrime)
    .map((answer) => answer.exponent)
    .sort((a, b) => a - b);
  const sample = spread(fractalInputs().length, TILES_RECOMPUTED);
  const tiles = await recompute(
    await loadGuest('fractal', guests),
    sample.map((index) => fractalInputs()[index] ?? new Uint8Array()),
  );
  return {
    exponents,
    residues: answers.filter((answer) => !answer.isPrime).length,
    tilesRecomputed: sample.length,
    mersenneMatches:
      answers.length === mersenneInputs().length && exponents.join() === MERSENNE_EXPONENTS.join(),
    fractalMatches:
      fractal.length === fractalInputs().length &&
      sample.every((index, i) => {
        const verified = fractal.find((result) => result.index === index);
        return verified !== undefined && verified.outputDigest === digest(tiles[i] ?? new Uint8Array());
      }),
  };
}

async function readResults(api: Api, job: string): Promise<readonly ResultView[]> {
  const results: ResultView[] = [];
  for (;;) {
    const page = await api.jobs.resultsPage.query({ job, after: results.at(-1)?.sequence ?? 0, count: PAGE });
    results.push(...page);
    if (page.length < PAGE) return results.filter((result) => result.kind === 'verified');
  }
}

const outputOf = (result: ResultView): Uint8Array =>
  Uint8Array.from(Buffer.from(result.output ?? '', 'base64'));

/** `count` indices spread evenly over `total`. */
const spread = (total: number, count: number): readonly number[] =>
  Array.from({ length: Math.min(count, total) }, (_, i) => Math.floor(((i + 0.5) * total) / count));

/** Runs the module as it was built, unmetered and outside every sandbox of ours: it is our own. */
async function recompute(
  { module }: LoadedGuest,
  inputs: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const imports = { trine: { progress: () => undefined, log: () => undefined } };
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(module), imports);
  const { memory, alloc, run } = instance.exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof alloc !== 'function' || typeof run !== 'function') {
    throw new Error('The fractal guest does not have the exports of trine-1.');
  }
  return inputs.map((input) => {
    const pointer = Number(alloc(input.length));
    new Uint8Array(memory.buffer).set(input, pointer);
    const packed = BigInt.asUintN(64, run(pointer, input.length) as bigint);
    const start = Number(packed >> 32n);
    return new Uint8Array(memory.buffer).slice(start, start + Number(packed & 0xffff_ffffn));
  });
}
