/** The files that settings come from, and the one that says which coordinator the command speaks to. */
import { TrineError } from '@trine/protocol';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Environment, homeDir } from './env.ts';
import { parseAddress } from './origin.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** `undefined` when the file is not there; a file that cannot be read or is no JSON object is refused by name. */
export async function readJsonFile(path: string): Promise<JsonObject | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw new TrineError('permission-missing', `The file ${path} cannot be read.`, { cause: error });
  });
  return text === undefined ? undefined : parseObject(text, path);
}

function parseObject(text: string, path: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (cause) {
    throw new TrineError('bad-request', `The file ${path} is not JSON.`, { cause });
  }
  throw new TrineError('bad-request', `The file ${path} must hold one JSON object.`);
}

/** The runner's configuration: the file named, or the one in the account's folder where there is one. */
export async function readRunnerConfig(named: string | undefined): Promise<JsonObject> {
  if (named === undefined) return (await readJsonFile(join(homeDir(), 'runner.json'))) ?? {};
  const config = await readJsonFile(named);
  if (config === undefined) throw new TrineError('not-found', `There is no configuration file ${named}.`);
  return config;
}

export interface Access {
  readonly url: string;
  readonly key: string | undefined;
}

const DEFAULT_URL = 'http://localhost:3000';

/**
 * Which coordinator, with which key: flags, then TRINE_URL and TRINE_KEY, then `.trine/cli.json` in this folder or
 * one above, then `~/.trine/config.json`. A file's key is only ever sent to that file's coordinator.
 */
export async function findAccess(
  flags: { readonly url?: string | undefined; readonly key?: string | undefined },
  env: Environment,
  cwd: string,
): Promise<Access> {
  const file = (await findUpward(cwd)) ?? (await readJsonFile(join(homeDir(), 'config.json'))) ?? {};
  const fileUrl = typeof file['url'] === 'string' ? parseAddress(file['url']).origin : undefined;
  const given = flags.url ?? nonEmpty(env['TRINE_URL']);
  const url = given === undefined ? (fileUrl ?? DEFAULT_URL) : parseAddress(given).origin;
  const fileKey = url === fileUrl && typeof file['key'] === 'string' ? file['key'] : undefined;
  return { url, key: flags.key ?? nonEmpty(env['TRINE_KEY']) ?? fileKey };
}

async function findUpward(from: string): Promise<JsonObject | undefined> {
  for (let dir = from; ; dir = dirname(dir)) {
    const found = await readJsonFile(join(dir, '.trine', 'cli.json'));
    if (found !== undefined || dirname(dir) === dir) return found;
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
