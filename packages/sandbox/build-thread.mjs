// Bundles the guest thread's entry into the one file that Node or a browser starts it from.
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const SOURCE = fileURLToPath(new URL('./src', import.meta.url));

/**
 * Writes the guest thread for one platform into `outdir` and returns the file's absolute path. The browser's
 * name carries a hash of its content, so that it can be cached for ever; Node's name is fixed.
 */
export async function buildGuestThread({ platform, outdir }) {
  const browser = platform === 'browser';
  const { metafile } = await build({
    entryPoints: [{ in: join(SOURCE, `thread-${platform}.ts`), out: 'guest-thread' }],
    outdir: resolve(outdir),
    absWorkingDir: SOURCE,
    entryNames: browser ? '[name]-[hash]' : '[name]',
    outExtension: { '.js': browser ? '.js' : '.mjs' },
    bundle: true,
    minify: browser,
    platform,
    format: browser ? 'iife' : 'esm',
    target: browser ? 'es2022' : 'node20',
    mainFields: ['module', 'main'],
    metafile: true,
    logLevel: 'warning',
  });
  const [output] = Object.keys(metafile.outputs);
  if (output === undefined) throw new Error('esbuild wrote no guest thread.');
  return isAbsolute(output) ? output : join(SOURCE, output);
}
