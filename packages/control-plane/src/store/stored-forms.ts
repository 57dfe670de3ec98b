/**
 * How the parts of rows that only the machine reads are written: deterministic CBOR with one version number
 * in front, digests as their 32 bytes, fields in fixed places. A row that does not decode is a broken store,
 * so decoding throws.
 */
import {
  type CborValue,
  CborWriter,
  decodeCbor,
  digestFromBytes,
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

export const encodeSpec = (spec: JobSpec): Uint8Array => encodeForms([spec]);

export function decodeSpec(bytes: Uint8Array): JobSpec {
  const spec = withDigestText(body(bytes, 'a job')) as JobSpec;
  return { ...spec, limits: { ...spec.limits, fuel: toFuel(spec.limits.fuel) } };
}

export function encodeInput(input: TaskInput): Uint8Array {
  writer.begin();
  writer.array(3);
  writer.number(FORM);
  writer.digest(input.digest);
  if (input.type === 'inline') writer.bytes(input.bytes);
  else writeRef(input.artifact);
  return writer.take();
}

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

export function encodeReplicas(replicas: readonly ReplicaRow[]): Uint8Array {
  writer.begin();
  writer.array(1 + replicas.length);
  writer.number(FORM);
  for (const replica of replicas) writeReplica(replica);
  return writer.take();
}

export function decodeReplicas(bytes: Uint8Array): readonly ReplicaRow[] {
  const [form, ...replicas] = list(bytes, 'replicas');
  assertForm(form, 'replicas');
  return (replicas as ReplicaForm[]).map(decodeReplica);
}

/** The events of one batch, as its history keeps them. */
export const encodeEvents = (events: readonly ShardEvent[]): Uint8Array => encodeForms(events);

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

/** The fields of `ReplicaForm`, in its order. */
function writeReplica(row: ReplicaRow): void {
  writer.array(13);
  writer.number(row.lease);
  writer.text(row.node);
  writer.text(row.owner);
  writer.text(row.group);
  writer.number(row.session);
  writer.number(row.grantedAtMs);
  writer.number(row.deadlineAtMs);
  writer.digest(row.grant);
  writer.value(row.ended === undefined ? null : LEASE_ENDS.indexOf(row.ended));
  writer.value(row.endedAtMs ?? null);
  writer.value(row.verdict === undefined ? null : VERDICTS.indexOf(row.verdict));
  writer.text(row.reason);
  if (row.result === undefined) writer.nothing();
  else writeResult(row.result);
}

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

/** The fields of `ResultForm`, in its order. */
function writeResult(result: ReplicaResult): void {
  writer.array(8);
  writer.number(OUTCOMES.indexOf(result.outcome));
  writer.digest(result.outputDigest);
  writer.number(result.outputBytes);
  writer.value(result.output ?? null);
  writer.bigint(result.fuel);
  writer.number(result.wallMs);
  writer.digest(result.frame);
  writer.number(result.leaf);
}

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

function writeRef(ref: ArtifactRef): void {
  writer.array(3);
  writer.digest(ref.digest);
  writer.number(ref.sizeBytes);
  writer.digest(ref.chunks);
}

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

const isDigestField = (name: string): boolean => DIGEST_FIELDS.has(name);

/** Specs and events are plain values: what CBOR can say, with `undefined` left out. */
function encodeForms(values: readonly (JobSpec | ShardEvent)[]): Uint8Array {
  writer.begin();
  writer.array(1 + values.length);
  writer.number(FORM);
  for (const value of values) writer.value(value as unknown as CborValue, isDigestField);
  return writer.take();
}

/** One for all: nothing here waits between the first byte and `take`. */
const writer = new CborWriter();

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
