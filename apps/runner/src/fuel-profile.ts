/** Fuel by function and by call path, from the moments at which functions are entered and left. */

/** One function on one call path. */
export interface ProfileFrame {
  /** Function index; the root has −1. */
  readonly index: number;
  /** Fuel that its own code spent on this path. */
  self: number;
  /** Times it was called on this path. */
  calls: number;
  /** By function index. */
  readonly children: Map<number, ProfileFrame>;
}

/** One function over all paths. */
export interface FunctionFuel {
  readonly index: number;
  calls: number;
  /** Fuel of its own code. */
  self: number;
  /** Fuel from its entry to its end, recursion counted once. */
  total: number;
}

export interface FuelProfile {
  readonly root: ProfileFrame;
  /** The most expensive first. */
  readonly functions: readonly FunctionFuel[];
}

export interface ProfileRecorder {
  enter(index: number, spent: number): void;
  /** A tail call: the function entered last is over, and another one has its place. */
  replace(index: number, spent: number): void;
  leave(index: number, spent: number): void;
  /** Closes what a trap left open. `spent` is the whole run's fuel. */
  finish(spent: number): FuelProfile;
}

/** Deeper calls are added to the frame at this depth: no picture shows them, and endless recursion fills no memory. */
export const PROFILE_DEPTH_MAX = 128;

/** Call paths kept apart; further ones are added to the path they leave. */
export const PROFILE_FRAMES_MAX = 100_000;

interface Open {
  readonly frame: ProfileFrame;
  readonly fuel: OpenFunction;
}

interface OpenFunction extends FunctionFuel {
  /** Times it is on the stack now, and the fuel spent when it was first put there. */
  open: number;
  since: number;
}

/** Follows one run. `fuelMax` is its limit: a charge past it ended the run and counts up to it. */
export function recordProfile(fuelMax: number): ProfileRecorder {
  const root = newFrame(-1);
  const functions = new Map<number, OpenFunction>();
  const stack: Open[] = [];
  let frames = 0;
  let last = 0;

  // What was spent since the last hook is the code's that ran since then.
  const charge = (spent: number): void => {
    const now = Math.min(spent, fuelMax);
    const top = stack.at(-1);
    if (top === undefined) root.self += now - last;
    else {
      top.frame.self += now - last;
      top.fuel.self += now - last;
    }
    last = now;
  };
  const childOf = (parent: ProfileFrame, index: number): ProfileFrame => {
    const known = parent.children.get(index);
    if (known !== undefined) return known;
    if (stack.length >= PROFILE_DEPTH_MAX || frames >= PROFILE_FRAMES_MAX) return parent;
    frames += 1;
    const child = newFrame(index);
    parent.children.set(index, child);
    return child;
  };
  const close = (): void => {
    const fuel = stack.pop()?.fuel;
    if (fuel === undefined) return;
    fuel.open -= 1;
    if (fuel.open === 0) fuel.total += last - fuel.since;
  };
  const open = (index: number): void => {
    const frame = childOf(stack.at(-1)?.frame ?? root, index);
    const fuel = functions.get(index) ?? newFunction(index);
    functions.set(index, fuel);
    if (fuel.open === 0) fuel.since = last;
    fuel.open += 1;
    fuel.calls += 1;
    if (frame.index === index) frame.calls += 1;
    stack.push({ frame, fuel });
  };
  return {
    enter(index, spent) {
      charge(spent);
      open(index);
    },
    replace(index, spent) {
      charge(spent);
      close();
      open(index);
    },
    leave(_index, spent) {
      charge(spent);
      close();
    },
    finish(spent) {
      charge(spent);
      while (stack.length > 0) close();
      const all = [...functions.values()].map(({ index, calls, self, total }) => ({
        index,
        calls,
        self,
        total,
      }));
      return {
        root,
        functions: all.toSorted((one, other) => other.self - one.self || one.index - other.index),
      };
    },
  };
}

/** Fuel of each frame with all that it called: one walk for all, for a picture asks often. */
export function frameTotals(root: ProfileFrame): ReadonlyMap<ProfileFrame, number> {
  const totals = new Map<ProfileFrame, number>();
  const add = (frame: ProfileFrame): number => {
    let total = frame.self;
    for (const child of frame.children.values()) total += add(child);
    totals.set(frame, total);
    return total;
  };
  add(root);
  return totals;
}

const newFrame = (index: number): ProfileFrame => ({ index, self: 0, calls: 0, children: new Map() });
const newFunction = (index: number): OpenFunction => ({
  index,
  calls: 0,
  self: 0,
  total: 0,
  open: 0,
  since: 0,
});
