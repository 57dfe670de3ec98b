// Why bytes are no checkpoint that this task can go on from.

/**
 * `checkpoint-malformed`: no checkpoint, or not in its one canonical form. `checkpoint-too-large`: over a limit.
 * `checkpoint-other-task`: of other code, input or limits. `checkpoint-other-root`: its content is not the one that
 * was promised. `checkpoint-misfit`: its state is none that this module can have. `no-checkpoint`: the guest does not
 * work in steps, or the run was not told which task it is.
 */
export type CheckpointRefusalCode =
  | 'checkpoint-malformed'
  | 'checkpoint-too-large'
  | 'checkpoint-other-task'
  | 'checkpoint-other-root'
  | 'checkpoint-misfit'
  | 'no-checkpoint';

/** A refusal and its sentence. */
export interface CheckpointRefusal {
  readonly type: 'refused';
  readonly code: CheckpointRefusalCode;
  readonly message: string;
}

export function refuseCheckpoint(code: CheckpointRefusalCode, message: string): CheckpointRefusal {
  return { type: 'refused', code, message };
}
