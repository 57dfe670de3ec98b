/** Bundles the test programs that run as processes of their own, so that plain Node can start them. */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dir = dirname(fileURLToPath(import.meta.url));
const PROGRAMS = { liar: 'liar/liar.ts', swarm: 'bench/swarm.ts' };

const externalPackages = {
  name: 'external-packages',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@trine/') ? undefined : { path, external: true },
    );
  },
};

rmSync(join(dir, 'dist'), { recursive: true, force: true });
await build({
  absWorkingDir: dir,
  entryPoints: Object.entries(PROGRAMS).map(([out, source]) => ({ out, in: source })),
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
