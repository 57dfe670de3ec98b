/** Stores that last as long as the program: for tests, and for pages whose browser refuses to keep anything. */
import type { Digest } from '@trine/protocol';
import type { ByteStore, ModuleCache } from './ports.ts';

export function createMemoryStore(): ByteStore {
  const values = new Map<string, Uint8Array>();
  return {
    get: async (key) => values.get(key)?.slice(),
    async put(key, bytes) {
      values.set(key, bytes.slice());
    },
    async delete(key) {
      values.delete(key);
    },
  };
}

export function createMemoryModuleCache(): ModuleCache {
  const modules = new Map<Digest, Uint8Array>();
  return {
    get: async (digest) => modules.get(digest),
    async put(digest, bytes) {
      modules.set(digest, bytes);
    },
    async delete(digest) {
      modules.delete(digest);
    },
  };
}
