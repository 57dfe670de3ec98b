/** The coordinator without its pages. */
export { ANONYMOUS, type Caller } from './caller.ts';
export {
  type ControlPlane,
  type ControlPlaneOptions,
  createControlPlane,
} from './create-control-plane.ts';
export { CONTROL_PLANE_LIMITS } from './limits.ts';
export { type DataDirLock, lockDataDir } from './postgres/data-dir-lock.ts';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './postgres/embedded-postgres.ts';
export { RETENTION_LIMITS } from './retention/limits.ts';
export type { RetentionSettings } from './retention/retention.ts';
export { type AppRouter, createRouterCaller } from './router.ts';
export { POSTGRES_LIMITS } from './postgres/limits.ts';
export { SHARD_LOOP_LIMITS } from './shards/limits.ts';
export { createShardLoop, type ShardLoop, type ShardLoopOptions } from './shards/shard-loop.ts';
export { STORE_LIMITS } from './store/limits.ts';
export { createMemoryStore } from './store/memory-store.ts';
export { migrate } from './store/migrate.ts';
export { createPrismaStore } from './store/prisma-store.ts';
export type { Store } from './store/store.ts';
