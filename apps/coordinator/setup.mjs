/**
 * Brings a clone from nothing to built: checks Node, installs the packages when the lock file changed, builds what
 * changed. Plain JavaScript on Node's own modules, because it runs before anything is installed.
 * `node apps/coordinator/setup.mjs` does it alone; `npm start` and `npm test` begin with it.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const NODE_MINIMUM = [20, 19];

/** A sentence for a person; printed without a stack. */
export class SetupError extends Error {}

export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantMajor, wantMinor] = NODE_MINIMUM;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  throw new SetupError(
    `Trine needs Node ${wantMajor}.${wantMinor} or newer; this is ${version}. Install a newer Node (for example with your system's packages or nvm) and run the command again.`,
  );
}

/** Runs a command to its end; its output is shown only when it fails or `show` says so. */
export function run(command, args, { show = false, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: rootDir,
      env: { ...process.env, ...env },
      stdio: show ? ['ignore', 2, 2] : ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.on('error', (cause) => reject(new SetupError(`Could not run ${command}: ${cause.message}`)));
    child.on('close', (code) => {
      if (code === 0) return resolve();
      reject(new SetupError(explain(`${command} ${args.join(' ')}`, code, Buffer.concat(output).toString())));
    });
  });
}

/** The lines that say what is wrong, then how it ended: tools put the first far above the last. */
function mainLines(output) {
  const lines = output.trim().split('\n');
  const faults = lines.filter((line) => /error|✘|cannot|could not/i.test(line)).slice(0, 12);
  return [...new Set([...faults, ...lines.slice(-8)])].join('\n');
}

function explain(command, code, output) {
  if (/ENOSPC|No space left/.test(output)) {
    return `The disk is full: "${command}" could not write. Free about 2 GB and run the command again.`;
  }
  if (/EACCES|EPERM/.test(output)) {
    return `A permission is missing: "${command}" could not write below ${rootDir}. Make the clone your own (chown) and run the command again.\n${mainLines(output)}`;
  }
  return `"${command}" ended with code ${code}:\n${mainLines(output)}`;
}

const digest = (text) => createHash('sha256').update(text).digest('hex');

/** `npm ci`, once for each lock file. The stamp lies in node_modules, so deleting that is enough to start over. */
export async function ensureDependencies(say) {
  const stamp = join(rootDir, 'node_modules', '.trine-installed');
  const wanted = digest(readFileSync(join(rootDir, 'package-lock.json')) + process.version);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Installing packages (a minute or two, once) …');
  await run('npm', ['ci', '--no-audit', '--no-fund']);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

const QUIET = { NEXT_TELEMETRY_DISABLED: '1', TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };

/** Builds what changed since the last time; turbo knows from the files' hashes. */
export async function ensureBuild(say) {
  const first = !existsSync(join(rootDir, 'apps', 'coordinator', 'dist', 'server.mjs'));
  if (first) say('Building (about a minute, once) …');
  await run(process.execPath, [join(rootDir, 'node_modules', 'turbo', 'bin', 'turbo'), 'run', 'build'], {
    env: QUIET,
  });
}

export async function setUp(say) {
  checkNode();
  await ensureDependencies(say);
  await ensureBuild(say);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await setUp((text) => process.stderr.write(`${text}\n`));
  } catch (error) {
    process.stderr.write(`${error instanceof SetupError ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
