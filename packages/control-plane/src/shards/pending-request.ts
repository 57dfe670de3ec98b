/** A use case that waits for its event to be stored: settled once, by the commit, by a failure, or by patience. */
import type { Clock } from '@trine/mesh';
import { TrineError } from '@trine/protocol';
import { SHARD_LOOP_LIMITS } from './limits.ts';

export interface PendingRequest {
  readonly promise: Promise<void>;
  readonly isSettled: () => boolean;
  resolve(): void;
  reject(error: TrineError): void;
}

export function createPendingRequest(clock: Pick<Clock, 'setTimer'>): PendingRequest {
  let isSettled = false;
  let finish: (error: TrineError | undefined) => void = () => undefined;
  const promise = new Promise<void>((resolve, reject) => {
    finish = (error) => (error === undefined ? resolve() : reject(error));
  });
  const settle = (error: TrineError | undefined) => {
    if (isSettled) return;
    isSettled = true;
    cancel();
    finish(error);
  };
  const cancel = clock.setTimer(SHARD_LOOP_LIMITS.requestMs.value, () =>
    settle(
      unavailable('The database has not answered for a while. Ask again: what was stored is not done twice.'),
    ),
  );
  return { promise, isSettled: () => isSettled, resolve: () => settle(undefined), reject: settle };
}

export const unavailable = (message: string, cause?: unknown): TrineError =>
  new TrineError('store-unavailable', message, { cause });
