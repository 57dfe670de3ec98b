/**
 * Leases whose run can go on after a crash or a reload: the grant and the latest checkpoint of each, in storage until
 * the lease is done with.
 *
 *   kept ──another checkpoint──▶ kept ──reported, given back, abandoned──▶ forgotten
 *
 * One entry lists them, one a lease holds its checkpoint. Writes follow one another, so that a crash leaves each entry
 * as it was or as it became.
 */
import {
  decodeCbor,
  decodeCoordinatorMessages,
  digestFromBytes,
  digestToBytes,
  encodeCbor,
  encodeCoordinatorMessage,
  type Grant,
  type LeaseId,
} from '@trine/protocol';
import { KEPT_CHECKPOINT_BYTES_MAX, KEPT_LEASES_MAX } from './limits.ts';
import type { AgentPorts } from './ports.ts';

export interface KeptLease {
  readonly grant: Grant;
  readonly checkpoint: Uint8Array;
}

type Ports = Pick<AgentPorts, 'vault' | 'hash' | 'log'>;

/** See the module's head. `key` is where they are kept: one name a coordinator. */
export class KeptLeases {
  readonly #ports: Ports;
  readonly #key: string;
  /** What is kept, or about to be. */
  readonly #leases = new Set<LeaseId>();
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: Ports, key: string) {
    this.#ports = ports;
    this.#key = key;
  }

  /** Reads what an earlier run of the program left. Damaged storage reads as nothing. */
  async load(): Promise<readonly KeptLease[]> {
    const listed = leasesOf(await this.#read(this.#key));
    for (const lease of listed) this.#leases.add(lease);
    const found = await Promise.all(listed.map((lease) => this.#load(lease)));
    this.forget(listed.filter((_, place) => found[place] === undefined));
    return found.filter((kept) => kept !== undefined);
  }

  /** Replaces the lease's checkpoint. What is too large, or too many, is not kept. */
  keep({ grant, checkpoint }: KeptLease): void {
    const { lease } = grant;
    const isNew = !this.#leases.has(lease);
    if (checkpoint.length > KEPT_CHECKPOINT_BYTES_MAX || (isNew && this.#leases.size >= KEPT_LEASES_MAX))
      return;
    this.#leases.add(lease);
    this.#write(async () => {
      await this.#ports.vault.put(this.#entry(lease), await this.#encode(grant, checkpoint));
      // Each time: another agent on this storage, displaced meanwhile, may have emptied the list.
      await this.#list();
    });
  }

  /** Done with: nothing of these leases goes on. */
  forget(leases: readonly LeaseId[]): void {
    const kept = leases.filter((lease) => this.#leases.delete(lease));
    if (kept.length === 0) return;
    this.#write(async () => {
      await this.#list();
      for (const lease of kept) await this.#ports.vault.delete(this.#entry(lease));
    });
  }

  /** Resolves when storage holds what was said so far. */
  save(): Promise<void> {
    return this.#writing;
  }

  #write(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#ports.log.warn({ error: String(error) }, 'a checkpoint could not be written to storage');
    });
  }

  #list(): Promise<void> {
    const { vault } = this.#ports;
    return this.#leases.size === 0
      ? vault.delete(this.#key)
      : vault.put(this.#key, encodeCbor([...this.#leases]));
  }

  #entry(lease: LeaseId): string {
    return `${this.#key}-${lease}`;
  }

  #read(key: string): Promise<Uint8Array | undefined> {
    return this.#ports.vault.get(key).catch(() => undefined);
  }

  // A flipped bit of a checkpoint would be a wrong answer, so its digest is kept beside it.
  async #encode(grant: Grant, checkpoint: Uint8Array): Promise<Uint8Array> {
    const digest = digestToBytes(await this.#ports.hash(checkpoint));
    return encodeCbor([encodeCoordinatorMessage({ type: 'grants', grants: [grant] }), digest, checkpoint]);
  }

  async #load(lease: LeaseId): Promise<KeptLease | undefined> {
    const bytes = await this.#read(this.#entry(lease));
    const stored = bytes === undefined ? undefined : decodeCbor(bytes)?.value;
    if (!Array.isArray(stored)) return undefined;
    const [message, digest, checkpoint]: unknown[] = stored;
    if (!(digest instanceof Uint8Array && checkpoint instanceof Uint8Array)) return undefined;
    const grant = grantOf(message);
    const isSound =
      grant?.lease === lease && (await this.#ports.hash(checkpoint)) === digestFromBytes(digest);
    return isSound ? { grant, checkpoint } : undefined;
  }
}

function leasesOf(bytes: Uint8Array | undefined): readonly LeaseId[] {
  const listed = bytes === undefined ? undefined : decodeCbor(bytes)?.value;
  if (!Array.isArray(listed)) return [];
  return listed.filter((lease): lease is LeaseId => Number.isSafeInteger(lease)).slice(0, KEPT_LEASES_MAX);
}

function grantOf(stored: unknown): Grant | undefined {
  const [message] = decodeCoordinatorMessages([stored]).messages;
  return message?.type === 'grants' ? message.grants[0] : undefined;
}
