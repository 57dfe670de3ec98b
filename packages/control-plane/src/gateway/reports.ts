/**
 * Checks a report off the shard: rebuilds the Merkle root from what was reported, verifies the one signature in the
 * thread pool, and holds every output against its digest and size. What passes goes to the shards as events.
 */
import { hash, type KeyObject, verify } from 'node:crypto';
import {
  type KeyId,
  LIMITS,
  type LeaseId,
  type NodeId,
  type Report,
  type ReportedResult,
  reportRoot,
  reportTranscript,
  type Sha256,
} from '@trine/protocol';
import type { NodeResult, ReportFrame } from '@trine/scheduler';
import { sha256 } from '../auth/secrets.ts';
import type { RegistryStore } from '../store/store.ts';

/** A result that cannot be handed on, and the sentence for the node. */
export interface FaultyResult {
  readonly lease: LeaseId;
  readonly message: string;
}

export type CheckedReport =
  | { readonly type: 'bad-signature' }
  | {
      readonly type: 'checked';
      readonly frame: ReportFrame;
      readonly results: readonly NodeResult[];
      readonly faulty: readonly FaultyResult[];
    };

export interface Reporter {
  readonly node: NodeId;
  readonly key: KeyObject;
  /** Most output bytes a lease allows; `undefined` for a lease the gateway does not know. */
  readonly outputBytesMax: (lease: LeaseId) => number | undefined;
}

/** Whether this node has stored an artifact of exactly this digest and size. */
export type HasUploaded = (node: NodeId, result: ReportedResult) => Promise<boolean>;

/** An artifact's uploaders are kept by id, keys and nodes alike, so the same question serves both. */
export const uploadedIn =
  (registry: Pick<RegistryStore, 'findArtifact' | 'mayRead'>): HasUploaded =>
  async (node, { outputDigest, outputBytes }) => {
    const ref = await registry.findArtifact(outputDigest);
    return ref?.sizeBytes === outputBytes && (await registry.mayRead(outputDigest, node as string as KeyId));
  };

/** Whether a signature holds; in the platform's thread pool unless told. */
export type VerifyReport = (key: KeyObject, bytes: Uint8Array, signature: Uint8Array) => Promise<boolean>;

export interface ReportChecks {
  readonly hasUploaded: HasUploaded;
  readonly verify?: VerifyReport | undefined;
}

export async function checkReport(
  report: Report,
  reporter: Reporter,
  { hasUploaded, verify = verifySignature }: ReportChecks,
): Promise<CheckedReport> {
  const root = new Uint8Array(reportRoot(report.results, platformSha256));
  const holds = await verify(reporter.key, reportTranscript(root, report.results.length), report.signature);
  if (!holds) return { type: 'bad-signature' };
  const results: NodeResult[] = [];
  const faulty: FaultyResult[] = [];
  for (const [leaf, result] of report.results.entries()) {
    const fault = faultOf(result, reporter, hasUploaded);
    const message = fault instanceof Promise ? await fault : fault;
    if (message === undefined) results.push(nodeResult(result, leaf));
    else faulty.push({ lease: result.lease, message });
  }
  const id = sha256(Buffer.concat([root, report.signature]));
  const frame = { id, root, signature: report.signature, leaves: report.results.length };
  return { type: 'checked', frame, results, faulty };
}

/** Ten times the portable one for pieces as small as a leaf. */
const platformSha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

const verifySignature: VerifyReport = (key, bytes, signature) =>
  new Promise((resolve) => {
    verify(null, bytes, key, signature, (error, holds) => resolve(error === null && holds));
  });

/** What is wrong with a result, in words. A promise only where the store must be asked: most outputs are inline. */
function faultOf(
  result: ReportedResult,
  reporter: Reporter,
  hasUploaded: HasUploaded,
): string | undefined | Promise<string | undefined> {
  if (result.outcome === 'aborted') return undefined;
  const { output, outputBytes, outputDigest, lease } = result;
  const max = reporter.outputBytesMax(lease) ?? LIMITS.outputBytes.value;
  if (outputBytes > max) return `an output of ${outputBytes} bytes is over the job’s limit of ${max}`;
  if (outputBytes <= LIMITS.inlineBytes.value) {
    const bytes = output ?? new Uint8Array();
    if (bytes.length === outputBytes && sha256(bytes) === outputDigest) return undefined;
    return 'the output does not have the size and digest that are claimed for it';
  }
  if (output !== undefined) return 'a large output travels as an artifact, not in the result';
  return uploadFault(result, reporter.node, hasUploaded);
}

async function uploadFault(
  result: ReportedResult,
  node: NodeId,
  hasUploaded: HasUploaded,
): Promise<string | undefined> {
  return (await hasUploaded(node, result))
    ? undefined
    : `the output ${result.outputDigest} was not uploaded by this node`;
}

const nodeResult = (result: ReportedResult, leaf: number): NodeResult => ({
  lease: result.lease,
  grant: result.grant,
  outcome: result.outcome,
  outputDigest: result.outputDigest,
  outputBytes: result.outcome === 'aborted' ? 0 : result.outputBytes,
  output: result.outcome === 'aborted' ? undefined : inlineOutput(result),
  fuel: result.fuel,
  wallMs: result.wallMs,
  reason: result.reason ?? '',
  leaf,
});

const inlineOutput = ({ output, outputBytes }: ReportedResult): Uint8Array | undefined =>
  outputBytes <= LIMITS.inlineBytes.value ? (output ?? new Uint8Array()) : undefined;
