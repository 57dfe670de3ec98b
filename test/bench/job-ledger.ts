/**
 * What a swarm knows of one job: who was granted which task, what was reported and recorded. Every grant and
 * every record is held against it, so the bench measures a coordinator that is right, or says where it is wrong.
 *
 * A lease that is abandoned counts as a fault too: nothing in a bench ends a lease but its result.
 */
import { createHash } from 'node:crypto';
import {
  type Digest,
  type Grant,
  grantDigest,
  type LeaseId,
  LIMITS,
  rangeInput,
  type ReportedResult,
} from '@trine/protocol';
import { steadyFigures } from './steady.ts';
import type { ExpectedJob, SwarmFigures } from './swarm-messages.ts';

const FAULTS_KEPT = 20;
const FUEL = 1_000n;

interface HeldLease {
  readonly node: number;
  readonly index: number;
  isRecorded: boolean;
}

/** What the nodes of this swarm answer: a function of the input that every one of them computes alike. */
export function answerTo(input: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update('trine bench ').update(input).digest());
}

export const sha256 = (bytes: Uint8Array): Digest =>
  createHash('sha256').update(bytes).digest('hex') as Digest;

export class JobLedger {
  readonly #job: ExpectedJob;
  readonly #shared: Uint8Array;
  readonly #leases = new Map<LeaseId, HeldLease>();
  /** Nodes that were granted each task; every node is of another owner, so node and quorum group are one here. */
  readonly #nodesOf: number[][];
  readonly #recordedOf: Uint8Array;
  readonly #verifiedAtMs: number[] = [];
  readonly #recordedAtMs: number[] = [];
  readonly #grants: { readonly atMs: number; readonly waitedMs: number }[] = [];
  #id: string | undefined;
  #open = 0;
  #checks = 0;
  #faults = 0;
  readonly #firstFaults: string[] = [];
  reports = 0;
  grantMessages = 0;
  linksLost = 0;

  constructor(job: ExpectedJob) {
    this.#job = job;
    this.#shared = new Uint8Array(Buffer.from(job.sharedHex, 'hex'));
    this.#nodesOf = Array.from({ length: job.tasks }, () => []);
    this.#recordedOf = new Uint8Array(job.tasks);
  }

  get name(): string {
    return this.#job.name;
  }

  get verified(): number {
    return this.#verifiedAtMs.length;
  }

  get results(): number {
    return this.#recordedAtMs.length;
  }

  /** Every task has two results in the store and no lease is waiting for its record. */
  get isDone(): boolean {
    return this.#open === 0 && this.verified === this.#job.tasks;
  }

  /** Checks a grant and answers it. A grant with a fault in it is counted and not answered. */
  grant(
    node: number,
    grant: Grant,
    clock: { readonly atMs: number; readonly waitedMs: number },
  ): ReportedResult | undefined {
    const input = inputOf(grant);
    const fault = this.#faultIn(node, grant, input);
    if (this.#found(fault)) return undefined;
    this.#id = grant.job;
    this.#leases.set(grant.lease, { node, index: grant.index, isRecorded: false });
    this.#nodesOf[grant.index]?.push(node);
    this.#open += 1;
    this.#grants.push(clock);
    const output = answerTo(input);
    return {
      lease: grant.lease,
      // The coordinator compares it with its own: a digest over other contents is refused and never recorded.
      grant: grantDigest({ ...grant, inputDigest: sha256(input) }),
      outcome: 'completed',
      outputDigest: sha256(output),
      outputBytes: output.length,
      output,
      fuel: FUEL + BigInt(grant.index % 7),
      wallMs: 0,
    };
  }

  recorded(node: number, lease: LeaseId, atMs: number): void {
    const held = this.#leases.get(lease);
    if (this.#found(faultInRecord(node, lease, held)) || held === undefined) return;
    held.isRecorded = true;
    this.#open -= 1;
    this.#recordedAtMs.push(atMs);
    const count = (this.#recordedOf[held.index] ?? 0) + 1;
    this.#recordedOf[held.index] = count;
    if (count === LIMITS.quorum.value) this.#verifiedAtMs.push(atMs);
  }

  /** Counts one check, and its fault if there is one. */
  #found(fault: string | undefined): boolean {
    this.#checks += 1;
    if (fault === undefined) return false;
    this.fault(fault);
    return true;
  }

  fault(sentence: string): void {
    this.#faults += 1;
    if (this.#firstFaults.length < FAULTS_KEPT) this.#firstFaults.push(sentence);
  }

  figures(cpuMs: number): SwarmFigures {
    const tasksByResults: number[] = [];
    for (const count of this.#recordedOf) tasksByResults[count] = (tasksByResults[count] ?? 0) + 1;
    return {
      verified: this.verified,
      results: this.results,
      reports: this.reports,
      grantMessages: this.grantMessages,
      tasksByResults: Array.from(tasksByResults, (count) => count ?? 0),
      linksLost: this.linksLost,
      steady: steadyFigures({
        verifiedAtMs: this.#verifiedAtMs,
        recordedAtMs: this.#recordedAtMs,
        leases: this.#grants,
      }),
      cpuMs,
      checks: this.#checks,
      faults: this.#faults,
      firstFaults: this.#firstFaults,
    };
  }

  #faultIn(node: number, grant: Grant, input: Uint8Array): string | undefined {
    const { lease, index } = grant;
    const said = `lease ${lease} of node ${node}, task ${index}`;
    if (this.#leases.has(lease)) return `${said}: this lease was granted before`;
    if (this.#id !== undefined && grant.job !== this.#id) return `${said}: names job ${grant.job}`;
    const nodes = this.#nodesOf[index];
    if (nodes === undefined) return `${said}: the job has no such task`;
    if (nodes.includes(node)) return `${said}: this node, and so its owner, had the task before`;
    if (nodes.length >= this.#job.replicas) return `${said}: the task has all its replicas`;
    if (grant.code.module !== this.#job.module) return `${said}: another module than was submitted`;
    const expected = rangeInput(this.#shared, index);
    if (Buffer.compare(expected, input) !== 0) return `${said}: another input than was submitted`;
    if (grant.inputDigest !== sha256(input)) return `${said}: the digest is not that of the input`;
    return undefined;
  }
}

/** Inputs of a range job are small, so an artifact is as wrong as other bytes would be. */
const inputOf = ({ input, index }: Grant): Uint8Array => {
  if (input.type === 'inline') return input.bytes;
  return input.type === 'range' ? rangeInput(input.shared, index) : new Uint8Array(0);
};

function faultInRecord(node: number, lease: LeaseId, held: HeldLease | undefined): string | undefined {
  if (held === undefined) return `lease ${lease}: recorded for node ${node}, never granted`;
  if (held.node !== node) return `lease ${lease}: of node ${held.node}, recorded for node ${node}`;
  if (held.isRecorded) return `lease ${lease}: recorded twice`;
  return undefined;
}
