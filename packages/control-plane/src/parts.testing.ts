/**
 * For tests outside: the parts that decide, each with its ports open, for the simulator; and the preparer, for modules
 * that are larger than this package should make.
 */
export { createActivity } from './cluster/activity.ts';
export { createAnnouncements } from './announcements.ts';
export { sha256 } from './auth/secrets.ts';
export { carryOut } from './effects.ts';
export { Gateway } from './gateway/gateway.ts';
export { createNodeDirectory } from './node-directory.ts';
export { createPreparer } from './prepare/preparer.ts';
export { createShardLoop, type ShardLoop } from './shards/shard-loop.ts';
export { createMemoryStore } from './store/memory-store.ts';
export { decodeEvents } from './store/stored-forms.ts';
export type { ShardCommit, ShardRight, Store } from './store/store.ts';
