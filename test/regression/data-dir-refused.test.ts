// A data folder that cannot be made was answered with a stack; it is a sentence and the exit code of the table.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERRORS } from '@trine/protocol';
import { expect, test } from 'vitest';
import { rootDir, startProcess } from '../support/processes.ts';

const SERVER = join(rootDir, 'apps', 'coordinator', 'dist', 'server.mjs');

test('a coordinator whose data folder cannot be made says so and ends', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'trine-data-dir-'));
  await writeFile(join(dir, 'file'), '');
  const running = startProcess(SERVER, [], {
    PORT: '0',
    HOST: '127.0.0.1',
    TRINE_DATA_DIR: join(dir, 'file', 'below'),
  });
  expect(await running.gone).toBe(ERRORS['permission-missing'].exit);
  expect(running.output()).toContain('TRINE_DATA_DIR');
  expect(running.output()).not.toMatch(/\n\s+at /);
  await rm(dir, { recursive: true });
});
