/** For tests: the command as it ships, built once a file and run as people run it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import wabt from 'wabt';
import { buildRunner } from '../build.mjs';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Bundle {
  /** A folder of its own, removed by `close`; commands run in it. */
  readonly dir: string;
  readonly path: string;
  run(...args: readonly string[]): Promise<Ran>;
  close(): Promise<void>;
}

export async function buildBundle(): Promise<Bundle> {
  const dir = await mkdtemp(join(tmpdir(), 'trine-tools-'));
  const path = join(dir, 'trine.mjs');
  await buildRunner({ outfile: path });
  return {
    dir,
    path,
    run: (...args) => runProgram(process.execPath, [path, ...args], dir),
    close: () => rm(dir, { recursive: true }),
  };
}

/** Runs a program to its end. */
export function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const collected = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (collected.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (collected.stderr += bytes.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...collected }));
  });
}

/** What tests may write; what guests may use is the rewriter's to say. */
const FEATURES = {
  exceptions: true,
  memory64: true,
  multi_memory: true,
  reference_types: true,
  simd: true,
  tail_call: true,
  threads: true,
};

/** A module from its text, with the names of its functions. */
export async function assembleText(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const parsed = (await wabt()).parseWat('guest.wat', text, FEATURES);
  try {
    return new Uint8Array(parsed.toBinary({ write_debug_names: true }).buffer);
  } finally {
    parsed.destroy();
  }
}
