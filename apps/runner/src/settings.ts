/**
 * Settings with one name each: `--data-dir`, `TRINE_DATA_DIR` and `"data-dir"` in the file are the same. A flag
 * wins over the environment, that over the file, that over the default; the source of each value is kept.
 */
import { TrineError } from '@trine/protocol';
import type { Environment } from './env.ts';

type Source = 'flag' | 'environment' | 'file' | 'default';

export interface Setting<T> {
  /** Lower case with dashes. */
  readonly name: string;
  readonly fallback: T;
  /** From the text of a flag, a variable or a file. Throws a sentence about what was expected. */
  readonly parse: (text: string) => T;
  /** Never printed. */
  readonly secret?: boolean;
}

export interface Resolved<T> {
  readonly value: T;
  readonly source: Source;
}

export interface Sources {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Environment;
  /** Parsed JSON of the configuration file; empty when there is none. */
  readonly file: Readonly<Record<string, unknown>>;
}

const environmentName = (name: string): string => `TRINE_${name.toUpperCase().replaceAll('-', '_')}`;

/** The value that wins, and where it came from. */
export function resolveSetting<T>(setting: Setting<T>, sources: Sources): Resolved<T> {
  const { name } = setting;
  const flag = sources.flags[name];
  if (flag !== undefined) return { value: parse(setting, flag, `--${name}`), source: 'flag' };
  const variable = environmentName(name);
  const fromEnvironment = sources.environment[variable];
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    return { value: parse(setting, fromEnvironment, variable), source: 'environment' };
  }
  const fromFile = sources.file[name];
  if (fromFile !== undefined) {
    return { value: parse(setting, textOf(fromFile), `"${name}" in the file`), source: 'file' };
  }
  return { value: setting.fallback, source: 'default' };
}

function parse<T>(setting: Setting<T>, text: string, where: string): T {
  try {
    return setting.parse(text);
  } catch (cause) {
    const expected = cause instanceof Error ? cause.message : 'another value';
    throw new TrineError('bad-request', `${where}: ${expected}, got “${text}”.`, { cause });
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const asText = (text: string): string => text;

export const asCount =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`a whole number from ${least} to ${most} expected`);
  };

export function asSwitch(text: string): boolean {
  if (['true', 'yes', 'on', '1'].includes(text.toLowerCase())) return true;
  if (['false', 'no', 'off', '0'].includes(text.toLowerCase())) return false;
  throw new Error('yes or no expected');
}

export const asOneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw new Error(`one of ${choices.join(', ')} expected`);
  };

export const asList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** How long from words such as `90s`, `15m`, `24h`, `7d`. */
export function asDurationMs(text: string): number {
  const match = /^([0-9]{1,9})(s|m|h|d)$/.exec(text.trim());
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? ''];
  if (match?.[1] === undefined || unitMs === undefined)
    throw new Error('a time such as 90s, 15m, 24h or 7d expected');
  return Number(match[1]) * unitMs;
}
