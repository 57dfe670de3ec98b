// Runs a guest as its owner asks: a step guest may rest between two steps, where its thread hears its owner, a
// checkpoint is taken, or the run pauses to go on elsewhere. A guest without steps runs in one go.
import type { Sha256 } from '@trine/protocol';
import type { CheckpointAnswer, TakenCheckpoint } from './checkpoint/checkpointer.ts';
import type { GuestHooks } from './guest-driver.ts';
import type { RunRequest } from './guest-thread.ts';
import { REST_INTERVAL_MS } from './limits.ts';
import { type GuestEnd, type GuestRun, openRun } from './run-guest.ts';

/** When checkpoints are taken and the run pauses. It can be posted to a thread. */
export interface PartPlan {
  /** Take a checkpoint when this much time has passed since the last, in milliseconds. */
  readonly everyMs?: number | undefined;
  /** Take a checkpoint each time this many steps are done. */
  readonly everySteps?: number | undefined;
  /** Largest checkpoint that is taken meanwhile; a pause takes any. */
  readonly bytesMax?: number | undefined;
  /** Pause when so many steps of the whole task are done. */
  readonly pauseAfterSteps?: number | undefined;
}

/** What a run in parts needs of its thread. */
export interface PartSurroundings {
  readonly hooks: GuestHooks;
  readonly plan: PartPlan;
  readonly sha256: Sha256;
  readonly onCheckpoint: (checkpoint: TakenCheckpoint) => void;
  /** A checkpoint could not be taken; the run goes on without. */
  readonly onRefused: (message: string) => void;
  /** Lets the thread hear its owner. */
  readonly rest: () => Promise<void>;
  /** Whether the owner wants the run to pause. */
  readonly isPauseAsked: () => boolean;
  /** Whether the owner wants no more of the run. */
  readonly isLetGo: () => boolean;
}

/** How a part ended. */
export type PartEnd =
  | { readonly type: 'ended'; readonly end: GuestEnd }
  | { readonly type: 'paused'; readonly checkpoint: TakenCheckpoint }
  | { readonly type: 'let-go' };

/** Runs a guest to its end or its pause. Never rejects for anything a guest does. */
export async function runInParts(request: RunRequest, around: PartSurroundings): Promise<PartEnd> {
  const opened = openRun(request, around.hooks, around.sha256);
  if (opened.type === 'ended') return opened;
  const { run } = opened;
  const wants = createWishes(run, around);
  let restedAt = around.hooks.now();
  for (;;) {
    const end = run.advance();
    if (end !== undefined) return { type: 'ended', end };
    let now = around.hooks.now();
    if (now - restedAt >= REST_INTERVAL_MS) {
      await around.rest();
      now = around.hooks.now();
      restedAt = now;
      if (around.isLetGo()) return { type: 'let-go' };
    }
    const wish = wants(now);
    if (wish === 'nothing') continue;
    const answer = run.takeCheckpoint(wish === 'pause' ? undefined : around.plan.bytesMax);
    if (answer.type === 'taken' && wish === 'pause') return { type: 'paused', checkpoint: answer.checkpoint };
    tell(answer, around);
  }
}

function tell(answer: CheckpointAnswer, around: PartSurroundings): void {
  if (answer.type === 'taken') around.onCheckpoint(answer.checkpoint);
  else around.onRefused(answer.message);
}

type Wish = 'nothing' | 'checkpoint' | 'pause';

/** What is to be done between two steps. A pause is asked for once: where it is refused the run goes on. */
function createWishes(run: GuestRun, { plan, hooks, isPauseAsked }: PartSurroundings): (now: number) => Wish {
  let takenAt = hooks.now();
  let takenSteps = run.steps();
  let pauses = true;
  return (now) => {
    const steps = run.steps();
    if (pauses && (isPauseAsked() || steps >= (plan.pauseAfterSteps ?? Number.POSITIVE_INFINITY))) {
      pauses = false;
      return 'pause';
    }
    const isDue =
      steps - takenSteps >= (plan.everySteps ?? Number.POSITIVE_INFINITY) ||
      now - takenAt >= (plan.everyMs ?? Number.POSITIVE_INFINITY);
    if (!isDue) return 'nothing';
    takenAt = now;
    takenSteps = steps;
    return 'checkpoint';
  };
}
