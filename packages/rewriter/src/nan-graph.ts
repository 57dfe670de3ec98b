// How values with the engine's NaNs move through one function, as a graph. Places are versions of locals, results of
// blocks and what copying instructions give; edges say what comes into them, and from which instruction.
// A place that only ever gets values of one kind may keep the engine's NaNs. Where kinds meet in a place that
// somebody shows, each must be made canonical on its way in; where nobody shows it, nothing needs to be done.

import * as kinds from './nan-kinds.ts';

/** Where a value comes from: a place (0 or more), or a set of kinds as `known` writes it. */
export type Source = number;

/** The source of a value whose kinds are known on the spot. */
export function known(set: number): Source {
  return -1 - set;
}

/** The kinds of a source that is no place. */
export function knownKinds(source: Source): number {
  return -1 - source;
}

/** The target of what is shown: everything that gets there must be exact. */
const SHOWN = -1;
/** The targets of vectors that are read as f32 or f64 lanes: other lanes must be exact. */
const READ_F32X4 = -2;
const READ_F64X2 = -3;

/** Edges between local versions carry no instruction behind which code could be put. */
const NOWHERE = -1;

/** The graph of one function at a time. */
export class NanGraph {
  private places = 0;
  private held = new Uint16Array(256);
  // 1 where somebody shows what the place holds.
  private shown = new Uint8Array(256);

  private edges = 0;
  private sources = new Int32Array(256);
  private producers = new Int32Array(256);
  private targets = new Int32Array(256);
  private transfers = new Uint8Array(256);

  /** Forgets the last function. */
  reset(): void {
    this.held.fill(0, 0, this.places);
    this.shown.fill(0, 0, this.places);
    this.places = 0;
    this.edges = 0;
  }

  /** A further place, which nothing comes into yet. */
  place(): Source {
    if (this.places === this.held.length) {
      this.held = doubled(this.held, new Uint16Array(this.places * 2));
      this.shown = doubled(this.shown, new Uint8Array(this.places * 2));
    }
    return this.places++;
  }

  /** A value comes into a place; it was pushed by the instruction `producer`, and nothing pushed above it then. */
  flow(target: Source, source: Source, producer: number, transfer: number = kinds.COPY): void {
    if (source === known(kinds.EXACT) || source === known(kinds.CLEAN)) {
      this.hold(target, knownKinds(source));
    } else {
      this.edge(target, source, producer, transfer);
    }
  }

  /** A place is one way or another what `target` is: no instruction moves the value. */
  become(target: Source, source: Source): void {
    this.flow(target, source, NOWHERE);
  }

  /** All bits of a value are shown. */
  show(source: Source, producer: number): void {
    if (source >= 0 || knownKinds(source) > kinds.EXACT) {
      this.edge(SHOWN, source, producer, kinds.COPY);
    }
  }

  /** A vector is read as f32 or as f64 lanes (`lanes` is F32X4 or F64X2), whose NaNs are not shown. */
  read(source: Source, producer: number, lanes: number): void {
    if (source >= 0 || (knownKinds(source) & ~(lanes | kinds.EXACT)) !== 0) {
      this.edge(lanes === kinds.F32X4 ? READ_F32X4 : READ_F64X2, source, producer, kinds.COPY);
    }
  }

  private hold(place: number, set: number): void {
    this.held[place] = (this.held[place] ?? 0) | set;
  }

  private edge(target: number, source: Source, producer: number, transfer: number): void {
    const edge = this.edges;
    if (edge === this.sources.length) {
      this.sources = doubled(this.sources, new Int32Array(edge * 2));
      this.producers = doubled(this.producers, new Int32Array(edge * 2));
      this.targets = doubled(this.targets, new Int32Array(edge * 2));
      this.transfers = doubled(this.transfers, new Uint8Array(edge * 2));
    }
    this.sources[edge] = source;
    this.producers[edge] = producer;
    this.targets[edge] = target;
    this.transfers[edge] = transfer;
    this.edges = edge + 1;
  }

  /** Calls back for every instruction whose result must be made canonical, with its kind; some twice. */
  solve(found: (producer: number, kind: number) => void): void {
    this.spread();
    for (let edge = 0; edge < this.edges; edge++) {
      const producer = this.producers[edge] ?? NOWHERE;
      const kind = producer === NOWHERE ? kinds.CLEAN : this.sourceKinds(this.sources[edge] ?? 0);
      if (kinds.isOpen(kind) && this.mustBeExact(edge, kind)) {
        found(producer, kind);
      }
    }
  }

  private mustBeExact(edge: number, kind: number): boolean {
    const target = this.targets[edge] ?? SHOWN;
    if (target === SHOWN) return true;
    if (target < 0) return (kind & (target === READ_F32X4 ? kinds.F32X4 : kinds.F64X2)) === 0;
    return (
      this.shown[target] === 1 &&
      (kinds.isMixed(this.held[target] ?? 0) ||
        kinds.transferKinds(this.transfers[edge] ?? 0, kind) === kinds.EXACT)
    );
  }

  private sourceKinds(source: Source): number {
    return source < 0 ? knownKinds(source) : (this.held[source] ?? 0);
  }

  // What is held goes forward along the edges. Being shown goes back. Where a mixed place is shown, what becomes
  // part of it without an instruction must be exact, too. All three only ever grow, so it ends.
  private spread(): void {
    const [outFirst, outEdges] = this.grouped(this.sources);
    const [inFirst, inEdges] = this.grouped(this.targets);
    const pending: number[] = [];
    const queued = new Uint8Array(this.places);
    const queue = (place: number): void => {
      if (queued[place] === 0) {
        queued[place] = 1;
        pending.push(place);
      }
    };
    const hold = (place: number, set: number): void => {
      const before = this.held[place] ?? 0;
      if ((before | set) !== before) {
        this.held[place] = before | set;
        queue(place);
      }
    };
    const show = (place: number): void => {
      if (this.shown[place] === 0) {
        this.shown[place] = 1;
        queue(place);
      }
    };
    const forward = (edge: number): void => {
      const target = this.targets[edge] ?? SHOWN;
      const source = this.sources[edge] ?? 0;
      const set = this.sourceKinds(source);
      if (target >= 0) {
        hold(target, kinds.transferKinds(this.transfers[edge] ?? 0, set));
      } else if (source >= 0 && (target === SHOWN || this.isMisread(target, set))) {
        show(source);
      }
    };
    const backward = (edge: number, target: number): void => {
      const source = this.sources[edge] ?? 0;
      if (source >= 0) {
        show(source);
        if (this.producers[edge] === NOWHERE && kinds.isMixed(this.held[target] ?? 0)) {
          hold(source, kinds.EXACT);
        }
      }
    };
    for (let edge = 0; edge < this.edges; edge++) {
      forward(edge);
    }
    for (let place = 0; place < this.places; place++) {
      queue(place);
    }
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      queued[place] = 0;
      for (let at = outFirst[place] ?? 0; at < (outFirst[place + 1] ?? 0); at++) {
        forward(outEdges[at] ?? 0);
      }
      for (let at = inFirst[place] ?? 0; this.shown[place] === 1 && at < (inFirst[place + 1] ?? 0); at++) {
        backward(inEdges[at] ?? 0, place);
      }
    }
  }

  // Whether a vector that is read as lanes of one shape may hold NaNs in lanes of the other.
  private isMisread(target: number, set: number): boolean {
    return (set & (target === READ_F32X4 ? kinds.F64X2 : kinds.F32X4)) !== 0;
  }

  // Edges grouped by a place at one of their ends: where each group begins, and the edges.
  private grouped(ends: Int32Array): readonly [Uint32Array, Uint32Array] {
    const first = new Uint32Array(this.places + 2);
    for (let edge = 0; edge < this.edges; edge++) {
      const place = ends[edge] ?? 0;
      if (place >= 0) {
        first[place + 2] = (first[place + 2] ?? 0) + 1;
      }
    }
    for (let place = 1; place <= this.places + 1; place++) {
      first[place] = (first[place] ?? 0) + (first[place - 1] ?? 0);
    }
    const grouped = new Uint32Array(this.edges);
    for (let edge = 0; edge < this.edges; edge++) {
      const place = ends[edge] ?? 0;
      if (place >= 0) {
        const at = first[place + 1] ?? 0;
        grouped[at] = edge;
        first[place + 1] = at + 1;
      }
    }
    return [first, grouped];
  }
}

function doubled<Column extends Uint8Array | Uint16Array | Int32Array>(old: Column, next: Column): Column {
  next.set(old);
  return next;
}
