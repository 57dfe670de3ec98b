// Step guests through real threads: pauses, checkpoints while they run, and going on from them elsewhere.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@trine/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buildGuestThread } from '../build-thread.mjs';
import { createCheckpoint, encodeCheckpoint, parseCheckpoint } from './checkpoint/checkpoint.ts';
import type { TakenCheckpoint } from './checkpoint/checkpointer.ts';
import { sha256 } from './checkpoint/samples.testing.ts';
import { hashCheckpoint } from './checkpoint/tree.ts';
import type { GuestThread, PartResult, RunRequest, ThreadFactory } from './guest-thread.ts';
import { createNodeThreads } from './node.ts';
import { stepRequest } from './step-guests.testing.ts';
import { requestFor } from './wat-guests.testing.ts';

const LONG = { wallMs: 60_000 };
const FOREVER = { steps: 2_000_000_000, stepBody: '(global.set $fuel (i64.const 1000))' };
const open: GuestThread[] = [];
let outdir = '';
let threads: ThreadFactory;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-steps-'));
  threads = createNodeThreads({ entry: await buildGuestThread({ platform: 'node', outdir }) });
});

afterEach(() => Promise.all(open.splice(0).map((thread) => thread.close())));
afterAll(() => rm(outdir, { recursive: true }));

function openThread(): GuestThread {
  const thread = threads();
  open.push(thread);
  return thread;
}

const liveThreads = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort' || kind === 'Worker').length;

function paused(part: PartResult): TakenCheckpoint {
  if (part.type === 'ended') throw new Error(`ended: ${part.result.reason}`);
  return part.checkpoint;
}

const ANSWER = { outcome: 'completed', output: Uint8Array.of(45, 0, 0, 0, 0, 0, 0, 0), fuel: 36n } as const;

test('a task pauses after each step and goes on in another thread, with the answer and the fuel of one go', async () => {
  const request = await stepRequest();
  expect(await openThread().run(request, LONG)).toMatchObject(ANSWER);
  const hops = [openThread(), openThread()];
  let resume: Uint8Array | undefined;
  for (let steps = 0; steps < 5; steps += 1) {
    const thread = hops[steps % 2] ?? openThread();
    const part = { ...request, ...(resume === undefined ? {} : { resume, input: new Uint8Array(0) }) };
    const checkpoint = paused(await thread.runPart(part, { ...LONG, pauseAfterSteps: steps }));
    expect(checkpoint).toMatchObject({ steps, fuel: BigInt(4 + 5 * steps) });
    const parsed = parseCheckpoint(checkpoint.bytes);
    if (parsed.type === 'refused') throw new Error(parsed.message);
    expect(hashCheckpoint(parsed.checkpoint, sha256).root).toBe(checkpoint.root);
    resume = checkpoint.bytes;
  }
  const last = await openThread().runPart({ ...request, resume: resume ?? new Uint8Array(0) }, LONG);
  expect(last).toMatchObject({ type: 'ended', result: ANSWER });
});

test('checkpoints every second step reach the owner in order, and the run goes on', async () => {
  const request = await stepRequest({ steps: 9 });
  const taken: TakenCheckpoint[] = [];
  const checkpoints = {
    everySteps: 2,
    onCheckpoint: (checkpoint: TakenCheckpoint) => void taken.push(checkpoint),
  };
  const whole = await openThread().run(request, { ...LONG, checkpoints });
  expect(whole).toMatchObject({ outcome: 'completed', fuel: 56n });
  expect(taken.map(({ steps }) => steps)).toEqual([2, 4, 6, 8]);
  expect(new Set(taken.map(({ root }) => root)).size).toBe(4);
  for (const { bytes } of taken) {
    const { outcome, output, fuel } = await openThread().run({ ...request, resume: bytes }, LONG);
    expect({ outcome, output, fuel }).toEqual({
      outcome: whole.outcome,
      output: whole.output,
      fuel: whole.fuel,
    });
  }
});

test('a checkpoint larger than wanted is not taken, but a pause takes any', async () => {
  const request = await stepRequest({ steps: 9 });
  const told: string[] = [];
  const taken: number[] = [];
  const checkpoints = {
    everySteps: 1,
    bytesMax: 3 * 65_536 + 1_000,
    onCheckpoint: ({ steps }: TakenCheckpoint) => void taken.push(steps),
    onRefused: (message: string) => void told.push(message),
  };
  const part = await openThread().runPart(request, { ...LONG, checkpoints, pauseAfterSteps: 6 });
  // Each step writes into another page.
  expect(taken).toEqual([1, 2]);
  expect(told).toHaveLength(3);
  expect(told[0]).toContain('197608 bytes');
  expect(paused(part).steps).toBe(6);
});

test('the owner may ask for a pause at any time, and the thread is kept', async () => {
  const thread = openThread();
  const request = await stepRequest(FOREVER);
  const pause = new AbortController();
  const checkpoints = { everyMs: 1, onCheckpoint: () => pause.abort() };
  const checkpoint = paused(await thread.runPart(request, { ...LONG, checkpoints, pause: pause.signal }));
  expect(checkpoint.steps).toBeGreaterThan(0);
  expect(await thread.run(await stepRequest(), LONG)).toMatchObject(ANSWER);
  const again = paused(
    await thread.runPart({ ...request, resume: checkpoint.bytes }, { ...LONG, pause: pause.signal }),
  );
  expect(again.steps).toBe(checkpoint.steps + 1);
});

test('a thread between steps hears that nobody wants its run, and is kept', async () => {
  const stop = new AbortController();
  const checkpoints = { everyMs: 1, onCheckpoint: () => stop.abort() };
  const thread = openThread();
  const result = await thread.run(await stepRequest(FOREVER), { ...LONG, checkpoints, signal: stop.signal });
  expect(result).toMatchObject({ outcome: 'aborted', reason: "stopped by the machine's owner" });
  await thread.released();
  expect(liveThreads()).toBe(1);
  expect(await thread.run(await stepRequest(), LONG)).toMatchObject(ANSWER);
});

test('a step that goes on for ever is ended with its thread', async () => {
  const stop = new AbortController();
  const request = await stepRequest({ stepBody: '(loop $again (br $again))' });
  const thread = openThread();
  const checkpoints = { everyMs: 0, onCheckpoint: () => stop.abort() };
  const result = await thread.run(request, { ...LONG, checkpoints, signal: stop.signal });
  expect(result).toMatchObject({ outcome: 'aborted', reason: "stopped by the machine's owner" });
  await thread.released();
  expect(liveThreads()).toBe(0);
  expect(await thread.run(await stepRequest(), LONG)).toMatchObject(ANSWER);
});

test('a guest without steps runs to its end, whatever was asked', async () => {
  const { task } = await stepRequest();
  const request = { ...(await requestFor({})), ...(task === undefined ? {} : { task }) };
  const part = await openThread().runPart(request, { ...LONG, pauseAfterSteps: 0 });
  expect(part).toMatchObject({ type: 'ended', result: { outcome: 'completed' } });
});

test('where no checkpoint can be taken the owner is told why, and the run goes on', async () => {
  const told: string[] = [];
  const checkpoints = {
    onCheckpoint: () => undefined,
    onRefused: (message: string) => void told.push(message),
  };
  const { task: _unknown, ...nameless } = await stepRequest();
  for (const request of [nameless, await stepRequest({ state: 'none' })]) {
    const part = await openThread().runPart(request, { ...LONG, checkpoints, pauseAfterSteps: 2 });
    expect(part).toMatchObject({ type: 'ended', result: ANSWER });
  }
  expect(told).toEqual([expect.stringContaining('which task'), expect.stringContaining('edition')]);
});

test('a checkpoint that is not this task’s ends the run as aborted and says why', async () => {
  const request = await stepRequest();
  const thread = openThread();
  const { bytes } = paused(await thread.runPart(request, { ...LONG, pauseAfterSteps: 2 }));
  const { task } = request;
  if (task === undefined) throw new Error('the request names its task');
  const other = digestOf(Uint8Array.of(77));
  const cases: readonly (readonly [string, RunRequest])[] = [
    ['no checkpoint', { ...request, resume: bytes.subarray(1) }],
    ['its input differs', { ...request, resume: bytes, task: { ...task, inputDigest: other } }],
    [
      'its module differs',
      { ...request, resume: bytes, task: { ...task, code: { ...task.code, module: other } } },
    ],
    [
      'its edition differs',
      { ...request, resume: bytes, task: { ...task, code: { ...task.code, edition: 'e' } } },
    ],
    ['its fuel limit differs', { ...request, resume: bytes, limits: { ...request.limits, fuel: 5n } }],
    ['edition without', { ...(await stepRequest({ state: 'none' })), resume: bytes }],
    ['does not work in steps', { ...(await requestFor({})), task, resume: bytes }],
  ];
  for (const [reason, changed] of cases) {
    const result = await thread.run(changed, LONG);
    expect(result).toMatchObject({ outcome: 'aborted', fuel: 0n, reason: expect.stringContaining(reason) });
  }
});

test('a checkpoint that cannot be this module’s state is refused before anything runs', async () => {
  const request = await stepRequest();
  const { bytes } = paused(await openThread().runPart(request, { ...LONG, pauseAfterSteps: 2 }));
  const parsed = parseCheckpoint(bytes);
  if (parsed.type === 'refused') throw new Error(parsed.message);
  const { state, pages } = parsed.checkpoint;
  const [table] = state.tables;
  expect(table).toEqual({ size: 1, entries: Uint8Array.of(1, 0, 0, 0) });
  const tooLarge = Uint8Array.of(...state.words.subarray(0, 15), 1);
  const changes: readonly (readonly [string, object, number])[] = [
    ['2 words', { words: state.words.subarray(8) }, 4],
    ['word 1', { words: tooLarge }, 4],
    ['1 tables', { tables: [] }, 4],
    ['0 references', { references: new Uint8Array(4) }, 4],
    ['other tables', { tables: [{ size: 1, entries: Uint8Array.of(2, 0, 0, 0) }] }, 4],
    ['no table of 5', { tables: [{ size: 5, entries: new Uint8Array(0) }] }, 4],
    ['other tables', { tables: [{ size: 0, entries: new Uint8Array(0) }] }, 4],
    ['at least 1 pages', {}, 0],
    ['memory', {}, 17],
  ];
  for (const [reason, change, count] of changes) {
    const kept = Array.from({ length: count }, (_, index) => pages[index]);
    const resume = encodeCheckpoint(createCheckpoint({ ...state, ...change, pages: count }, kept));
    const result = await openThread().run({ ...request, resume }, LONG);
    expect(result, reason).toMatchObject({ outcome: 'aborted' });
    expect(result.reason.toLowerCase()).toContain(reason);
  }
});
