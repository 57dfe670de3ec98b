/** What a store that was closed answers: the same as one that is away. */
import { TrineError } from '@trine/protocol';

export const closedError = (): TrineError => new TrineError('store-unavailable', 'The store is closed.');

/** `calls`, each rejecting from the moment `isClosed` says so. */
export function failWhenClosed<T extends object>(calls: T, isClosed: () => boolean): T {
  const entries = Object.entries(calls) as [string, (...args: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(
    entries.map(([name, call]) => [
      name,
      (...args: unknown[]) => (isClosed() ? Promise.reject(closedError()) : call(...args)),
    ]),
  ) as T;
}
