/**
 * One coordinator a data directory. The lock file names the process that holds it by pid, start time and boot,
 * so that a pid which now belongs to another program is not taken for a coordinator.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TrineError } from '@trine/protocol';
import { bootId, isAlive, startTimeOf } from './processes.ts';

export interface DataDirLock {
  /** Gives the directory back; safe to call twice. */
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly startTime: string;
  readonly boot: string;
}

const LOCK_FILE = 'coordinator.lock';

/** Takes the data directory for this process, or throws a sentence that names the coordinator which has it. */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, LOCK_FILE);
  const mine = JSON.stringify({
    pid: process.pid,
    startTime: await startTimeOf(process.pid),
    boot: await bootId(),
  } satisfies Holder);
  if (held.has(path)) throw alreadyHeld(dataDir, process.pid);
  while (!(await tryTake(path, mine))) await clearIfStale(path, dataDir);
  held.add(path);
  return {
    async release() {
      if (!held.delete(path)) return;
      await rm(path, { force: true });
    },
  };
}

/** Directories this very process holds: its own pid in the file would otherwise look like a restart. */
const held = new Set<string>();

/** The file appears whole or not at all, and only where there is none: `link` refuses to replace. */
async function tryTake(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Moves a stale lock aside; if a live one was caught by the move, puts it back. */
async function clearIfStale(path: string, dataDir: string): Promise<void> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  if (content === undefined) return;
  const holder = parseHolder(content);
  if (holder !== undefined && (await isHolderAlive(holder))) throw alreadyHeld(dataDir, holder.pid);
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== content) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isHolderAlive(holder: Holder): Promise<boolean> {
  if (holder.pid === process.pid) return false;
  if (holder.boot !== (await bootId())) return false;
  return (await isAlive(holder.pid)) && (await startTimeOf(holder.pid)) === holder.startTime;
}

function parseHolder(content: string): Holder | undefined {
  try {
    const { pid, startTime, boot } = JSON.parse(content) as Partial<Holder>;
    return typeof pid === 'number' && typeof startTime === 'string' && typeof boot === 'string'
      ? { pid, startTime, boot }
      : undefined;
  } catch {
    return undefined;
  }
}

const alreadyHeld = (dataDir: string, pid: number): TrineError =>
  new TrineError(
    'wrong-state',
    `Another coordinator (pid ${pid}) is running on ${dataDir}. Stop it first, or give this one its own directory with TRINE_DATA_DIR.`,
  );
