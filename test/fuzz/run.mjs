/** `npm run fuzz`: bundles the campaign from source and runs it. `npm run fuzz -- --help` lists what it does. */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundlePrograms } from '../bundle.mjs';

const testDir = join(dirname(fileURLToPath(import.meta.url)), '..');

await bundlePrograms({ fuzz: 'fuzz/campaign.ts' });
process.chdir(join(testDir, '..'));
const { main } = await import(pathToFileURL(join(testDir, 'dist', 'fuzz.mjs')).href);
process.exitCode = await main(process.argv.slice(2));
