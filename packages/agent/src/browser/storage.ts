/** What a browser keeps of a node: its key, counters, unrecorded results and modules, in IndexedDB through idb. */
import { createNobleIdentity, createWebCryptoIdentity, type Entropy, type NodeIdentity } from '@trine/mesh';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { MODULE_CACHE_BYTES_MAX } from '../limits.ts';
import { createMemoryModuleCache, createMemoryStore } from '../memory-stores.ts';
import type { ByteStore, ModuleCache } from '../ports.ts';

/** The key as it is kept: unreadable where the platform can keep it so, else its seed. */
type KeptKey =
  | { readonly type: 'platform'; readonly keys: CryptoKeyPair }
  | { readonly type: 'seed'; readonly seed: Uint8Array };

interface AgentSchema extends DBSchema {
  readonly keys: { key: string; value: KeptKey };
  readonly values: { key: string; value: Uint8Array };
  readonly modules: { key: string; value: Uint8Array };
  /** Beside the modules, so that trimming reads no module. */
  readonly uses: { key: string; value: ModuleUse };
}

interface ModuleUse {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
}

const DATABASE = 'trine-agent';
const VERSION = 1;
const NODE_KEY = 'node';

export interface BrowserStorage {
  readonly identity: NodeIdentity;
  readonly vault: ByteStore;
  readonly modules: ModuleCache;
  /** What is weaker here than elsewhere, in sentences. */
  readonly weaker: readonly string[];
}

const FORGETFUL =
  'This browser keeps nothing for this page: it is a new node, with new counters, at each visit.';
const READABLE_KEY =
  'The node’s key is kept in a form that other programs of this device could copy: over https, or in a newer browser, it cannot be read.';

/** Never rejects: where nothing can be kept, a node lives as long as its page. */
export async function openBrowserStorage(entropy: Entropy): Promise<BrowserStorage> {
  try {
    const database = await openDatabase();
    const { identity, isReadable } = await identityIn(database, entropy);
    return {
      identity,
      vault: vaultIn(database),
      modules: modulesIn(database),
      weaker: isReadable ? [READABLE_KEY] : [],
    };
  } catch {
    return {
      identity: createNobleIdentity(entropy(32)),
      vault: createMemoryStore(),
      modules: createMemoryModuleCache(),
      weaker: [FORGETFUL],
    };
  }
}

const openDatabase = (): Promise<IDBPDatabase<AgentSchema>> =>
  openDB<AgentSchema>(DATABASE, VERSION, {
    upgrade(database) {
      database.createObjectStore('keys');
      database.createObjectStore('values');
      database.createObjectStore('modules');
      database.createObjectStore('uses', { keyPath: 'digest' });
    },
  });

interface KeptIdentity {
  readonly identity: NodeIdentity;
  readonly isReadable: boolean;
}

async function identityIn(database: IDBPDatabase<AgentSchema>, entropy: Entropy): Promise<KeptIdentity> {
  const known = await database.get('keys', NODE_KEY);
  const usable = known === undefined ? undefined : await identityOf(known);
  if (usable !== undefined) return usable;
  const made = await makeKey(entropy);
  const kept = await keepFirst(database, made, known);
  const identity = await identityOf(kept);
  if (identity === undefined) throw new Error('The node’s key cannot be used.');
  return identity;
}

async function makeKey(entropy: Entropy): Promise<KeptKey> {
  const platform = await createWebCryptoIdentity();
  return platform === undefined
    ? { type: 'seed', seed: entropy(32) }
    : { type: 'platform', keys: platform.keys };
}

/** Two tabs may both make a key: the first one kept is the node's. `broken` is a key that cannot be used any more. */
async function keepFirst(
  database: IDBPDatabase<AgentSchema>,
  made: KeptKey,
  broken: KeptKey | undefined,
): Promise<KeptKey> {
  const transaction = database.transaction('keys', 'readwrite');
  const known = await transaction.store.get(NODE_KEY);
  const kept = known === undefined || broken !== undefined ? made : known;
  if (kept === made) await transaction.store.put(made, NODE_KEY);
  await transaction.done;
  return kept;
}

async function identityOf(key: KeptKey): Promise<KeptIdentity | undefined> {
  if (key.type === 'seed') return { identity: createNobleIdentity(key.seed), isReadable: true };
  const identity = await createWebCryptoIdentity(key.keys);
  return identity === undefined ? undefined : { identity, isReadable: false };
}

function vaultIn(database: IDBPDatabase<AgentSchema>): ByteStore {
  return {
    get: (key) => database.get('values', key),
    async put(key, bytes) {
      await database.put('values', bytes, key);
    },
    delete: (key) => database.delete('values', key),
  };
}

function modulesIn(database: IDBPDatabase<AgentSchema>): ModuleCache {
  return {
    async get(digest) {
      const bytes = await database.get('modules', digest);
      if (bytes !== undefined)
        await used(database, { digest, sizeBytes: bytes.length, usedAtMs: Date.now() });
      return bytes;
    },
    async put(digest, bytes) {
      await database.put('modules', bytes, digest);
      await used(database, { digest, sizeBytes: bytes.length, usedAtMs: Date.now() });
      await trim(database);
    },
    async delete(digest) {
      await remove(database, digest);
    },
  };
}

async function used(database: IDBPDatabase<AgentSchema>, use: ModuleUse): Promise<void> {
  await database.put('uses', use);
}

async function remove(database: IDBPDatabase<AgentSchema>, digest: string): Promise<void> {
  await database.delete('modules', digest);
  await database.delete('uses', digest);
}

async function trim(database: IDBPDatabase<AgentSchema>): Promise<void> {
  const uses = await database.getAll('uses');
  let total = uses.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { digest, sizeBytes } of uses.sort((one, other) => one.usedAtMs - other.usedAtMs)) {
    if (total <= MODULE_CACHE_BYTES_MAX) return;
    await remove(database, digest);
    total -= sizeBytes;
  }
}
