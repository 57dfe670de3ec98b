// Takes checkpoints of one run, one after another: what has not changed since the last is neither copied nor hashed.
import type { Digest, Sha256 } from '@trine/protocol';
import type { RunRequest } from '../guest-thread.ts';
import { CHECKPOINT_BYTES_MAX } from '../limits.ts';
import { checkpointBytes, createCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { StateAccess } from './guest-state.ts';
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

/** Answers a function that takes the checkpoint of a run between two steps, at `fuel` spent. */
export function createCheckpointer(
  { abi, task, limits }: RunRequest,
  sha256: Sha256,
): (rest: StepRest | undefined, fuel: bigint) => CheckpointAnswer {
  let before: CheckpointTree | undefined;
  return (rest, fuel) => {
    if (rest === undefined) return refuseCheckpoint('no-checkpoint', 'The guest does not work in steps.');
    if (task === undefined)
      return refuseCheckpoint('no-checkpoint', 'The run was not told which task it is.');
    const { steps } = rest;
    const access = rest.access();
    if (access === undefined) {
      return refuseCheckpoint('no-checkpoint', 'The module was prepared by an edition without checkpoints.');
    }
    const { state, pages } = access.capture(before?.checkpoint.pages ?? []);
    const checkpoint = createCheckpoint({ abi, task, limits, fuel, steps, ...state }, pages);
    const sizeBytes = checkpointBytes(checkpoint);
    if (sizeBytes > CHECKPOINT_BYTES_MAX) {
      const message = `The checkpoint of ${sizeBytes} bytes is over the limit of ${CHECKPOINT_BYTES_MAX}.`;
      return refuseCheckpoint('checkpoint-too-large', message);
    }
    before = hashCheckpoint(checkpoint, sha256, before);
    return {
      type: 'taken',
      checkpoint: { bytes: encodeCheckpoint(checkpoint), root: before.root, steps, fuel },
    };
  };
}
