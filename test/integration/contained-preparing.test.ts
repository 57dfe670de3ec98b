/**
 * Modules whose size is the trick, through the thread that a coordinator prepares modules in: each is prepared or
 * refused within its bounds, the host stays responsive, and what preparing costs grows no faster than the module.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPrepareThread } from '@trine/control-plane/build-prepare-thread';
import { createPreparer } from '@trine/control-plane/parts';
import { prepare } from '@trine/rewriter';
import { GENERATED } from '@trine/wasm/hostile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longestDelayMs, MARGIN } from '../support/responsiveness.ts';

/** The host is never held up for longer, whatever is prepared beside it. */
const DELAY_MS = 250;
/** How much larger the second module is, and how much more it may cost: a square would be sixteen times. */
const GROWTH = 4;
const COST_MAX = 10;
const MAX_PAGES = 16;
/** Enough for a thread to start and for a small module, and no more. */
const HEAP_MEGABYTES = 8;
const ALL = Object.entries(GENERATED);

let outdir = '';
let threadEntry = '';

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-contained-preparing-'));
  threadEntry = await buildPrepareThread({ outdir });
});

afterAll(() => rm(outdir, { recursive: true }));

test('each ends as it says, and the host goes on meanwhile', async () => {
  const preparer = createPreparer({ threadEntry });
  for (const [name, { expect: expected, size, build }] of ALL) {
    const module = build(size);
    const { delayMs, value: answer } = await longestDelayMs(() =>
      preparer.prepare({ module, maxMemoryPages: MAX_PAGES }),
    );
    const ended = answer.type === 'refused' ? `refused ${answer.code}` : 'prepared';
    expect({ name, ended }).toEqual({ name, ended: expected.startsWith('refused') ? expected : 'prepared' });
    expect({ name, isResponsive: delayMs < DELAY_MS * MARGIN }).toEqual({ name, isResponsive: true });
  }
  await preparer.close();
});

test('a module that takes more memory than there is ends its thread, not the process', async () => {
  const small = createPreparer({ threadEntry, heapMegabytes: HEAP_MEGABYTES });
  const { build } = GENERATED['functions-100000'] ?? { build: () => new Uint8Array(0) };
  const answer = await small.prepare({ module: build(99_000), maxMemoryPages: MAX_PAGES });
  expect(answer).toMatchObject({ type: 'refused', code: 'memory' });
  expect(answer.type === 'refused' && answer.message).toContain(`${HEAP_MEGABYTES} MB`);
  const again = await small.prepare({ module: build(10), maxMemoryPages: MAX_PAGES });
  expect(again.type).toBe('prepared');
  await small.close();
});

describe('four times the module costs', () => {
  test.each(
    ALL.flatMap(([name, { scaleFrom, build }]) =>
      scaleFrom === undefined ? [] : [[name, scaleFrom, build] as const],
    ),
  )('%s: about four times', (_name, scaleFrom, build) => {
    const [small, large] = [build(scaleFrom), build(scaleFrom * GROWTH)];
    cpuMs(small);
    expect(cpuMs(large) / cpuMs(small)).toBeLessThan(COST_MAX);
  });
});

/** CPU time of preparing a module on this thread: the least of three, because the first ones warm up. */
function cpuMs(module: Uint8Array): number {
  const times = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    prepare(module, { maxMemoryPages: MAX_PAGES });
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1_000;
  });
  return Math.max(Math.min(...times), 1);
}
