/**
 * How many nodes nobody vouches for may be new here. Every fresh key is a row that stays, and a key costs its maker
 * nothing, so those of one network prefix are counted. A node that was admitted once always comes back, whatever its
 * neighbours do; a node with a token is the operator's own choice and is never asked about here.
 */
import type { NodeId } from '@trine/protocol';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { CONTROL_PLANE_LIMITS } from '../limits.ts';
import type { NodeDirectory } from '../node-directory.ts';

/** The sentence for a node that came too many. */
export const TOO_MANY_NEWCOMERS =
  'Too many new devices joined from this network just now. Try again later, or join with a token of the operator.';

export interface Newcomers {
  /**
   * Milliseconds until this node, which shows no token, may be admitted: 0 when it is known, or new and within what
   * its prefix may bring, which it is then counted in. Throws what the store throws when that is away.
   */
  waitMs(hello: { readonly node: NodeId; readonly prefix: string }): Promise<number>;
}

export interface NewcomersOptions {
  readonly directory: Pick<NodeDirectory, 'rows'>;
  /** New nodes of one prefix in a window. */
  readonly countMax?: number;
}

export function createNewcomers({
  directory,
  countMax = CONTROL_PLANE_LIMITS.newNodesPerPrefix.value,
}: NewcomersOptions): Newcomers {
  const limiter = new RateLimiterMemory({
    points: countMax,
    duration: CONTROL_PLANE_LIMITS.newNodesWindowMs.value / 1_000,
  });
  return {
    async waitMs({ node, prefix }) {
      if ((await directory.rows([node])).has(node)) return 0;
      try {
        await limiter.consume(prefix);
        return 0;
      } catch (cause) {
        if (cause instanceof RateLimiterRes) return Math.max(1, cause.msBeforeNext);
        throw cause;
      }
    },
  };
}
