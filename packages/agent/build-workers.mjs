/** Bundles the agent's Worker and its guest threads into hashed files that a coordinator serves for ever. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuestThread } from '@trine/sandbox/build-thread';
import { build } from 'esbuild';

const SOURCE = fileURLToPath(new URL('./src', import.meta.url));
const OURS = /^(agent|guest)[.-].*\.js$/;

/**
 * Writes `agent.<hash>.js`, `guest.<hash>.js` and `manifest.json` (their names as `{ agent, guest }`) into `outdir`,
 * removes those of earlier builds, and answers the manifest.
 */
export async function buildBrowserWorkers({ outdir }) {
  const dir = resolve(outdir);
  await mkdir(dir, { recursive: true });
  for (const name of await readdir(dir)) if (OURS.test(name)) await rm(join(dir, name));
  const manifest = { agent: await buildAgent(dir), guest: await buildGuest(dir) };
  await writeFile(join(dir, 'manifest.json'), `${JSON.stringify(manifest)}\n`);
  return manifest;
}

async function buildAgent(dir) {
  const { metafile } = await build({
    entryPoints: [{ in: join(SOURCE, 'browser-worker.ts'), out: 'agent' }],
    outdir: dir,
    entryNames: '[name].[hash]',
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    legalComments: 'eof',
    metafile: true,
    logLevel: 'warning',
  });
  return basename(Object.keys(metafile.outputs)[0]);
}

async function buildGuest(dir) {
  const built = await buildGuestThread({ platform: 'browser', outdir: dir });
  const name = basename(built).replace(/^guest-thread-/, 'guest.');
  await rename(built, join(dir, name));
  return name;
}
