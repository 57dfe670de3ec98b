import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isAlive, memoryOf, parseStat, processTree, readProcess } from './process-usage.ts';

test('a name may hold spaces and parentheses; time of waited-for children counts', () => {
  const fields = [
    'S',
    '7',
    ...Array.from({ length: 9 }, () => '0'),
    '100',
    '20',
    '30',
    '4',
    '20',
    '0',
    '1',
    '0',
    '555',
  ];
  expect(parseStat(42, `42 (a) b (c)) ${fields.join(' ')}`)).toEqual({
    pid: 42,
    parent: 7,
    name: 'a) b (c)',
    startedAt: 555,
    cpuMs: 1_540,
  });
});

test.runIf(process.platform === 'linux')('a child is found below its parent until it is gone', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  const found = processTree(process.pid).find(({ pid }) => pid === child.pid);
  expect(found?.parent).toBe(process.pid);
  expect(memoryOf(process.pid).coordinator).toBeGreaterThan(1_048_576);
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  expect(found === undefined || isAlive(found)).toBe(false);
  expect(readProcess(child.pid ?? -1)).toBeUndefined();
});
