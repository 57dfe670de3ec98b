/** The router under `/trpc`: JSON by fetch, streams by server-sent events. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS, TrineError } from '@trine/protocol';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import type { Logger } from 'pino';
import { identify } from '../auth/identify.ts';
import { originRefusal, type OriginRules } from '../auth/origins.ts';
import type { Caller } from '../caller.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import { appRouter } from '../router.ts';
import type { RequestContext, Services } from '../services.ts';
import type { RegistryStore } from '../store/store.ts';
import { toTrpcError, trineCodeOf } from '../trpc.ts';

export interface TrpcRoutesOptions {
  readonly services: Services;
  readonly registry: RegistryStore;
  readonly origins: OriginRules;
  readonly nowMs: () => number;
  readonly log: Logger;
}

export interface TrpcRoutes {
  serve(req: IncomingMessage, res: ServerResponse, path: string): Promise<void>;
  /** Ends the streams that are open. */
  close(): void;
}

/** Calls in one HTTP request. */
const BATCH_CALLS_MAX = 32;

export function createTrpcRoutes(options: TrpcRoutesOptions): TrpcRoutes {
  const streams = new Set<ServerResponse>();
  return {
    async serve(req, res, path) {
      const caller = await admitted(options, req, streams);
      if (isStream(req)) {
        streams.add(res);
        res.once('close', () => streams.delete(res));
      }
      const isKnown = caller.type === 'caller' && caller.caller.type === 'key';
      await nodeHTTPRequestHandler({
        router: appRouter,
        req,
        res,
        path: path.slice('/trpc/'.length),
        maxBodySize: isKnown ? LIMITS.submitBytes.value : CONTROL_PLANE_LIMITS.anonymousBodyBytes.value,
        maxBatchSize: BATCH_CALLS_MAX,
        createContext: async (): Promise<RequestContext> => {
          if (caller.type === 'refused') throw toTrpcError(caller.cause);
          return { caller: caller.caller, services: options.services };
        },
        onError: ({ error, path: procedure }) => {
          if (trineCodeOf(error) === 'internal')
            options.log.error({ err: error, procedure }, 'a call failed');
        },
      });
    },
    close() {
      for (const res of streams) res.destroy();
    },
  };
}

const isStream = (req: IncomingMessage): boolean => (req.headers.accept ?? '').includes('text/event-stream');

type Admitted =
  | { readonly type: 'caller'; readonly caller: Caller }
  /** Thrown where tRPC can still give the answer its own form. */
  | { readonly type: 'refused'; readonly cause: unknown };

async function admitted(
  { registry, origins, nowMs }: TrpcRoutesOptions,
  req: IncomingMessage,
  streams: ReadonlySet<ServerResponse>,
): Promise<Admitted> {
  try {
    assertOrigin(req, origins);
    if (isStream(req) && streams.size >= CONTROL_PLANE_LIMITS.streams.value) {
      throw new TrineError(
        'rate-limited',
        'Too many live views are open on this coordinator. Try again later.',
      );
    }
    return { type: 'caller', caller: await identify(req, registry, nowMs()) };
  } catch (cause) {
    return { type: 'refused', cause };
  }
}

/** A page that changes anything must be one of ours; a program sends no Origin. */
export function assertOrigin(req: IncomingMessage, origins: OriginRules): void {
  const { origin, host } = req.headers;
  if (req.method === 'GET' || req.method === 'HEAD' || origin === undefined) return;
  if (!origins.allowsRequest(origin, host)) throw new TrineError('origin-refused', originRefusal(origin));
}
