/** The router under `/trpc`: JSON by fetch, streams by server-sent events. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LIMITS, TrineError } from '@trine/protocol';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import type { Logger } from 'pino';
import { networkPrefix, remoteAddress } from '../auth/addresses.ts';
import { identify } from '../auth/identify.ts';
import { originRefusal, type OriginRules } from '../auth/origins.ts';
import type { Caller } from '../caller.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import { appRouter } from '../router.ts';
import type { RequestContext, Services } from '../services.ts';
import type { RegistryStore } from '../store/store.ts';
import { toTrpcError, trineCodeOf } from '../trpc.ts';
import { createStreamPlaces } from './stream-places.ts';

export interface TrpcRoutesOptions {
  readonly services: Services;
  readonly registry: RegistryStore;
  readonly origins: OriginRules;
  readonly trustProxy: boolean;
  readonly nowMs: () => number;
  readonly log: Logger;
}

export interface TrpcRoutes {
  serve(req: IncomingMessage, res: ServerResponse, path: string): Promise<void>;
  /** Ends the streams that are open. */
  close(): void;
}

export function createTrpcRoutes(options: TrpcRoutesOptions): TrpcRoutes {
  const places = createStreamPlaces();
  return {
    async serve(req, res, path) {
      const procedures = path.slice('/trpc/'.length);
      const caller = await admitted(options, req, () => {
        if (isStream(req, procedures)) places.take(res, prefixOf(req, options.trustProxy));
      });
      const bounds = caller.type === 'caller' && caller.caller.type === 'key' ? OF_A_KEY : OF_A_STRANGER;
      await nodeHTTPRequestHandler({
        router: appRouter,
        req,
        res,
        path: procedures,
        ...bounds,
        createContext: async (): Promise<RequestContext> => {
          if (caller.type === 'refused') throw toTrpcError(caller.cause);
          const takeStates = createBudget(CONTROL_PLANE_LIMITS.requestStates.value);
          return { caller: caller.caller, services: options.services, takeStates };
        },
        onError: ({ error, path: procedure }) => {
          if (trineCodeOf(error) === 'internal')
            options.log.error({ err: error, procedure }, 'a call failed');
        },
      });
    },
    close: () => places.close(),
  };
}

const OF_A_KEY = {
  maxBodySize: LIMITS.submitBytes.value,
  maxBatchSize: CONTROL_PLANE_LIMITS.batchCalls.value,
};
const OF_A_STRANGER = {
  maxBodySize: CONTROL_PLANE_LIMITS.anonymousBodyBytes.value,
  maxBatchSize: CONTROL_PLANE_LIMITS.anonymousBatchCalls.value,
};

/** What the calls of one request share: each takes its part, and the one that finds too little is told so. */
function createBudget(total: number): (count: number) => boolean {
  let left = total;
  return (count) => {
    if (count > left) return false;
    left -= count;
    return true;
  };
}

/** The router keeps its procedures flat, by dotted name, though its type nests them. */
const STREAMS: ReadonlySet<string> = new Set(
  Object.entries<unknown>(appRouter._def.procedures).flatMap(([name, procedure]) =>
    isSubscription(procedure) ? [name] : [],
  ),
);

function isSubscription(procedure: unknown): boolean {
  if (typeof procedure !== 'function' || !('_def' in procedure)) return false;
  const { _def: definition } = procedure;
  return typeof definition === 'object' && definition !== null && 'type' in definition
    ? definition.type === 'subscription'
    : false;
}

/** By what is called as well as by what is accepted: a client that accepts nothing is given its stream all the same. */
function isStream(req: IncomingMessage, procedures: string): boolean {
  if ((req.headers.accept ?? '').includes('text/event-stream')) return true;
  try {
    return decodeURIComponent(procedures)
      .split(',')
      .some((name) => STREAMS.has(name));
  } catch {
    // A path that cannot be decoded is refused by tRPC.
    return false;
  }
}

const prefixOf = (req: IncomingMessage, trustProxy: boolean): string =>
  networkPrefix(remoteAddress(req, trustProxy));

type Admitted =
  | { readonly type: 'caller'; readonly caller: Caller }
  /** Thrown where tRPC can still give the answer its own form. */
  | { readonly type: 'refused'; readonly cause: unknown };

async function admitted(
  { registry, origins, nowMs }: TrpcRoutesOptions,
  req: IncomingMessage,
  /** Takes what the request will hold; throws when it cannot be had. */
  takePlace: () => void,
): Promise<Admitted> {
  try {
    assertOrigin(req, origins);
    takePlace();
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
