/**
 * `npm run bench -- <name>`: builds what changed, bundles the named bench and runs it in this process. Each bench
 * prints a table for people and, as its last line, one line of JSON. `--no-setup` takes what is built as it is.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundlePrograms } from '../bundle.mjs';

const benchDir = dirname(fileURLToPath(import.meta.url));
const rootDir = join(benchDir, '..', '..');
/** A file `<name>.bench.ts` is a bench; it exports `bench(args)`. */
const SUFFIX = '.bench.ts';

const names = () =>
  readdirSync(benchDir)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));

async function bundle(name) {
  await bundlePrograms({ [`${name}.bench`]: `bench/${name}${SUFFIX}` });
  return join(benchDir, '..', 'dist', `${name}.bench.mjs`);
}

/** In a process of its own, as everything that prepares a clone. */
function setUp() {
  const script = join(rootDir, 'apps', 'coordinator', 'setup.mjs');
  return spawnSync(process.execPath, [script], { stdio: 'inherit' }).status === 0;
}

async function main() {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || !names().includes(name)) {
    const asked = name === undefined ? 'Name a bench' : `There is no bench "${name}"`;
    process.stderr.write(`${asked}. Benches: ${names().join(', ')}. Example: npm run bench -- dispatch\n`);
    return 2;
  }
  if (!args.includes('--no-setup') && !setUp()) return 1;
  process.chdir(rootDir);
  const { bench } = await import(pathToFileURL(await bundle(name)).href);
  return bench(args.filter((arg) => arg !== '--no-setup'));
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}
