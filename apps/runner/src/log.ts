/** Structured logs: JSON lines for programs, readable lines at a terminal; secrets are cut out of both. */
import { type Logger, pino } from 'pino';
import { environment, wantsColour } from './env.ts';
import { terminalText } from './terminal-text.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRETS = ['token', 'key', 'bearer', 'authorization', 'secret'];

export function createLog(options: { readonly level: LogLevel; readonly format: 'text' | 'json' }): Logger {
  return pino(
    {
      level: options.level,
      base: { program: 'trine' },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: [...SECRETS, ...SECRETS.map((name) => `*.${name}`)],
    },
    options.format === 'text' ? { write: (line) => process.stdout.write(readable(line)) } : process.stdout,
  );
}

const NAMES: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };

/** `12:04:31 info  session open  node=… owner=…` */
function readable(line: string): string {
  const { time, level, msg, program: _, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  const name = typeof level === 'number' ? (NAMES[level] ?? '') : '';
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${plain(value)}`);
  const dim = (text: string): string =>
    wantsColour(process.stdout, environment()) && text !== '' ? `\u001B[2m${text}\u001B[0m` : text;
  return `${dim(clock)} ${name.padEnd(5)} ${plain(msg)}  ${dim(rest.join(' '))}`.trimEnd() + '\n';
}

const plain = (value: unknown): string =>
  terminalText(typeof value === 'string' ? value : JSON.stringify(value));
