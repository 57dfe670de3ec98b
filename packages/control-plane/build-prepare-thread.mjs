// Bundles the preparing thread into the one file that Node starts it from.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ENTRY = fileURLToPath(new URL('./src/prepare/prepare-thread.ts', import.meta.url));

/** Writes the thread into `outdir` and returns the file's absolute path, for `prepareThreadEntry`. */
export async function buildPrepareThread({ outdir }) {
  const folder = resolve(outdir);
  await build({
    entryPoints: [{ in: ENTRY, out: 'prepare-thread' }],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return join(folder, 'prepare-thread.mjs');
}
