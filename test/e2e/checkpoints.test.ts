/**
 * A step guest's state moves between Chromium and Node as often as one likes: the task ends with the answer and the fuel of
 * one go, and after any step both make the same checkpoint, byte for byte.
 */
import { createHash } from 'node:crypto';
import { digestOf } from '@trine/protocol';
import { prepare } from '@trine/rewriter';
import { loadGuest } from '@trine/wasm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stepAssembler } from '../fuzz/step-guests.ts';
import { base64, type GuestPage, startGuestPage } from '../support/guest-page.ts';
import type { PagePart, PagePartResult } from './pages/run-guests.ts';

let guests: GuestPage;

beforeAll(async () => {
  guests = await startGuestPage();
});

afterAll(() => guests?.close());

/** A whole run of a module, to be taken apart. */
function partOf(original: Uint8Array, input: Uint8Array): PagePart {
  const prepared = prepare(original, { maxMemoryPages: 16 });
  if (prepared.type === 'refused') throw new Error(prepared.message);
  expect(prepared.report.isStep).toBe(true);
  return {
    module: base64(prepared.bytes),
    input: base64(input),
    fuel: '1000000000',
    memoryBytes: 1_048_576,
    outputBytes: 65_536,
    wallMs: 30_000,
    task: {
      code: { module: digestOf(original), edition: prepared.report.edition },
      inputDigest: digestOf(input),
    },
  };
}

type Place = 'Chromium' | 'Node';
const PLACES: readonly Place[] = ['Chromium', 'Node'];

const run = (place: Place, part: PagePart): Promise<PagePartResult> =>
  place === 'Node' ? runInNode(part) : guests.page.evaluate((one) => window.runPart(one), part);

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

async function runInNode(part: PagePart): Promise<PagePartResult> {
  const request = {
    module: await WebAssembly.compile(bytesOf(part.module)),
    abi: 'trine-1',
    input: bytesOf(part.input),
    limits: { fuel: BigInt(part.fuel), memoryBytes: part.memoryBytes, outputBytes: part.outputBytes },
    task: part.task,
    ...(part.resume === undefined ? {} : { resume: bytesOf(part.resume) }),
  } as const;
  const { wallMs, pauseAfterSteps } = part;
  const options = pauseAfterSteps === undefined ? { wallMs } : { wallMs, pauseAfterSteps };
  const answer = await guests.node.runPart(request, options);
  if (answer.type === 'ended') {
    const { outcome, output, fuel, reason } = answer.result;
    return { type: 'ended', result: { outcome, output: base64(output), fuel: fuel.toString(), reason } };
  }
  const { bytes, root, fuel } = answer.checkpoint;
  return { type: 'paused', checkpoint: base64(bytes), root, fuel: fuel.toString() };
}

/** What both sides must agree on; a trap's words are the engine's own. */
function comparable(answer: PagePartResult): unknown {
  if (answer.type === 'paused') return { ...answer, checkpoint: digestOf(bytesOf(answer.checkpoint)) };
  const { outcome, output, fuel } = answer.result;
  return { outcome, output: createHash('sha256').update(output).digest('hex'), fuel };
}

/** Pauses after every step, the next part on the other side; each part is run on both, and the checkpoints compared. */
async function pingPong(part: PagePart, stepsMax: number): Promise<{ hops: number; end: unknown }> {
  let resume: string | undefined;
  for (let steps = 0; steps <= stepsMax; steps += 1) {
    const next = { ...part, pauseAfterSteps: steps, ...(resume === undefined ? {} : { resume, input: '' }) };
    const [one, other] = [await run('Chromium', next), await run('Node', next)];
    expect(comparable(one), `after step ${steps}`).toEqual(comparable(other));
    if (one.type === 'ended' || other.type === 'ended') return { hops: steps, end: comparable(one) };
    resume = (steps % 2 === 0 ? one : other).checkpoint;
  }
  throw new Error(`The task did not end within ${stepsMax} steps.`);
}

test('mersenne goes from Chromium to Node and back, hop by hop', async () => {
  const { module } = await loadGuest('mersenne');
  const part = partOf(module, new Uint8Array(Uint32Array.of(2_281).buffer));
  const { hops, end } = await pingPong(part, 20);
  expect(hops).toBeGreaterThan(4);
  for (const place of PLACES) expect(comparable(await run(place, part)), place).toEqual(end);
  expect(end).toMatchObject({ outcome: 'completed' });
});

test('guests with tables, references, vectors, payloads of NaNs and dropped segments do as well', async () => {
  const assemble = await stepAssembler();
  const outcomes = new Set<unknown>();
  for (let seed = 0; seed < 24; seed += 1) {
    const part = partOf(assemble(seed), Uint8Array.of(seed, 0, 0, 0));
    const { end } = await pingPong(part, 20);
    for (const place of PLACES) expect(comparable(await run(place, part)), `seed ${seed}`).toEqual(end);
    outcomes.add((end as { readonly outcome: unknown }).outcome);
  }
  expect(outcomes).toEqual(new Set(['completed', 'trapped']));
});
