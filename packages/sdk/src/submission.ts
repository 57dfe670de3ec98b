/** From what a submitter says to a submit request: inputs go inline when small and few, else as artifacts. */
import type { AppRouter, JobManifest } from '@trine/control-plane/router';
import { type Abi, encodeWasiInput, LIMITS, TrineError, type WasiInput } from '@trine/protocol';
import type { inferRouterInputs } from '@trpc/server';
import { toBase64 } from './bytes.ts';
import type { Client } from './client.ts';
import { INLINE_INPUTS_BYTES_MAX, UPLOADS_MAX } from './limits.ts';

export type SubmitRequest = inferRouterInputs<AppRouter>['jobs']['submit'];

export type Inputs =
  | readonly Uint8Array[]
  | AsyncIterable<Uint8Array>
  /** Task `i` of `count` gets the shared bytes followed by `first + i` as u64 little-endian. */
  | { readonly range: { readonly count: number; readonly shared?: Uint8Array; readonly first?: number } }
  /** One task of a WASI command for each: the job's ABI is then `wasi-1`. */
  | { readonly wasi: readonly WasiInput[] }
  /** `count` tasks of one WASI command; each finds its number `first + i` in the variable TRINE_TASK_INDEX. */
  | { readonly wasi: WasiInput; readonly range: { readonly count: number; readonly first?: number } }
  /** Digests of inputs uploaded before. */
  | { readonly artifacts: readonly string[] };

export interface Submission {
  /** Shown to people, up to 120 characters. */
  readonly name: string;
  /** The WASM module's bytes. */
  readonly module: Uint8Array;
  readonly inputs: Inputs;
  /** Default `wasi-1` for WASI inputs, else `trine-1`. It must be what the module is made for. */
  readonly abi?: Abi;
  readonly limits?: {
    /** Metered instructions one task may spend. */
    readonly fuel?: bigint;
    readonly memoryBytes?: number;
    readonly outputBytes?: number;
  };
  readonly policy?: {
    /** Longest wall-clock time of one attempt. */
    readonly timeoutMs?: number;
    /** 0 to 9; more goes first. */
    readonly priority?: number;
  };
  readonly manifest?: JobManifest;
  /** Shown to anyone; only the operator's key may ask for it. */
  readonly isPublic?: boolean;
  /** The same key and content again is the same job. Default: a new random one. */
  readonly idempotencyKey?: string;
}

/** Uploads what must be uploaded and answers the request to send. */
export async function requestOf(client: Client, submission: Submission): Promise<SubmitRequest> {
  const { limits = {}, policy = {}, manifest } = submission;
  if (submission.module.length > LIMITS.moduleBytes.value) {
    throw new TrineError(
      'module-too-large',
      `The module has ${submission.module.length} bytes; the limit is ${LIMITS.moduleBytes.value}.`,
    );
  }
  const inputs = await inputsOf(client, submission.inputs);
  return {
    name: submission.name,
    module: await client.upload(submission.module),
    abi: submission.abi ?? ('wasi' in submission.inputs ? 'wasi-1' : 'trine-1'),
    inputs,
    limits: { ...limits, fuel: limits.fuel === undefined ? undefined : String(limits.fuel) },
    policy: { ...policy },
    ...(manifest === undefined ? {} : { manifest: { ...manifest } }),
    isPublic: submission.isPublic ?? false,
    idempotencyKey: submission.idempotencyKey ?? randomKey(),
  };
}

const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );

async function inputsOf(client: Client, inputs: Inputs): Promise<SubmitRequest['inputs']> {
  if ('wasi' in inputs) return inputsOf(client, wasiInputs(inputs));
  if ('range' in inputs) {
    const { count, shared = new Uint8Array(0), first = 0 } = inputs.range;
    return { type: 'range', shared: toBase64(shared), first, count };
  }
  if ('artifacts' in inputs) return { type: 'artifacts', digests: [...inputs.artifacts] };
  const items = Symbol.asyncIterator in inputs ? await collect(inputs) : inputs;
  if (items.length === 0) {
    throw new TrineError('no-inputs', 'The job has no inputs. Give at least one: each input is a task.');
  }
  if (fitsInline(items)) return { type: 'inline', items: items.map(toBase64) };
  return { type: 'artifacts', digests: await uploadAll(client, items) };
}

function wasiInputs(inputs: Extract<Inputs, { readonly wasi: unknown }>): Inputs {
  if ('range' in inputs) return { range: { ...inputs.range, shared: encodeWasiInput(inputs.wasi) } };
  return inputs.wasi.map(encodeWasiInput);
}

async function collect(inputs: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const items: Uint8Array[] = [];
  for await (const item of inputs) {
    if (items.length >= LIMITS.listTasks.value) {
      throw new TrineError(
        'limit-exceeded',
        `A list of inputs holds at most ${LIMITS.listTasks.value}. Submit a range, or several jobs.`,
      );
    }
    items.push(item);
  }
  return items;
}

function fitsInline(items: readonly Uint8Array[]): boolean {
  const total = items.reduce((sum, { length }) => sum + length, 0);
  return total <= INLINE_INPUTS_BYTES_MAX && items.every(({ length }) => length <= LIMITS.inlineBytes.value);
}

async function uploadAll(client: Client, items: readonly Uint8Array[]): Promise<string[]> {
  const digests: string[] = Array.from({ length: items.length }, () => '');
  const queue = items.entries();
  const take = async (): Promise<void> => {
    for (const [index, item] of queue) digests[index] = await client.upload(item);
  };
  await Promise.all(Array.from({ length: UPLOADS_MAX }, take));
  return digests;
}
