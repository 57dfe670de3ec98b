// Bundles bless.ts, which Node cannot run as it is, and runs it on the guests of this folder.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const bundle = new URL('./dist/bless.mjs', import.meta.url);
await build({
  entryPoints: [fileURLToPath(new URL('./bless.ts', import.meta.url))],
  outfile: fileURLToPath(bundle),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  mainFields: ['module', 'main'],
  logLevel: 'warning',
});
const { blessCases } = await import(bundle.href);
console.log(`${await blessCases(new URL('./guests/', import.meta.url))} cases written.`);
