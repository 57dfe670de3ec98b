/**
 * The live view for any number of watchers: changes gather for a quarter of a second, the overview is read once, and
 * every watcher gets it with what changed since it was last given one. A slow watcher skips ticks, never queues them.
 */
import type { JobId } from '@trine/protocol';
import type { Announcements } from '../announcements.ts';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { LiveView, OverviewView } from '../views.ts';

export interface LiveHubOptions {
  readonly announcements: Announcements;
  readonly overview: () => Promise<OverviewView>;
}

export interface LiveHub {
  /** A first view at once, then one a tick for as long as something changes; ends when the signal aborts. */
  watch(signal: AbortSignal): AsyncGenerator<LiveView, void, undefined>;
}

interface Watcher {
  readonly jobs: Set<JobId>;
  nodes: boolean;
  latest: OverviewView | undefined;
  wake: () => void;
}

export function createLiveHub({ announcements, overview }: LiveHubOptions): LiveHub {
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;

  const tick = async (): Promise<void> => {
    timer = undefined;
    // A store that is away is shown by what does not move; the next change tries again.
    const read = await overview().catch(() => undefined);
    if (read === undefined) return;
    for (const watcher of watchers) {
      watcher.latest = read;
      watcher.wake();
    }
  };

  const changed = ({ job }: { readonly job: JobId | undefined }): void => {
    for (const watcher of watchers) {
      if (job === undefined) watcher.nodes = true;
      else watcher.jobs.add(job);
    }
    timer ??= setTimeout(() => void tick(), CONTROL_PLANE_LIMITS.liveMs.value);
  };

  const enter = (): Watcher => {
    const watcher: Watcher = { jobs: new Set(), nodes: false, latest: undefined, wake: () => undefined };
    watchers.add(watcher);
    stopListening ??= announcements.listen(changed);
    return watcher;
  };

  const leave = (watcher: Watcher): void => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    stopListening?.();
    stopListening = undefined;
    clearTimeout(timer);
    timer = undefined;
  };

  return {
    async *watch(signal) {
      const watcher = enter();
      const onAbort = (): void => watcher.wake();
      signal.addEventListener('abort', onAbort);
      try {
        yield { overview: await overview(), jobsChanged: [], nodesChanged: false };
        while (!signal.aborted) {
          const view = take(watcher);
          if (view === undefined) await woken(watcher);
          else yield view;
        }
      } finally {
        signal.removeEventListener('abort', onAbort);
        leave(watcher);
      }
    },
  };
}

function take(watcher: Watcher): LiveView | undefined {
  const { latest } = watcher;
  if (latest === undefined) return undefined;
  const view: LiveView = { overview: latest, jobsChanged: [...watcher.jobs], nodesChanged: watcher.nodes };
  watcher.latest = undefined;
  watcher.jobs.clear();
  watcher.nodes = false;
  return view;
}

const woken = (watcher: Watcher): Promise<void> =>
  new Promise((resolve) => {
    watcher.wake = resolve;
  });
