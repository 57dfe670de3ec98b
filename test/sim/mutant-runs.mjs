/**
 * `npm run sim -- mutants`: bundles the simulator once for each planted bug and lets it look for it in a child process,
 * seed by seed. Prints what caught it; with `--json` the last line is `{"caught":…,"total":…}`.
 *
 *   --only a,b     these alone
 *   --seeds N      worlds tried for each (40)
 *   --from N       the first of them (1)
 */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePrograms } from '../bundle.mjs';
import { MUTANTS } from './mutants.mjs';

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const distDir = join(rootDir, 'test', 'dist');
/** Children at once: the machine's other core may be busy with something else. */
const PARALLEL = 2;
const SHARE = 0.95;

/** The source with the bug in it. Throws when the place is not there, or there twice. */
export function mutated({ name, file, find, replace }, text = readFileSync(join(rootDir, file), 'utf8')) {
  const places = text.split(find).length - 1;
  if (places !== 1) {
    throw new Error(
      `Mutant "${name}": its place is ${places} times in ${file}. Change test/sim/mutants.mjs with the code.`,
    );
  }
  return text.replace(find, () => replace);
}

const planting = (mutant) => ({
  name: 'planted-bug',
  setup(context) {
    const contents = mutated(mutant);
    context.onLoad({ filter: /\.ts$/ }, ({ path }) =>
      path === join(rootDir, mutant.file) ? { contents, loader: 'ts' } : undefined,
    );
  },
});

/**
 * Bundles one mutant and runs it; answers the first broken promise, or `undefined` when it got away. Without a mutant
 * the code is as it is: nothing may be found in it, or what is found in the others proves nothing.
 */
async function hunt(mutant, { seeds, from }) {
  const program = `mutant-${mutant?.name ?? 'none'}`;
  await bundlePrograms({ [program]: 'sim/system/main.ts' }, mutant === undefined ? [] : [planting(mutant)]);
  const path = join(distDir, `${program}.mjs`);
  try {
    const args = ['--seeds', `${seeds}`, '--from', `${from}`, '--stop', '1'];
    return await runChild(path, args);
  } finally {
    for (const file of [path, `${path}.map`]) rmSync(file, { force: true });
  }
}

function runChild(path, args) {
  const code =
    'const { main } = await import(process.argv[1]); process.exitCode = await main(process.argv.slice(2));';
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code, path, ...args]);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) return resolve(undefined);
      const seed = /failing seeds: (\d+)/.exec(output)?.[1];
      const words = /BROKEN at (.*)/.exec(output)?.[1];
      if (words === undefined)
        return reject(new Error(`The simulator itself failed:\n${output.slice(-2_000)}`));
      resolve({ seed, words });
    });
  });
}

export async function runMutants(args) {
  const value = (name, otherwise) => (args.includes(name) ? args[args.indexOf(name) + 1] : otherwise);
  const only = value('--only', '').split(',').filter(Boolean);
  const options = { seeds: Number(value('--seeds', '40')), from: Number(value('--from', '1')) };
  for (const mutant of MUTANTS) mutated(mutant);
  const waiting = MUTANTS.filter(({ name }) => only.length === 0 || only.includes(name));
  const total = waiting.length;
  let caught = 0;
  const control = await hunt(undefined, options);
  if (control !== undefined) {
    process.stdout.write(`without any planted bug: seed ${control.seed}: ${control.words}\n`);
    return 1;
  }
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const found = await hunt(mutant, options);
      if (found !== undefined) caught += 1;
      const words = found === undefined ? 'GOT AWAY' : `seed ${found.seed}: ${found.words}`;
      process.stdout.write(`${mutant.name.padEnd(42)} ${words}\n`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  process.stdout.write(
    args.includes('--json') ? `${JSON.stringify({ caught, total })}\n` : `${caught} of ${total} caught\n`,
  );
  return caught >= total * SHARE ? 0 : 1;
}
