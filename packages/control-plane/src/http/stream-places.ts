/** Streams stay open for as long as their readers like: there are so many places, and so many for one network prefix. */
import type { ServerResponse } from 'node:http';
import { TrineError } from '@trine/protocol';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';

export interface StreamPlaces {
  /**
   * Takes a place until the response closes. Throws `rate-limited` when there is none; nothing is held then. It is
   * taken in the turn in which it was looked for, so that many who ask at once do not all find the last one free.
   */
  take(res: ServerResponse, prefix: string): void;
  /** Ends the streams that are open. */
  close(): void;
}

export function createStreamPlaces(): StreamPlaces {
  const open = new Map<ServerResponse, string>();
  const perPrefix = new Map<string, number>();
  return {
    take(res, prefix) {
      const ofPrefix = perPrefix.get(prefix) ?? 0;
      const refused = refusalOf(open.size, ofPrefix);
      if (refused !== undefined) throw new TrineError('rate-limited', refused);
      open.set(res, prefix);
      perPrefix.set(prefix, ofPrefix + 1);
      res.once('close', () => {
        open.delete(res);
        const left = (perPrefix.get(prefix) ?? 0) - 1;
        if (left > 0) perPrefix.set(prefix, left);
        else perPrefix.delete(prefix);
      });
    },
    close() {
      for (const res of open.keys()) res.destroy();
    },
  };
}

function refusalOf(total: number, ofPrefix: number): string | undefined {
  if (total >= CONTROL_PLANE_LIMITS.streams.value) {
    return 'Too many live views are open on this coordinator. Try again later.';
  }
  if (ofPrefix >= CONTROL_PLANE_LIMITS.streamsPerPrefix.value) {
    return 'Too many live views are open from this network. Close one, or try again later.';
  }
  return undefined;
}
