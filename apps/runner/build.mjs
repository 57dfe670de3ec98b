/**
 * Bundles the command into dist/trine.mjs: one file that plain Node runs, that starts its own guest threads, and
 * that a coordinator serves at /runner.mjs.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dir = fileURLToPath(new URL('.', import.meta.url));
const { version } = JSON.parse(await readFile(new URL('package.json', import.meta.url), 'utf8'));

/** Writes the bundle to `outfile`. */
export async function buildRunner({ outfile }) {
  await build({ ...OPTIONS, outfile });
}

const OPTIONS = {
  absWorkingDir: dir,
  entryPoints: ['src/main.ts'],
  bundle: true,
  minify: true,
  keepNames: false,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // A native package: taken where it resolves, done without where it does not.
  external: ['@roamhq/wrtc', 'bufferutil', 'utf-8-validate'],
  define: { __TRINE_VERSION__: JSON.stringify(version) },
  // Packages in the older module format ask for Node's own modules by `require`.
  banner: {
    js: [
      '#!/usr/bin/env node',
      "import { createRequire as trineCreateRequire } from 'node:module';",
      'const require = trineCreateRequire(import.meta.url);',
    ].join('\n'),
  },
  // The licences of what is bundled travel with it.
  legalComments: 'eof',
  logLevel: 'warning',
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildRunner({ outfile: 'dist/trine.mjs' });
