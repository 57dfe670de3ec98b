// The driver of `trine-1`: the former start function, the input placed, then `run` in one go, or `start` and then
// one `step` at a time until the guest says it is done and answers its `output`. A step guest may begin with a
// checkpoint instead: then neither its start functions nor `alloc` run again.
import { otherTask, parseCheckpoint } from './checkpoint/checkpoint.ts';
import { type StateAccess, stateAccess } from './checkpoint/guest-state.ts';
import type { DriverFactory, GuestDriver } from './guest-driver.ts';
import { AbiBreach, exportedFunction, type Guest, requireFunction } from './guest-instance.ts';
import type { RunRequest } from './guest-thread.ts';
import { trineImports } from './trine-imports.ts';

/** Drives guests of the ABI `trine-1`. */
export const driveTrine: DriverFactory = (request, hooks) => {
  const slot: { guest?: Guest; driver?: Driving } = {};
  return {
    imports: trineImports(() => slot.guest?.memory, hooks),
    opened(guest) {
      slot.guest = guest;
      const inOneGo = exportedFunction(guest.exports, 'run') !== undefined;
      slot.driver = inOneGo ? driveRun(guest, request) : driveSteps(guest, request);
    },
    advance() {
      if (slot.driver === undefined) throw new Error('A guest is driven only after it was opened.');
      return slot.driver.advance();
    },
    rest: () => slot.driver?.rest?.(),
  };
};

type Driving = Pick<GuestDriver, 'advance' | 'rest'>;

function driveRun(guest: Guest, { input, limits, resume }: RunRequest): Driving {
  if (resume !== undefined) throw new Error('The guest does not work in steps: it has no checkpoints.');
  return {
    advance() {
      guest.start?.();
      const pointer = placeInput(guest, input);
      return copyOutput(guest, requireFunction(guest, 'run')(pointer, input.length), limits.outputBytes);
    },
  };
}

function driveSteps(guest: Guest, request: RunRequest): Driving {
  const { input, limits, resume } = request;
  let begun = resume !== undefined;
  let steps = resume === undefined ? 0 : resumeAt(guest, request, resume);
  let access: StateAccess | undefined;
  return {
    rest: () => ({ steps, access: () => (access ??= stateAccess(guest)) }),
    advance() {
      if (!begun) {
        begun = true;
        guest.start?.();
        const pointer = placeInput(guest, input);
        requireFunction(guest, 'start')(pointer, input.length);
        return undefined;
      }
      const goesOn = stepGoesOn(requireFunction(guest, 'step')());
      steps += 1;
      if (goesOn) return undefined;
      return copyOutput(guest, requireFunction(guest, 'output')(), limits.outputBytes);
    },
  };
}

/** Puts the checkpoint into the fresh instance and answers the steps done. Throws its refusal. */
function resumeAt(guest: Guest, { abi, task, limits }: RunRequest, resume: Uint8Array): number {
  const parsed = parseCheckpoint(resume);
  if (parsed.type === 'refused') throw new Error(parsed.message);
  if (task === undefined) throw new Error('The run was not told which task it is, and cannot resume one.');
  const { checkpoint } = parsed;
  const access = stateAccess(guest);
  if (access === undefined) throw new Error('The module was prepared by an edition without checkpoints.');
  const refusal = otherTask(checkpoint.state, { abi, task, limits }) ?? access.restore(checkpoint);
  if (refusal !== undefined) throw new Error(refusal.message);
  guest.fuel.value = limits.fuel - checkpoint.state.fuel;
  return checkpoint.state.steps;
}

function stepGoesOn(answer: unknown): boolean {
  if (answer === 1) return true;
  if (answer === 0) return false;
  throw new AbiBreach(`step answered ${String(answer)}; it may answer 1 (more) or 0 (done)`);
}

function placeInput(guest: Guest, input: Uint8Array): number {
  const pointer = asUnsigned(requireFunction(guest, 'alloc')(input.length));
  if (pointer === 0) throw new AbiBreach(`alloc(${input.length}) returned 0`);
  const available = guest.memory.buffer.byteLength;
  if (pointer + input.length > available) {
    throw new AbiBreach(`alloc(${input.length}) returned ${pointer}, which ends outside ${available} bytes`);
  }
  new Uint8Array(guest.memory.buffer).set(input, pointer);
  return pointer;
}

function copyOutput(guest: Guest, answer: unknown, lengthMax: number): Uint8Array {
  if (typeof answer !== 'bigint') throw new AbiBreach('the guest did not answer an i64');
  const bits = BigInt.asUintN(64, answer);
  const pointer = Number(bits >> 32n);
  const length = Number(bits & 0xffff_ffffn);
  if (length > lengthMax) throw new AbiBreach(`output over the limit of ${lengthMax} bytes`);
  const available = guest.memory.buffer.byteLength;
  if (pointer + length > available) {
    throw new AbiBreach(`output of ${length} bytes at ${pointer} ends outside ${available} bytes`);
  }
  return new Uint8Array(guest.memory.buffer, pointer, length).slice();
}

function asUnsigned(value: unknown): number {
  return Number(value) >>> 0;
}
