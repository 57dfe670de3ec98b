/** The embedded Postgres through everything that happens to it: starts, kills, orphans, stale pids, refusals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { lockDataDir } from './data-dir-lock.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { isAlive } from './processes.ts';
import type { SupervisorLine } from './supervise.testing.ts';

const log = pino({ level: 'silent' });
let dataDir: string;
let started: EmbeddedPostgres[] = [];
let children: ChildProcess[] = [];
let supervisorFile: string;

beforeAll(async () => {
  supervisorFile = await bundleSupervisor();
});
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trine-postgres-'));
});
afterEach(async () => {
  for (const postgres of started) await postgres.stop();
  for (const child of children) child.kill('SIGKILL');
  started = [];
  children = [];
  await rm(dataDir, { recursive: true, force: true });
});

async function start(dir = dataDir): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir: dir, log });
  started.push(postgres);
  return postgres;
}

async function query(url: string, sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return String(Object.values(rows[0] ?? {})[0]);
  } finally {
    await client.end();
  }
}

test('a first start makes a private cluster that keeps what it says; a second finds it', async () => {
  const first = await start();
  expect(await query(first.url, 'SHOW fsync')).toBe('on');
  expect(await query(first.url, 'SHOW synchronous_commit')).toBe('on');
  expect(await query(first.url, 'SHOW server_encoding')).toBe('UTF8');
  expect(await query(first.url, 'SHOW listen_addresses')).toBe('127.0.0.1');
  expect(await query(first.url, 'SHOW unix_socket_directories')).toBe('');
  expect((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  await first.stop();
  expect(await isAlive(first.pid)).toBe(false);
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'SELECT answer FROM kept')).toBe('42');
});

test('nobody gets in without the password', async () => {
  const { url } = await start();
  const guess = new URL(url);
  guess.password = 'guess';
  await expect(query(guess.toString(), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});

test('a server that is killed comes back at the same address, and says so', async () => {
  const postgres = await start();
  await query(postgres.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
  const { url, pid } = postgres;
  for (let kill = 0; kill < 2; kill += 1) {
    const back = new Promise<void>((resolve) => {
      const forget = postgres.onRestarted(() => {
        forget();
        resolve();
      });
    });
    process.kill(postgres.pid, 'SIGKILL');
    await back;
  }
  expect(postgres.pid).not.toBe(pid);
  expect(postgres.url).toBe(url);
  expect(await query(url, 'SELECT answer FROM kept')).toBe('7');
});

test('a stop while the server is coming back ends in a stopped server', async () => {
  const postgres = await start();
  process.kill(postgres.pid, 'SIGKILL');
  await postgres.stop();
  expect(await isAlive(postgres.pid)).toBe(false);
  const lock = await lockDataDir(dataDir);
  await lock.release();
});

test('an orphan of a killed coordinator is adopted, watched, and stopped in the end', async () => {
  const { child, line } = await spawnSupervisor();
  await query(line.url, 'CREATE TABLE kept AS SELECT 1 AS answer');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isAlive(line.pid)).toBe(true);
  const postgres = await start();
  expect([postgres.isAdopted, postgres.pid, postgres.url]).toEqual([true, line.pid, line.url]);
  const back = new Promise<void>((resolve) => void postgres.onRestarted(resolve));
  process.kill(line.pid, 'SIGKILL');
  await back;
  expect(await query(postgres.url, 'SELECT answer FROM kept')).toBe('1');
  await postgres.stop();
  expect(await isAlive(postgres.pid)).toBe(false);
});

test('a second coordinator on the same directory is refused by name of the first', async () => {
  const { child, line } = await spawnSupervisor();
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(
    new RegExp(`Another coordinator \\(pid ${child.pid}\\).*TRINE_DATA_DIR`),
  );
  expect(await query(line.url, 'SELECT 1')).toBe('1');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await start();
});

test('this process cannot hold one directory twice', async () => {
  await start();
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toMatchObject({ code: 'wrong-state' });
});

test('a lock whose pid now belongs to another program is stale', async () => {
  const lock = await lockDataDir(dataDir);
  const content = await readFile(join(dataDir, 'coordinator.lock'), 'utf8');
  await lock.release();
  const stranger = { ...(JSON.parse(content) as object), pid: 1 };
  await writeFile(join(dataDir, 'coordinator.lock'), JSON.stringify(stranger));
  await (await lockDataDir(dataDir)).release();
  await writeFile(join(dataDir, 'coordinator.lock'), 'not a lock');
  await (await lockDataDir(dataDir)).release();
});

test('a postmaster.pid whose pid is another program does not keep the server down', async () => {
  const first = await start();
  const pidFile = join(dataDir, 'postgres', 'data', 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8')).split('\n');
  await first.stop();
  await writeFile(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'), { mode: 0o600 });
  const second = await start();
  expect(second.isAdopted).toBe(false);
  expect(await query(second.url, 'SELECT 1')).toBe('1');
});

test('a taken port is left to whoever has it', async () => {
  const first = await start();
  const other = await mkdtemp(join(tmpdir(), 'trine-postgres-'));
  try {
    await (await start(other)).stop();
    await writeFile(join(other, 'postgres', 'port'), new URL(first.url).port);
    const second = await start(other);
    expect(second.url).not.toContain(`:${new URL(first.url).port}/`);
    await second.stop();
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});

test('what Postgres cannot use is refused with a sentence, and the lock is given back', async () => {
  await (await start()).stop();
  const data = join(dataDir, 'postgres', 'data');
  await chmod(data, 0o777);
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toMatchObject({ code: 'permission-missing' });
  await chmod(data, 0o700);
  await writeFile(join(data, 'PG_VERSION'), '9.6\n');
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(/another version of Postgres/);
  await writeFile(join(data, 'PG_VERSION'), '18\n');
  await start();
});

test.runIf(process.getuid?.() === 0)(
  'root without user namespaces runs Postgres as the user postgres, or says why not',
  async () => {
    const { PATH } = process.env;
    process.env['PATH'] = '/nonexistent';
    try {
      const postgres = await start();
      expect(await query(postgres.url, 'SELECT 1')).toBe('1');
      expect((await stat(`/proc/${postgres.pid}`)).uid).not.toBe(0);
      await postgres.stop();
      const hidden = join(dataDir, 'hidden');
      await mkdir(join(hidden, 'data'), { recursive: true });
      await chmod(hidden, 0o700);
      await expect(startEmbeddedPostgres({ dataDir: join(hidden, 'data'), log })).rejects.toThrow(
        /may not enter .*hidden.*TRINE_DATA_DIR/,
      );
    } finally {
      process.env['PATH'] = PATH;
    }
  },
);

/** Node 20 runs no TypeScript: the little coordinator is bundled to where the binaries' package resolves. */
async function bundleSupervisor(): Promise<string> {
  const outfile = fileURLToPath(new URL('../../dist/testing/supervise.mjs', import.meta.url));
  const contents = `import { superviseForTest } from './supervise.testing.ts'; await superviseForTest(process.argv[2]);`;
  await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

async function spawnSupervisor(): Promise<{ readonly child: ChildProcess; readonly line: SupervisorLine }> {
  const child = spawn(process.execPath, [supervisorFile, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  if (child.stdout === null) throw new Error('The supervisor has no output.');
  const [text] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, line: JSON.parse(text) as SupervisorLine };
}
