// The control flow of one body as a graph: nodes are runs of instructions that are left only at their end,
// edges say where inserted code could run for this step alone. Nodes are numbered as they come in the body,
// and structured control flow only ever goes back to a loop's head, so in ascending order each node comes
// after all its predecessors, back edges apart. Columns are kept from one body to the next.

import { type InstructionColumns, TO_FUNCTION } from '../instructions.ts';
import * as op from '../opcodes.ts';
import { Reader } from '../reader.ts';
import { frameBytes } from './call-depth.ts';
import type { PassInput } from './pass.ts';

/** The end of the function, as an edge's target. */
export const EXIT = 0x3fff_ffff;

/** No node, edge or loop. Large, because engines read past an array faster than before it. */
export const NONE = 0x3fff_ffff;

/** Code before the instruction at the edge's place runs for this edge alone. */
export const EDGE_BEFORE = 0;
/** A `br_if` that is taken: it must become an `if` with a `br` to hold code. */
export const EDGE_TAKEN = 1;
/** The target has no other predecessor: code at its start will do. */
export const EDGE_ONLY = 2;
/** An `if` without `else`, not entered: an `else` must be added to hold code. */
export const EDGE_ELSE = 3;
/** Nothing can run for this edge alone: a branch table, or a branch that carries operands. */
export const EDGE_FIXED = 4;

// What a node has in it.
export const HAS_CALL = 1;
export const HAS_GUEST_CALL = 2;
export const HAS_BULK = 4;
/** What follows must not be paid by it. */
export const PAYS_NOTHING_AHEAD = 8;

/** Instructions of one node: more are split, so that no charge is ever far ahead. */
const NODE_COST_MAX = 1 << 14;

/** How many open frames are looked at for whether a call is made on each turn of a loop. */
const CONDITION_FRAMES_MAX = 16;

export class FlowGraph {
  /** How much of what follows a node that calls may be paid by it. */
  aheadOfCallMax = 0;

  nodes = 0;
  /** First instruction, and the one that ends the node, of which its edges leave. */
  readonly first: number[] = [];
  readonly last: number[] = [];
  readonly cost: number[] = [];
  readonly has: number[] = [];
  /** The innermost loop around the node. */
  readonly loop: number[] = [];
  readonly firstIn: number[] = [];
  readonly firstOut: number[] = [];

  edges = 0;
  readonly from: number[] = [];
  readonly to: number[] = [];
  readonly kind: number[] = [];
  /** The instruction that the edge's code goes before, or that branches. */
  readonly place: number[] = [];
  readonly nextIn: number[] = [];
  readonly nextOut: number[] = [];

  loops = 0;
  readonly head: number[] = [];
  readonly parent: number[] = [];
  /** How many loops are around it, itself included. */
  readonly depth: number[] = [];
  /** Nodes in it that are in no loop inside it. */
  readonly size: number[] = [];
  /** The `loop` and its `end`. */
  readonly opens: number[] = [];
  readonly closes: number[] = [];
  /** The edge that enters. */
  readonly entry: number[] = [];
  /** 1 where a call is made on each turn. */
  readonly calls: number[] = [];

  clear(): void {
    this.nodes = 0;
    this.edges = 0;
    this.loops = 0;
  }

  /** Whether the node is the head of the loop around it. */
  isHead(node: number): boolean {
    const loop = this.loop[node] ?? NONE;
    return loop !== NONE && this.head[loop] === node;
  }

  /** Whether the edge goes back to the head of a loop that it is in. */
  isBack(edge: number): boolean {
    return (this.to[edge] ?? 0) <= (this.from[edge] ?? 0) && this.to[edge] !== EXIT;
  }

  addNode(first: number, loop: number): number {
    const node = this.nodes++;
    this.first[node] = first;
    this.last[node] = first;
    this.cost[node] = 0;
    this.has[node] = 0;
    this.loop[node] = loop;
    this.firstIn[node] = NONE;
    this.firstOut[node] = NONE;
    if (loop !== NONE) {
      this.size[loop] = (this.size[loop] ?? 0) + 1;
    }
    return node;
  }

  addEdge(from: number, kind: number, place: number): number {
    const edge = this.edges++;
    this.from[edge] = from;
    this.to[edge] = EXIT;
    this.kind[edge] = kind;
    this.place[edge] = place;
    this.nextIn[edge] = NONE;
    this.nextOut[edge] = this.firstOut[from] ?? NONE;
    this.firstOut[from] = edge;
    return edge;
  }

  /** Says where an edge goes. Only once for each. */
  aim(edge: number, to: number): void {
    this.to[edge] = to;
    if (to !== EXIT) {
      this.nextIn[edge] = this.firstIn[to] ?? NONE;
      this.firstIn[to] = edge;
    }
  }

  addLoop(opens: number, parent: number): number {
    const loop = this.loops++;
    this.head[loop] = NONE;
    this.parent[loop] = parent;
    this.depth[loop] = parent === NONE ? 1 : (this.depth[parent] ?? 0) + 1;
    this.size[loop] = 0;
    this.opens[loop] = opens;
    this.closes[loop] = opens;
    this.entry[loop] = NONE;
    this.calls[loop] = 0;
    return loop;
  }
}

/** Fills `graph` with the control flow of a body, what can never run left out. */
export function buildFlowGraph(input: PassInput, graph: FlowGraph): void {
  new GraphBuilder(input, graph).build();
}

const FRAME_BLOCK = 0;
const FRAME_LOOP = 1;
const FRAME_IF = 2;
const FRAME_ELSE = 3;

class GraphBuilder {
  private readonly graph: FlowGraph;
  private readonly input: PassInput;
  private readonly columns: InstructionColumns;
  /** How many instructions of a node after a guest's call are paid before it. */
  private readonly afterCallMax: number;

  private node = NONE;
  private loop = NONE;
  // Instructions of the node since its first guest's call, that included.
  private sinceCall = 0;

  // Columns of the open frames.
  private readonly kinds: number[] = [];
  /** The loop, or the node that an `if` ends. */
  private readonly owners: number[] = [];
  /** Edges to the frame's end, linked by `nextIn` until it is known which node begins there. */
  private readonly pending: number[] = [];
  private readonly carries: boolean[] = [];
  private readonly tables: number[] = [];
  private exitTable = NONE;

  constructor(input: PassInput, graph: FlowGraph) {
    this.input = input;
    this.graph = graph;
    this.columns = input.scanned.columns;
    this.afterCallMax = frameBytes(input.scanned);
    graph.aheadOfCallMax = this.afterCallMax >> 1;
  }

  build(): void {
    const { columns, graph } = this;
    graph.clear();
    this.node = graph.addNode(0, NONE);
    let walked = 0;
    for (let place = 0; place < columns.landmarkCount; place++) {
      const index = columns.landmarks[place] ?? 0;
      if (this.node !== NONE) {
        this.run(walked, index - walked);
      }
      this.visit(columns.op[index] ?? 0, index);
      walked = index + 1;
    }
  }

  // Straight code, split where a node becomes too long.
  private run(from: number, count: number): void {
    let at = from;
    let rest = count;
    for (;;) {
      const room = this.room();
      if (rest <= room) {
        this.addCost(rest);
        return;
      }
      this.addCost(room);
      at += room;
      rest -= room;
      this.split(at);
    }
  }

  private room(): number {
    const whole = NODE_COST_MAX - (this.graph.cost[this.node] ?? 0);
    return this.sinceCall === 0 ? whole : Math.min(whole, Math.max(0, this.afterCallMax - this.sinceCall));
  }

  private addCost(count: number): void {
    const { graph, node } = this;
    graph.cost[node] = (graph.cost[node] ?? 0) + count;
    if (this.sinceCall > 0) {
      this.sinceCall += count;
    }
  }

  private split(index: number): void {
    const { graph } = this;
    graph.has[this.node] = (graph.has[this.node] ?? 0) | PAYS_NOTHING_AHEAD;
    const edge = this.leave(EDGE_BEFORE, index);
    this.begin(index);
    graph.aim(edge, this.node);
  }

  private begin(index: number): void {
    this.node = this.graph.addNode(index, this.loop);
    this.sinceCall = 0;
  }

  // An edge out of the node, which ends here.
  private leave(kind: number, index: number): number {
    this.graph.last[this.node] = index;
    return this.graph.addEdge(this.node, kind, index);
  }

  private visit(code: number, index: number): void {
    switch (code) {
      case op.NOP:
        return;
      case op.BLOCK:
        return this.open(FRAME_BLOCK, NONE, index);
      case op.LOOP:
        return this.openLoop(index);
      case op.IF:
        return this.openIf(index);
      case op.ELSE:
        return this.otherwise(index);
      case op.END:
        return this.close(index);
      default:
        if (this.node !== NONE) {
          this.live(code, index);
        }
    }
  }

  private live(code: number, index: number): void {
    if (this.room() === 0) {
      this.split(index);
    }
    this.addCost(1);
    switch (code) {
      case op.BR:
        this.branch(this.columns.value[index] ?? 0, EDGE_BEFORE, index);
        this.node = NONE;
        return;
      case op.BR_IF:
        return this.branchIf(index);
      case op.BR_TABLE:
        return this.branchTable(index);
      case op.RETURN_CALL:
      case op.RETURN_CALL_INDIRECT:
        this.note(HAS_CALL | HAS_GUEST_CALL);
        this.leave(EDGE_BEFORE, index);
        this.node = NONE;
        return;
      case op.RETURN:
        this.leave(EDGE_BEFORE, index);
        this.node = NONE;
        return;
      case op.UNREACHABLE:
        this.graph.last[this.node] = index;
        this.node = NONE;
        return;
      case op.CALL:
      case op.CALL_INDIRECT:
      case op.MEMORY_GROW:
      case op.TABLE_GROW:
        return this.call(code, index);
      default:
        this.note(HAS_BULK);
    }
  }

  private note(what: number): void {
    this.graph.has[this.node] = (this.graph.has[this.node] ?? 0) | what;
  }

  private call(code: number, index: number): void {
    const isGuest =
      code === op.CALL_INDIRECT ||
      (code === op.CALL && (this.columns.value[index] ?? 0) >= this.input.layout.importedFunctions);
    this.note(isGuest ? HAS_CALL | HAS_GUEST_CALL : HAS_CALL);
    if (isGuest && this.sinceCall === 0) {
      this.sinceCall = 1;
    }
    if (this.loop !== NONE && !this.isConditional()) {
      this.graph.calls[this.loop] = 1;
    }
  }

  // Whether a condition inside the innermost loop decides that we are here.
  private isConditional(): boolean {
    const { kinds } = this;
    const lowest = Math.max(0, kinds.length - CONDITION_FRAMES_MAX);
    for (let frame = kinds.length - 1; frame >= lowest; frame--) {
      const kind = kinds[frame];
      if (kind === FRAME_LOOP) return false;
      const isTest = kind === FRAME_IF && this.owners[frame] === this.graph.head[this.loop];
      if ((kind !== FRAME_BLOCK && !isTest) || this.pending[frame] !== NONE) return true;
    }
    return true;
  }

  private open(kind: number, owner: number, index: number): void {
    const type = this.input.bytes[(this.columns.at[index] ?? 0) + 1] ?? op.EMPTY_BLOCK;
    this.kinds.push(kind);
    this.owners.push(owner);
    this.pending.push(NONE);
    // A single value type is one byte from 0x40 on; anything else names a type with who knows what parameters.
    this.carries.push(kind === FRAME_LOOP ? type < op.EMPTY_BLOCK || type > op.I32 : type !== op.EMPTY_BLOCK);
    this.tables.push(NONE);
  }

  private openLoop(index: number): void {
    const { graph } = this;
    if (this.node === NONE) {
      return this.open(FRAME_LOOP, NONE, index);
    }
    const entry = this.leave(EDGE_BEFORE, index);
    const loop = graph.addLoop(index, this.loop);
    this.open(FRAME_LOOP, loop, index);
    this.loop = loop;
    this.begin(index + 1);
    graph.head[loop] = this.node;
    graph.entry[loop] = entry;
    graph.aim(entry, this.node);
  }

  private openIf(index: number): void {
    const condition = this.node;
    if (condition !== NONE) {
      this.addCost(1);
    }
    this.open(FRAME_IF, condition, index);
    if (condition !== NONE) {
      this.only(index, index + 1);
    }
  }

  // A node that only the one at hand leads to.
  private only(index: number, first: number): void {
    const edge = this.leave(EDGE_ONLY, index);
    this.begin(first);
    this.graph.aim(edge, this.node);
  }

  private otherwise(index: number): void {
    const frame = this.kinds.length - 1;
    if (this.node !== NONE) {
      this.toFrame(frame, this.leave(EDGE_BEFORE, index));
    }
    const condition = this.owners[frame] ?? NONE;
    this.kinds[frame] = FRAME_ELSE;
    this.node = NONE;
    if (condition !== NONE) {
      const edge = this.graph.addEdge(condition, EDGE_ONLY, index);
      this.begin(index + 1);
      this.graph.aim(edge, this.node);
    }
  }

  private toFrame(frame: number, edge: number): void {
    this.graph.nextIn[edge] = this.pending[frame] ?? NONE;
    this.pending[frame] = edge;
  }

  private close(index: number): void {
    const kind = this.kinds.pop();
    const owner = this.owners.pop() ?? NONE;
    const pending = this.pending.pop() ?? NONE;
    this.carries.pop();
    this.tables.pop();
    if (kind === undefined) {
      if (this.node !== NONE) {
        this.leave(EDGE_BEFORE, index);
      }
      this.node = NONE;
      return;
    }
    if (kind === FRAME_LOOP) {
      return this.closeLoop(owner, index);
    }
    const isSkipped = kind === FRAME_IF && owner !== NONE;
    if (pending === NONE && !isSkipped && kind === FRAME_BLOCK) {
      return;
    }
    this.join(pending, isSkipped ? owner : NONE, index);
  }

  private closeLoop(loop: number, index: number): void {
    if (loop === NONE) {
      return;
    }
    const { graph } = this;
    graph.closes[loop] = index;
    this.loop = graph.parent[loop] ?? NONE;
    if (this.node !== NONE) {
      const edge = this.leave(EDGE_BEFORE, index);
      this.begin(index + 1);
      graph.aim(edge, this.node);
    }
  }

  // What follows the `end` of a block or if, for all edges that lead there.
  private join(pending: number, condition: number, index: number): void {
    const { graph } = this;
    const through = this.node === NONE ? NONE : this.leave(EDGE_BEFORE, index);
    const skips = condition === NONE ? NONE : graph.addEdge(condition, EDGE_ELSE, index);
    this.node = NONE;
    if (through === NONE && skips === NONE && pending === NONE) {
      return;
    }
    this.begin(index + 1);
    for (const edge of [through, skips]) {
      if (edge !== NONE) {
        graph.aim(edge, this.node);
      }
    }
    for (let edge = pending; edge !== NONE; ) {
      const next = graph.nextIn[edge] ?? NONE;
      graph.aim(edge, this.node);
      edge = next;
    }
  }

  // An edge to the label `depth` blocks out; `kind` is that of one that carries nothing.
  private branch(depth: number, kind: number, index: number): void {
    const frame = depth === TO_FUNCTION ? -1 : this.kinds.length - 1 - depth;
    if (frame < 0) {
      const carries = this.input.scanned.type.results.length > 0;
      this.leave(kind === EDGE_TAKEN && carries ? EDGE_FIXED : kind, index);
      return;
    }
    const edge = this.leave(kind === EDGE_TAKEN && this.carries[frame] === true ? EDGE_FIXED : kind, index);
    if (this.kinds[frame] === FRAME_LOOP) {
      this.graph.aim(edge, this.graph.head[this.owners[frame] ?? NONE] ?? NONE);
    } else {
      this.toFrame(frame, edge);
    }
  }

  private branchIf(index: number): void {
    this.branch(this.columns.value[index] ?? 0, EDGE_TAKEN, index);
    this.only(index, index + 1);
  }

  // One edge to each label, however often the table names it.
  private branchTable(index: number): void {
    const reader = new Reader(this.input.bytes, (this.columns.at[index] ?? 0) + 1, this.input.scanned.end);
    for (let left = reader.u32() + 1; left > 0; left--) {
      const depth = reader.u32();
      const frame = this.kinds.length - 1 - depth;
      if (frame < 0 ? this.exitTable === index : this.tables[frame] === index) {
        continue;
      }
      if (frame < 0) {
        this.exitTable = index;
      } else {
        this.tables[frame] = index;
      }
      this.branch(depth, EDGE_FIXED, index);
    }
    this.node = NONE;
  }
}
