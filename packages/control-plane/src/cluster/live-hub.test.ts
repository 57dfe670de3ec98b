// The live view: one reading for all watchers, gathered changes, nothing while nothing happens.
import type { JobId } from '@trine/protocol';
import { expect, test } from 'vitest';
import { createAnnouncements } from '../announcements.ts';
import type { LiveView, OverviewView } from '../views.ts';
import { createActivity } from './activity.ts';
import { createLiveHub } from './live-hub.ts';

const job = (text: string): JobId => text as JobId;

function setUp() {
  const announcements = createAnnouncements();
  let reads = 0;
  const hub = createLiveHub({
    announcements,
    overview: async () => {
      reads += 1;
      return { leases: reads } as OverviewView;
    },
  });
  return { announcements, hub, reads: () => reads };
}

async function next(stream: AsyncGenerator<LiveView, void>): Promise<LiveView> {
  const { value } = await stream.next();
  if (value === undefined) throw new Error('The live view ended.');
  return value;
}

test('changes of one moment are one tick for every watcher, read once', async () => {
  const { announcements, hub, reads } = setUp();
  const abort = new AbortController();
  const [one, two] = [hub.watch(abort.signal), hub.watch(abort.signal)];
  expect((await next(one)).jobsChanged).toEqual([]);
  await next(two);
  const before = reads();
  announcements.job(job('a'));
  announcements.job(job('b'));
  announcements.job(job('a'));
  announcements.nodes();
  const views = await Promise.all([next(one), next(two)]);
  expect(reads()).toBe(before + 1);
  for (const view of views) {
    expect(view).toMatchObject({
      jobsChanged: ['a', 'b'],
      nodesChanged: true,
      overview: { leases: reads() },
    });
  }
  announcements.job(job('c'));
  expect(await next(one)).toMatchObject({ jobsChanged: ['c'], nodesChanged: false });
  announcements.job(job('d'));
  const late = await next(two);
  expect(late.jobsChanged).toContain('c');
  abort.abort();
  expect((await one.next()).done).toBe(true);
});

test('a watcher that leaves is forgotten', async () => {
  const { announcements, hub, reads } = setUp();
  const abort = new AbortController();
  const stream = hub.watch(abort.signal);
  await next(stream);
  const waiting = stream.next();
  abort.abort();
  expect((await waiting).done).toBe(true);
  const before = reads();
  announcements.job(job('a'));
  expect(reads()).toBe(before);
});

test('the throughput has a point for each of the last two minutes’ seconds', () => {
  let nowMs = 1_000_000_000;
  const quiet = () => undefined;
  const activity = createActivity(() => nowMs, { results: quiet, task: quiet, verdict: quiet, fault: quiet });
  activity.recorded(5n);
  activity.task('verified');
  nowMs += 1_000;
  activity.recorded(6n);
  const points = activity.throughput();
  expect(points).toHaveLength(120);
  expect(points.slice(-2)).toEqual([
    { atMs: 1_000_000_000, verified: 1, results: 1, fuel: '5' },
    { atMs: 1_000_001_000, verified: 0, results: 1, fuel: '6' },
  ]);
  nowMs += 120_000;
  expect(activity.throughput().every(({ results }) => results === 0)).toBe(true);
});
