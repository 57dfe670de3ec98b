/** What an attempt said, in words. */
import type { ReplicaView } from './views.ts';

/** Its outcome, or how it ended without one, with the reason where that adds something. */
export function saidOf(replica: ReplicaView): string {
  const word = replica.outcome ?? replica.ended;
  if (word === undefined) return 'still working on it';
  return replica.reason === '' || replica.reason === word ? word : `${word}: ${replica.reason}`;
}
