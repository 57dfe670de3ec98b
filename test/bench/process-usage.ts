/**
 * What a tree of processes costs, by the operating system's accounting (Linux: /proc). CPU is the user and system
 * time of every living process and of the children it has waited for, so a process that ends in between is not lost.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ: what /proc counts in, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessUsage {
  readonly pid: number;
  readonly parent: number;
  /** The program's own name, 15 characters at most. */
  readonly name: string;
  /** In ticks since boot: with the pid it names one process for ever. */
  readonly startedAt: number;
  readonly cpuMs: number;
}

/** The process `root` and all below it; nothing when it is gone. */
export function processTree(root: number): readonly ProcessUsage[] {
  const all = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => readProcess(Number(entry)) ?? []);
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

export function readProcess(pid: number): ProcessUsage | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseStat(pid, stat);
}

/** The name stands in parentheses and may hold any character, so fields are counted from the last one. */
export function parseStat(pid: number, stat: string): ProcessUsage {
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3] ?? 0);
  const ticks = field(14) + field(15) + field(16) + field(17);
  return {
    pid,
    parent: field(4),
    name: stat.slice(stat.indexOf('(') + 1, close),
    startedAt: field(22),
    cpuMs: (ticks * 1_000) / TICKS_PER_SECOND,
  };
}

/** Whether exactly this process, and not a later one with its number, is still running. */
export const isAlive = (usage: ProcessUsage): boolean =>
  readProcess(usage.pid)?.startedAt === usage.startedAt && !isZombie(usage.pid);

const isZombie = (pid: number): boolean => /\) Z /.test(read(`/proc/${pid}/stat`) ?? ') Z ');

/** Bytes a process has in memory. `shared`: pages that several have are divided among them. */
export function residentBytes(pid: number, counting: 'whole' | 'shared'): number {
  const text = read(`/proc/${pid}/${counting === 'whole' ? 'status' : 'smaps_rollup'}`) ?? '';
  const match = (counting === 'whole' ? /^VmRSS:\s+(\d+) kB/m : /^Pss:\s+(\d+) kB/m).exec(text);
  return Number(match?.[1] ?? 0) * 1_024;
}

/** CPU time that all processors of this machine have spent on anything, other people's work included. */
export function machineCpuMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = (read('/proc/stat') ?? '')
    .split('\n', 1)
    .flatMap((line) => line.split(/\s+/).slice(1).map(Number));
  return ((user + nice + system + irq + softIrq) * 1_000) / TICKS_PER_SECOND;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The parts a coordinator's processes are told apart by. */
export const PARTS = ['coordinator', 'postgres'] as const;
export type Part = (typeof PARTS)[number];
export type PerPart = Readonly<Record<Part, number>>;

const partOf = ({ name }: ProcessUsage): Part => (name.startsWith('postgres') ? 'postgres' : 'coordinator');

export function cpuMsOf(root: number): PerPart {
  const sums = { coordinator: 0, postgres: 0 };
  for (const usage of processTree(root)) sums[partOf(usage)] += usage.cpuMs;
  return sums;
}

/** Postgres shares its buffers among its processes, so they are counted once; others are counted whole. */
export function memoryOf(root: number): PerPart {
  const sums = { coordinator: 0, postgres: 0 };
  for (const usage of processTree(root)) {
    const part = partOf(usage);
    sums[part] += residentBytes(usage.pid, part === 'postgres' ? 'shared' : 'whole');
  }
  return sums;
}
