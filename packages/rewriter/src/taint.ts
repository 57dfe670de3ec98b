// Which floats may be NaNs whose bits the engine chose. WebAssembly leaves sign and payload of a NaN that
// arithmetic makes to the engine; copies keep their bits. A value's *source* is a number: EXACT (the
// standard fixes its bits), CLEAN (a constant that is no NaN), TAINTED (arithmetic may have made it), or a
// local it was copied from. Locals are judged flow-insensitively: one is tainted when anything tainted is
// ever stored in it.
//
// A vector's NaNs can be made canonical only by who knows its lanes, and its type does not tell. So a vector
// is tainted as f32 or as f64 lanes, which also is the permission to make them canonical as such. That is
// followed through locals that only ever hold one of these kinds; what a *mixed* local gets is made canonical
// on its way in, and so is what leaves a block or a function, so that those hold nothing but EXACT.

/** The standard fixes the value's bits. */
export const EXACT = 0;
/** The value may be a NaN whose bits differ between engines. */
export const TAINTED = 1;
/** A vector whose f32 lanes may be such NaNs. */
export const TAINTED_F32X4 = 2;
/** A vector whose f64 lanes may be such NaNs. */
export const TAINTED_F64X2 = 3;
/** A constant that is no NaN, however it is read. */
export const CLEAN = 4;
const FIRST_LOCAL = 5;

// What a local ever holds, as bits.
const HOLDS_TAINTED = 1;
const HOLDS_EXACT_VECTOR = 2;
const HOLDS_F32X4 = 4;
const HOLDS_F64X2 = 8;

/** The source of a value read from `local`. */
export function sourceOfLocal(local: number): number {
  return FIRST_LOCAL + local;
}

/** The source of a number that is one of two. */
export function joinSources(first: number, second: number): number {
  if (first === second || second === CLEAN) return first;
  if (first === CLEAN || first === EXACT) return second;
  return second === EXACT ? first : TAINTED;
}

/** Whether nothing needs to be known of where a value goes. */
export function isHarmless(source: number): boolean {
  return source === EXACT || source === CLEAN;
}

/** Collects what is stored in the locals of one function, then answers which sources are tainted. */
export class TaintGraph {
  private holds = new Uint8Array(64);
  private locals = 0;
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private solved = true;

  /** Starts a function with `locals` locals. */
  reset(locals: number): void {
    if (locals > this.holds.length) {
      this.holds = new Uint8Array(locals * 2);
    }
    this.holds.fill(0, 0, locals);
    this.locals = locals;
    this.from.length = 0;
    this.to.length = 0;
    this.solved = true;
  }

  /** Notes that a number from `source` is stored in `local`. */
  store(local: number, source: number): void {
    if (source === TAINTED) {
      this.hold(local, HOLDS_TAINTED);
    } else {
      this.copy(local, source);
    }
  }

  /** Notes that a vector from `source` is stored in `local`. */
  storeVector(local: number, source: number): void {
    if (source === EXACT) {
      this.hold(local, HOLDS_EXACT_VECTOR);
    } else if (source === TAINTED_F32X4) {
      this.hold(local, HOLDS_F32X4);
    } else if (source === TAINTED_F64X2) {
      this.hold(local, HOLDS_F64X2);
    } else {
      this.copy(local, source);
    }
  }

  private hold(local: number, what: number): void {
    this.holds[local] = (this.holds[local] ?? 0) | what;
  }

  private copy(local: number, source: number): void {
    if (source >= FIRST_LOCAL && source !== sourceOfLocal(local)) {
      this.from.push(source - FIRST_LOCAL);
      this.to.push(local);
      this.solved = false;
    }
  }

  private heldBy(local: number): number {
    if (!this.solved) {
      this.solve();
    }
    return this.holds[local] ?? 0;
  }

  /** Whether a number from `source` may be an engine's own NaN. Asked only after the last store. */
  isTainted(source: number): boolean {
    return source < FIRST_LOCAL
      ? source === TAINTED
      : (this.heldBy(source - FIRST_LOCAL) & HOLDS_TAINTED) !== 0;
  }

  /** `TAINTED_F32X4`, `TAINTED_F64X2`, or `EXACT` for a vector without an engine's own NaNs. */
  vectorTaint(source: number): number {
    if (source < FIRST_LOCAL) {
      return source === TAINTED_F32X4 || source === TAINTED_F64X2 ? source : EXACT;
    }
    const held = this.heldBy(source - FIRST_LOCAL);
    if (held === HOLDS_F32X4) return TAINTED_F32X4;
    return held === HOLDS_F64X2 ? TAINTED_F64X2 : EXACT;
  }

  /** Whether vectors of different kinds are stored in `local`: it must get canonical ones only. */
  isMixed(local: number): boolean {
    const held = this.heldBy(local);
    return (held & (held - 1)) !== 0;
  }

  // Spreads taint along the copies: edges grouped by their origin.
  private solve(): void {
    this.solved = true;
    const first = new Uint32Array(this.locals + 1);
    for (const local of this.from) {
      first[local + 1] = (first[local + 1] ?? 0) + 1;
    }
    for (let local = 0; local < this.locals; local++) {
      first[local + 1] = (first[local + 1] ?? 0) + (first[local] ?? 0);
    }
    const targets = new Uint32Array(this.to.length);
    const next = first.slice();
    for (let edge = 0; edge < this.to.length; edge++) {
      const origin = this.from[edge] ?? 0;
      const place = next[origin] ?? 0;
      targets[place] = this.to[edge] ?? 0;
      next[origin] = place + 1;
    }
    this.spread(first, targets);
  }

  // A local is looked at again when it holds more than before: four times at most.
  private spread(first: Uint32Array, targets: Uint32Array): void {
    const pending: number[] = [];
    for (let local = 0; local < this.locals; local++) {
      if (this.holds[local] !== 0) {
        pending.push(local);
      }
    }
    for (let local = pending.pop(); local !== undefined; local = pending.pop()) {
      const held = this.holds[local] ?? 0;
      const end = first[local + 1] ?? 0;
      for (let edge = first[local] ?? 0; edge < end; edge++) {
        const target = targets[edge] ?? 0;
        const before = this.holds[target] ?? 0;
        if ((before | held) !== before) {
          this.holds[target] = before | held;
          pending.push(target);
        }
      }
    }
  }
}
