/** What the operating system says about processes: alive, since when, running what. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isLinux = process.platform === 'linux';

/** True for a process that runs; a zombie, which still answers signal 0, does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (!isLinux) return true;
  const [state] = await statFields(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Something that differs between two processes that had the same pid; empty where it cannot be told. */
export async function startTimeOf(pid: number): Promise<string> {
  if (isLinux) return (await statFields(pid))[19] ?? '';
  return (await psField(pid, 'lstart')).trim();
}

/** Changes with every boot, so that pids of an earlier boot mean nothing; empty where it cannot be told. */
export const bootId = async (): Promise<string> =>
  isLinux ? (await readOrEmpty('/proc/sys/kernel/random/boot_id')).trim() : '';

/** The arguments of a process, or `undefined` where it is gone or cannot be read. */
export async function commandLineOf(pid: number): Promise<readonly string[] | undefined> {
  if (isLinux) {
    const text = await readOrEmpty(`/proc/${pid}/cmdline`);
    return text === '' ? undefined : text.replace(/\0$/, '').split('\0');
  }
  const text = await psField(pid, 'command');
  return text === '' ? undefined : text.trim().split(' ');
}

/** Whether any process has `directory` as its working directory, as every Postgres process has its data's. */
export async function someoneWorksIn(directory: string): Promise<boolean | undefined> {
  if (!isLinux) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return places.includes(directory);
}

/** Fields of `/proc/<pid>/stat` after the program's name, which may itself hold spaces and brackets. */
async function statFields(pid: number): Promise<readonly string[]> {
  const text = await readOrEmpty(`/proc/${pid}/stat`);
  return text === '' ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

const readOrEmpty = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

async function psField(pid: number, field: 'lstart' | 'command'): Promise<string> {
  if (process.platform === 'win32') return '';
  const { stdout } = await run('ps', ['-o', `${field}=`, '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout;
}
