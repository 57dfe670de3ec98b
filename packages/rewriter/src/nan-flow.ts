// Which results of a function's instructions must be made canonical, so that nothing the guest or the host can see
// depends on the NaNs an engine chooses, and nothing else changes: what is shown is what the standard's
// deterministic profile shows, payloads of copied NaNs included.
//
// Memory, globals, parameters and results only hold exact values, which makes each function a matter of its own. Within it,
// values are followed from instruction to instruction: operands by a stack, locals by versions (a write makes
// one, places where control flow joins make others), so that a local that is used for several things in turn
// is several places of the graph (nan-graph.ts). Code that never runs is passed over.
//
// A function without float arithmetic has no NaN to hide and is not walked at all.

import type { ScannedFunction } from './instructions.ts';
import { NESTING_MAX } from './limits.ts';
import type { FunctionType, WasmModule } from './module.ts';
import { known } from './nan-graph.ts';
import * as kinds from './nan-kinds.ts';
import { NanLocals } from './nan-locals.ts';
import { NanOperands } from './nan-operands.ts';
import { groupStores, type NanStore, type StoreGroup } from './nan-stores.ts';
import * as op from './opcodes.ts';

const CLEAN = known(kinds.CLEAN);
const EXACT = known(kinds.EXACT);
const NO_TYPES = new Uint8Array(0);
const NOWHERE = -1;

/** What of a function must be made canonical. */
export interface FoundNans {
  /** Kinds of results, by instruction. */
  readonly values: ReadonlyMap<number, number>;
  /** Stores of other such values that share a check. */
  readonly groups: readonly StoreGroup[];
}

/** Finds, for one function after the other, what must be made canonical. */
export class NanFlow extends NanOperands {
  private readonly module: WasmModule;
  private readonly locals: NanLocals;
  private live = true;
  // Blocks opened in code that never runs.
  private deadBlocks = 0;

  private depth = 0;
  private readonly frameKinds = new Uint8Array(NESTING_MAX + 1);
  // Below what the frame takes.
  private readonly frameHeights = new Uint32Array(NESTING_MAX + 1);
  private readonly frameTypes: FunctionType[] = [];
  // The place of the one result of a block, once something comes into it.
  private readonly framePlaces = new Int32Array(NESTING_MAX + 1);

  constructor(module: WasmModule) {
    super(module.bytes);
    this.module = module;
    this.locals = new NanLocals(this.graph);
  }

  /** Finds, for each instruction whose result must be made canonical, its kind, and what stores can share a check. */
  find(scanned: ScannedFunction): FoundNans {
    const values = new Map<number, number>();
    if (!scanned.makesNan) {
      return { values, groups: [] };
    }
    this.walk(scanned);
    this.graph.solve((index, kind) => values.set(index, kind));
    const groups = groupStores(this.columns, this.module.bytes, this.nanStores(values));
    for (const { index } of groups.flatMap(({ stores }) => stores)) {
      values.delete(index - 1);
    }
    return { values, groups };
  }

  // Stores of what the instruction before them made: no other instruction gets that value.
  private nanStores(values: ReadonlyMap<number, number>): readonly NanStore[] {
    const stores: NanStore[] = [];
    for (let place = 0; place < this.stores.length; place += 2) {
      const index = this.stores[place] ?? 0;
      const kind = values.get(index - 1);
      if (kind !== undefined && this.columns.op[index - 1] !== op.BR_IF) {
        stores.push({ index, address: this.stores[place + 1] ?? 0, kind });
      }
    }
    return stores;
  }

  private walk(scanned: ScannedFunction): void {
    this.graph.reset();
    this.stores.length = 0;
    this.columns = scanned.columns;
    this.reader.end = scanned.end;
    this.height = 0;
    this.depth = 0;
    this.live = true;
    this.deadBlocks = 0;
    this.frameKinds[0] = op.BLOCK;
    this.frameHeights[0] = 0;
    this.framePlaces[0] = NOWHERE;
    this.frameTypes[0] = { parameters: NO_TYPES, results: scanned.type.results };
    this.locals.begin(scanned);
    const { count } = this.columns;
    for (let index = 0; index < count; index++) {
      this.index = index;
      this.visit(this.columns.op[index] ?? 0);
    }
  }

  private get value(): number {
    return this.columns.value[this.index] ?? 0;
  }

  private visit(code: number): void {
    if (!this.live) {
      this.pass(code);
    } else if (code >= op.SIMD) {
      this.vector(code - op.SIMD);
    } else if ((op.PLAIN.operands[code] ?? -1) > 0) {
      this.plain(code);
    } else {
      this.control(code);
    }
  }

  // Over code that never runs, up to where its block goes on.
  private pass(code: number): void {
    if (code === op.BLOCK || code === op.LOOP || code === op.IF) {
      this.deadBlocks += 1;
    } else if (code === op.END && this.deadBlocks > 0) {
      this.deadBlocks -= 1;
    } else if (code === op.END) {
      this.close();
    } else if (code === op.ELSE && this.deadBlocks === 0) {
      this.otherwise();
    }
  }

  private control(code: number): void {
    switch (code) {
      case op.UNREACHABLE:
        this.live = false;
        return;
      case op.BLOCK:
      case op.LOOP:
        return this.open(code);
      case op.IF:
        this.height -= 1;
        return this.open(code);
      case op.ELSE:
        return this.otherwise();
      case op.END:
        return this.close();
      case op.BR:
        this.branch(this.value);
        this.live = false;
        return;
      case op.BR_IF:
        this.height -= 1;
        return this.branch(this.value);
      case op.BR_TABLE:
        return this.branchTable();
      case op.RETURN:
        return this.leave(this.typeAt(0).results.length);
      case op.CALL:
      case op.CALL_INDIRECT:
        return this.call(code);
      case op.RETURN_CALL:
        return this.leave(this.functionType(this.value).parameters.length);
      case op.RETURN_CALL_INDIRECT:
        this.height -= 1;
        return this.leave(this.typeOf(this.value).parameters.length);
      default:
        return this.variable(code);
    }
  }

  private variable(code: number): void {
    switch (code) {
      case op.LOCAL_GET:
        return this.push(this.locals.get(this.value));
      case op.LOCAL_SET:
        return this.setLocal();
      case op.LOCAL_TEE:
        this.setLocal();
        return this.push(this.locals.get(this.value));
      case op.GLOBAL_GET:
        return this.push(holdsFloats(this.module.globals[this.value]?.type ?? 0) ? EXACT : CLEAN);
      case op.GLOBAL_SET:
        return this.popShown(1);
      case op.SELECT:
      case op.SELECT_TYPED:
        this.height -= 1;
        return this.join(kinds.COPY, kinds.COPY);
      case op.F32_CONST:
        this.reader.position = (this.columns.at[this.index] ?? 0) + 1;
        return this.push(this.constant(4));
      case op.F64_CONST:
        this.reader.position = (this.columns.at[this.index] ?? 0) + 1;
        return this.push(this.constant(8));
      default:
        return this.other(code);
    }
  }

  private setLocal(): void {
    this.height -= 1;
    this.locals.set(this.value, this.sourceAt(this.height), this.producerAt(this.height));
  }

  // Instructions without floats.
  private other(code: number): void {
    const [pops, pushes] = STACK_EFFECTS.get(code) ?? NO_EFFECT;
    this.height -= pops;
    if (pushes === 1) {
      this.push(CLEAN);
    }
  }

  private typeOf(index: number): FunctionType {
    return this.module.types[index] ?? EMPTY_TYPE;
  }

  private functionType(index: number): FunctionType {
    return this.typeOf(this.module.functions[index] ?? -1);
  }

  private call(code: number): void {
    this.height -= code === op.CALL_INDIRECT ? 1 : 0;
    const type = code === op.CALL ? this.functionType(this.value) : this.typeOf(this.value);
    this.popShown(type.parameters.length);
    this.pushExact(type.results);
  }

  private pushExact(types: Uint8Array): void {
    for (const type of types) {
      this.push(holdsFloats(type) ? EXACT : CLEAN);
    }
  }

  // The operands on top are shown to whoever called.
  private leave(operands: number): void {
    this.popShown(operands);
    this.live = false;
  }

  private typeAt(depth: number): FunctionType {
    return this.frameTypes[depth] ?? EMPTY_TYPE;
  }

  private blockType(): FunctionType {
    const { reader } = this;
    reader.position = (this.columns.at[this.index] ?? 0) + 1;
    const code = reader.s33();
    if (code >= 0) {
      return this.typeOf(code);
    }
    const type = code + 0x80;
    return type === op.EMPTY_BLOCK ? EMPTY_TYPE : { parameters: NO_TYPES, results: Uint8Array.of(type) };
  }

  // What a block takes is made exact before it: hardly any takes floats.
  private open(kind: number): void {
    const type = this.blockType();
    const taken = type.parameters.length;
    for (let place = 1; place <= taken; place++) {
      this.show(this.height - place);
    }
    const depth = this.depth + 1;
    this.depth = depth;
    this.frameKinds[depth] = kind;
    this.frameTypes[depth] = type;
    this.frameHeights[depth] = this.height - taken;
    this.framePlaces[depth] = NOWHERE;
    this.locals.open(depth, kind);
  }

  // The operands on top go where a branch to the frame leads, and so do the locals as they are.
  private carry(depth: number): void {
    const { parameters, results } = this.typeAt(depth);
    const types = this.frameKinds[depth] === op.LOOP ? parameters : results;
    if (types.length === 1 && depth > 0 && this.frameKinds[depth] !== op.LOOP && holdsFloats(types[0] ?? 0)) {
      const top = this.height - 1;
      this.graph.flow(this.placeOf(depth), this.sourceAt(top), this.producerAt(top));
    } else {
      for (let place = 1; place <= types.length; place++) {
        this.show(this.height - place);
      }
    }
    if (depth > 0) {
      this.locals.join(depth);
    }
  }

  private placeOf(depth: number): number {
    const known = this.framePlaces[depth] ?? NOWHERE;
    const place = known === NOWHERE ? this.graph.place() : known;
    this.framePlaces[depth] = place;
    return place;
  }

  private branch(label: number): void {
    this.carry(Math.max(0, this.depth - label));
  }

  private branchTable(): void {
    const { reader } = this;
    this.height -= 1;
    reader.position = (this.columns.at[this.index] ?? 0) + 1;
    const seen = new Set<number>();
    for (let left = reader.u32() + 1; left > 0; left--) {
      const label = reader.u32();
      if (!seen.has(label)) {
        seen.add(label);
        this.branch(label);
      }
    }
    this.live = false;
  }

  private otherwise(): void {
    const depth = this.depth;
    const { parameters } = this.typeAt(depth);
    if (this.live) {
      this.carryOut(depth);
    }
    this.locals.otherwise(depth);
    this.frameKinds[depth] = op.ELSE;
    this.live = true;
    this.height = this.frameHeights[depth] ?? 0;
    this.pushExact(parameters);
  }

  // Out of the end of a block, which for a loop is no branch to it.
  private carryOut(depth: number): void {
    const kind = this.frameKinds[depth] ?? op.BLOCK;
    this.frameKinds[depth] = kind === op.LOOP ? op.BLOCK : kind;
    this.carry(depth);
    this.frameKinds[depth] = kind;
  }

  private close(): void {
    const depth = this.depth;
    const { results } = this.typeAt(depth);
    if (this.frameKinds[depth] === op.LOOP) {
      this.locals.endLoop(depth);
    }
    if (this.live) {
      this.carryOut(depth);
    }
    if (depth === 0) {
      return;
    }
    if (this.frameKinds[depth] === op.IF) {
      this.locals.otherwise(depth);
      this.locals.join(depth);
      if (results.length === 1 && holdsFloats(results[0] ?? 0)) {
        this.graph.flow(this.placeOf(depth), EXACT, NOWHERE);
      }
    }
    this.locals.close(depth);
    this.live = true;
    this.depth = depth - 1;
    this.height = this.frameHeights[depth] ?? 0;
    const place = this.framePlaces[depth] ?? NOWHERE;
    if (place === NOWHERE) {
      this.pushExact(results);
    } else {
      this.push(place);
    }
  }
}

const EMPTY_TYPE: FunctionType = { parameters: NO_TYPES, results: NO_TYPES };
const NO_EFFECT: readonly [number, number] = [0, 0];
// How many operands the remaining instructions take and give.
const STACK_EFFECTS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [op.DROP, [1, 0]],
  [op.TABLE_GET, [1, 1]],
  [op.TABLE_SET, [2, 0]],
  [op.I32_CONST, [0, 1]],
  [op.I64_CONST, [0, 1]],
  [op.REF_NULL, [0, 1]],
  [op.REF_IS_NULL, [1, 1]],
  [op.REF_FUNC, [0, 1]],
  [op.MEMORY_SIZE, [0, 1]],
  [op.MEMORY_GROW, [1, 1]],
  [op.MEMORY_INIT, [3, 0]],
  [op.MEMORY_COPY, [3, 0]],
  [op.MEMORY_FILL, [3, 0]],
  [op.TABLE_INIT, [3, 0]],
  [op.TABLE_COPY, [3, 0]],
  [op.TABLE_GROW, [2, 1]],
  [op.TABLE_SIZE, [0, 1]],
  [op.TABLE_FILL, [3, 0]],
]);

/** Whether values of the type may hold NaNs. */
function holdsFloats(type: number): boolean {
  return type === op.F32 || type === op.F64 || type === op.V128;
}
