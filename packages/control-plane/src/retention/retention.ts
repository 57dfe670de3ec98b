/**
 * Trims what is over: on a timer, one small slice after the other with pauses between, so that the work in flight
 * hardly notices. Whatever a crash interrupts, the next sweep goes on with.
 */
import type { Clock } from '@trine/mesh';
import { type Digest, LIMITS, type ShardId } from '@trine/protocol';
import type { Logger } from 'pino';
import type { ArtifactFiles } from '../artifacts/artifact-files.ts';
import type { RetentionStore, SweepCursor, SweepStep } from '../store/retention-store.ts';
import { STORE_LIMITS } from '../store/limits.ts';
import { RETENTION_LIMITS } from './limits.ts';

/** How long things are kept, ms; the named limits unless told. */
export interface RetentionSettings {
  readonly jobsMs?: number;
  readonly historyMs?: number;
  readonly nodesMs?: number;
  readonly artifactsMs?: number;
}

export interface RetentionOptions {
  readonly store: RetentionStore;
  readonly files: Pick<ArtifactFiles, 'setAside' | 'bringBack' | 'drop' | 'aside' | 'writtenBefore'>;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly settings: RetentionSettings;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Counted for the metrics. */
  readonly onTrimmed: (kind: string, count: number) => void;
}

/** What one sweep removed. */
export interface SweepReport {
  batches: number;
  jobs: number;
  tasks: number;
  results: number;
  inputs: number;
  frames: number;
  submissions: number;
  signIns: number;
  nodes: number;
  artifacts: number;
  /** Files without a row, left by a crash between the two. */
  strayFiles: number;
}

export interface Retention {
  /** Settles what a crash left between rows and files. Before anything is served. */
  recover(): Promise<void>;
  /** Begins the timer. */
  start(): void;
  /** One whole sweep, now. */
  sweep(): Promise<SweepReport>;
  /** Ends after the slice under way. Safe to call twice. */
  close(): Promise<void>;
}

export function createRetention(options: RetentionOptions): Retention {
  const { clock, log } = options;
  let isClosed = false;
  let folder = 0;
  let stopTimer: (() => void) | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  const isOpen = (): boolean => !isClosed;

  const sweep = async (): Promise<SweepReport> => {
    const fromMs = clock.nowMs();
    const report = await sweepAll(options, isOpen);
    if (isOpen()) report.strayFiles += await removeStrays(options, folder);
    folder = (folder + 1) % FOLDERS;
    for (const [kind, count] of Object.entries(report)) if (count > 0) options.onTrimmed(kind, count);
    if (Object.values(report).some((count) => count > 0)) {
      log.info(
        { removed: report, tookMs: Math.round(clock.nowMs() - fromMs) },
        'retention trimmed what is over',
      );
    }
    return report;
  };
  const later = (delayMs: number): void => {
    if (isClosed) return;
    stopTimer = clock.setTimer(delayMs, () => {
      underWay = sweep()
        .catch((cause: unknown) =>
          log.warn({ err: cause }, 'retention broke off; it goes on with the next sweep'),
        )
        .then(() => later(RETENTION_LIMITS.everyMs.value));
    });
  };

  return {
    recover: () => recover(options),
    start: () => later(RETENTION_LIMITS.firstMs.value),
    sweep,
    async close() {
      isClosed = true;
      stopTimer?.();
      await underWay;
    },
  };
}

/** Rows decide: a file whose row went is dropped, one whose row is still there comes back. */
async function recover({ store, files }: RetentionOptions): Promise<void> {
  const digests = await files.aside();
  if (digests.length === 0) return;
  const known = await store.knownArtifacts(digests);
  await files.bringBack(digests.filter((digest) => known.has(digest)));
  await files.drop(digests.filter((digest) => !known.has(digest)));
}

const emptyReport = (): SweepReport => ({
  batches: 0,
  jobs: 0,
  tasks: 0,
  results: 0,
  inputs: 0,
  frames: 0,
  submissions: 0,
  signIns: 0,
  nodes: 0,
  artifacts: 0,
  strayFiles: 0,
});

async function sweepAll(options: RetentionOptions, isOpen: () => boolean): Promise<SweepReport> {
  const { store, settings, nowMs } = options;
  const report = emptyReport();
  const count = RETENTION_LIMITS.sliceRows.value;
  const before = (ageMs: number): number => nowMs() - ageMs;
  /** Slice after slice, until one answers false. */
  const slices = async (slice: () => Promise<boolean>): Promise<void> => {
    while (isOpen() && (await slice())) await pause(options.clock);
  };
  /** Slices of a sweep that removes all it sees: done when one was not full. */
  const drain = (kind: keyof SweepReport, slice: () => Promise<number>): Promise<void> =>
    slices(async () => {
      const removed = await slice();
      report[kind] += removed;
      return removed >= count;
    });
  /** Slices of a sweep that steps over rows it keeps. */
  const step = (
    kind: keyof SweepReport,
    slice: (step: SweepStep) => Promise<{ readonly removed: number; readonly next: SweepCursor | undefined }>,
  ): Promise<void> => {
    let after: SweepCursor | undefined;
    return slices(async () => {
      const page = await slice({ count, after });
      report[kind] += page.removed;
      after = page.next;
      return after !== undefined;
    });
  };

  const historyBeforeMs = before(settings.historyMs ?? RETENTION_LIMITS.historyMs.value);
  for (let shard = 0; shard < LIMITS.shards.value; shard += 1) {
    await drain('batches', () => store.trimBatches(shard as ShardId, historyBeforeMs, count));
  }
  await drain('jobs', () =>
    store.retireJobs(before(settings.jobsMs ?? RETENTION_LIMITS.jobsMs.value), count),
  );
  await step('submissions', (slice) =>
    store.retireSubmissions(before(RETENTION_LIMITS.submissionsMs.value), slice),
  );
  await slices(async () => {
    const trimmed = await store.trimRetired(count);
    if (trimmed === undefined) return false;
    for (const kind of ['tasks', 'results', 'inputs', 'frames'] as const) report[kind] += trimmed[kind];
    return true;
  });
  await drain('frames', () => store.trimFrames(STORE_LIMITS.clockMarginMs.value, count));
  await drain('signIns', () => store.trimSignIns(nowMs(), count));
  await step('nodes', (slice) =>
    store.trimNodes(before(settings.nodesMs ?? RETENTION_LIMITS.nodesMs.value), slice),
  );
  await step('artifacts', (slice) => removeArtifacts(options, slice));
  return report;
}

/** One slice of artifacts, rows and files: out of sight, out of the table, off the disk. */
async function removeArtifacts(
  { store, files, settings }: RetentionOptions,
  slice: SweepStep,
): Promise<{ readonly removed: number; readonly next: SweepCursor | undefined }> {
  const unusedMs = settings.artifactsMs ?? RETENTION_LIMITS.artifactsMs.value;
  try {
    const { removed, next } = await store.removeArtifacts(unusedMs, slice, (digests) =>
      files.setAside(digests),
    );
    await files.drop(removed);
    return { removed: removed.length, next };
  } catch (cause) {
    // Whether the rows went is not known: they say it themselves, now or, if they cannot be asked, at the next start.
    await recover({ store, files } as RetentionOptions).catch(() => undefined);
    throw cause;
  }
}

const FOLDERS = 256;

/**
 * Removes the files of one folder that have had no row for a day. Whoever writes a file and then its row may be between
 * the two just now: so the files are set aside first, and come back if they have a row by then or are young after all.
 */
async function removeStrays({ store, files, nowMs }: RetentionOptions, folder: number): Promise<number> {
  const beforeMs = nowMs() - RETENTION_LIMITS.artifactsMs.value;
  const old = await files.writtenBefore(beforeMs, folder);
  const suspects = await withoutRow(store, old);
  if (suspects.length === 0) return 0;
  await files.setAside(suspects);
  const stillOld = new Set(await files.writtenBefore(beforeMs, 'aside'));
  const strays = (await withoutRow(store, suspects)).filter((digest) => stillOld.has(digest));
  const isStray = new Set(strays);
  await files.bringBack(suspects.filter((digest) => !isStray.has(digest)));
  await files.drop(strays);
  return strays.length;
}

async function withoutRow(store: RetentionStore, digests: readonly Digest[]): Promise<readonly Digest[]> {
  const without: Digest[] = [];
  const { value: size } = RETENTION_LIMITS.sliceRows;
  for (let at = 0; at < digests.length; at += size) {
    const slice = digests.slice(at, at + size);
    const known = await store.knownArtifacts(slice);
    without.push(...slice.filter((digest) => !known.has(digest)));
  }
  return without;
}

const pause = (clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    clock.setTimer(RETENTION_LIMITS.pauseMs.value, resolve);
  });
