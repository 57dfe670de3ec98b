/** The whole system from a few seeds, the seeds that failed once, and a look that planted bugs are still found. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const RUN = fileURLToPath(new URL('./run.mjs', import.meta.url));

interface Run {
  readonly status: number | null;
  readonly output: string;
}

/** In a process of its own: there the simulator takes the machine's clocks away. */
const simulate = (...args: readonly string[]): Promise<Run> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });

/** Found within the first worlds by rules of every kind. */
const QUICK_MUTANTS = [
  'quorum-off-by-one',
  'networks-counted-apart',
  'speaks-before-the-commit',
  'sequence-number-reused',
  'recovery-forgets-the-lease-counter',
];

describe('the simulated system', { timeout: 180_000 }, () => {
  it('keeps its promises in a few worlds', async () => {
    const { status, output } = await simulate('--from', '1', '--seeds', '3');
    expect(status, output).toBe(0);
    expect(output).toMatch(/^seed 1\n/);
    expect(output.match(/isWhole true/g)?.length).toBe(3);
  });

  it('keeps them where it once did not', async () => {
    const { status, output } = await simulate('--kept', '1');
    expect(status, output).toBe(0);
  });

  it('prints the same bytes from the same seed', async () => {
    const first = await simulate('--seed', '11', '--steps', '4000', '--trace', '1');
    const second = await simulate('--seed', '11', '--steps', '4000', '--trace', '1');
    expect(first.output.length).toBeGreaterThan(10_000);
    expect(second.output).toBe(first.output);
  });

  it('gets through the first hours of a week', async () => {
    const { status, output } = await simulate('week', '--seed', '1', '--days', '0.05');
    expect(status, output).toBe(0);
  });

  it('finds planted bugs', async () => {
    const { output } = await simulate(
      'mutants',
      '--json',
      '--seeds',
      '10',
      '--only',
      QUICK_MUTANTS.join(','),
    );
    const total = QUICK_MUTANTS.length;
    expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual({ caught: total, total });
  });
});
