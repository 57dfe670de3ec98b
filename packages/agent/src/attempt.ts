/** One lease in the agent's hands: what was granted, and how far it has come. */
import {
  assertNever,
  type Digest,
  digestOf,
  type Grant,
  grantDigest,
  LIMITS,
  rangeInput,
  type ReportedResult,
} from '@trine/protocol';
import type { RunRequest, RunResult } from '@trine/sandbox';
import type { Artifacts } from './artifacts.ts';
import type { AgentPorts } from './ports.ts';
import { shortReason } from './wire-words.ts';

/**
 * fetching ──▶ ready ──thread free──▶ running ──▶ reported (then it is the outbox's)
 *                                        └─ output over 4 KiB ─▶ uploading ──▶ reported
 * Abandoned, expired or given back at any point: its signal is aborted and it is forgotten.
 */
type Stage = 'fetching' | 'ready' | 'running' | 'uploading';

export interface Attempt {
  readonly grant: Grant;
  readonly expiresAtMs: number;
  readonly stop: AbortController;
  /** The checkpoint that an earlier run of the program left of it. */
  readonly resume: Uint8Array | undefined;
  stage: Stage;
  request: RunRequest | undefined;
  startedAtMs: number | undefined;
  progress: { readonly done: number; readonly total: number } | undefined;
  progressSentAtMs: number;
}

/** A lease as it arrives. */
export const beginAttempt = (grant: Grant, nowMs: number, resume?: Uint8Array): Attempt => ({
  grant,
  expiresAtMs: nowMs + Math.min(grant.deadlineMs, LIMITS.taskTimeoutMaxMs.value),
  stop: new AbortController(),
  resume,
  stage: 'fetching',
  request: undefined,
  startedAtMs: undefined,
  progress: undefined,
  progressSentAtMs: 0,
});

/** Why a grant is not even begun, or `undefined`. A coordinator may be hostile or mistaken as well. */
export function refuseGrant(grant: Grant): string | undefined {
  if (grant.limits.memoryBytes > LIMITS.memoryBytes.value) return 'its memory limit is over the protocol’s';
  if (grant.limits.outputBytes > LIMITS.outputBytes.value) return 'its output limit is over the protocol’s';
  if (grant.module.sizeBytes > LIMITS.artifactBytes.value) return 'its module is over the protocol’s limit';
  if (grant.input.type === 'artifact' && grant.input.artifact.digest !== grant.inputDigest) {
    return 'its input artifact is not the input it names';
  }
  return undefined;
}

export type Prepared =
  | { readonly type: 'ready'; readonly request: RunRequest }
  /** The lease goes back: nothing is wrong with the task. */
  | { readonly type: 'unfetched'; readonly reason: string }
  /** Reported as aborted: this machine cannot run it. */
  | { readonly type: 'unable'; readonly reason: string };

/** Brings module and input of a lease together. */
export async function prepareAttempt(
  artifacts: Artifacts,
  hash: AgentPorts['hash'],
  attempt: Attempt,
): Promise<Prepared> {
  const { grant, stop, resume } = attempt;
  const [module, input] = await Promise.all([
    artifacts.module(grant.module, stop.signal),
    resume === undefined ? inputOf(artifacts, grant, stop.signal) : NO_INPUT,
  ]);
  if (input.type === 'failed') return { type: 'unfetched', reason: input.reason };
  switch (module.type) {
    case 'failed':
      return { type: 'unfetched', reason: module.reason };
    case 'uncompilable':
      return { type: 'unable', reason: module.reason };
    case 'module':
  }
  // An artifact was checked while it was fetched.
  const isChecked = resume !== undefined || grant.input.type === 'artifact';
  if (!isChecked && (await hash(input.bytes)) !== grant.inputDigest) {
    return { type: 'unfetched', reason: 'the input does not match its digest' };
  }
  const { abi, code, inputDigest, limits } = grant;
  const request = { module: module.module, abi, input: input.bytes, limits, task: { code, inputDigest } };
  return { type: 'ready', request: resume === undefined ? request : { ...request, resume } };
}

/** A run that goes on has read its input already. */
const NO_INPUT = { type: 'bytes', bytes: new Uint8Array(0) } as const;

type Input = Awaited<ReturnType<Artifacts['bytes']>>;

async function inputOf(artifacts: Artifacts, grant: Grant, signal: AbortSignal): Promise<Input> {
  const { input, index } = grant;
  switch (input.type) {
    case 'inline':
      return { type: 'bytes', bytes: input.bytes };
    case 'range':
      return { type: 'bytes', bytes: rangeInput(input.shared, index) };
    case 'artifact':
      return artifacts.bytes(input.artifact, signal);
  }
  return assertNever(input);
}

/** What is reported for a run. Outputs over the inline limit are named by digest alone. */
export function reportedResult(grant: Grant, result: RunResult, outputDigest: Digest): ReportedResult {
  const inline = result.output.length <= LIMITS.inlineBytes.value;
  return {
    lease: grant.lease,
    grant: grantDigest(grant),
    outcome: result.outcome,
    outputDigest,
    outputBytes: result.output.length,
    ...(inline ? { output: result.output } : {}),
    fuel: result.fuel,
    wallMs: Math.max(0, Math.round(result.wallMs)),
    ...(result.reason === '' ? {} : { reason: shortReason(result.reason) }),
  };
}

/** Digest of an output: portable code for small ones, where the platform's own costs more in waiting. */
export const outputDigestOf = (hash: AgentPorts['hash'], output: Uint8Array): Promise<Digest> =>
  output.length <= LIMITS.inlineBytes.value ? Promise.resolve(digestOf(output)) : hash(output);
