/** Bundles test programs into files that plain Node can start: our packages from source, everything else resolved at run time. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const dir = dirname(fileURLToPath(import.meta.url));

const externalPackages = {
  name: 'external-packages',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@trine/') ? undefined : { path, external: true },
    );
  },
};

/** Writes `dist/<name>.mjs` for each `{ name: source }`, sources relative to this folder; `plugins` see every file first. */
export async function bundlePrograms(programs, plugins = []) {
  // Not at the top: the set-up may only now have installed it.
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: dir,
    entryPoints: Object.entries(programs).map(([out, source]) => ({ out, in: source })),
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    plugins: [...plugins, externalPackages],
    logLevel: 'warning',
  });
}
