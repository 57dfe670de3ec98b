/** Finds the prebuilt thread programs, whose names carry the hash of what is in them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkerUrls } from './donate-types.ts';

// The process may have been started in the app's folder or at the top of the clone.
const FOLDERS = ['public/workers', 'apps/coordinator/public/workers'] as const;

/** Nothing when they were not built: the page then says what to run. */
export async function readWorkerUrls(): Promise<WorkerUrls | undefined> {
  for (const folder of FOLDERS) {
    const text = await readFile(
      join(/* turbopackIgnore: true */ process.cwd(), folder, 'manifest.json'),
      'utf8',
    ).catch(() => undefined);
    const urls = text === undefined ? undefined : parseManifest(text);
    if (urls !== undefined) return urls;
  }
  return undefined;
}

/** Names come with or without the folder. */
export function parseManifest(text: string): WorkerUrls | undefined {
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null) return undefined;
  if (!('agent' in manifest) || !('guest' in manifest)) return undefined;
  const { agent, guest } = manifest;
  if (typeof agent !== 'string' || typeof guest !== 'string') return undefined;
  return { agent: urlOf(agent), guest: urlOf(guest) };
}

const urlOf = (name: string): string => (name.startsWith('/') ? name : `/workers/${name}`);
