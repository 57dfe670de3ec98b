/**
 * `npm run sim`: bundles the simulator from source and runs it on one thread. `npm run sim -- --help` lists what it does.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundlePrograms } from '../bundle.mjs';

const simDir = dirname(fileURLToPath(import.meta.url));

await bundlePrograms({ sim: 'sim/system/main.ts' });
const { main } = await import(pathToFileURL(join(simDir, '..', 'dist', 'sim.mjs')).href);
process.exitCode = await main(process.argv.slice(2));
