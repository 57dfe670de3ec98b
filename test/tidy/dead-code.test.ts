/** Nothing lies around: no unused file, export or dependency. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rootDir } from './sources.ts';

test('knip finds nothing unused', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(rootDir, 'node_modules', 'knip', 'bin', 'knip.js'), '--no-progress'],
    {
      cwd: rootDir,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    },
  );
  expect(status, `${stdout}\n${stderr}`).toBe(0);
});
