/** The folder that holds everything a coordinator keeps. */
import { mkdirSync } from 'node:fs';
import { TrineError } from '@trine/protocol';

/** Makes it where it is missing, for its account alone. Throws `permission-missing` with what to do. */
export function makeDataDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new TrineError(
      'permission-missing',
      `The folder ${path} cannot be made (${why}). Set TRINE_DATA_DIR to one that this account may write to.`,
      { cause },
    );
  }
}
