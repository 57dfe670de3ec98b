/**
 * How the parts of rows that only the machine reads are written: deterministic CBOR with one version number
 * in front, digests as their 32 bytes, fields in fixed places. A row that does not decode is a broken store,
 * so decoding throws.
 */
import {
  type CborValue,
  decodeCbor,
  type Digest,
  digestFromBytes,
  digestToBytes,
  encodeCbor,
  OUTCOMES,
  TrineError,
  VERDICTS,
} from '@trine/protocol';
import type {
  ArtifactRef,
  JobSpec,
  LeaseEnd,
  ReplicaResult,
  ReplicaRow,
  ShardEvent,
  TaskInput,
} from '@trine/scheduler';

const FORM = 1;
const LEASE_ENDS: readonly LeaseEnd[] = ['reported', 'returned', 'lost', 'expired', 'abandoned'];

export const encodeSpec = (spec: JobSpec): Uint8Array => encodeCbor([FORM, withDigestBytes(spec)]);

export function decodeSpec(bytes: Uint8Array): JobSpec {
  const spec = withDigestText(body(bytes, 'a job')) as JobSpec;
  return { ...spec, limits: { ...spec.limits, fuel: toFuel(spec.limits.fuel) } };
}

export const encodeInput = (input: TaskInput): Uint8Array =>
  encodeCbor(
    input.type === 'inline'
      ? [FORM, digestToBytes(input.digest), input.bytes]
      : [FORM, digestToBytes(input.digest), encodeRef(input.artifact)],
  );

export function decodeInput(bytes: Uint8Array): TaskInput {
  const [form, digest, content] = list(bytes, 'an input') as [
    number,
    Uint8Array,
    Uint8Array | readonly unknown[],
  ];
  assertForm(form, 'an input');
  return content instanceof Uint8Array
    ? { type: 'inline', bytes: content, digest: digestFromBytes(digest) }
    : { type: 'artifact', artifact: decodeRef(content), digest: digestFromBytes(digest) };
}

export const encodeReplicas = (replicas: readonly ReplicaRow[]): Uint8Array =>
  encodeCbor([FORM, ...replicas.map(encodeReplica)]);

export function decodeReplicas(bytes: Uint8Array): readonly ReplicaRow[] {
  const [form, ...replicas] = list(bytes, 'replicas');
  assertForm(form, 'replicas');
  return (replicas as ReplicaForm[]).map(decodeReplica);
}

/** The events of one batch, as its history keeps them. */
export const encodeEvents = (events: readonly ShardEvent[]): Uint8Array =>
  encodeCbor([FORM, ...events.map(withDigestBytes)]);

/** The events of a batch, for replay: `apply` on them gives the same state and effects. */
export function decodeEvents(bytes: Uint8Array): readonly ShardEvent[] {
  const [form, ...events] = list(bytes, 'a batch');
  assertForm(form, 'a batch');
  return events.map((event) => eventWithBigints(withDigestText(event) as ShardEvent));
}

type ReplicaForm = readonly [
  lease: number,
  node: string,
  owner: string,
  group: string,
  session: number,
  grantedAtMs: number,
  deadlineAtMs: number,
  grant: Uint8Array,
  ended: number | null,
  endedAtMs: number | null,
  verdict: number | null,
  reason: string,
  result: ResultForm | null,
];

type ResultForm = readonly [
  outcome: number,
  outputDigest: Uint8Array,
  outputBytes: number,
  output: Uint8Array | null,
  fuel: number | bigint,
  wallMs: number,
  frame: Uint8Array,
  leaf: number,
];

const encodeReplica = (row: ReplicaRow): ReplicaForm => [
  row.lease,
  row.node,
  row.owner,
  row.group,
  row.session,
  row.grantedAtMs,
  row.deadlineAtMs,
  digestToBytes(row.grant),
  row.ended === undefined ? null : LEASE_ENDS.indexOf(row.ended),
  row.endedAtMs ?? null,
  row.verdict === undefined ? null : VERDICTS.indexOf(row.verdict),
  row.reason,
  row.result === undefined ? null : encodeResult(row.result),
];

function decodeReplica(form: ReplicaForm): ReplicaRow {
  const [lease, node, owner, group, session, grantedAtMs, deadlineAtMs, grant] = form;
  const [ended, endedAtMs, verdict, reason, result] = form.slice(8) as unknown as [
    number | null,
    number | null,
    number | null,
    string,
    ResultForm | null,
  ];
  return {
    lease: lease as ReplicaRow['lease'],
    node: node as ReplicaRow['node'],
    owner: owner as ReplicaRow['owner'],
    group: group as ReplicaRow['group'],
    session,
    grantedAtMs,
    deadlineAtMs,
    grant: digestFromBytes(grant),
    ended: ended === null ? undefined : at(LEASE_ENDS, ended),
    endedAtMs: endedAtMs ?? undefined,
    result: result === null ? undefined : decodeResult(result),
    verdict: verdict === null ? undefined : at(VERDICTS, verdict),
    reason,
  };
}

const encodeResult = (result: ReplicaResult): ResultForm => [
  OUTCOMES.indexOf(result.outcome),
  digestToBytes(result.outputDigest),
  result.outputBytes,
  result.output ?? null,
  result.fuel,
  result.wallMs,
  digestToBytes(result.frame),
  result.leaf,
];

function decodeResult(form: ResultForm): ReplicaResult {
  const [outcome, outputDigest, outputBytes, output, fuel, wallMs, frame, leaf] = form;
  return {
    outcome: at(OUTCOMES, outcome),
    outputDigest: digestFromBytes(outputDigest),
    outputBytes,
    output: output ?? undefined,
    fuel: toFuel(fuel),
    wallMs,
    frame: digestFromBytes(frame),
    leaf,
  };
}

const encodeRef = (ref: ArtifactRef): CborValue => [
  digestToBytes(ref.digest),
  ref.sizeBytes,
  digestToBytes(ref.chunks),
];

function decodeRef(form: readonly unknown[]): ArtifactRef {
  const [digest, sizeBytes, chunks] = form as [Uint8Array, number, Uint8Array];
  return { digest: digestFromBytes(digest), sizeBytes, chunks: digestFromBytes(chunks) };
}

/** Fields of events and specs that are digests: written as 32 bytes, half of their text. */
const DIGEST_FIELDS: ReadonlySet<string> = new Set([
  'digest',
  'chunks',
  'grant',
  'outputDigest',
  'id',
  'module',
]);

/** Any plain value with its digests as bytes. A field named like a digest that holds something else stays. */
function withDigestBytes(value: unknown): CborValue {
  if (Array.isArray(value)) return value.map(withDigestBytes);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value as CborValue;
  const out: Record<string, CborValue> = {};
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    out[name] =
      DIGEST_FIELDS.has(name) && typeof field === 'string'
        ? digestToBytes(field as Digest)
        : withDigestBytes(field);
  }
  return out;
}

function withDigestText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDigestText);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  const out: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    out[name] =
      DIGEST_FIELDS.has(name) && field instanceof Uint8Array ? digestFromBytes(field) : withDigestText(field);
  }
  return out;
}

/** CBOR has one integer, and small ones decode as numbers; fuel is a bigint inside whatever its size. */
const toFuel = (decoded: number | bigint): bigint => BigInt(decoded);

function eventWithBigints(event: ShardEvent): ShardEvent {
  if (event.type === 'job-submitted') {
    const { spec } = event;
    return { ...event, spec: { ...spec, limits: { ...spec.limits, fuel: toFuel(spec.limits.fuel) } } };
  }
  if (event.type === 'results-reported') {
    return { ...event, results: event.results.map((result) => ({ ...result, fuel: toFuel(result.fuel) })) };
  }
  return event;
}

function list(bytes: Uint8Array, what: string): readonly unknown[] {
  const decoded = decodeCbor(bytes);
  if (decoded === undefined || !Array.isArray(decoded.value)) throw unreadable(what);
  return decoded.value;
}

function body(bytes: Uint8Array, what: string): unknown {
  const [form, value] = list(bytes, what);
  assertForm(form, what);
  return value;
}

function assertForm(form: unknown, what: string): void {
  if (form !== FORM) throw unreadable(what);
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw unreadable('a state');
  return value;
}

const unreadable = (what: string): TrineError =>
  new TrineError(
    'internal',
    `The store holds ${what} in a form that this version cannot read. A newer coordinator may have written it.`,
  );
