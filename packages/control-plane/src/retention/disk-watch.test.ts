/** The watermark, without a disk. */
import { systemClock } from '@trine/mesh';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type DiskSpace, diskState, openDiskWatch } from './disk-watch.ts';

test('what stopped opens again only somewhat above where it stopped', () => {
  const walk = [101, 100, 99, 105, 109, 111, 26, 24, 26, 28, 99, 111];
  const states: string[] = [];
  let state = diskState('enough', 200, 100);
  for (const free of walk) states.push((state = diskState(state, free, 100)));
  const half = (text: string): readonly string[] => text.split(' ');
  expect(states.slice(0, 6)).toEqual(
    half('enough enough intake-stopped intake-stopped intake-stopped enough'),
  );
  expect(states.slice(6)).toEqual(
    half('intake-stopped leases-stopped leases-stopped intake-stopped intake-stopped enough'),
  );
});

test('it says what is stopped, and opens by itself; a disk that cannot be asked stops nothing', async () => {
  const MEBI = 1_048_576;
  let space: DiskSpace | Error = { freeBytes: 9_000 * MEBI, sizeBytes: 100_000 * MEBI };
  const leases: boolean[] = [];
  const watch = await openDiskWatch({
    directory: '/nowhere',
    clock: systemClock,
    log: pino({ level: 'silent' }),
    onLeases: (areStopped) => leases.push(areStopped),
    read: async () => {
      if (space instanceof Error) throw space;
      return space;
    },
  });
  const see = async (freeMebi: number, sizeMebi = 100_000): Promise<string> => {
    space = { freeBytes: freeMebi * MEBI, sizeBytes: sizeMebi * MEBI };
    await watch.look();
    return watch.message();
  };
  expect(await see(1_025)).toBe('');
  expect(() => watch.assertIntake()).not.toThrow();
  expect(await see(1_000)).toMatch(/1000 MiB free and needs 1024 MiB: new jobs and uploads are refused/);
  expect(() => watch.assertIntake()).toThrow(expect.objectContaining({ code: 'disk-full' }));
  expect(await see(200)).toMatch(/leases wait/);
  expect(leases).toEqual([true]);
  space = new Error('gone');
  await watch.look();
  expect(watch.state()).toBe('leases-stopped');
  expect(await see(2_000)).toBe('');
  expect(leases).toEqual([true, false]);
  expect(await see(51, 1_000)).toBe('');
  expect(await see(49, 1_000)).toMatch(/needs 50 MiB/);
  watch.close();
  watch.close();
});
