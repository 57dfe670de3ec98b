// Takes checkpoints of one run, one after another: what has not changed since the last is neither copied nor hashed.
import type { Digest, Sha256 } from '@trine/protocol';
import type { RunRequest } from '../guest-thread.ts';
import { CHECKPOINT_BYTES_MAX } from '../limits.ts';
import { checkpointBytes, createCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { StateAccess } from './guest-state.ts';
import { PAGE_BYTES } from './pages.ts';
import { type CheckpointRefusal, refuseCheckpoint } from './refusal.ts';
import { type CheckpointTree, hashCheckpoint } from './tree.ts';

/** A checkpoint as it leaves a run. */
export interface TakenCheckpoint {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The checkpoint root. */
  readonly root: Digest;
  /** Steps done so far. */
  readonly steps: number;
  /** Fuel spent so far. */
  readonly fuel: bigint;
}

/** Where a step guest rests between two steps. */
export interface StepRest {
  /** Steps done so far. */
  readonly steps: number;
  /** The guest's state; `undefined` when the module was not prepared for checkpoints. */
  readonly access: () => StateAccess | undefined;
}

export type CheckpointAnswer =
  | { readonly type: 'taken'; readonly checkpoint: TakenCheckpoint }
  | CheckpointRefusal;

/** Takes the checkpoint of a run that rests, at `fuel` spent; none of more than `bytesMax`. */
export type TakeCheckpoint = (
  rest: StepRest | undefined,
  spent: { readonly fuel: bigint; readonly bytesMax: number },
) => CheckpointAnswer;

/** The taker of one run's checkpoints. */
export function createCheckpointer({ abi, task, limits }: RunRequest, sha256: Sha256): TakeCheckpoint {
  let before: CheckpointTree | undefined;
  return (rest, { fuel, bytesMax }) => {
    if (rest === undefined) return refuseCheckpoint('no-checkpoint', 'The guest does not work in steps.');
    if (task === undefined)
      return refuseCheckpoint('no-checkpoint', 'The run was not told which task it is.');
    const { steps } = rest;
    const access = rest.access();
    if (access === undefined) {
      return refuseCheckpoint('no-checkpoint', 'The module was prepared by an edition without checkpoints.');
    }
    const most = Math.min(bytesMax, CHECKPOINT_BYTES_MAX);
    const pagesMax = Math.floor(most / PAGE_BYTES);
    const captured = access.capture({ before: before?.checkpoint.pages ?? [], pagesMax });
    if (captured === undefined) return tooLarge(most);
    const checkpoint = createCheckpoint(
      { abi, task, limits, fuel, steps, ...captured.state },
      captured.pages,
    );
    if (checkpointBytes(checkpoint) > most) return tooLarge(most);
    before = hashCheckpoint(checkpoint, sha256, before);
    return {
      type: 'taken',
      checkpoint: { bytes: encodeCheckpoint(checkpoint), root: before.root, steps, fuel },
    };
  };
}

function tooLarge(bytesMax: number): CheckpointRefusal {
  const message = `The checkpoint would have more than the ${bytesMax} bytes that are wanted.`;
  return refuseCheckpoint('checkpoint-too-large', message);
}
