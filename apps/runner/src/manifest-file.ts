/** A guest's manifest from a file: what is shown of it, and its limits as defaults. */
import { TrineError } from '@trine/protocol';
import type { Submission } from '@trine/sdk';
import { isOutputView } from '@trine/sdk/output-text';
import { type JsonObject, readJsonFile } from './config-files.ts';

export interface Manifest {
  /** Empty when it has none. */
  readonly title: string;
  readonly shown: NonNullable<Submission['manifest']>;
  readonly limits: NonNullable<Submission['limits']>;
}

export const NO_MANIFEST: Manifest = { title: '', shown: {}, limits: {} };

/** Reads a manifest; what is not as it must be is named. Fields that are not known here are passed over. */
export async function manifestOf(path: string): Promise<Manifest> {
  const raw = await readJsonFile(path);
  if (raw === undefined) throw new TrineError('not-found', `There is no manifest ${path}.`);
  const field = <T>(name: string, is: (value: unknown) => value is T, must: string): T | undefined => {
    const value = name
      .split('.')
      .reduce<unknown>((inner, part) => (isObject(inner) ? inner[part] : inner), raw);
    if (value === undefined || is(value)) return value;
    throw new TrineError('bad-request', `${path}: ${name} must be ${must}.`);
  };
  field('limits', isObject, 'an object');
  const title = field('title', isText, 'a text');
  const fuel = field('limits.fuel', isDigits, 'a text of decimal digits');
  const memoryBytes = field('limits.memoryBytes', isCount, 'a whole number');
  const outputBytes = field('limits.outputBytes', isCount, 'a whole number');
  return {
    title: title ?? '',
    shown: {
      title,
      summary: field('summary', isText, 'a text'),
      output: field('output', isOutputView, 'a view such as {"kind": "text"}; docs/GUESTS.md lists them'),
    },
    limits: {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(outputBytes === undefined ? {} : { outputBytes }),
      ...(fuel === undefined ? {} : { fuel: BigInt(fuel) }),
    },
  };
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isDigits = (value: unknown): value is string => isText(value) && /^[0-9]+$/.test(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
