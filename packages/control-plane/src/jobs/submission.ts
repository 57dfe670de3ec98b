/**
 * One submit: check what is asked, reserve the idempotency key, store the inputs, and only then hand the job to its
 * shard. Until the shard's commit nobody can see any of it; a crash in between leaves inputs without a job, and a
 * repeat of the same request takes the same job id and goes on.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type Digest,
  digestToBytes,
  encodeCbor,
  jobIdFrom,
  type JobId,
  LIMITS,
  type ParsedWasiInput,
  parseWasiInput,
  parseWasiShared,
  shardOf,
  type TaskLimits,
  TrineError,
} from '@trine/protocol';
import type { ArtifactRef, JobInputs, JobPolicy, JobSpec } from '@trine/scheduler';
import { sha256 } from '../auth/secrets.ts';
import { isOperator, type KeyCaller } from '../caller.ts';
import type { EventSink } from '../event-sink.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { SubmitRequest } from '../routers/schemas.ts';
import type { NewInput, Store } from '../store/store.ts';

export interface SubmissionOptions {
  readonly store: Pick<Store, 'registry' | 'views'>;
  readonly sink: EventSink;
  readonly nowMs: () => number;
}

interface CheckedInputs {
  readonly inputs: JobInputs;
  /** Rows of a list job; a range has none. */
  readonly rows: readonly NewInput[];
  /** Stands for the inputs in the digest of the request. */
  readonly digest: Digest;
}

/** Bytes of the index that a range job's input ends with. */
const RANGE_INDEX_BYTES = 8;

/** Makes `submit(caller, request)`, which answers the job's id once the job is stored. */
export function createSubmission(options: SubmissionOptions) {
  const underWay = new Map<JobId, Promise<void>>();

  return async (caller: KeyCaller, request: SubmitRequest): Promise<JobId> => {
    if (request.isPublic && !isOperator(caller)) {
      throw new TrineError(
        'forbidden',
        'Only the operator may make a job public. Submit it without isPublic.',
      );
    }
    const module = await readableArtifact(options, caller, request.module, 'The module');
    if (module.sizeBytes > LIMITS.moduleBytes.value) {
      throw new TrineError(
        'module-too-large',
        `The module has ${module.sizeBytes} bytes; the limit is ${LIMITS.moduleBytes.value}.`,
      );
    }
    const checked = await checkInputs(options, caller, request);
    const job = await reserve(options, caller, request, checked.digest);
    const earlier = underWay.get(job);
    if (earlier !== undefined) return earlier.then(() => job);
    const stored = store(options, checked, jobSpec({ job, caller, request, module, inputs: checked.inputs }));
    underWay.set(job, stored);
    await stored.finally(() => underWay.delete(job));
    return job;
  };
}

async function store(options: SubmissionOptions, checked: CheckedInputs, spec: JobSpec): Promise<void> {
  if ((await options.store.views.job(spec.job)) !== undefined) return;
  if (checked.inputs.type === 'list') await options.store.registry.saveInputs(spec.job, checked.rows);
  await options.sink.request(shardOf(spec.job), { type: 'job-submitted', spec });
}

/** The job that this idempotency key stands for: a new id, or the one an equal request was given. */
async function reserve(
  options: SubmissionOptions,
  caller: KeyCaller,
  request: SubmitRequest,
  inputs: Digest,
): Promise<JobId> {
  const digest = requestDigest(request, inputs);
  const reserved = await options.store.registry.reserveIdempotency({
    key: caller.key,
    idempotencyKey: request.idempotencyKey,
    job: jobIdFrom(randomBytes(20)),
    request: digest,
    atMs: options.nowMs(),
  });
  if (reserved.request === digest) return reserved.job;
  throw new TrineError(
    'idempotency-conflict',
    `The idempotency key “${request.idempotencyKey}” already stands for job ${reserved.job}, which was asked ` +
      'with other content. Use a new key for a new job.',
  );
}

const requestDigest = (request: SubmitRequest, inputs: Digest): Digest =>
  sha256(
    encodeCbor([
      'trine/submit/1',
      request.name,
      request.module,
      request.abi,
      inputs,
      { ...request.limits },
      { ...request.policy },
      JSON.stringify(request.manifest),
      request.isPublic,
    ]),
  );

async function checkInputs(
  options: SubmissionOptions,
  caller: KeyCaller,
  request: SubmitRequest,
): Promise<CheckedInputs> {
  const { inputs } = request;
  if (inputs.type === 'range') {
    assertSome(inputs.count);
    return checkedWasi(request, rangeOf(inputs));
  }
  if (inputs.type === 'artifacts') {
    assertSome(inputs.digests.length);
    return listOf(await artifactInputs(options, caller, inputs.digests));
  }
  assertSome(inputs.items.length);
  return checkedWasi(request, listOf(inputs.items.map(inlineInput)));
}

/**
 * Inputs of WASI commands have a form, so what travels with the request is read here: a job whose every task would trap
 * is better refused. Artifacts are not read; there a task traps.
 */
function checkedWasi({ abi }: SubmitRequest, checked: CheckedInputs): CheckedInputs {
  if (abi !== 'wasi-1') return checked;
  const { inputs, rows } = checked;
  if (inputs.type === 'range') assertWasi('The shared input', parseWasiShared(inputs.shared));
  for (const [index, { bytes }] of rows.entries()) {
    if (bytes !== undefined) assertWasi(`Input ${index}`, parseWasiInput(bytes));
  }
  return checked;
}

function assertWasi(what: string, parsed: ParsedWasiInput): void {
  if (parsed.type === 'invalid') throw new TrineError('bad-request', `${what} ${parsed.message}.`);
}

function assertSome(count: number): void {
  if (count === 0) throw new TrineError('no-inputs', 'The job has no inputs. Give at least one.');
}

function rangeOf(inputs: {
  readonly shared: string;
  readonly first: number;
  readonly count: number;
}): CheckedInputs {
  const shared = decodeBase64(inputs.shared, 'shared');
  if (shared.length > LIMITS.inlineBytes.value - RANGE_INDEX_BYTES) {
    throw tooLarge('The shared input', shared.length, LIMITS.inlineBytes.value - RANGE_INDEX_BYTES);
  }
  if (!Number.isSafeInteger(inputs.first + inputs.count)) {
    throw new TrineError('limit-exceeded', 'The last index of the range is over 2⁵³ − 1.');
  }
  const { first, count } = inputs;
  return {
    inputs: { type: 'range', shared, first, count },
    rows: [],
    digest: sha256(encodeCbor(['range', shared, first, count])),
  };
}

function listOf(rows: readonly NewInput[]): CheckedInputs {
  const all = createHash('sha256').update('list');
  for (const row of rows) all.update(digestToBytes(row.digest));
  return { inputs: { type: 'list', count: rows.length }, rows, digest: all.digest('hex') as Digest };
}

function inlineInput(item: string, index: number): NewInput {
  const bytes = decodeBase64(item, `inputs.items.${index}`);
  if (bytes.length > LIMITS.inlineBytes.value) {
    throw tooLarge(`Input ${index}`, bytes.length, LIMITS.inlineBytes.value);
  }
  return { digest: sha256(bytes), sizeBytes: bytes.length, bytes };
}

const tooLarge = (what: string, bytes: number, max: number): TrineError =>
  new TrineError(
    'input-too-large',
    `${what} has ${bytes} bytes; at most ${max} travel inline. Upload larger ones and name their digests.`,
  );

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function decodeBase64(text: string, where: string): Uint8Array {
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    throw new TrineError('bad-request', `${where}: base64 with padding expected.`);
  }
  return new Uint8Array(Buffer.from(text, 'base64'));
}

async function artifactInputs(
  options: SubmissionOptions,
  caller: KeyCaller,
  digests: readonly Digest[],
): Promise<readonly NewInput[]> {
  const known = new Map<Digest, ArtifactRef>();
  const { value: max } = CONTROL_PLANE_LIMITS.inputArtifacts;
  for (const digest of digests) {
    if (known.size > max) {
      throw new TrineError('limit-exceeded', `One job may name at most ${max} different input artifacts.`);
    }
    if (!known.has(digest)) {
      known.set(digest, await readableArtifact(options, caller, digest, `The input ${digest}`));
    }
  }
  return digests.map((digest) => ({
    digest,
    sizeBytes: known.get(digest)?.sizeBytes ?? 0,
    bytes: undefined,
  }));
}

/** An artifact that the caller may use: unknown and another’s are one answer, so that nobody can probe. */
async function readableArtifact(
  { store }: SubmissionOptions,
  caller: KeyCaller,
  digest: Digest,
  what: string,
): Promise<ArtifactRef> {
  const ref = await store.registry.findArtifact(digest);
  if (ref !== undefined && (isOperator(caller) || (await store.registry.mayRead(digest, caller.key))))
    return ref;
  throw new TrineError('not-found', `${what} is not here. Upload it first: PUT /artifacts/${digest}`);
}

function jobSpec(parts: {
  readonly job: JobId;
  readonly caller: KeyCaller;
  readonly request: SubmitRequest;
  readonly module: ArtifactRef;
  readonly inputs: JobInputs;
}): JobSpec {
  const { job, caller, request, module, inputs } = parts;
  return {
    job,
    key: caller.key,
    name: request.name,
    module,
    abi: request.abi,
    inputs,
    limits: taskLimits(request),
    policy: jobPolicy(request),
    isPublic: request.isPublic,
    manifest: JSON.stringify(request.manifest),
  };
}

const taskLimits = ({ limits }: SubmitRequest): TaskLimits => ({
  fuel: limits.fuel ?? BigInt(CONTROL_PLANE_LIMITS.defaultFuel.value),
  memoryBytes: limits.memoryBytes ?? CONTROL_PLANE_LIMITS.defaultMemoryBytes.value,
  outputBytes: limits.outputBytes ?? CONTROL_PLANE_LIMITS.defaultOutputBytes.value,
});

const jobPolicy = ({ policy }: SubmitRequest): JobPolicy => ({
  replicas: LIMITS.replicas.value,
  quorum: LIMITS.quorum.value,
  replicasMax: LIMITS.replicasMax.value,
  failedAttemptsMax: LIMITS.failedAttemptsMax.value,
  timeoutMs: policy.timeoutMs ?? LIMITS.taskTimeoutMs.value,
  priority: policy.priority ?? 0,
});
