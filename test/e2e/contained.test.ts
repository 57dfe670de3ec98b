/**
 * Guests that will not stop, in a page of real Chromium: the page stays responsive while each runs, hears of it soon
 * after its wall bound, and no thread burns CPU any more soon after it counts as free. Their memory comes back.
 */
import { prepare } from '@trine/rewriter';
import { FUEL_MAX } from '@trine/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cpuMsOfTree, ownBytesOfTree } from '../support/cpu.ts';
import { base64, type GuestPage, startGuestPage } from '../support/guest-page.ts';
import { fillingGuest, hostileModule } from '../support/hostile-modules.ts';
import { idleAfterMs, MARGIN } from '../support/responsiveness.ts';
import type { StuckResult } from './pages/contained.ts';

const WALL_MS = 250;
/** A stuck thread is reported this soon after its wall bound, and the page is never held up for longer. */
const REPORT_MS = 250;
/** And it burns no CPU any more after this long. */
const RELEASE_MS = 3_000;
const MEGABYTE = 1_048_576;
const MEMORY_BYTES = 64 * MEGABYTE;
/** What repeated runs may leave in the browser. */
const GROWTH_MAX_BYTES = 160 * MEGABYTE;

let guests: GuestPage;

beforeAll(async () => {
  guests = await startGuestPage();
});

afterAll(() => guests?.close());

async function runStuck(original: Uint8Array, wallMs: number): Promise<StuckResult> {
  const prepared = prepare(original, { maxMemoryPages: MEMORY_BYTES / 65_536 });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  const run = {
    module: base64(prepared.bytes),
    memoryBytes: MEMORY_BYTES,
    wallMs,
    fuel: FUEL_MAX.toString(),
  };
  return guests.page.evaluate((stuck) => window.runStuck(stuck), run);
}

const released = (): Promise<void> => guests.page.evaluate(() => window.released());
const chromiumCpuMs = (): Promise<number> => cpuMsOfTree('trine-chromium-');

describe('a guest that its fuel lets go on for years', () => {
  test.each(['endless-loop', 'table-fill-bomb', 'progress-flood', 'hot-and-large'])('%s', async (name) => {
    const result = await runStuck(await hostileModule(name), WALL_MS);
    expect(result.outcome, result.reason).toBe('aborted');
    expect(result.reason).toContain(`${WALL_MS} ms`);
    expect(result.delayMs).toBeLessThan(REPORT_MS * MARGIN);
    expect(result.reportedMs - WALL_MS).toBeLessThan(REPORT_MS * MARGIN);
    const beganMs = performance.now();
    await idleAfterMs(RELEASE_MS * MARGIN, chromiumCpuMs);
    await released();
    expect(performance.now() - beganMs).toBeLessThan(RELEASE_MS * MARGIN);
  });
});

test('the memory of guests that end, and of guests that are ended, comes back', async () => {
  const [ends, stays] = [await fillingGuest(''), await fillingGuest('(loop $again (br $again))')];
  const growth: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    for (let repeat = 0; repeat < 4; repeat += 1) {
      expect(await runStuck(ends, 30_000)).toMatchObject({ outcome: 'completed' });
    }
    expect(await runStuck(stays, WALL_MS)).toMatchObject({ outcome: 'aborted' });
    await released();
    await idleAfterMs(RELEASE_MS * MARGIN, chromiumCpuMs);
    growth.push(await ownBytesOfTree('trine-chromium-'));
  }
  const [first = 0] = growth;
  expect((growth.at(-1) ?? 0) - first).toBeLessThan(GROWTH_MAX_BYTES);
});
