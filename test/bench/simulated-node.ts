/**
 * One node of a swarm: a real session (handshake, signatures, frames, acknowledgements) over a real WebSocket,
 * and answers that are computed in microseconds. It keeps every result until it is told that it is recorded, and
 * says them again in a new session, as every agent must.
 */
import { type AgentSession, createAgentSession, type NodeIdentity, systemClock } from '@trine/mesh';
import { createNodeIdentity, verifyWithNode } from '@trine/mesh/identity-node';
import { dialWebSocket } from '@trine/mesh/websocket';
import {
  type CoordinatorMessage,
  type Grant,
  type LeaseId,
  LIMITS,
  merkleRoot,
  type NodeProfile,
  type ReportedResult,
  reportLeaf,
  reportTranscript,
} from '@trine/protocol';
import { WebSocket } from 'ws';
import type { JobLedger } from './job-ledger.ts';

export interface SimulatedNodeOptions {
  /** Its place in the swarm. */
  readonly number: number;
  /** 32 bytes its key is made from. */
  readonly seed: Uint8Array;
  readonly token: string;
  /** Scheme, host and port of the coordinator. */
  readonly url: string;
  /** Leases it asks to hold at once. */
  readonly slots: number;
  /** The job that is worked on now. */
  readonly ledger: () => JobLedger | undefined;
  readonly onOpened: () => void;
  readonly onRecorded: () => void;
  readonly onFailed: (reason: string) => void;
  /** The link is lost for now. */
  readonly onSuspended: (reason: string) => void;
}

export interface SimulatedNode {
  close(): Promise<void>;
}

export const createSimulatedNode = (options: SimulatedNodeOptions): SimulatedNode => new TinyAgent(options);

class TinyAgent implements SimulatedNode {
  readonly #options: SimulatedNodeOptions;
  readonly #identity: NodeIdentity;
  readonly #session: AgentSession;
  readonly #unrecorded = new Map<LeaseId, ReportedResult>();
  /** Since when each slot without a lease is free, the longest first. A grant takes the longest. */
  #freeSinceMs: number[] = [];
  #closing = false;

  constructor(options: SimulatedNodeOptions) {
    this.#options = options;
    this.#identity = createNodeIdentity(options.seed);
    this.#session = createAgentSession({
      dial: () => this.#dial(),
      origin: options.url,
      identity: this.#identity,
      verify: verifyWithNode,
      hello: () => ({ profile: PROFILE, token: options.token, held: [...this.#unrecorded.keys()] }),
      on: {
        opened: ({ resumed }) => this.#opened(resumed),
        messages: (messages) => this.#hear(messages),
        suspended: (reason) => this.#suspended(reason),
        refused: ({ code, message }) => this.#refused(`${code}: ${message}`),
        closed: (reason) => this.#refused(reason),
        linkChanged: () => undefined,
      },
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#session.close('the bench is over');
  }

  #dial() {
    const socket = new WebSocket(`${this.#options.url.replace(/^http/, 'ws')}/session`, {
      perMessageDeflate: false,
    });
    return dialWebSocket(socket, this.#options.url);
  }

  #opened(resumed: boolean): void {
    if (!resumed) {
      const nowMs = systemClock.nowMs();
      const { slots } = this.#options;
      this.#session.send({ type: 'capacity', leases: slots });
      this.#freeSinceMs = Array.from({ length: slots - this.#unrecorded.size }, () => nowMs);
      this.#session.keepalive(true);
      if (this.#unrecorded.size > 0) void this.#report([...this.#unrecorded.values()]);
    }
    this.#options.onOpened();
  }

  #hear(messages: readonly CoordinatorMessage[]): void {
    const results: ReportedResult[] = [];
    for (const message of messages) {
      switch (message.type) {
        case 'grants':
          results.push(...this.#answer(message.grants));
          break;
        case 'results-recorded':
          this.#forget(message.leases);
          break;
        case 'abandon':
          this.#options
            .ledger()
            ?.fault(`node ${this.#options.number} was told to abandon: ${message.reason}`);
          break;
        case 'upload-granted':
        case 'upload-refused':
        case 'standing':
        case 'idle-reason':
        case 'signal':
        case 'go-away':
          break;
      }
    }
    if (results.length > 0) void this.#report(results);
  }

  #answer(grants: readonly Grant[]): readonly ReportedResult[] {
    const ledger = this.#options.ledger();
    const atMs = systemClock.nowMs();
    if (ledger === undefined) return [];
    ledger.grantMessages += 1;
    return grants.flatMap((grant) => {
      const sinceMs = this.#freeSinceMs.shift();
      if (sinceMs === undefined)
        ledger.fault(`node ${this.#options.number} got more leases than it has slots`);
      if (grant.jobName !== ledger.name) ledger.fault(`a grant of the job "${grant.jobName}"`);
      const result = ledger.grant(this.#options.number, grant, { atMs, waitedMs: atMs - (sinceMs ?? atMs) });
      return result === undefined ? [] : [result];
    });
  }

  /** Signs and sends. A slot is free again from here on: the node could begin another task at once. */
  async #report(results: readonly ReportedResult[]): Promise<void> {
    for (const result of results) this.#unrecorded.set(result.lease, result);
    for (let from = 0; from < results.length; from += LIMITS.resultsPerReport.value) {
      const part = results.slice(from, from + LIMITS.resultsPerReport.value);
      const transcript = reportTranscript(merkleRoot(part.map(reportLeaf)), part.length);
      const signature = await this.#identity.sign(transcript);
      const ledger = this.#options.ledger();
      if (ledger !== undefined) ledger.reports += 1;
      this.#session.send({ type: 'report', results: part, signature });
      const nowMs = systemClock.nowMs();
      for (const _ of part) this.#freeSinceMs.push(nowMs);
    }
  }

  #forget(leases: readonly LeaseId[]): void {
    const atMs = systemClock.nowMs();
    for (const lease of leases) {
      this.#unrecorded.delete(lease);
      this.#options.ledger()?.recorded(this.#options.number, lease, atMs);
    }
    this.#options.onRecorded();
  }

  #suspended(reason: string): void {
    if (this.#closing) return;
    const ledger = this.#options.ledger();
    if (ledger !== undefined) ledger.linksLost += 1;
    this.#options.onSuspended(reason);
  }

  #refused(reason: string): void {
    if (!this.#closing) this.#options.onFailed(`node ${this.#options.number}: ${reason}`);
  }
}

const PROFILE: NodeProfile = {
  agent: 'runner',
  version: 'bench',
  name: 'simulated',
  cores: 1,
  threads: 1,
  features: [],
  labels: [],
};
