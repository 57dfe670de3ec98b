/** nodes.* and cluster.*: what the fleet is and does, for anyone who looks. */
import { openProcedure, router, withMappedErrors } from '../trpc.ts';
import { liveInput, nodeInput } from './schemas.ts';

export const nodesRouter = router({
  list: openProcedure.query(({ ctx }) => ctx.services.cluster.nodes()),
  get: openProcedure
    .input(nodeInput)
    .query(({ ctx, input }) => ctx.services.cluster.node(ctx.caller, input.node)),
});

export const clusterRouter = router({
  overview: openProcedure.query(({ ctx }) => ctx.services.cluster.overview()),
  live: openProcedure.input(liveInput).subscription(async function* ({ ctx, signal }) {
    yield* withMappedErrors(ctx.services.cluster.live(signal ?? new AbortController().signal));
  }),
});
