/** The only place where the environment is read. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

export const environment = (): Environment => process.env;

/** Where this account keeps Trine's things. */
export const homeDir = (): string => join(homedir(), '.trine');

/** Colour is for people at a terminal: off when piped, under NO_COLOR, and on dumb terminals. */
export const wantsColour = (stream: { readonly isTTY?: boolean }, env: Environment): boolean =>
  stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
