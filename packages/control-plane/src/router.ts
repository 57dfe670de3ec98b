/** The API as one typed tree. Clients import its type alone: `import type { AppRouter }`. */
import { authRouter, keysRouter, linksRouter, tokensRouter } from './routers/access.ts';
import { clusterRouter, nodesRouter } from './routers/cluster.ts';
import { jobsRouter } from './routers/jobs.ts';
import { createCallerFactory, router } from './trpc.ts';

export const appRouter = router({
  auth: authRouter,
  jobs: jobsRouter,
  nodes: nodesRouter,
  cluster: clusterRouter,
  keys: keysRouter,
  tokens: tokensRouter,
  links: linksRouter,
});

export type AppRouter = typeof appRouter;

/** Calls procedures without HTTP, as whoever the context says. */
export const createRouterCaller = createCallerFactory(appRouter);

export type { NodeDetailView } from './services.ts';
export type {
  JobManifest,
  JobView,
  KeyView,
  LiveView,
  NodeView,
  OutputView,
  OverviewView,
  ReplicaView,
  ResultView,
  TaskCounts,
  TaskStateView,
  TaskView,
  TokenView,
} from './views.ts';
