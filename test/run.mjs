/**
 * `npm test`: sets everything up, then runs every check and every test that CI runs, and closes with one line:
 * `N passed, N failed`. `npm test -- lint unit` runs the named parts alone.
 *
 * Chromium is part of the set-up: as root it comes through apt; otherwise a sentence says what to run, and the
 * browser's tests fail rather than pass unseen. So is Debian's clang, with which committed modules are compiled
 * again; where it cannot be had, a line says that their bytes were not compared.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const testDir = dirname(fileURLToPath(import.meta.url));
const rootDir = join(testDir, '..');
const outputDir = join(testDir, 'output');
const bin = (name) => join(rootDir, 'node_modules', '.bin', name);
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', TURBO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };

/** One process to its end, its output kept for when it fails. */
function run(command, args, { show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: rootDir,
      env: { ...process.env, ...QUIET },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
      if (show) process.stdout.write(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 1, output: `${command}: ${error.message}` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A tool that passes or fails as one check. */
const check = (name, command, args) => ({
  name,
  async run() {
    const { code, output } = await run(command, args);
    if (code !== 0) process.stdout.write(`\n${output}\n`);
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  },
});

/** A vitest project: counts come from vitest's own report. */
const suite = (name, extra = []) => ({
  name,
  async run() {
    const report = join(outputDir, `${name}.json`);
    rmSync(report, { force: true });
    const { code, output } = await run(bin('vitest'), [
      'run',
      '--project',
      name,
      ...extra,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ]);
    if (code !== 0) process.stdout.write(`\n${output}\n`);
    return { ...countTests(report, code), output };
  },
});

function countTests(report, code) {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const {
    numPassedTests: passed,
    numFailedTests,
    numFailedTestSuites,
    success,
  } = JSON.parse(readFileSync(report, 'utf8'));
  // A file that could not even be read counts as a failure, and so does a run without a single test.
  const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0, success && code === 0 ? 0 : 1);
  return { passed, failed: passed === 0 ? Math.max(1, failed) : failed };
}

const PARTS = [
  check('format', bin('biome'), ['format', '.']),
  check('lint', bin('oxlint'), ['--type-aware', '--deny-warnings']),
  check('types', bin('turbo'), ['run', 'typecheck']),
  check('boundaries', bin('turbo'), ['boundaries']),
  suite('unit'),
  suite('fuzz'),
  suite('integration'),
  suite('e2e', ['--no-file-parallelism']),
];
/** Takes over six minutes by the clock and hardly any CPU, so it runs beside the others. */
const BESIDE = [suite('hidden-tab')];

const CLANG_PACKAGES = ['clang-19', 'lld-19', 'wasi-libc', 'libclang-rt-19-dev-wasm32'];

async function setUp({ needsBrowser, needsClang }) {
  const { code } = await run(process.execPath, [join(rootDir, 'apps', 'coordinator', 'setup.mjs')], {
    show: true,
  });
  if (code !== 0) return 'The set-up failed; what is above says why.';
  if (needsClang) await ensureClang();
  return needsBrowser ? ensureChromium() : undefined;
}

async function ensureChromium() {
  if (existsSync(process.env.CHROMIUM_PATH ?? '/usr/bin/chromium')) return undefined;
  const byHand =
    'The browser tests need Chromium: run "sudo apt-get install chromium", or set CHROMIUM_PATH to one you have.';
  const problem = await installPackages('Chromium', ['chromium']);
  return problem === undefined ? undefined : `${byHand}\n${problem}`;
}

async function ensureClang() {
  const parts = ['/usr/bin/clang-19', '/usr/bin/wasm-ld-19', '/usr/lib/wasm32-wasi/libc.a'];
  if (parts.every(existsSync)) return;
  const problem = await installPackages('clang for WebAssembly', CLANG_PACKAGES);
  if (problem === undefined) return;
  process.stdout.write(
    `Committed modules are not compiled again: that needs "sudo apt-get install ${CLANG_PACKAGES.join(' ')}".\n`,
  );
}

/** Answers what went wrong, or nothing. */
async function installPackages(what, packages) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return `No root, or no apt: no ${what}.`;
  process.stdout.write(`Installing ${what} through apt …\n`);
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  await run('apt-get', ['update', '-q']);
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const { code, output } = await run('apt-get', install);
  return code === 0 ? undefined : output.slice(-1_000);
}

async function runPart(part) {
  const beganMs = Date.now();
  const counts = await part.run();
  const seconds = ((Date.now() - beganMs) / 1000).toFixed(1);
  process.stdout.write(
    `${counts.failed === 0 ? 'ok  ' : 'FAIL'} ${part.name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)\n`,
  );
  return counts;
}

async function main() {
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => ![...PARTS, ...BESIDE].some((part) => part.name === name));
  if (unknown !== undefined) {
    process.stdout.write(
      `There is no part "${unknown}". Parts: ${[...PARTS, ...BESIDE].map((part) => part.name).join(', ')}\n`,
    );
    return 2;
  }
  const wanted = (part) => asked.length === 0 || asked.includes(part.name);
  const needs = (...parts) => asked.length === 0 || parts.some((part) => asked.includes(part));
  mkdirSync(outputDir, { recursive: true });
  const problem = await setUp({
    needsBrowser: needs('e2e', 'hidden-tab'),
    needsClang: needs('unit', 'integration'),
  });
  if (problem !== undefined) {
    process.stdout.write(`${problem}\n0 passed, 1 failed\n`);
    return 1;
  }
  const beside = BESIDE.filter(wanted).map(runPart);
  const counts = [];
  for (const part of PARTS.filter(wanted)) counts.push(await runPart(part));
  counts.push(...(await Promise.all(beside)));
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
