// Modules prepared in real threads: answers, refusals with their offset, and the bounds on time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EDITION } from '@trine/rewriter';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPrepareThread } from '../../build-prepare-thread.mjs';
import { ECHO_MODULE } from '../test-node.testing.ts';
import { createPreparer } from './preparer.ts';

let outdir: string;
let threadEntry: string;

beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'trine-prepare-'));
  threadEntry = await buildPrepareThread({ outdir });
});
afterAll(() => rm(outdir, { recursive: true }));

test('a module comes back prepared, metered and valid; requests wait their turn', async () => {
  const preparer = createPreparer({ threadEntry });
  const answers = await Promise.all(
    [1, 2, 3].map(() => preparer.prepare({ module: ECHO_MODULE, maxMemoryPages: 16 })),
  );
  for (const answer of answers) {
    if (answer.type !== 'prepared') throw new Error(answer.message);
    expect(answer.edition).toBe(EDITION);
    expect(WebAssembly.validate(answer.bytes as Uint8Array<ArrayBuffer>)).toBe(true);
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  await preparer.close();
});

test('bytes that are no module are refused with the byte that shows it', async () => {
  const preparer = createPreparer({ threadEntry });
  const answer = await preparer.prepare({ module: new Uint8Array([1, 2, 3]), maxMemoryPages: 16 });
  expect(answer).toMatchObject({ type: 'refused', code: 'not-wasm' });
  expect(answer.type === 'refused' && answer.message).toContain('(byte 0)');
  await preparer.close();
});

test('a preparation that takes too long is ended and refused, and the next one runs', async () => {
  const hurried = createPreparer({ threadEntry, timeoutMs: 0 });
  expect(await hurried.prepare({ module: ECHO_MODULE, maxMemoryPages: 16 })).toMatchObject({
    type: 'refused',
    code: 'time',
  });
  expect(await hurried.prepare({ module: ECHO_MODULE, maxMemoryPages: 16 })).toMatchObject({ code: 'time' });
  await hurried.close();
});

test('closing ends what runs and refuses what waits', async () => {
  const preparer = createPreparer({ threadEntry });
  const waiting = [1, 2].map(() => preparer.prepare({ module: ECHO_MODULE, maxMemoryPages: 16 }));
  await preparer.close();
  const [, second] = await Promise.all(waiting);
  expect(second).toMatchObject({ type: 'refused', code: 'shutting-down' });
});
