/** WASI commands from a submitter to verified streams: a real coordinator, three runners of three owners, the SDK and the command. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCbor } from '@trine/protocol';
import { createTrine, type JobResult, type Trine } from '@trine/sdk';
import { loadGuest } from '@trine/wasm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  RUNNER,
  type Running,
  type RunningCoordinator,
  startCoordinator,
  startRunner,
  until,
} from '../support/processes.ts';
import { WASI_PROGRAMS } from '../support/wasi-programs.ts';

const JOB_MS = 120_000;
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

let dataDir: string;
let coordinator: RunningCoordinator;
let trine: Trine;
let tour: Uint8Array;
let words: Uint8Array;
const running: Running[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-wasi-'));
  tour = await readFile(WASI_PROGRAMS.tour);
  words = await readFile(WASI_PROGRAMS.words);
  coordinator = await startCoordinator({ dataDir: join(dataDir, 'coordinator') });
  trine = createTrine({ url: coordinator.url, key: coordinator.key });
  for (const name of ['ada', 'bob', 'cleo']) {
    running.push(startRunner(coordinator.url, name, { token: await coordinator.token(name), dataDir }));
  }
  await until(
    'three nodes online',
    async () => (await coordinator.api.cluster.overview.query()).nodesOnline === 3,
    30_000,
  );
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await coordinator?.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function resultsOf(id: string): Promise<readonly JobResult[]> {
  const results: JobResult[] = [];
  for await (const result of trine.job(id).results({ signal: AbortSignal.timeout(JOB_MS) }))
    results.push(result);
  return results.sort((a, b) => a.index - b.index);
}

test('each input is a task, and its streams and exit code are what three nodes agreed on', async () => {
  const job = await trine.submit({
    name: 'words',
    module: words,
    inputs: {
      wasi: [
        { stdin: bytes('b a b') },
        { args: ['words'], files: { 'texts/one.txt': bytes('x y') } },
        { args: ['words', 'host'], stdin: bytes('w') },
        {},
      ],
    },
  });
  const results = await resultsOf(job.id);
  expect((await job.status()).abi).toBe('wasi-1');
  expect(results.map(({ kind, outcome }) => [kind, outcome])).toEqual(
    results.map(() => ['verified', 'completed']),
  );
  expect(results.map(({ wasi }) => [wasi?.exitCode, text(wasi?.stdout), text(wasi?.stderr)])).toEqual([
    [0, '1 a\n2 b\n', ''],
    [0, '/texts/one.txt: 3 bytes\n1 x\n1 y\n', ''],
    [0, expect.stringContaining('slept 1500 ms\n946684801 s\n'), ''],
    [2, '', 'no words\n'],
  ]);
});

test('tasks of a range know their number', async () => {
  const job = await trine.submit({
    name: 'range',
    module: tour,
    inputs: { wasi: { args: ['tour', 'host'] }, range: { count: 3, first: 40 } },
  });
  const outputs = (await resultsOf(job.id)).map(({ wasi }) => text(wasi?.stdout));
  expect(outputs).toHaveLength(3);
  // The number is part of the input, so each task draws its own randomness.
  expect(new Set(outputs).size).toBe(3);
});

test('a trap is agreed on like anything else, and is no exit code', async () => {
  const job = await trine.submit({
    name: 'trap',
    module: tour,
    inputs: { wasi: [{ args: ['tour', 'trap'] }, { args: ['tour', 'flood'] }, { args: ['tour', 'spin'] }] },
    limits: { fuel: 20_000_000n, outputBytes: 4_096 },
  });
  const results = await resultsOf(job.id);
  expect(results.map(({ kind, outcome, wasi }) => [kind, outcome, wasi])).toEqual([
    ['verified', 'trapped', undefined],
    ['verified', 'trapped', undefined],
    ['verified', 'out-of-fuel', undefined],
  ]);
});

test('a whole Python of 26 MB, built by others, is a module like any other', async () => {
  const script = 'import sys; print(sum(map(int, sys.stdin)), sys.version_info[:2])';
  const job = await trine.submit({
    name: 'python',
    module: await readFile(WASI_PROGRAMS.python),
    inputs: { wasi: [1, 2].map((n) => ({ args: ['python', '-c', script], stdin: bytes(`${n}\n40\n`) })) },
  });
  const printed = (await resultsOf(job.id)).map(({ wasi }) => text(wasi?.stdout));
  expect(printed).toEqual(['41 (3, 12)\n', '42 (3, 12)\n']);
});

test('what is no WASI input is refused when it is submitted', async () => {
  const submit = (inputs: Parameters<Trine['submit']>[0]['inputs']) =>
    trine.submit({ name: 'wrong', module: tour, abi: 'wasi-1', inputs });
  await expect(submit([bytes('plain text')])).rejects.toThrow('Input 0 is not a WASI task');
  await expect(submit([encodeCbor({ files: { '../x': bytes('') } })])).rejects.toThrow('has the part “..”');
  await expect(submit({ range: { count: 2, shared: bytes('shared') } })).rejects.toThrow('The shared input');
  await expect(submit({ wasi: [{ env: { 'a=b': '' } }] })).rejects.toMatchObject({ code: 'bad-request' });
});

test('a module that is made for the other ABI is refused with what to do', async () => {
  const refusal = async (id: string): Promise<string> =>
    until(
      'the refusal',
      async () => {
        const { state, reason } = await trine.job(id).status();
        return state === 'refused' && reason;
      },
      JOB_MS,
    );
  const command = await trine.submit({ name: 'command', module: tour, inputs: [bytes('')] });
  expect(await refusal(command.id)).toContain('submit it with the ABI wasi-1');
  const { module } = await loadGuest('fractal');
  const guest = await trine.submit({ name: 'guest', module, inputs: { wasi: [{}] } });
  expect(await refusal(guest.id)).toContain('made for trine-1');
});

test('the command submits, waits and writes the streams as files', async () => {
  const at = (name: string): string => join(dataDir, name);
  await writeFile(at('words.wasm'), words);
  await writeFile(at('poem.txt'), 'roses are red');
  const command = (...args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, TRINE_URL: coordinator.url, TRINE_KEY: coordinator.key };
      execFile(process.execPath, [RUNNER, ...args], { env }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
  const file = `texts/poem.txt=${at('poem.txt')}`;
  await command('submit', at('words.wasm'), '--file', file, '--args', 'a', '--name', 'poem', '--wait');
  const [job] = await trine.jobs();
  expect(job).toMatchObject({ name: 'poem', abi: 'wasi-1', state: 'finished' });
  expect(await command('results', job?.id ?? '')).toContain('exit 0  /texts/poem.txt: 13 bytes');
  const texts = ['poem.txt', 'song.txt'].map(at);
  await writeFile(texts[1] ?? '', 'la la');
  await command('submit', at('words.wasm'), '--input', ...texts, '--name', 'texts', '--wait');
  const [two] = await trine.jobs();
  const lines = await command('results', two?.id ?? '');
  expect([lines.includes('exit 0  1 are⏎1 red⏎1 roses'), lines.includes('exit 0  2 la')]).toEqual([
    true,
    true,
  ]);
  await command('results', job?.id ?? '', '--out', at('answers'));
  expect(await readFile(at('answers/0.stdout'), 'utf8')).toBe(
    '/texts/poem.txt: 13 bytes\n1 are\n1 red\n1 roses\n',
  );
});
