/** Which requests are ours, and who answers them. Everything else belongs to the pages. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { TrineError } from '@trine/protocol';
import type { Logger } from 'pino';
import type { OriginRules } from '../auth/origins.ts';
import { type ArtifactRoutesOptions, serveArtifact } from './artifact-routes.ts';
import type { AuthRoutes } from './auth-routes.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';
import { assertMethod, secure, sendError, sendJson } from './respond.ts';
import { assertOrigin, type TrpcRoutes } from './trpc-routes.ts';

export interface RequestHandlerOptions {
  readonly trpc: TrpcRoutes;
  readonly auth: AuthRoutes;
  readonly artifacts: ArtifactRoutesOptions;
  readonly origins: OriginRules;
  readonly health: () => Promise<Health>;
  readonly metrics: Metrics;
  readonly runnerBundlePath: string | undefined;
  readonly log: Logger;
}

/** Answers a request that is ours and says so; `false` leaves one that reads untouched for whoever renders pages. */
export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;

type Route = (req: IncomingMessage, res: ServerResponse, path: string) => Promise<void> | void;

export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const routeOf = createRoutes(options);
  return async (req, res) => {
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/';
    const found = routeOf(path);
    if (found === undefined) return refuseUnlessRead(req, res);
    const startedMs = performance.now();
    res.once('close', () =>
      options.metrics.request(found.name, res.statusCode, (performance.now() - startedMs) / 1_000),
    );
    secure(res);
    try {
      assertOrigin(req, found.name === 'trpc' ? ANY_ORIGIN : options.origins);
      await found.route(req, res, path);
    } catch (cause) {
      if (!(cause instanceof TrineError)) options.log.error({ err: cause, path }, 'a request failed');
      sendError(req, res, cause);
    }
    return true;
  };
}

/** Pages are only read. Whoever renders them would take a stranger's body into memory, megabytes at a time. */
function refuseUnlessRead(req: IncomingMessage, res: ServerResponse): boolean {
  if (req.method === 'GET' || req.method === 'HEAD') return false;
  secure(res);
  sendError(req, res, new TrineError('bad-request', 'Pages are only read: use GET or HEAD.'));
  return true;
}

/** tRPC checks origins itself, where the refusal gets the form its clients read. */
const ANY_ORIGIN: OriginRules = {
  allowsRequest: () => true,
  allowsDialled: () => true,
  listening: () => undefined,
};

interface NamedRoute {
  readonly name: string;
  readonly route: Route;
}

/** What answers a path; nothing for the paths of pages. */
function createRoutes(options: RequestHandlerOptions): (path: string) => NamedRoute | undefined {
  const exact = new Map<string, NamedRoute>([
    ['/health', { name: 'health', route: (req, res) => serveHealth(options, req, res) }],
    ['/metrics', { name: 'metrics', route: (req, res) => serveMetrics(options, req, res) }],
    ['/runner.mjs', { name: 'runner', route: (req, res) => serveRunner(options, req, res) }],
    ['/session', { name: 'session', route: refuseSession }],
  ]);
  const below: readonly (readonly [string, NamedRoute])[] = [
    ['/trpc/', { name: 'trpc', route: options.trpc.serve }],
    ['/artifacts/', { name: 'artifacts', route: (req, res) => serveArtifact(options.artifacts, req, res) }],
    ['/auth/', { name: 'auth', route: options.auth }],
  ];
  return (path) => exact.get(path) ?? below.find(([prefix]) => path.startsWith(prefix))?.[1];
}

async function serveHealth(
  { health }: RequestHandlerOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  assertMethod(req, 'GET', 'HEAD');
  const answer = await health();
  sendJson(res, answer.ready ? 200 : 503, answer);
}

async function serveMetrics(
  { metrics }: RequestHandlerOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  assertMethod(req, 'GET', 'HEAD');
  const text = await metrics.registry.metrics();
  res.setHeader('content-type', metrics.registry.contentType);
  res.end(text);
}

async function serveRunner(
  { runnerBundlePath }: RequestHandlerOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  assertMethod(req, 'GET', 'HEAD');
  const file =
    runnerBundlePath === undefined ? undefined : await stat(runnerBundlePath).catch(() => undefined);
  if (runnerBundlePath === undefined || file === undefined) {
    throw new TrineError(
      'not-found',
      'The runner was not built here. Run `npm run build` on the coordinator.',
    );
  }
  res.setHeader('content-type', 'text/javascript; charset=utf-8');
  res.setHeader('content-length', file.size);
  res.setHeader('cache-control', 'no-cache');
  if (req.method === 'HEAD') return void res.end();
  await pipeline(createReadStream(runnerBundlePath), res).catch(() => res.destroy());
}

function refuseSession(_req: IncomingMessage, res: ServerResponse): void {
  res.setHeader('upgrade', 'websocket');
  res.statusCode = 426;
  res.end('Nodes open their session here, by WebSocket.\n');
}
