/** `trine submit` and `trine results`: from files to a job, and from a job to files. */
import { LIMITS, TrineError } from '@trine/protocol';
import type { Inputs, Job, JobResult, JobView, OutputView, Submission, Trine } from '@trine/sdk';
import { outputText } from '@trine/sdk/output-text';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readBounded, readModule } from '../guest-files.ts';
import { manifestOf, NO_MANIFEST } from '../manifest-file.ts';
import { bar, type Output, stateMark } from '../output.ts';
import { terminalText } from '../terminal-text.ts';
import { commandInput, type GivenWasi, usedFlags, type WasiFlags, wasiInputOf } from '../wasi-input.ts';
import { guestAbi } from '../wasm/guest-abi.ts';
import { outlineOf } from '../wasm/outline.ts';
import { printJob } from './look.ts';

export interface SubmitFlags extends WasiFlags {
  readonly input?: readonly string[] | undefined;
  readonly inputsDir?: string | undefined;
  readonly range?: number | undefined;
  readonly shared?: string | undefined;
  readonly first?: number | undefined;
  readonly name?: string | undefined;
  readonly fuel?: bigint | undefined;
  readonly memory?: number | undefined;
  readonly output?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly priority?: number | undefined;
  readonly manifest?: string | undefined;
  readonly public?: boolean | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly wait?: boolean | undefined;
}

export async function submitCommand(
  trine: Trine,
  output: Output,
  modulePath: string,
  flags: SubmitFlags,
): Promise<void> {
  const job = await trine.submit(await submissionOf(modulePath, flags));
  if (flags.wait === true) return await waitForJob(job, output);
  const view = await job.status();
  if (output.json) return output.value(view);
  output.line(`Job ${job.id}: ${view.tasks.total} tasks, ${view.state}.`);
  output.line(`Follow it:  trine results ${job.id} --follow   or  ${trine.url}/jobs/${job.id}`);
}

async function submissionOf(modulePath: string, flags: SubmitFlags): Promise<Submission> {
  const manifest = flags.manifest === undefined ? NO_MANIFEST : await manifestOf(flags.manifest);
  const limits = {
    ...manifest.limits,
    ...(flags.fuel === undefined ? {} : { fuel: flags.fuel }),
    ...(flags.memory === undefined ? {} : { memoryBytes: flags.memory }),
    ...(flags.output === undefined ? {} : { outputBytes: flags.output }),
  };
  const module = await readModule(modulePath);
  const { abi } = guestAbi(outlineOf(module));
  return {
    name: flags.name ?? (manifest.title === '' ? basename(modulePath, '.wasm') : manifest.title),
    module,
    abi,
    inputs: abi === 'wasi-1' ? await wasiInputsOf(flags) : await inputsOf(flags),
    limits,
    policy: {
      ...(flags.timeoutMs === undefined ? {} : { timeoutMs: flags.timeoutMs }),
      ...(flags.priority === undefined ? {} : { priority: flags.priority }),
    },
    ...(flags.manifest === undefined ? {} : { manifest: manifest.shown }),
    ...(flags.public === true ? { isPublic: true } : {}),
    ...(flags.idempotencyKey === undefined ? {} : { idempotencyKey: flags.idempotencyKey }),
  };
}

/**
 * A WASI command's inputs: a task for each file, which it reads as its standard input unless it is a whole input; or one
 * task of what the flags say; or a range of them.
 */
async function wasiInputsOf(flags: SubmitFlags): Promise<Inputs> {
  const { range, first, shared, inputsDir } = flags;
  const given = { flags, wasi: await wasiInputOf(flags) };
  if (range !== undefined) {
    const item = commandInput(shared === undefined ? undefined : await readBytes(shared), given);
    return { range: { count: range, shared: item, ...(first === undefined ? {} : { first }) } };
  }
  const files = flags.input ?? (inputsDir === undefined ? undefined : await filesIn(inputsDir));
  return files === undefined ? { wasi: [given.wasi] } : readCommands(files, given);
}

async function* readCommands(paths: readonly string[], given: GivenWasi): AsyncGenerator<Uint8Array> {
  for await (const bytes of readAll(paths)) yield commandInput(bytes, given);
}

async function inputsOf(flags: SubmitFlags): Promise<Inputs> {
  const [wasi] = usedFlags(flags);
  if (wasi !== undefined) {
    throw new TrineError(
      'bad-request',
      `${wasi} is for WASI commands, and not beside whole inputs from files.`,
    );
  }
  const given = [flags.input, flags.inputsDir, flags.range].filter((flag) => flag !== undefined);
  if (given.length !== 1) {
    throw new TrineError(
      'no-inputs',
      'Give the inputs in one way: --input <file…>, --inputs-dir <folder>, or --range <count>.',
    );
  }
  if (flags.range !== undefined) {
    return {
      range: {
        count: flags.range,
        ...(flags.first === undefined ? {} : { first: flags.first }),
        ...(flags.shared === undefined ? {} : { shared: await readBytes(flags.shared) }),
      },
    };
  }
  return readAll(flags.input ?? (await filesIn(flags.inputsDir ?? '.')));
}

/** Files of a folder by name, so that the task's number says which file it was. */
async function filesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((cause: unknown) => {
    throw new TrineError('not-found', `The folder ${dir} cannot be read.`, { cause });
  });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return names.sort().map((name) => join(dir, name));
}

async function* readAll(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield await readBytes(path);
}

const readBytes = (path: string): Promise<Uint8Array> =>
  readBounded(path, { bytesMax: LIMITS.artifactBytes.value, tooLarge: 'artifact-too-large' });

async function waitForJob(job: Job, output: Output): Promise<void> {
  const live = process.stdout.isTTY && !output.json;
  const view = await job.wait(
    live ? { onChange: (view) => process.stdout.write(`\r${progressLine(view, output)}`) } : {},
  );
  if (live) output.line();
  printJob(output, view);
  if (view.tasks.verified !== view.tasks.total) process.exitCode = 1;
}

const progressLine = (view: JobView, output: Output): string =>
  `${stateMark(view.state, output)} ${bar(view.tasks.verified, view.tasks.total)} ` +
  `${view.tasks.verified}/${view.tasks.total} verified\u001B[K`;

export interface ResultsFlags {
  readonly out?: string | undefined;
  readonly follow?: boolean | undefined;
  readonly after?: number | undefined;
}

/**
 * Prints the result log; with `--out` each verified output becomes `<folder>/<index>.bin`, and a WASI command's streams
 * `<index>.stdout` and `<index>.stderr`.
 */
export async function resultsCommand(
  trine: Trine,
  output: Output,
  id: string,
  flags: ResultsFlags,
): Promise<void> {
  const job = trine.job(id);
  // Reading results outlives a restart of the coordinator; a wrong address is said at once.
  const { manifest } = await job.status();
  if (flags.out !== undefined) await mkdir(flags.out, { recursive: true });
  let count = 0;
  const results = job.results({
    follow: flags.follow ?? false,
    after: flags.after ?? 0,
    fetchOutputs: flags.out !== undefined || output.json,
  });
  for await (const result of results) {
    count += 1;
    const path = flags.out === undefined ? undefined : await keepOutput(flags.out, result);
    printResult(output, result, { path, view: manifest.output });
  }
  if (count === 0 && !output.json) output.line('No results yet. Wait for them with --follow.');
}

async function keepOutput(dir: string, result: JobResult): Promise<string | undefined> {
  if (result.output === undefined || result.outcome !== 'completed') return undefined;
  if (result.wasi === undefined) {
    const path = join(dir, `${result.index}.bin`);
    await writeFile(path, result.output);
    return path;
  }
  const path = join(dir, `${result.index}.stdout`);
  await writeFile(path, result.wasi.stdout);
  await writeFile(join(dir, `${result.index}.stderr`), result.wasi.stderr);
  return path;
}

interface Shown {
  /** The file that holds the output. */
  readonly path: string | undefined;
  /** What the job's manifest says of outputs. */
  readonly view: OutputView | undefined;
}

function printResult(output: Output, result: JobResult, { path, view }: Shown): void {
  if (output.json) return output.value(path === undefined ? result : keptResult(result, path));
  const shown = path ?? shownOutput(result, view);
  const reason = terminalText(result.reason);
  const words = [stateMark(result.kind, output), result.outcome ?? '', reason].filter((word) => word !== '');
  output.line(`${String(result.index).padStart(6)}  ${words.join('  ')}  ${shown}`.trimEnd());
}

/** A result whose bytes are in files. */
const keptResult = (result: JobResult, path: string) => ({
  ...result,
  output: undefined,
  wasi: result.wasi === undefined ? undefined : { exitCode: result.wasi.exitCode },
  path,
});

function shownOutput({ output, outputDigest, wasi }: JobResult, view: OutputView | undefined): string {
  if (output === undefined || outputDigest === undefined) return '';
  const { text } = outputText(wasi?.stdout ?? output, view);
  const line = terminalText(text.replaceAll(/\r?\n/gu, '⏎').replaceAll('\t', ' '));
  return wasi === undefined ? line : `exit ${wasi.exitCode}  ${line}`;
}
