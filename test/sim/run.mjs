/**
 * `npm run sim`: bundles the simulator from source and runs it on one thread. `npm run sim -- --help` lists what it does.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundlePrograms } from '../bundle.mjs';
import { runMutants } from './mutant-runs.mjs';

const simDir = dirname(fileURLToPath(import.meta.url));

async function runSimulator(args) {
  await bundlePrograms({ sim: 'sim/system/main.ts' });
  const { main } = await import(pathToFileURL(join(simDir, '..', 'dist', 'sim.mjs')).href);
  return main(args);
}

const [first, ...rest] = process.argv.slice(2);
process.exitCode = first === 'mutants' ? await runMutants(rest) : await runSimulator(process.argv.slice(2));
