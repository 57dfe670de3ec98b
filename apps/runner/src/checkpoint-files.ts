/** Checkpoints of a local run: read from a file to go on from, written to one where the run pauses. */
import { type Digest, digestFromBytes, LIMITS, TrineError } from '@trine/protocol';
import { EDITION } from '@trine/rewriter';
import {
  type Checkpoint,
  hashCheckpoint,
  otherTask,
  parseCheckpoint,
  type RunLimits,
  type TaskIdentity,
} from '@trine/sandbox';
import { createHash } from 'node:crypto';
import { type InputFlags, readBounded } from './guest-files.ts';
import { type LimitFlags, taskLimits } from './task-limits.ts';

export interface CheckpointFlags {
  /** File for the checkpoint of the pause. */
  readonly checkpoint?: string | undefined;
  /** Steps of the whole task after which the run pauses; else it does when it is interrupted. */
  readonly afterSteps?: number | undefined;
  /** File of the checkpoint to go on from. */
  readonly resume?: string | undefined;
}

/** A checkpoint from a file, with its root. */
export interface ResumedCheckpoint {
  readonly bytes: Uint8Array;
  readonly root: string;
  readonly checkpoint: Checkpoint;
}

/** The checkpoint to go on from, if any. */
export async function readResumed({
  resume,
  checkpoint,
  afterSteps,
}: CheckpointFlags): Promise<ResumedCheckpoint | undefined> {
  if (afterSteps !== undefined && checkpoint === undefined) {
    throw new TrineError(
      'bad-request',
      '--after-steps needs a file for the checkpoint: --checkpoint <file>.',
    );
  }
  return resume === undefined ? undefined : readCheckpoint(resume);
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const digestOf = (bytes: Uint8Array): Digest => digestFromBytes(sha256(bytes));

/** Reads a checkpoint, or says in a sentence why the file is none. */
export async function readCheckpoint(path: string): Promise<ResumedCheckpoint> {
  const bytes = await readBounded(path, {
    bytesMax: LIMITS.artifactBytes.value,
    tooLarge: 'artifact-too-large',
  });
  return parsedCheckpoint(path, bytes);
}

/** Whether bytes end as a checkpoint does; whether they are one is for `parsedCheckpoint` to say. */
export const isCheckpoint = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(-8)).toString('latin1') === 'TRINE-C1';

/** The checkpoint of these bytes, which a person calls `path`. */
export function parsedCheckpoint(path: string, bytes: Uint8Array): ResumedCheckpoint {
  const parsed = parseCheckpoint(bytes);
  if (parsed.type === 'refused') throw new TrineError('bad-request', `${path}: ${parsed.message}`);
  const { checkpoint } = parsed;
  return { bytes, root: hashCheckpoint(checkpoint, sha256).root, checkpoint };
}

/** Limits of the run: the checkpoint's, where no flag says otherwise. */
export async function limitsFor(
  flags: LimitFlags,
  resumed: ResumedCheckpoint | undefined,
): Promise<RunLimits> {
  const given = [flags.fuel, flags.memory, flags.outputMax, flags.manifest];
  return resumed === undefined || given.some((flag) => flag !== undefined)
    ? taskLimits(flags)
    : resumed.checkpoint.state.limits;
}

/** Which task it is. A resumed run needs no input, and then is the checkpoint's. */
export function taskOf(
  { module, input }: { readonly module: Uint8Array; readonly input: Uint8Array },
  resumed: ResumedCheckpoint | undefined,
  flags: InputFlags,
): TaskIdentity {
  const isGiven = [flags.input, flags.inputHex, flags.index].some((flag) => flag !== undefined);
  const inputDigest =
    resumed === undefined || isGiven ? digestOf(input) : resumed.checkpoint.state.task.inputDigest;
  return { code: { module: digestOf(module), edition: EDITION }, inputDigest };
}

/** Refuses what a run of this module under these limits cannot go on from; the thread would end it as aborted. */
export function assertSameTask(
  { checkpoint }: ResumedCheckpoint,
  run: Parameters<typeof otherTask>[1],
): void {
  const refusal = otherTask(checkpoint.state, run);
  if (refusal === undefined) return;
  throw new TrineError(
    'bad-request',
    `${refusal.message} Give the module that it was taken of, and leave flags of input and limits away.`,
  );
}

/** Refuses flags of step guests for another. */
export function assertNoSteps(
  path: string,
  { checkpoint, resume }: Pick<CheckpointFlags, 'checkpoint' | 'resume'>,
): void {
  if (resume === undefined && checkpoint === undefined) return;
  const used = resume === undefined ? '--checkpoint' : '--resume';
  throw new TrineError(
    'bad-request',
    `${used} is for step guests; ${path} exports no step, so it runs in one go and has no checkpoints.`,
  );
}

/** What is known of a checkpoint, for `trine inspect`. */
export function checkpointReport({ bytes, root, checkpoint: { state, pages } }: ResumedCheckpoint) {
  return {
    type: 'checkpoint',
    checkpointRoot: root,
    digest: digestOf(bytes),
    bytes: bytes.length,
    abi: state.abi,
    module: state.task.code.module,
    edition: state.task.code.edition,
    inputDigest: state.task.inputDigest,
    limits: state.limits,
    fuel: state.fuel,
    steps: state.steps,
    pages: state.pages,
    pagesKept: pages.filter((page) => page !== undefined).length,
    words: state.words.length / 8,
    tables: state.tables.map(({ size }) => size),
  };
}
