// Versions of locals, for the walk that follows NaNs. Each write of a local makes a version. Where control flow joins,
// versions that differ become parts of a new one; a loop's head gets one for each local at once, because what comes
// round is not known yet. Versions that nobody shows cost nothing in the end (see nan-graph.ts).
//
// In a function where joining would take too long, each local is one place.

import type { ScannedFunction } from './instructions.ts';
import { LOCALS_MAX } from './limits.ts';
import { known, knownKinds, type NanGraph, type Source } from './nan-graph.ts';
import * as kinds from './nan-kinds.ts';
import * as op from './opcodes.ts';

/** Locals times places where control flow joins, in one function: beyond, locals have no versions. */
const JOINS_MAX = 4_000_000;

const CLEAN = known(kinds.CLEAN);
const EXACT = known(kinds.EXACT);

/** What is kept for one open block. */
interface Frame {
  /** What locals hold behind its end, as far as known, with 1 for versions that are this frame's own. */
  joined: Int32Array | undefined;
  own: Uint8Array;
  /** What they held where an `if` began. */
  saved: Int32Array | undefined;
  /** A loop's versions are the places from here on; -1 for other blocks. */
  head: number;
}

/** What the locals of one function hold at the instruction at hand. */
export class NanLocals {
  private readonly graph: NanGraph;
  // By local.
  private readonly held = new Int32Array(LOCALS_MAX);
  private readonly slots = new Int32Array(LOCALS_MAX);
  // The locals with versions: those that hold floats and are written somewhere.
  private tracked: number[] = [];
  private hasVersions = true;
  private readonly frames: Frame[] = [];

  constructor(graph: NanGraph) {
    this.graph = graph;
  }

  /** Begins a function. */
  begin({ columns, type, locals, localTypes: types }: ScannedFunction): void {
    const { held, slots } = this;
    for (let local = 0; local < locals; local++) {
      held[local] = local < type.parameters.length && holdsFloats(types[local] ?? 0) ? EXACT : CLEAN;
      slots[local] = -1;
    }
    this.tracked = [];
    for (let index = 0; index < columns.count; index++) {
      const code = columns.op[index];
      const local = columns.value[index] ?? 0;
      if (
        (code === op.LOCAL_SET || code === op.LOCAL_TEE) &&
        slots[local] === -1 &&
        holdsFloats(types[local] ?? 0)
      ) {
        slots[local] = this.tracked.push(local) - 1;
      }
    }
    this.hasVersions = this.tracked.length * columns.landmarkCount <= JOINS_MAX;
    for (const local of this.hasVersions ? [] : this.tracked) {
      const place = this.graph.place();
      this.graph.become(place, held[local] ?? EXACT);
      held[local] = place;
    }
  }

  /** Where a local's value comes from. */
  get(local: number): Source {
    return this.held[local] ?? EXACT;
  }

  /** Writes a local with a value that `producer` pushed. */
  set(local: number, source: Source, producer: number): void {
    if (this.slots[local] === -1) {
      return;
    }
    if (!this.hasVersions) {
      this.graph.flow(this.get(local), source, producer);
    } else if (source < 0 && knownKinds(source) <= kinds.EXACT) {
      this.held[local] = source;
    } else {
      const version = this.graph.place();
      this.graph.flow(version, source, producer);
      this.held[local] = version;
    }
  }

  /** Opens a block, loop or if. */
  open(depth: number, kind: number): void {
    if (!this.isTracking()) {
      return;
    }
    const frame = this.frameAt(depth);
    frame.joined = undefined;
    frame.head = -1;
    frame.saved = kind === op.IF ? this.copy() : undefined;
    if (kind === op.LOOP) {
      this.openLoop(frame);
    }
  }

  private openLoop(frame: Frame): void {
    for (const [slot, local] of this.tracked.entries()) {
      const version = this.graph.place();
      if (slot === 0) {
        frame.head = version;
      }
      this.graph.become(version, this.get(local));
      this.held[local] = version;
    }
  }

  /** Control goes from here to the head of a loop, or behind the end of another block. */
  join(depth: number): void {
    if (!this.isTracking()) {
      return;
    }
    const frame = this.frameAt(depth);
    if (frame.head >= 0) {
      for (const [slot, local] of this.tracked.entries()) {
        const source = this.get(local);
        if (source !== frame.head + slot) {
          this.graph.become(frame.head + slot, source);
        }
      }
    } else if (frame.joined === undefined) {
      frame.joined = this.copy();
      frame.own.fill(0);
    } else {
      this.joinInto(frame, frame.joined);
    }
  }

  private joinInto(frame: Frame, joined: Int32Array): void {
    for (const [slot, local] of this.tracked.entries()) {
      const before = joined[slot] ?? EXACT;
      const source = this.get(local);
      if (before === source) {
        continue;
      }
      if (before < 0 && source < 0) {
        joined[slot] = EXACT;
      } else if (frame.own[slot] === 1) {
        this.graph.become(before, source);
      } else {
        const version = this.graph.place();
        this.graph.become(version, before);
        this.graph.become(version, source);
        joined[slot] = version;
        frame.own[slot] = 1;
      }
    }
  }

  /** Behind the end of a loop only what falls out of it goes on. */
  endLoop(depth: number): void {
    if (this.isTracking()) {
      this.frameAt(depth).head = -1;
    }
  }

  /** Locals are again what they were where the `if` began. */
  otherwise(depth: number): void {
    const saved = this.isTracking() ? this.frameAt(depth).saved : undefined;
    if (saved !== undefined) {
      this.restore(saved);
    }
  }

  /** Behind the end of a block, locals are what came there. */
  close(depth: number): void {
    const joined = this.isTracking() ? this.frameAt(depth).joined : undefined;
    if (joined !== undefined) {
      this.restore(joined);
    }
  }

  private isTracking(): boolean {
    return this.hasVersions && this.tracked.length > 0;
  }

  private frameAt(depth: number): Frame {
    const found = this.frames[depth];
    if (found !== undefined && found.own.length >= this.tracked.length) {
      return found;
    }
    const frame = { joined: undefined, saved: undefined, head: -1, own: new Uint8Array(this.tracked.length) };
    this.frames[depth] = frame;
    return frame;
  }

  private copy(): Int32Array {
    return Int32Array.from(this.tracked, (local) => this.get(local));
  }

  private restore(values: Int32Array): void {
    for (const [slot, local] of this.tracked.entries()) {
      this.held[local] = values[slot] ?? EXACT;
    }
  }
}

function holdsFloats(type: number): boolean {
  return type === op.F32 || type === op.F64 || type === op.V128;
}
