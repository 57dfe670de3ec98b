/**
 * Results on their way into the coordinator's store. A result stays here, and in storage over a crash or
 * reload, until `results-recorded` says that the coordinator cannot lose it any more.
 *
 *   added ──batch──▶ sent ──results-recorded──▶ forgotten
 *     ▲                │
 *     └─ new session ──┘        abandon: forgotten at any point
 */
import {
  type CborValue,
  decodeAgentMessages,
  decodeCbor,
  encodeAgentMessage,
  encodeCbor,
  type LeaseId,
  LIMITS,
  merkleRoot,
  type Report,
  type ReportedResult,
  reportLeaf,
  reportTranscript,
} from '@trine/protocol';
import { PERSIST_DELAY_MS, REPORT_BYTES_MAX, REPORT_DELAY_MS, RESULT_BYTES } from './limits.ts';
import type { AgentPorts } from './ports.ts';

type Ports = Pick<AgentPorts, 'clock' | 'identity' | 'vault' | 'log'>;

export interface OutboxOptions {
  /** Where the unrecorded results are kept: one name a coordinator. */
  readonly key: string;
  readonly send: (report: Report) => void;
}

/** See the module's head. */
export class Outbox {
  readonly #ports: Ports;
  readonly #options: OutboxOptions;
  readonly #results = new Map<LeaseId, ReportedResult>();
  /** Leases whose result no report of this session carries yet. */
  #unsent = new Set<LeaseId>();
  #online = false;
  #flushTimer: (() => void) | undefined;
  #saveTimer: (() => void) | undefined;
  #sending: Promise<void> = Promise.resolve();
  #saving: Promise<void> = Promise.resolve();
  #stored = false;

  constructor(ports: Ports, options: OutboxOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  get size(): number {
    return this.#results.size;
  }

  leases(): readonly LeaseId[] {
    return [...this.#results.keys()];
  }

  holds(lease: LeaseId): boolean {
    return this.#results.has(lease);
  }

  add(result: ReportedResult): void {
    // The first result for a lease stands, here as at the coordinator.
    if (this.#results.has(result.lease)) return;
    this.#results.set(result.lease, result);
    this.#unsent.add(result.lease);
    this.#scheduleFlush();
    this.#scheduleSave();
  }

  /** Recorded or abandoned: nothing is left to say about these leases. */
  forget(leases: readonly LeaseId[]): void {
    for (const lease of leases) {
      this.#results.delete(lease);
      this.#unsent.delete(lease);
    }
    this.#scheduleSave();
  }

  /** A session began that has heard nothing of what is here: everything is reported again. */
  sessionBegan(): void {
    this.#online = true;
    this.#unsent = new Set(this.#results.keys());
    this.#scheduleFlush();
  }

  sessionEnded(): void {
    this.#online = false;
  }

  /** Reads what an earlier run of the program could not get recorded. Damaged storage reads as nothing. */
  async load(): Promise<void> {
    const bytes = await this.#ports.vault.get(this.#options.key).catch(() => undefined);
    if (bytes === undefined) return;
    this.#stored = true;
    for (const result of parseStored(bytes)) this.#results.set(result.lease, result);
  }

  /** Signs and sends whatever waits; resolves when it is handed to the session. */
  flush(): Promise<void> {
    this.#flushTimer?.();
    this.#flushTimer = undefined;
    this.#sending = this.#sending.then(() => this.#sendBatches());
    return this.#sending;
  }

  /** Writes what is unrecorded now; resolves when it is in storage. */
  save(): Promise<void> {
    this.#saveTimer?.();
    this.#saveTimer = undefined;
    this.#saving = this.#saving.then(() => this.#store());
    return this.#saving;
  }

  #scheduleFlush(): void {
    if (!this.#online || this.#unsent.size === 0) return;
    if (this.#unsent.size >= LIMITS.resultsPerReport.value) void this.flush();
    else this.#flushTimer ??= this.#ports.clock.setTimer(REPORT_DELAY_MS, () => void this.flush());
  }

  #scheduleSave(): void {
    this.#saveTimer ??= this.#ports.clock.setTimer(PERSIST_DELAY_MS, () => void this.save());
  }

  async #sendBatches(): Promise<void> {
    while (this.#online && this.#unsent.size > 0) {
      const results = this.#nextBatch();
      for (const { lease } of results) this.#unsent.delete(lease);
      const signature = await this.#ports.identity.sign(transcriptOf(results));
      this.#options.send({ type: 'report', results: [...results], signature });
    }
  }

  #nextBatch(): readonly ReportedResult[] {
    const batch: ReportedResult[] = [];
    let bytes = 0;
    for (const lease of this.#unsent) {
      const result = this.#results.get(lease);
      if (result === undefined) continue;
      bytes += wireBytes(result);
      const full = batch.length >= LIMITS.resultsPerReport.value || bytes > REPORT_BYTES_MAX;
      if (full && batch.length > 0) break;
      batch.push(result);
    }
    return batch;
  }

  async #store(): Promise<void> {
    const { vault, log } = this.#ports;
    try {
      if (this.#results.size > 0)
        await vault.put(this.#options.key, encodeStored([...this.#results.values()]));
      else if (this.#stored) await vault.delete(this.#options.key);
      this.#stored = this.#results.size > 0;
    } catch (error) {
      log.warn({ error: String(error) }, 'unrecorded results could not be written to storage');
    }
  }
}

/** A character of words takes at most three bytes. */
const wireBytes = ({ output, reason }: ReportedResult): number =>
  RESULT_BYTES + (output?.length ?? 0) + (reason?.length ?? 0) * 3;

const transcriptOf = (results: readonly ReportedResult[]): Uint8Array =>
  reportTranscript(merkleRoot(results.map(reportLeaf)), results.length);

/** Stored as reports without a signature's worth: one codec for wire and storage. */
function encodeStored(results: readonly ReportedResult[]): Uint8Array {
  const reports: CborValue[] = [];
  for (let from = 0; from < results.length; from += LIMITS.resultsPerReport.value) {
    const slice = results.slice(from, from + LIMITS.resultsPerReport.value);
    reports.push(encodeAgentMessage({ type: 'report', results: slice, signature: new Uint8Array(64) }));
  }
  return encodeCbor(reports);
}

function parseStored(bytes: Uint8Array): readonly ReportedResult[] {
  const decoded = decodeCbor(bytes);
  if (decoded === undefined || !Array.isArray(decoded.value)) return [];
  const { messages } = decodeAgentMessages(decoded.value);
  return messages.flatMap((message) => (message.type === 'report' ? message.results : []));
}
