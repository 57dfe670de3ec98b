/**
 * The processes that `npm start` owns. Each gets its own process group, so that Ctrl-C in a terminal reaches the
 * launcher alone and children are stopped in order; each holds an IPC channel, so that they stop by themselves
 * when the launcher is gone without a word.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const STOP_MS = 10_000;

export interface ChildOptions {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Folder for `<name>.log`. */
  readonly logDir: string;
}

export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly logFile: string;
  /** The last lines it wrote to standard error, for the sentence that says why it ended. */
  lastWords(): string;
  /** Settles with the exit code once it is gone. */
  readonly gone: Promise<number | null>;
  /** SIGTERM, then SIGKILL after ten seconds. Safe to call twice. */
  stop(): Promise<void>;
}

export function startChild(options: ChildOptions): Child {
  mkdirSync(options.logDir, { recursive: true, mode: 0o700 });
  const logFile = join(options.logDir, `${options.name}.log`);
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  const child = spawn(process.execPath, [options.script, ...options.args], {
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const words: string[] = [];
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.stderr?.on('data', (chunk: Buffer) => {
    words.push(chunk.toString());
    if (words.length > 20) words.shift();
  });
  const gone = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      log.end();
      resolve(code);
    });
    child.once('error', () => resolve(null));
  });
  return {
    name: options.name,
    process: child,
    logFile,
    gone,
    lastWords: () => sentences(words.join('')),
    stop: () => stopChild(child, gone),
  };
}

/** What a person can read of a log's tail: plain lines, without the structured ones. */
const sentences = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'))
    .slice(-4)
    .join('\n');

async function stopChild(child: ChildProcess, gone: Promise<number | null>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}
