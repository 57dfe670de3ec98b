'use client';
/** The typed API as hooks. Only the router's type crosses over; no server code reaches the page. */
import type { AppRouter } from '@trine/control-plane/router';
import { QueryClient } from '@tanstack/react-query';
import {
  createTRPCClient,
  httpBatchLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCClient,
  TRPCClientError,
} from '@trpc/client';
import { createTRPCContext } from '@trpc/tanstack-react-query';

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

export type ApiClient = TRPCClient<AppRouter>;

const API_PATH = '/trpc';
/** Requests of one tick travel together; more than this and the URL grows past what proxies take. */
const BATCH_MAX = 10;
const BATCH_URL_CHARACTERS_MAX = 2_000;
/** Waiting between attempts while the coordinator is away: doubles from half a second to this. */
const RETRY_MS_MAX = 8_000;

export function createApiClient(): ApiClient {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url: API_PATH }),
        false: httpBatchLink({ url: API_PATH, maxItems: BATCH_MAX, maxURLLength: BATCH_URL_CHARACTERS_MAX }),
      }),
    ],
  });
}

/** Queries wait for a coordinator that is away and give up at once on an answer that will not change. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A LAN without internet is a normal place to be: the browser's word on being online says nothing.
        networkMode: 'always',
        staleTime: 2_000,
        retry: (_attempts, error) => failureOf(error).isAway,
        retryDelay: (attempt) => Math.min(RETRY_MS_MAX, 500 * 2 ** attempt),
      },
      mutations: { networkMode: 'always' },
    },
  });
}

export interface Failure {
  /** Code of the error table, or `coordinator-unreachable` when nothing answered. */
  readonly code: string;
  readonly message: string;
  /** True when nobody answered, or the answer says to come back later. */
  readonly isAway: boolean;
}

/** What went wrong with a call, in words for a person. */
export function failureOf(error: unknown): Failure {
  const data: unknown = error instanceof TRPCClientError ? error.data : undefined;
  if (
    typeof data === 'object' &&
    data !== null &&
    'trineCode' in data &&
    typeof data.trineCode === 'string'
  ) {
    const away = data.trineCode === 'store-unavailable' || data.trineCode === 'shutting-down';
    return { code: data.trineCode, message: messageOf(error), isAway: away };
  }
  return {
    code: 'coordinator-unreachable',
    message: 'The coordinator does not answer. This page keeps trying; nothing that was verified is lost.',
    isAway: true,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
