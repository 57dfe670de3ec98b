/** The SDK's entry: one coordinator, seen by one key. */
import type { AppRouter, JobView, KeyView, NodeView, TokenView } from '@trine/control-plane/router';
import type { Digest, JobState } from '@trine/protocol';
import type { inferRouterOutputs } from '@trpc/server';
import { type ClientOptions, createClient } from './client.ts';
import { type Job, jobOf } from './job.ts';
import { requestOf, type Submission } from './submission.ts';

/** `url`: scheme, host and port. `key`: an API key; without one only public things are seen. */
export type TrineOptions = ClientOptions;

export type WhoAmI = inferRouterOutputs<AppRouter>['auth']['whoAmI'];

/** Every call rejects with a `TrineError` and nothing else. */
export interface Trine {
  readonly url: string;
  /** Uploads the module and what inputs must be, and submits. Repeats with the same key are the same job. */
  submit(submission: Submission): Promise<Job>;
  /** A handle; nothing is asked before it is used. */
  job(id: string): Job;
  /** Newest first. */
  jobs(options?: { readonly state?: JobState; readonly count?: number }): Promise<readonly JobView[]>;
  nodes(): Promise<readonly NodeView[]>;
  whoAmI(): Promise<WhoAmI>;
  /** Stores bytes under their SHA-256, e.g. inputs that several jobs share. */
  upload(bytes: Uint8Array): Promise<Digest>;
  download(digest: string): Promise<Uint8Array>;
  /** Join tokens, for the operator. The secret is shown once. */
  readonly tokens: {
    create(request: {
      readonly ownerName: string;
      readonly expiresInMs?: number;
      readonly label?: string;
    }): Promise<{ readonly token: string; readonly view: TokenView }>;
    list(): Promise<readonly TokenView[]>;
    revoke(token: string): Promise<boolean>;
  };
  /** API keys, for the operator. The secret is shown once. */
  readonly keys: {
    create(request: {
      readonly name: string;
      readonly role?: KeyView['role'];
    }): Promise<{ readonly key: string; readonly view: KeyView }>;
    list(): Promise<readonly KeyView[]>;
    revoke(key: string): Promise<boolean>;
  };
}

/** Connects to nothing yet: a coordinator is first reached by the first call. */
export function createTrine(options: TrineOptions): Trine {
  const client = createClient(options);
  const { api, call } = client;
  return {
    url: client.url,
    async submit(submission) {
      const request = await requestOf(client, submission);
      // Safe to repeat: the request carries its idempotency key.
      const { id } = await call(() => api.jobs.submit.mutate(request));
      return jobOf(client, id);
    },
    job: (id) => jobOf(client, id),
    jobs: (query = {}) => call(() => api.jobs.list.query({ count: 100, ...query })),
    nodes: () => call(() => api.nodes.list.query()),
    whoAmI: () => call(() => api.auth.whoAmI.query()),
    upload: (bytes) => client.upload(bytes),
    download: (digest) => client.download(digest),
    tokens: {
      create: (request) => call(() => api.tokens.create.mutate(request)),
      list: () => call(() => api.tokens.list.query()),
      revoke: async (token) => (await call(() => api.tokens.revoke.mutate({ token }))).revoked,
    },
    keys: {
      create: (request) => call(() => api.keys.create.mutate(request)),
      list: () => call(() => api.keys.list.query()),
      revoke: async (key) => (await call(() => api.keys.revoke.mutate({ key }))).revoked,
    },
  };
}
