/** What the page itself remembers in this browser: consent, choices, the join token. Nothing leaves it from here. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { KeptCounters } from './donate-types.ts';

export interface Kept {
  readonly consentedAtMs: number | undefined;
  readonly threads: number | undefined;
  readonly token: string | undefined;
  readonly counters: KeptCounters | undefined;
}

interface KeptSchema extends DBSchema {
  readonly kept: {
    key: string;
    value: number | string | KeptCounters;
  };
}

const DATABASE = 'trine-page';
const VERSION = 1;

let opened: Promise<IDBPDatabase<KeptSchema>> | undefined;

function database(): Promise<IDBPDatabase<KeptSchema>> {
  opened ??= openDB<KeptSchema>(DATABASE, VERSION, {
    upgrade: (db) => {
      db.createObjectStore('kept');
    },
  });
  return opened;
}

/** Reads everything at once. Rejects where the browser keeps no storage, as in some private windows. */
export async function readKept(): Promise<Kept> {
  const db = await database();
  const [consentedAtMs, threads, token, counters] = await Promise.all([
    db.get('kept', 'consentedAtMs'),
    db.get('kept', 'threads'),
    db.get('kept', 'token'),
    db.get('kept', 'counters'),
  ]);
  return {
    consentedAtMs: typeof consentedAtMs === 'number' ? consentedAtMs : undefined,
    threads: typeof threads === 'number' ? threads : undefined,
    token: typeof token === 'string' ? token : undefined,
    counters: typeof counters === 'object' ? counters : undefined,
  };
}

const keep = async (key: string, value: number | string | KeptCounters): Promise<void> => {
  const db = await database();
  await db.put('kept', value, key);
};

export const keepConsent = (atMs: number): Promise<void> => keep('consentedAtMs', atMs);
export const keepThreads = (threads: number): Promise<void> => keep('threads', threads);
export const keepToken = (token: string): Promise<void> => keep('token', token);
export async function forgetToken(): Promise<void> {
  const db = await database();
  await db.delete('kept', 'token');
}
export const keepCounters = (counters: KeptCounters): Promise<void> => keep('counters', counters);
