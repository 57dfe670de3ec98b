/** The API's views as they arrive: JSON has no `undefined`, so what may be missing is optional here. */
import type { AppRouter } from '@trine/control-plane/router';
import type { inferRouterOutputs } from '@trpc/server';

type Outputs = inferRouterOutputs<AppRouter>;

export type OverviewView = Outputs['cluster']['overview'];
export type JobView = Outputs['jobs']['get'];
export type TaskView = Outputs['jobs']['task'];
export type ReplicaView = TaskView['replicas'][number];
export type ResultView = Outputs['jobs']['resultsPage'][number];
export type OutputView = NonNullable<JobView['manifest']['output']>;
export type NodeView = Outputs['nodes']['list'][number];
export type NodeDetailView = Outputs['nodes']['get'];
