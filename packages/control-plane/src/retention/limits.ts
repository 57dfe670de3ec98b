/** Named limits of retention: what is kept how long, and how gently the rest goes. */
import type { Limit } from '@trine/protocol';

export const RETENTION_LIMITS = {
  jobsMs: {
    value: 2_592_000_000,
    unit: 'ms',
    why: 'a job that is over is looked at for weeks, not for ever: thirty days (`TRINE_KEEP_JOBS_DAYS`)',
    effect: 'the job, its tasks, results and inputs are trimmed; credit and totals stay',
  },
  historyMs: {
    value: 604_800_000,
    unit: 'ms',
    why: 'batches serve replay and audit of what happened lately: seven days (`TRINE_KEEP_HISTORY_DAYS`)',
    effect: 'older batches are trimmed; the hash of the last one stays, so that the chain can be checked',
  },
  nodesMs: {
    value: 7_776_000_000,
    unit: 'ms',
    why: 'a node that never earned anything and stays away is not coming: ninety days (`TRINE_KEEP_NODES_DAYS`)',
    effect: 'its row is trimmed; it may join again as if new',
  },
  artifactsMs: {
    value: 86_400_000,
    unit: 'ms',
    why: 'an upload waits this long for the job it is for: a day (`TRINE_KEEP_UPLOADS_HOURS`, an hour at least)',
    effect: 'an artifact that nothing names is deleted',
  },
  submissionsMs: {
    value: 604_800_000,
    unit: 'ms',
    why: 'a submission that broke off is repeated within a week or not at all',
    effect: 'its inputs and its idempotency key are trimmed',
  },
  everyMs: {
    value: 600_000,
    unit: 'ms',
    why: 'trimming lags by minutes what is kept for days',
    effect: 'the next sweep begins',
  },
  firstMs: {
    value: 60_000,
    unit: 'ms',
    why: 'after a start nodes come back first',
    effect: 'the first sweep begins',
  },
  diskFloorBytes: {
    value: 1_073_741_824,
    unit: 'bytes',
    why: 'Postgres must never meet a full disk: room for its log and for what is in flight (`TRINE_DISK_FLOOR_MIB`)',
    effect: 'new jobs and uploads are refused with `disk-full`; below a quarter of it no lease is granted',
  },
  diskFloorPercent: {
    value: 5,
    unit: 'count',
    why: 'percent of a disk so small that a gibibyte would be much of it; the smaller of the two counts',
    effect: 'the same',
  },
  diskLookMs: {
    value: 1_000,
    unit: 'ms',
    why: 'a disk fills by hundreds of megabytes a second at most',
    effect: 'the free space is read again',
  },
  sliceRows: {
    value: 500,
    unit: 'count',
    why: 'one transaction of a few milliseconds, so that commits never wait long',
    effect: 'the rest follows in further slices',
  },
  pauseMs: {
    value: 50,
    unit: 'ms',
    why: 'between two slices the disk and the connections belong to the work',
    effect: 'the next slice begins: 10,000 rows a second at most',
  },
} as const satisfies Record<string, Limit>;
