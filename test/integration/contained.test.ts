/**
 * Guests that will not stop, in real threads of Node: the host stays responsive while each runs, hears of it soon
 * after its wall bound, and the thread stops burning CPU. Their memory comes back.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '@trine/rewriter';
import { FUEL_MAX, type GuestThread, type RunResult } from '@trine/sandbox';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { createNodeThreads } from '@trine/sandbox/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillingGuest, hostileModule } from '../support/hostile-modules.ts';
import { idleAfterMs, longestDelayMs, MARGIN } from '../support/responsiveness.ts';

const WALL_MS = 250;
/** Where the end itself is not looked at. */
const SHORT_WALL_MS = 50;
const LONG_WALL_MS = 30_000;
/** A stuck thread is reported this soon after its wall bound, and the host is never held up for longer. */
const REPORT_MS = 250;
/** And it burns no CPU any more after this long. */
const RELEASE_MS = 3_000;
const PAGE = 65_536;
const MEGABYTE = 1_048_576;
/** What repeated runs may leave in the process: caches of compiled code and the allocator's own. */
const GROWTH_MAX_BYTES = 96 * MEGABYTE;

let outdir = '';
let thread: GuestThread;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-contained-'));
  thread = createNodeThreads({ entry: await buildGuestThread({ platform: 'node', outdir }) })();
});

afterAll(async () => {
  await thread.close();
  await rm(outdir, { recursive: true });
});

async function compile(original: Uint8Array, memoryBytes: number): Promise<WebAssembly.Module> {
  const prepared = prepare(original, { maxMemoryPages: memoryBytes / PAGE });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  return WebAssembly.compile(Uint8Array.from(prepared.bytes));
}

/** Runs with all the fuel there can be, so that nothing but the wall ends an endless guest. */
async function run(module: WebAssembly.Module, wallMs: number): Promise<RunResult> {
  const request = {
    module,
    abi: 'trine-1' as const,
    input: new Uint8Array(3),
    limits: { fuel: FUEL_MAX, memoryBytes: 64 * MEGABYTE, outputBytes: 4_096 },
  };
  return thread.run(request, { wallMs });
}

describe('a guest that its fuel lets go on for years', () => {
  test.each([
    'endless-loop',
    'endless-start',
    'endless-alloc',
    'endless-steps',
    'hoisted-nested-bomb',
    'tail-calls',
    'recursion-tail-indirect',
    'memory-fill-bomb',
    'table-fill-bomb',
    'log-flood',
    'progress-flood',
    'hot-and-large',
  ])('%s', async (name) => {
    const module = await compile(await hostileModule(name), 64 * MEGABYTE);
    const beganMs = performance.now();
    const { delayMs, value: result } = await longestDelayMs(() => run(module, WALL_MS));
    const reportedMs = performance.now() - beganMs;
    // Loops that are paid before they begin may be refused their price, however much there is.
    if (name.startsWith('hoisted') && result.outcome === 'out-of-fuel') return;
    expect(result).toMatchObject({ outcome: 'aborted', fuel: 0n });
    expect(result.reason).toContain(`${WALL_MS} ms`);
    expect(delayMs).toBeLessThan(REPORT_MS * MARGIN);
    expect(reportedMs - WALL_MS).toBeLessThan(REPORT_MS * MARGIN);
    await thread.released();
    expect(await idleAfterMs(RELEASE_MS * MARGIN)).toBeLessThan(RELEASE_MS * MARGIN);
  });
});

test('the memory of guests that end, and of guests that are ended, comes back', async () => {
  const ends = await compile(await fillingGuest(''), 64 * MEGABYTE);
  const stays = await compile(await fillingGuest('(loop $again (br $again))'), 64 * MEGABYTE);
  const both = async (): Promise<number> => {
    expect(await run(ends, LONG_WALL_MS)).toMatchObject({ outcome: 'completed' });
    expect(await run(stays, SHORT_WALL_MS)).toMatchObject({ outcome: 'aborted' });
    await thread.released();
    return process.memoryUsage.rss();
  };
  for (let count = 0; count < 5; count += 1) await both();
  const before = await both();
  for (let count = 0; count < 19; count += 1) await both();
  expect((await both()) - before).toBeLessThan(GROWTH_MAX_BYTES);
});

test('a hundred thousand functions leave nothing behind either', async () => {
  const original = await hostileModule('functions-100000');
  const once = async (): Promise<number> => {
    expect(await run(await compile(original, MEGABYTE), LONG_WALL_MS)).toMatchObject({
      outcome: 'completed',
    });
    return process.memoryUsage.rss();
  };
  for (let count = 0; count < 4; count += 1) await once();
  const before = await once();
  for (let count = 0; count < 4; count += 1) await once();
  expect((await once()) - before).toBeLessThan(GROWTH_MAX_BYTES);
});
