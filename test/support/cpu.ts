/** CPU time and memory of a process tree, by the operating system's own accounting. */
import { readdir, readFile } from 'node:fs/promises';

/** Linux counts process time in hundredths of a second. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
  readonly command: string;
}

async function readProcess(pid: string): Promise<ProcessRow | undefined> {
  const [stat, command] = await Promise.all(
    ['stat', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined)),
  );
  if (stat === undefined || command === undefined) return undefined;
  // The name in parentheses may hold anything; fields are counted after its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid: Number(pid),
    parent: Number(fields[1]),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    command,
  };
}

async function allProcesses(): Promise<readonly ProcessRow[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map(readProcess))).filter((row) => row !== undefined);
}

/** Milliseconds of CPU used so far by every process whose command names `mark`, and by all below them. */
export async function cpuMsOfTree(mark: string): Promise<number> {
  return (await treeOf(mark)).reduce((sum, row) => sum + row.cpuMs, 0);
}

/** Bytes that these processes hold for themselves at the moment: what they share is counted for none. */
export async function ownBytesOfTree(mark: string): Promise<number> {
  const rows = await Promise.all((await treeOf(mark)).map(({ pid }) => ownBytes(pid)));
  return rows.reduce((sum, bytes) => sum + bytes, 0);
}

async function ownBytes(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '0 0 0')).split(' ').map(Number);
  return ((fields[1] ?? 0) - (fields[2] ?? 0)) * PAGE_BYTES;
}

async function treeOf(mark: string): Promise<readonly ProcessRow[]> {
  const rows = await allProcesses();
  const members = new Set(rows.filter((row) => row.command.includes(mark)).map((row) => row.pid));
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const row of rows) if (members.has(row.parent)) members.add(row.pid);
  }
  return rows.filter((row) => members.has(row.pid));
}
