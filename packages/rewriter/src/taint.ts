// Which floats may be NaNs whose bits the engine chose. WebAssembly leaves sign and payload of a NaN that
// arithmetic makes to the engine; copies keep their bits. A value's *source* is a number: EXACT (the
// standard fixes its bits), TAINTED (arithmetic may have made it), or a local it was copied from.
// Locals are judged flow-insensitively: one is tainted when anything tainted is ever stored in it.

/** The standard fixes the value's bits. */
export const EXACT = 0;
/** The value may be a NaN whose bits differ between engines. */
export const TAINTED = 1;
const FIRST_LOCAL = 2;

/** The source of a value read from `local`. */
export function sourceOfLocal(local: number): number {
  return FIRST_LOCAL + local;
}

/** The source of a value that is one of two. */
export function joinSources(first: number, second: number): number {
  if (first === second || second === EXACT) return first;
  return first === EXACT ? second : TAINTED;
}

/** Collects what is stored in the locals of one function, then answers which sources are tainted. */
export class TaintGraph {
  private tainted = new Uint8Array(64);
  private locals = 0;
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private solved = true;

  /** Starts a function with `locals` locals. */
  reset(locals: number): void {
    if (locals > this.tainted.length) {
      this.tainted = new Uint8Array(locals * 2);
    }
    this.tainted.fill(0, 0, locals);
    this.locals = locals;
    this.from.length = 0;
    this.to.length = 0;
    this.solved = true;
  }

  /** Notes that a value from `source` is stored in `local`. */
  store(local: number, source: number): void {
    if (source === TAINTED) {
      this.tainted[local] = 1;
    } else if (source >= FIRST_LOCAL && source !== sourceOfLocal(local)) {
      this.from.push(source - FIRST_LOCAL);
      this.to.push(local);
      this.solved = false;
    }
  }

  /** Whether a value from `source` may be an engine's own NaN. Asked only after the last `store`. */
  isTainted(source: number): boolean {
    if (source < FIRST_LOCAL) {
      return source === TAINTED;
    }
    if (!this.solved) {
      this.solve();
    }
    return this.tainted[source - FIRST_LOCAL] === 1;
  }

  // Spreads taint along the copies: edges grouped by their origin, each walked once.
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

  private spread(first: Uint32Array, targets: Uint32Array): void {
    const pending: number[] = [];
    for (let local = 0; local < this.locals; local++) {
      if (this.tainted[local] === 1) {
        pending.push(local);
      }
    }
    for (let local = pending.pop(); local !== undefined; local = pending.pop()) {
      const end = first[local + 1] ?? 0;
      for (let edge = first[local] ?? 0; edge < end; edge++) {
        const target = targets[edge] ?? 0;
        if (this.tainted[target] === 0) {
          this.tainted[target] = 1;
          pending.push(target);
        }
      }
    }
  }
}
