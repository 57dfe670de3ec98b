/** The way to one coordinator: tRPC calls, artifacts, and retries of what may succeed later. */
import type { AppRouter } from '@trine/control-plane/router';
import type { Digest } from '@trine/protocol';
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import { EventSource } from 'eventsource';
import { digestBytes } from './bytes.ts';
import { errorOfResponse, isRetryable, toTrineError } from './errors.ts';
import { ANSWER_MS, CALL_PATIENCE_MS, RETRY_MAX_MS, RETRY_MS } from './limits.ts';

export interface ClientOptions {
  /** Scheme, host and port, without a path. */
  readonly url: string;
  readonly key?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

interface Patience {
  /** How long to go on trying, in milliseconds. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Every method rejects with a {@link TrineError} and nothing else. */
export interface Client {
  readonly url: string;
  readonly api: TRPCClient<AppRouter>;
  /** Runs one request that may safely be repeated; tries again for a while when that can help. */
  call<T>(request: () => Promise<T>, patience?: Patience): Promise<T>;
  upload(bytes: Uint8Array): Promise<Digest>;
  download(digest: string): Promise<Uint8Array>;
}

/** A first call that reaches nobody is a wrong address more often than a restart. */
const BRIEF: Patience = { patienceMs: CALL_PATIENCE_MS };

export function createClient(options: ClientOptions): Client {
  const url = options.url.replace(/\/+$/, '');
  const fetch = boundAnswers(options.fetch ?? globalThis.fetch.bind(globalThis));
  const headers = options.key === undefined ? {} : { authorization: `Bearer ${options.key}` };
  const call = <T>(request: () => Promise<T>, patience: Patience = BRIEF): Promise<T> =>
    callWithRetries(request, url, patience);
  const artifact = async (digest: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(`${url}/artifacts/${digest}`, { ...init, headers });
    if (!response.ok) throw await errorOfResponse(response, `Artifact ${digest.slice(0, 12)}`);
    return response;
  };
  return {
    url,
    api: createApi(url, headers, fetch),
    call,
    async upload(bytes) {
      const digest = await digestBytes(bytes);
      await call(() => artifact(digest, { method: 'PUT', body: bytes as BodyInit }));
      return digest;
    },
    download: (digest) =>
      call(async () => {
        const response = await artifact(digest, { method: 'GET' });
        return new Uint8Array(await response.arrayBuffer());
      }),
  };
}

/** Streams go through an EventSource made of fetch: the platform's own carries no key, and Node 20 has none. */
function createApi(
  url: string,
  headers: Readonly<Record<string, string>>,
  fetch: typeof globalThis.fetch,
): TRPCClient<AppRouter> {
  const endpoint = `${url}/trpc`;
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({
          url: endpoint,
          EventSource,
          eventSourceOptions: {
            fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
          },
        }),
        false: httpLink({
          url: endpoint,
          headers,
          fetch: (input, init) => fetch(input, init as RequestInit),
        }),
      }),
    ],
  });
}

async function callWithRetries<T>(request: () => Promise<T>, url: string, patience: Patience): Promise<T> {
  const giveUpAtMs = performance.now() + patience.patienceMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await request();
    } catch (cause) {
      const error = toTrineError(cause, url);
      const ended = patience.signal?.aborted === true || performance.now() > giveUpAtMs;
      if (ended || !isRetryable(error)) throw error;
    }
    await pause(Math.min(RETRY_MS * 2 ** attempt, RETRY_MAX_MS) * (0.5 + Math.random() / 2), patience.signal);
  }
}

/** Gives up on a request for reading that is not answered in time; once answered, its body may take longer. */
function boundAnswers(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    if ((init?.method ?? 'GET') !== 'GET') return fetch(input, init);
    const bound = new AbortController();
    const timer = setTimeout(() => bound.abort(new Error('no answer in time')), ANSWER_MS);
    const signals = [bound.signal, init?.signal].filter((signal) => signal instanceof AbortSignal);
    try {
      return await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Resolves after the pause, or at once when the signal ends it. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
