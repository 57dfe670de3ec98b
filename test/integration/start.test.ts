/** `npm start` as a newcomer meets it: the demonstration, a second start, a stop that leaves nothing, and what can be wrong. */
import { spawn, spawnSync } from 'node:child_process';
import { chmod, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApi, rootDir, startProcess, until } from '../support/processes.ts';

const START = join(rootDir, 'apps', 'coordinator', 'start.mjs');
const SERVER = join(rootDir, 'apps', 'coordinator', 'dist', 'server.mjs');
/** Promised: a second start takes under 10 s; with a margin of three. */
const SECOND_START_MS = 30_000;

/** Mounting a small disk and becoming another user need root; CI is root. */
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
/** An ordinary user can start only what it can read: a clone below a 0700 folder of root's is not for others. */
const canBeAnother =
  isRoot &&
  spawnSync(process.execPath, ['-e', 'fs.accessSync(process.argv[1])', SERVER], { uid: NOBODY, gid: NOBODY })
    .status === 0;

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-start-'));
});

afterEach(async () => {
  expect(await processesNaming(dataDir), 'processes left behind').toEqual([]);
  await rm(dataDir, { recursive: true, force: true });
});

/** Processes whose command line or environment names the directory. */
async function processesNaming(dir: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [cmdline, environ] = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      );
      return `${cmdline ?? ''}${environ ?? ''}`.includes(dir)
        ? `${pid} ${(cmdline ?? '').replaceAll('\0', ' ')}`
        : undefined;
    }),
  );
  return found.filter((one) => one !== undefined);
}

const env = (over: NodeJS.ProcessEnv = {}) => ({
  TRINE_DATA_DIR: dataDir,
  PORT: '0',
  HOST: '127.0.0.1',
  ...over,
});

interface Summary {
  readonly ok: boolean;
  readonly jobs: number;
  readonly tasks: number;
  readonly verified: number;
  readonly invalidCaught: number;
  readonly fuel: string;
  readonly seconds: number;
  readonly answersMatch: boolean;
}

async function startToEnd(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly summary: Summary; readonly output: string }> {
  const running = startProcess(START, ['--exit-when-done', '--json', ...args], env());
  const code = await running.gone;
  const output = running.output();
  const line =
    output
      .trim()
      .split('\n')
      .findLast((one) => one.startsWith('{"ok"')) ?? '{}';
  return { code, summary: JSON.parse(line) as Summary, output };
}

test('the demonstration is verified, its liar is caught, and a second start shows it from the store', async () => {
  const first = await startToEnd([]);
  expect(first.code, first.output).toBe(0);
  expect(first.summary).toMatchObject({ ok: true, jobs: 2, tasks: 438, verified: 438, answersMatch: true });
  expect(first.summary.invalidCaught).toBeGreaterThanOrEqual(1);
  expect(BigInt(first.summary.fuel)).toBeGreaterThan(0n);
  expect(await processesNaming(dataDir)).toEqual([]);

  const second = await startToEnd([]);
  expect(second.code, second.output).toBe(0);
  expect(second.output).toContain('verified before');
  expect(second.summary).toEqual(first.summary);

  const again = await startToEnd(['--again']);
  expect(again.code, again.output).toBe(0);
  expect(again.output).not.toContain('verified before');
  expect(again.summary.fuel).toBe(first.summary.fuel);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s stops everything, and the next start finds no lock',
  async (signal) => {
    for (let round = 0; round < 2; round += 1) {
      const running = startProcess(START, ['--no-demo'], env());
      await until(
        'the coordinator to be up',
        async () => running.output().includes('Trine is up at'),
        SECOND_START_MS,
      );
      expect(await running.stop(signal), running.output()).toBe(0);
      expect(await processesNaming(dataDir)).toEqual([]);
    }
  },
);

test('SIGTERM in the middle of the demonstration leaves nothing behind', async () => {
  const running = startProcess(START, [], env());
  await until('the liar to start', async () => running.output().includes('Started one liar'), 60_000);
  expect(await running.stop('SIGTERM'), running.output()).toBe(0);
});

test('SIGTERM to npm itself stops everything', async () => {
  const npm = spawn('npm', ['start', '--', '--no-demo'], {
    cwd: rootDir,
    env: { ...process.env, ...env() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the coordinator to be up', async () => output.includes('Trine is up at'), 60_000);
  npm.kill('SIGTERM');
  await until('everything to be gone', async () => (await processesNaming(dataDir)).length === 0, 30_000);
});

test('SIGKILL to the launcher takes the rest with it', async () => {
  const running = startProcess(START, ['--no-demo'], env());
  await until(
    'the coordinator to be up',
    async () => running.output().includes('Trine is up at'),
    SECOND_START_MS,
  );
  await running.stop('SIGKILL');
  await until('the children to notice', async () => (await processesNaming(dataDir)).length === 0, 30_000);
});

describe('what can be wrong is said in a sentence', () => {
  test('a port in use', async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => {
        const address = blocker.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const running = startProcess(START, ['--no-demo'], env({ PORT: String(port) }));
    expect(await running.gone).not.toBe(0);
    blocker.close();
    expect(running.output()).toContain(`Port ${port} is in use`);
    expect(running.output()).toContain('PORT=');
    expect(running.output()).not.toContain('    at ');
  });

  test('a second coordinator on the same data', async () => {
    const first = startProcess(START, ['--no-demo'], env());
    await until(
      'the coordinator to be up',
      async () => first.output().includes('Trine is up at'),
      SECOND_START_MS,
    );
    const second = startProcess(START, ['--no-demo'], env());
    expect(await second.gone).not.toBe(0);
    expect(second.output()).toContain('Another coordinator');
    await first.stop();
  });

  test('an option that is none, and a PORT that is none', async () => {
    const option = startProcess(START, ['--frobnicate'], env());
    expect(await option.gone).toBe(2);
    expect(option.output()).toContain('--frobnicate');
    const port = startProcess(START, ['--no-demo'], env({ PORT: 'eighty' }));
    expect(await port.gone).not.toBe(0);
    expect(port.output()).toContain('PORT is "eighty"');
  });

  test.skipIf(!isRoot)('a full disk', async () => {
    // A 24 MB tmpfs in a mount namespace of its own: smaller than an empty database.
    const script = `mount -t tmpfs -o size=24m tmpfs "$1" && exec "$2" "$3"`;
    const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', dataDir, process.execPath, SERVER], {
      env: { ...process.env, ...env() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).not.toBe(0);
    expect(output).toMatch(/disk .*full/);
  });

  test.skipIf(!canBeAnother)('a data directory that is not ours, as an ordinary user', async () => {
    await chmod(dataDir, 0o755);
    const child = spawn(process.execPath, [SERVER], {
      env: { ...process.env, ...env(), HOME: '/nonexistent' },
      uid: NOBODY,
      gid: NOBODY,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    expect(await new Promise((resolve) => child.once('close', resolve))).not.toBe(0);
    expect(output).toMatch(/chown|TRINE_DATA_DIR/);
  });
});

describe('whoever starts it', () => {
  async function serves(uid: number | undefined): Promise<void> {
    const child = spawn(process.execPath, [SERVER], {
      env: { ...process.env, ...env() },
      ...(uid === undefined ? {} : { uid, gid: uid }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const gone = new Promise((resolve) => child.once('close', resolve));
    const origin = await new Promise<string>((resolve, reject) => {
      child.on('message', (message: { readonly origins: readonly string[] }) =>
        resolve(message.origins[0] ?? ''),
      );
      void gone.then(() => reject(new Error(output)));
    });
    const overview = await createApi(origin).cluster.overview.query();
    expect(overview.nodesOnline).toBe(0);
    child.kill('SIGTERM');
    expect(await gone).toBe(0);
  }

  test('as this user, below a 0700 directory', async () => {
    await chmod(dataDir, 0o700);
    await serves(undefined);
  });

  test.skipIf(!canBeAnother)('as an ordinary user', async () => {
    await chown(dataDir, NOBODY, NOBODY);
    await serves(NOBODY);
  });
});
