/**
 * Short-lived bearers that let one node read, or upload, one artifact: the claim in clear, then an HMAC over it
 * with the coordinator's stored secret. Nothing is kept for them, so any coordinator of the cluster can check one.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Digest, LIMITS, type LeaseId, type NodeId, parseNodeId } from '@trine/protocol';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';

export interface UploadClaim {
  readonly node: NodeId;
  readonly lease: LeaseId;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface Bearers {
  /** Lets the node read this artifact for `LIMITS.artifactTokenMs`, or half of it at least. */
  forReading(node: NodeId, digest: Digest): string;
  /** Lets the node upload exactly these bytes for this lease. */
  forUpload(claim: UploadClaim): string;
  /** The node a reading bearer was made for, if it is good for this artifact now. */
  reader(bearer: string, digest: Digest): NodeId | undefined;
  /** The claim of an upload bearer, if it is good for this artifact now. */
  uploader(bearer: string, digest: Digest): UploadClaim | undefined;
}

export const READ_MARK = 'r1.';
export const UPLOAD_MARK = 'u1.';

export function createBearers(secret: Uint8Array, nowMs: () => number): Bearers {
  const mac = (claim: string, digest: Digest): string =>
    createHmac('sha256', secret).update(`trine/bearer/1/${claim}/${digest}`).digest('base64url');
  const sealed = (claim: string, digest: Digest): string => `${claim}.${mac(claim, digest)}`;
  const expiry = (): string => (nowMs() + LIMITS.artifactTokenMs.value).toString(36);

  const opened = (bearer: string, digest: Digest): readonly string[] | undefined => {
    const cut = bearer.lastIndexOf('.');
    const claim = bearer.slice(0, cut);
    if (cut < 0 || !same(bearer.slice(cut + 1), mac(claim, digest))) return undefined;
    const fields = claim.split('.');
    return numberOf(fields.at(-1)) > nowMs() ? fields : undefined;
  };

  // A node is granted tasks of one module by the hundred: its bearer is made once and used while it is young.
  const made = new Map<string, { readonly bearer: string; readonly freshUntilMs: number }>();
  const forReading = (node: NodeId, digest: Digest): string => {
    const name = `${node}${digest}`;
    const known = made.get(name);
    if (known !== undefined && known.freshUntilMs > nowMs()) return known.bearer;
    const bearer = sealed(`${READ_MARK}${node}.${expiry()}`, digest);
    made.delete(name);
    made.set(name, { bearer, freshUntilMs: nowMs() + LIMITS.artifactTokenMs.value / 2 });
    const [oldest] = made.keys();
    if (made.size > CONTROL_PLANE_LIMITS.bearersKept.value && oldest !== undefined) made.delete(oldest);
    return bearer;
  };

  return {
    forReading,
    forUpload: ({ node, lease, digest, sizeBytes }) =>
      sealed(`${UPLOAD_MARK}${node}.${lease.toString(36)}.${sizeBytes.toString(36)}.${expiry()}`, digest),
    reader: (bearer, digest) =>
      bearer.startsWith(READ_MARK) ? parseNodeId(opened(bearer, digest)?.[1] ?? '') : undefined,
    uploader: (bearer, digest) => {
      const fields = bearer.startsWith(UPLOAD_MARK) ? opened(bearer, digest) : undefined;
      const node = parseNodeId(fields?.[1] ?? '');
      if (fields === undefined || node === undefined) return undefined;
      return { node, lease: numberOf(fields[2]) as LeaseId, digest, sizeBytes: numberOf(fields[3]) };
    },
  };
}

const numberOf = (text: string | undefined): number => Number.parseInt(text ?? '', 36);

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
