// Bundles the link process's entry into the one file that Node starts it from.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ENTRY = fileURLToPath(new URL('./src/link-child.ts', import.meta.url));

/**
 * Writes the link process to `outfile` (`….cjs`), which must lie where `@roamhq/wrtc` resolves from: native
 * code cannot be bundled and is loaded at run time, or found missing there.
 */
export async function buildLinkChild({ outfile }) {
  await build({
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['@roamhq/wrtc'],
    logLevel: 'warning',
  });
}
