// Versions of locals, for the walk that follows NaNs. Each write of a local makes a version. Where control flow joins,
// versions that differ become parts of a new one; a loop's head gets one for each local at once, because what comes
// round is not known yet. Versions that nobody shows cost nothing in the end (see nan-graph.ts).
//
// In a function where joining would take too long, each local is one place.

import type { InstructionColumns, ScannedFunction } from './instructions.ts';
import { LOCALS_MAX } from './limits.ts';
import { known, knownKinds, type NanGraph, type Source } from './nan-graph.ts';
import * as kinds from './nan-kinds.ts';
import * as op from './opcodes.ts';

/** Locals times places where control flow joins, in one function: beyond, locals have no versions. */
const JOINS_MAX = 1_000_000;

const CLEAN = known(kinds.CLEAN);
const EXACT = known(kinds.EXACT);

/** What is kept for one open block. */
interface Frame {
  /** What locals hold behind its end, as far as known, with 1 for versions that are this frame's own. */
  joined: Int32Array;
  own: Uint8Array;
  isJoined: boolean;
  /** What they held where an `if` began. */
  saved: Int32Array;
  isIf: boolean;
  /** A loop's versions are the places from here on; -1 for other blocks. */
  head: number;
}

/** What the locals of one function hold at the instruction at hand. */
export class NanLocals {
  private readonly graph: NanGraph;
  // By local: its slot, if it has one, and what it holds at the beginning.
  private readonly slots = new Int16Array(LOCALS_MAX);
  private readonly fixed = new Int32Array(LOCALS_MAX);
  // By slot. Slots are for the locals that hold floats and are written somewhere.
  private held = new Int32Array(64);
  private count = 0;
  private hasVersions = true;
  private readonly frames: Frame[] = [];

  constructor(graph: NanGraph) {
    this.graph = graph;
  }

  /** Begins a function. */
  begin({ columns, type, locals, localTypes: types }: ScannedFunction): void {
    const { slots, fixed } = this;
    const parameters = type.parameters.length;
    for (let local = 0; local < locals; local++) {
      slots[local] = NO_SLOT;
      fixed[local] = local < parameters && holdsFloats(types[local] ?? 0) ? EXACT : CLEAN;
    }
    this.count = 0;
    for (let index = 0; index < columns.count; index++) {
      const code = columns.op[index];
      if (code === op.LOCAL_SET || code === op.LOCAL_TEE) {
        this.track(columns.value[index] ?? 0, types);
      }
    }
    this.hasVersions = this.count * branchTargets(columns) <= JOINS_MAX;
    for (let slot = this.hasVersions ? this.count : 0; slot < this.count; slot++) {
      const place = this.graph.place();
      this.graph.become(place, this.held[slot] ?? EXACT);
      this.held[slot] = place;
    }
  }

  private track(local: number, types: Uint8Array): void {
    if (this.slots[local] !== NO_SLOT || !holdsFloats(types[local] ?? 0)) {
      return;
    }
    const slot = this.count;
    if (slot === this.held.length) {
      const larger = new Int32Array(slot * 2);
      larger.set(this.held);
      this.held = larger;
    }
    this.slots[local] = slot;
    this.held[slot] = this.fixed[local] ?? EXACT;
    this.count = slot + 1;
  }

  /** Where a local's value comes from. */
  get(local: number): Source {
    const slot = this.slots[local] ?? NO_SLOT;
    return (slot === NO_SLOT ? this.fixed[local] : this.held[slot]) ?? EXACT;
  }

  /** Writes a local with a value that `producer` pushed. */
  set(local: number, source: Source, producer: number): void {
    const slot = this.slots[local] ?? NO_SLOT;
    if (slot === NO_SLOT) {
      return;
    }
    if (!this.hasVersions) {
      this.graph.flow(this.held[slot] ?? EXACT, source, producer);
    } else if (source < 0 && knownKinds(source) <= kinds.EXACT) {
      this.held[slot] = source;
    } else {
      const version = this.graph.place();
      this.graph.flow(version, source, producer);
      this.held[slot] = version;
    }
  }

  /** Opens a block, loop or if. */
  open(depth: number, kind: number): void {
    if (!this.isTracking()) {
      return;
    }
    const frame = this.frameAt(depth);
    frame.isJoined = false;
    frame.head = -1;
    frame.isIf = kind === op.IF;
    if (frame.isIf) {
      this.copyTo(frame.saved);
    }
    if (kind === op.LOOP) {
      this.openLoop(frame);
    }
  }

  private openLoop(frame: Frame): void {
    const { graph, held, count } = this;
    for (let slot = 0; slot < count; slot++) {
      const version = graph.place();
      frame.head = slot === 0 ? version : frame.head;
      graph.become(version, held[slot] ?? EXACT);
      held[slot] = version;
    }
  }

  /** Control goes from here to the head of a loop, or behind the end of another block. */
  join(depth: number): void {
    if (!this.isTracking()) {
      return;
    }
    const frame = this.frameAt(depth);
    if (frame.head >= 0) {
      this.joinHead(frame.head);
    } else if (frame.isJoined) {
      this.joinInto(frame);
    } else {
      frame.isJoined = true;
      this.copyTo(frame.joined);
      frame.own.fill(0, 0, this.count);
    }
  }

  private joinHead(head: number): void {
    const { graph, held, count } = this;
    for (let slot = 0; slot < count; slot++) {
      const source = held[slot] ?? EXACT;
      if (source !== head + slot) {
        graph.become(head + slot, source);
      }
    }
  }

  private joinInto({ joined, own }: Frame): void {
    const { held, count } = this;
    for (let slot = 0; slot < count; slot++) {
      const before = joined[slot] ?? EXACT;
      const source = held[slot] ?? EXACT;
      if (before !== source) {
        joined[slot] = this.joinedVersion(before, source, own[slot] === 1);
        own[slot] = (joined[slot] ?? EXACT) >= 0 ? 1 : 0;
      }
    }
  }

  private joinedVersion(before: Source, source: Source, isOwn: boolean): Source {
    if (before < 0 && source < 0) {
      return EXACT;
    }
    const version = isOwn ? before : this.graph.place();
    if (!isOwn) {
      this.graph.become(version, before);
    }
    this.graph.become(version, source);
    return version;
  }

  /** Behind the end of a loop only what falls out of it goes on. */
  endLoop(depth: number): void {
    if (this.isTracking()) {
      this.frameAt(depth).head = -1;
    }
  }

  /** Locals are again what they were where the `if` began. */
  otherwise(depth: number): void {
    if (this.isTracking() && this.frameAt(depth).isIf) {
      this.held.set(this.frameAt(depth).saved.subarray(0, this.count));
    }
  }

  /** Behind the end of a block, locals are what came there. */
  close(depth: number): void {
    if (this.isTracking() && this.frameAt(depth).isJoined) {
      this.held.set(this.frameAt(depth).joined.subarray(0, this.count));
    }
  }

  private isTracking(): boolean {
    return this.hasVersions && this.count > 0;
  }

  private copyTo(target: Int32Array): void {
    target.set(this.held.subarray(0, this.count));
  }

  // Frames are kept from one function to the next, as large as one has needed.
  private frameAt(depth: number): Frame {
    const found = this.frames[depth];
    if (found !== undefined && found.own.length >= this.count) {
      return found;
    }
    const size = this.count;
    const frame = {
      joined: new Int32Array(size),
      own: new Uint8Array(size),
      isJoined: false,
      saved: new Int32Array(size),
      isIf: false,
      head: -1,
    };
    this.frames[depth] = frame;
    return frame;
  }
}

const NO_SLOT = -1;

// At most how often control flow joins: a branch table does for each of its targets, which take a byte or more.
function branchTargets({ op: codes, at, landmarks, landmarkCount }: InstructionColumns): number {
  let targets = 0;
  for (let place = 0; place < landmarkCount; place++) {
    const index = landmarks[place] ?? 0;
    targets += codes[index] === op.BR_TABLE ? (at[index + 1] ?? 0) - (at[index] ?? 0) : 1;
  }
  return targets;
}

function holdsFloats(type: number): boolean {
  return type === op.F32 || type === op.F64 || type === op.V128;
}
