/** Artifacts over plain HTTP, for both homes: `fetch` is in the page and in Node. */
import { LIMITS, TrineError } from '@trine/protocol';
import { ANSWER_MS } from './limits.ts';
import type { ArtifactTransfer } from './ports.ts';

/** Reads no more than the size the grant names, so that a mistaken server cannot fill the memory. */
export const httpTransfer: ArtifactTransfer = {
  async fetch(origin, artifact, signal) {
    const response = await answered(`${origin}/artifacts/${artifact.digest}`, {
      headers: { authorization: `Bearer ${artifact.bearer}` },
      credentials: 'omit',
      // A coordinator serves its artifacts itself: it may not send this machine elsewhere.
      redirect: 'manual',
      signal,
    });
    if (!response.ok || response.body === null) throw refused(response);
    return readBounded(response.body, Math.min(artifact.sizeBytes, LIMITS.artifactBytes.value));
  },
  async upload(origin, { digest, bytes, bearer }, signal) {
    const response = await reached(`${origin}/artifacts/${digest}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/octet-stream' },
      credentials: 'omit',
      // A coordinator serves its artifacts itself: it may not send this machine elsewhere.
      redirect: 'manual',
      body: bytes as BodyInit,
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw refused(response);
  },
};

const STARTING_STATUS = 503;

const refused = ({ status }: Response): Error => {
  const message = `the coordinator answered ${status}`;
  return status === STARTING_STATUS ? new TrineError('coordinator-unreachable', message) : new Error(message);
};

/** `fetch`, whose failures to connect say so. */
async function reached(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new TrineError('coordinator-unreachable', 'the coordinator could not be reached', { cause });
  }
}

/** The answer's head within its bound; the body takes as long as the transfer may. */
async function answered(
  url: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  const bound = new AbortController();
  const abort = (): void => bound.abort();
  const timer = setTimeout(abort, ANSWER_MS);
  if (init.signal.aborted) abort();
  init.signal.addEventListener('abort', abort, { once: true });
  try {
    return await reached(url, { ...init, signal: bound.signal });
  } finally {
    clearTimeout(timer);
  }
}

async function readBounded(body: ReadableStream<Uint8Array>, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  const reader = body.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (length + value.length > sizeBytes) {
      await reader.cancel();
      throw new Error('the artifact is larger than it should be');
    }
    bytes.set(value, length);
    length += value.length;
  }
  return bytes.subarray(0, length);
}
