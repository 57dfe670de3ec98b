/** Outputs over 4 KiB: asked for, granted, put to the coordinator, and only then reported. */
import type { AgentMessage, CoordinatorMessage, Digest, LeaseId } from '@trine/protocol';
import { TRANSFER_ATTEMPTS_MAX } from './limits.ts';
import type { AgentPorts } from './ports.ts';
import { retryTransfer } from './retry-transfer.ts';

type Uploaded = { readonly type: 'stored' } | { readonly type: 'refused'; readonly reason: string };

/** Uploads under way, one a lease. */
export interface Uploads {
  begin(lease: LeaseId, digest: Digest, bytes: Uint8Array): Promise<Uploaded>;
  answered(message: Extract<CoordinatorMessage, { type: 'upload-granted' | 'upload-refused' }>): void;
  /** A new session knows nothing of earlier requests: asks again. */
  askAgain(): void;
  /** The lease is gone: its upload ends as refused. */
  drop(lease: LeaseId): void;
}

interface Pending {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly stop: AbortController;
  readonly settle: (uploaded: Uploaded) => void;
  granted: boolean;
}

type Ports = Pick<AgentPorts, 'transfer' | 'clock' | 'entropy'>;

/** Makes the upload side of one agent; `send` may be called while no link is up. */
export function createUploads(ports: Ports, origin: string, send: (message: AgentMessage) => void): Uploads {
  const pending = new Map<LeaseId, Pending>();
  const settle = (lease: LeaseId, uploaded: Uploaded): void => {
    const entry = pending.get(lease);
    pending.delete(lease);
    entry?.stop.abort();
    entry?.settle(uploaded);
  };
  const ask = (lease: LeaseId, { digest, bytes }: Pending): void =>
    send({ type: 'upload-request', lease, digest, sizeBytes: bytes.length });
  return {
    begin(lease, digest, bytes) {
      return new Promise((resolve) => {
        const entry = { digest, bytes, stop: new AbortController(), settle: resolve, granted: false };
        pending.set(lease, entry);
        ask(lease, entry);
      });
    },
    answered(message) {
      const entry = pending.get(message.lease);
      if (entry === undefined || entry.digest !== message.digest || entry.granted) return;
      if (message.type === 'upload-refused') {
        settle(message.lease, { type: 'refused', reason: `${message.code}: ${message.message}` });
        return;
      }
      entry.granted = true;
      void put(ports, origin, entry, message.bearer).then((uploaded) => {
        // A drop may have settled it meanwhile, and a new lease of the same number cannot exist.
        if (pending.get(message.lease) === entry) settle(message.lease, uploaded);
      });
    },
    askAgain() {
      for (const [lease, entry] of pending) {
        if (!entry.granted) ask(lease, entry);
      }
    },
    drop: (lease) => settle(lease, { type: 'refused', reason: 'the lease ended' }),
  };
}

function put(ports: Ports, origin: string, entry: Pending, bearer: string): Promise<Uploaded> {
  const { digest, bytes } = entry;
  return retryTransfer<Uploaded>(ports, entry.stop.signal, {
    attempts: TRANSFER_ATTEMPTS_MAX,
    attempt: async (signal) => {
      await ports.transfer.upload(origin, { digest, bytes, bearer }, signal);
      return { type: 'stored' };
    },
    failed: (reason) => ({ type: 'refused', reason: `the output could not be uploaded: ${reason}` }),
  });
}
