/**
 * `GET` and `PUT /artifacts/<digest>`. Readable with a node's bearer for this digest, or a key that has to do with
 * it; an artifact one may not read and one that is not there are the same answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import {
  type Digest,
  type KeyId,
  type LeaseId,
  LIMITS,
  type NodeId,
  parseDigest,
  TrineError,
} from '@trine/protocol';
import type { ArtifactFiles, ByteRange } from '../artifacts/artifact-files.ts';
import { type Bearers, READ_MARK, UPLOAD_MARK } from '../auth/bearers.ts';
import { bearerOf, identify } from '../auth/identify.ts';
import { isOperator } from '../caller.ts';
import type { RegistryStore } from '../store/store.ts';
import { assertMethod, sendJson } from './respond.ts';

export interface ArtifactRoutesOptions {
  readonly files: ArtifactFiles;
  readonly registry: RegistryStore;
  readonly bearers: Bearers;
  /** Whether the node holds the lease that an upload is for. */
  readonly holdsLease: (node: NodeId, lease: LeaseId) => boolean;
  readonly nowMs: () => number;
  /** Throws while the disk has too little room for more work. */
  readonly assertIntake: () => void;
}

export async function serveArtifact(
  options: ArtifactRoutesOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  assertMethod(req, 'GET', 'HEAD', 'PUT');
  const [, , name = ''] = (req.url ?? '').split(/[/?]/, 4);
  const digest = parseDigest(name);
  if (digest === undefined) {
    throw new TrineError('bad-request', 'An artifact is named by its SHA-256, 64 lowercase hex characters.');
  }
  return req.method === 'PUT'
    ? upload(options, { req, res, digest })
    : download(options, { req, res, digest });
}

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly digest: Digest;
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────────────

async function download(options: ArtifactRoutesOptions, exchange: Exchange): Promise<void> {
  const { req, res, digest } = exchange;
  await assertReadable(options, req, digest);
  const sizeBytes = await options.files.sizeOf(digest);
  if (sizeBytes === undefined) throw notHere(digest);
  const etag = `"${digest}"`;
  res.setHeader('etag', etag);
  res.setHeader('accept-ranges', 'bytes');
  res.setHeader('cache-control', 'private, max-age=31536000, immutable');
  res.setHeader('vary', 'authorization, cookie');
  if (req.headers['if-none-match'] === etag) {
    res.statusCode = 304;
    return void res.end();
  }
  res.setHeader('content-type', 'application/octet-stream');
  await sendBytes(options.files, exchange, sizeBytes);
}

async function assertReadable(
  { registry, bearers, nowMs }: ArtifactRoutesOptions,
  req: IncomingMessage,
  digest: Digest,
): Promise<void> {
  const bearer = bearerOf(req);
  if (bearer?.startsWith(READ_MARK) === true) {
    if (bearers.reader(bearer, digest) !== undefined) return;
    throw new TrineError('unauthorized', 'This bearer is not for this artifact, or its time is over.');
  }
  const caller = await identify(req, registry, nowMs());
  if (isOperator(caller) || (await registry.mayAnyoneRead(digest))) return;
  if (caller.type === 'anonymous') {
    throw new TrineError('unauthorized', 'Artifacts are read with an API key or a grant’s bearer.');
  }
  if (!(await registry.mayRead(digest, caller.key))) throw notHere(digest);
}

const notHere = (digest: Digest): TrineError =>
  new TrineError('not-found', `The artifact ${digest} is not here, or not yours to read.`);

async function sendBytes(
  files: ArtifactFiles,
  { req, res, digest }: Exchange,
  sizeBytes: number,
): Promise<void> {
  const range = rangeOf(req.headers.range, sizeBytes);
  if (range === 'unsatisfiable') {
    res.statusCode = 416;
    res.setHeader('content-range', `bytes */${sizeBytes}`);
    return void res.end();
  }
  const { first, last } = range ?? { first: 0, last: sizeBytes - 1 };
  res.statusCode = range === undefined ? 200 : 206;
  if (range !== undefined) res.setHeader('content-range', `bytes ${first}-${last}/${sizeBytes}`);
  res.setHeader('content-length', last - first + 1);
  if (req.method === 'HEAD' || sizeBytes === 0) return void res.end();
  // A reader that goes away in the middle is its own affair.
  await pipeline(files.stream(digest, { first, last }), res).catch(() => res.destroy());
}

/** One range as RFC 9110 has it; several, or none that can be read, mean the whole. */
export function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  const [, from = '', to = ''] = match ?? [];
  if (match === null || (from === '' && to === '')) return undefined;
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  return first > last || first >= sizeBytes ? 'unsatisfiable' : { first, last };
}

// ── writing ──────────────────────────────────────────────────────────────────────────────────────────

interface Uploader {
  readonly owner: KeyId | NodeId;
  readonly maxBytes: number;
  readonly sizeBytes?: number;
}

async function upload(options: ArtifactRoutesOptions, { req, res, digest }: Exchange): Promise<void> {
  const { owner, ...bounds } = await uploaderOf(options, req, digest);
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > bounds.maxBytes) {
    throw new TrineError(
      'artifact-too-large',
      `The upload has ${declared} bytes; at most ${bounds.maxBytes} are accepted here.`,
    );
  }
  // Asked for first, so that retention does not take the file of this digest away while it is written again.
  await options.registry.findArtifact(digest);
  const ref = await options.files.put(req as AsyncIterable<Buffer>, { digest, ...bounds });
  await options.registry.saveArtifact(ref, owner);
  sendJson(res, 201, ref);
}

async function uploaderOf(
  { registry, bearers, holdsLease, nowMs, assertIntake }: ArtifactRoutesOptions,
  req: IncomingMessage,
  digest: Digest,
): Promise<Uploader> {
  const bearer = bearerOf(req);
  if (bearer?.startsWith(UPLOAD_MARK) === true) {
    const claim = bearers.uploader(bearer, digest);
    if (claim === undefined) {
      throw new TrineError('unauthorized', 'This bearer is not for this artifact, or its time is over.');
    }
    if (!holdsLease(claim.node, claim.lease)) {
      throw new TrineError('not-your-lease', `Lease ${claim.lease} is no longer held by this node.`);
    }
    return { owner: claim.node, maxBytes: claim.sizeBytes, sizeBytes: claim.sizeBytes };
  }
  const caller = await identify(req, registry, nowMs());
  if (caller.type === 'anonymous') {
    throw new TrineError('unauthorized', 'Uploads need an API key: `Authorization: Bearer <key>`.');
  }
  // Outputs of leases are taken as long as there is any room: their work is done.
  assertIntake();
  return { owner: caller.key, maxBytes: LIMITS.artifactBytes.value };
}
