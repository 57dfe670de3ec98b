/** Builds the coordinator: thread programs of the page, the pages themselves, then the server and its helpers. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildBrowserWorkers } from '@trine/agent/build-workers';
import { buildPrepareThread } from '@trine/control-plane/build-prepare-thread';
import { buildLinkChild } from '@trine/mesh/build-link-child';

const dir = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Our own packages are bundled from source; everything else stays a package and is resolved at run time. */
const externalPackages = {
  name: 'external-packages',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@trine/') ? undefined : { path, external: true },
    );
  },
};

await buildBrowserWorkers({ outdir: join(dir, 'public', 'workers') });

if (!process.argv.includes('--no-pages')) {
  const next = spawnSync(process.execPath, [require.resolve('next/dist/bin/next'), 'build'], {
    cwd: dir,
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (next.status !== 0) process.exit(next.status ?? 1);
}

rmSync(join(dir, 'dist'), { recursive: true, force: true });
const entries = { server: 'server.ts', launcher: 'start/launch.ts' };
await build({
  absWorkingDir: dir,
  entryPoints: Object.entries(entries).map(([out, source]) => ({ out, in: source })),
  outdir: join(dir, 'dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'linked',
  plugins: [externalPackages],
  logLevel: 'warning',
});
await buildLinkChild({ outfile: join(dir, 'dist', 'link-child.cjs') });
await buildPrepareThread({ outdir: join(dir, 'dist') });
if (!existsSync(join(dir, 'dist', 'server.mjs'))) throw new Error('The server was not built.');
