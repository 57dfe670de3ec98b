// Generates the Prisma client. Prisma's command line would download a schema engine that generating does not
// need; naming any program that exits at once keeps it offline. The variable is set for this one command only:
// with it `prisma migrate …` would exit 0 having done nothing.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const manifest = createRequire(import.meta.url).resolve('prisma/package.json');
const run = spawnSync(process.execPath, [join(dirname(manifest), 'build', 'index.js'), 'generate'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.platform === 'win32' ? process.execPath : '/bin/true',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
});
if (run.status !== 0) process.stderr.write(run.stdout ?? '');
process.exit(run.status ?? 1);
