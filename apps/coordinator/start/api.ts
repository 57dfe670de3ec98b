/** The coordinator's API as the launcher calls it: with the operator's key, over loopback. */
import { readFile } from 'node:fs/promises';
import type { AppRouter } from '@trine/control-plane/router';
import { createTRPCClient, httpBatchLink } from '@trpc/client';

export type Api = ReturnType<typeof createApi>;

export const createApi = (url: string, key: string) =>
  createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url: `${url}/trpc`, headers: { authorization: `Bearer ${key}` } })],
  });

/** The operator's key from the file that the coordinator left for its own command line. */
export async function readOperatorKey(cliConfig: string): Promise<string> {
  const config: unknown = JSON.parse(await readFile(cliConfig, 'utf8'));
  if (typeof config === 'object' && config !== null && 'key' in config && typeof config.key === 'string')
    return config.key;
  throw new Error(`${cliConfig} names no key; delete it together with the data directory to begin anew.`);
}
