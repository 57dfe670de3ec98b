// The strategy `counted`: puts the payments of a fuel plan into the body. One walk over the nodes in the order
// of the body, because edits must ascend; what is written at each place follows from the plan.

import type { EditList, EditWriter } from '../edits.ts';
import { TO_FUNCTION } from '../instructions.ts';
import * as op from '../opcodes.ts';
import type { Writer } from '../writer.ts';
import { type ChunkLocals, ChunkWriter } from './chunks.ts';
import {
  buildFlowGraph,
  EDGE_BEFORE,
  EDGE_ELSE,
  EDGE_TAKEN,
  EXIT,
  FlowGraph,
  HAS_BULK,
  HAS_CALL,
  NONE,
} from './flow-graph.ts';
import { type FillPlace, FuelCode, payOperand } from './fuel-code.ts';
import { AHEAD_MAX, FuelPlan, LOOP_CHECKED, LOOP_CHUNKS } from './fuel-plan.ts';
import type { Pass, PassInput } from './pass.ts';

// Kinds of edits, and what their value is.
/** At a node's start; the node. */
const NODE = 0;
/** On an edge; the edge. */
const EDGE = 1;
/** On an edge that is an `else` to be added. */
const ELSE_EDGE = 2;
/** In place of a `br_if`, whose edge has code. */
const TAKEN_EDGE = 3;
/** Around a call in a loop with a purse; nothing. */
const BEFORE_CALL = 4;
const AFTER_CALL = 5;
/** A bulk instruction, by bytes or by entries; its node. */
const BULK_BYTES = 6;
const BULK_ENTRIES = 7;
/** Parts of a loop that is paid by the chunk; the loop. */
const CHUNK_OPEN = 8;
const CHUNK_BOUND = 9;
const CHUNK_COMPARE = 10;
const CHUNK_TEST = 11;
const CHUNK_NOTHING = 12;
const CHUNK_ESCAPE = 13;
const CHUNK_CLOSE = 14;
/** Around a loop whose purse is filled outside of it; the loop. */
const WRAP_OPEN = 15;
const WRAP_CLOSE = 16;

/** The metering pass under the strategy `counted`. */
export function createCountedMeter(): Pass {
  // Kept for their columns; nothing of one function reaches the next.
  const graph = new FlowGraph();
  const plan = new FuelPlan(graph);
  return {
    name: 'meter-counted',
    plan(input, edits) {
      buildFlowGraph(input, graph);
      plan.make(input);
      const placement = new Placement(input, edits, { graph, plan });
      placement.run();
      return placement.writer();
    },
  };
}

/** One walk over the nodes of one body. */
class Placement {
  private readonly input: PassInput;
  private readonly edits: EditList;
  private readonly graph: FlowGraph;
  private readonly plan: FuelPlan;
  // The next landmark that was not looked at for calls.
  private landmark = 0;
  private usesPurse = false;
  private usesScratch = false;

  constructor(
    input: PassInput,
    edits: EditList,
    { graph, plan }: { readonly graph: FlowGraph; readonly plan: FuelPlan },
  ) {
    this.input = input;
    this.edits = edits;
    this.graph = graph;
    this.plan = plan;
  }

  run(): void {
    const { graph } = this;
    for (let node = 0; node < graph.nodes; node++) {
      this.elseEdges(node);
      if (this.startsWithCode(node)) {
        this.edits.push(this.offset(graph.first[node] ?? 0), NODE, node);
      }
      if (((graph.has[node] ?? 0) & (HAS_CALL | HAS_BULK)) !== 0) {
        this.inside(node);
      }
      this.chunkTest(node);
      this.outs(node);
      this.chunkClose(node);
      this.wrapClose(node);
    }
  }

  private offset(index: number): number {
    const { columns, end } = this.input.scanned;
    return index < columns.count ? (columns.at[index] ?? 0) : end;
  }

  private startsWithCode(node: number): boolean {
    const { plan } = this;
    if (plan.checks[node] === 1 || this.isCheckedHead(node)) {
      this.usesScratch ||= !plan.inPurse(node) && plan.nodePays[node] !== 0;
      return true;
    }
    return plan.nodePays[node] !== 0 || plan.closesPurse[node] === 1;
  }

  private isCheckedHead(node: number): boolean {
    const { graph, plan } = this;
    return graph.isHead(node) && plan.loopMode[graph.loop[node] ?? NONE] === LOOP_CHECKED;
  }

  private closesPurse(edge: number): boolean {
    const { graph, plan } = this;
    const to = graph.to[edge] ?? EXIT;
    return plan.inPurse(graph.from[edge] ?? 0) && !plan.inPurse(to) && plan.closesPurse[to] !== 1;
  }

  private opensPurse(edge: number): boolean {
    const { graph, plan } = this;
    return !plan.inPurse(graph.from[edge] ?? 0) && plan.inPurse(graph.to[edge] ?? EXIT);
  }

  // Whether code must run for the edge that does not stand at its target's start.
  private hasCode(edge: number): boolean {
    const { graph, plan } = this;
    const to = graph.to[edge] ?? EXIT;
    const atStart = to !== EXIT && !graph.isHead(to) && plan.hasOneWayIn(to);
    const opens = this.opensPurse(edge);
    this.usesPurse ||= opens;
    return !atStart && (plan.edgePays[edge] !== 0 || this.closesPurse(edge) || opens);
  }

  private elseEdges(node: number): void {
    const { graph } = this;
    for (let edge = graph.firstIn[node] ?? NONE; edge !== NONE; edge = graph.nextIn[edge] ?? NONE) {
      if (graph.kind[edge] === EDGE_ELSE && this.hasCode(edge)) {
        this.edits.push(this.offset(graph.place[edge] ?? 0), ELSE_EDGE, edge);
      }
    }
  }

  // Calls and bulk instructions of a node.
  private inside(node: number): void {
    const { columns } = this.input.scanned;
    const { graph } = this;
    const first = graph.first[node] ?? 0;
    const last = graph.last[node] ?? 0;
    for (; this.landmark < columns.landmarkCount; this.landmark++) {
      const index = columns.landmarks[this.landmark] ?? 0;
      if (index > last || (index === last && !isTail(columns.op[index] ?? 0))) return;
      if (index >= first) {
        this.insideAt(columns.op[index] ?? 0, index, node);
      }
    }
  }

  // Around whatever may look at the fuel the purse is closed.
  private insideAt(code: number, index: number, node: number): void {
    const bulk = bulkKind(code);
    if (bulk === NONE && !isCall(code)) return;
    const at = this.offset(index);
    const inPurse = this.plan.inPurse(node);
    if (inPurse) {
      this.edits.push(at, BEFORE_CALL, node);
    }
    if (bulk !== NONE) {
      this.edits.push(at, bulk, node);
    }
    if (inPurse && this.input.scanned.columns.op[index + 1] !== op.UNREACHABLE) {
      this.edits.push(this.offset(index + 1), AFTER_CALL, node);
    }
  }

  private outs(node: number): void {
    const { graph } = this;
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      const kind = graph.kind[edge];
      if ((kind !== EDGE_BEFORE && kind !== EDGE_TAKEN) || this.isChunkExit(edge)) continue;
      const place = graph.place[edge] ?? 0;
      const hasCode = this.hasCode(edge);
      if (hasCode && kind === EDGE_TAKEN) {
        this.edits.push(this.offset(place), TAKEN_EDGE, edge, this.offset(place + 1) - this.offset(place));
      } else if (hasCode) {
        this.edits.push(this.offset(place), EDGE, edge);
      }
      this.chunkOpen(edge);
      this.wrapOpen(edge);
    }
  }

  private isChunkExit(edge: number): boolean {
    const loop = this.graph.loop[this.graph.from[edge] ?? 0] ?? NONE;
    return (
      loop !== NONE && this.plan.loopMode[loop] === LOOP_CHUNKS && this.plan.counted[loop]?.exit === edge
    );
  }

  private chunkOf(node: number): number {
    const loop = this.graph.loop[node] ?? NONE;
    return loop !== NONE && this.plan.loopMode[loop] === LOOP_CHUNKS ? loop : NONE;
  }

  private chunkOpen(edge: number): void {
    const to = this.graph.to[edge] ?? EXIT;
    const loop = to === EXIT || !this.graph.isHead(to) || this.graph.isBack(edge) ? NONE : this.chunkOf(to);
    if (loop !== NONE) {
      this.usesScratch ||= !this.plan.inPurse(to);
      this.edits.push(this.offset(this.graph.opens[loop] ?? 0), CHUNK_OPEN, loop);
    }
  }

  private wrapOpen(edge: number): void {
    const { graph, plan } = this;
    const to = graph.to[edge] ?? EXIT;
    if (to === EXIT || !graph.isHead(to) || graph.isBack(edge)) return;
    const loop = graph.loop[to] ?? NONE;
    const wraps = plan.isWrappable(loop);
    plan.isWrapped[loop] = wraps ? 1 : 0;
    if (wraps) {
      this.edits.push(this.offset(graph.opens[loop] ?? 0), WRAP_OPEN, loop);
    }
  }

  private wrapClose(node: number): void {
    const { graph, plan } = this;
    const loop = graph.loop[node] ?? NONE;
    const next = node + 1 < graph.nodes ? (graph.loop[node + 1] ?? NONE) : NONE;
    if (loop !== NONE && loop !== next && plan.isWrapped[loop] === 1) {
      this.edits.push(this.offset((graph.closes[loop] ?? 0) + 1), WRAP_CLOSE, loop);
    }
  }

  // Changes the test of a loop that is paid by the chunk.
  private chunkTest(node: number): void {
    const loop = this.chunkOf(node);
    const counted = loop === NONE ? undefined : this.plan.counted[loop];
    if (counted === undefined || counted.test !== node) return;
    const { boundAt, compareAt, eqzAt, shape } = counted;
    if (compareAt !== NONE) {
      this.replace(boundAt, CHUNK_BOUND, loop);
      this.replace(compareAt, CHUNK_COMPARE, loop);
      if (eqzAt !== NONE) this.replace(eqzAt, CHUNK_NOTHING, loop);
    } else if (eqzAt !== NONE) {
      this.replace(eqzAt, CHUNK_TEST, loop);
    } else {
      this.edits.push(this.offset(this.graph.last[node] ?? 0), CHUNK_TEST, loop);
    }
    if (shape === 'escape') this.replace(this.graph.last[node] ?? 0, CHUNK_ESCAPE, loop);
  }

  private replace(index: number, kind: number, loop: number): void {
    const at = this.offset(index);
    this.edits.push(at, kind, loop, this.offset(index + 1) - at);
  }

  // Behind the last node of a loop that is paid by the chunk.
  private chunkClose(node: number): void {
    const { graph, plan } = this;
    const loop = this.chunkOf(node);
    const next = node + 1 < graph.nodes ? (graph.loop[node + 1] ?? NONE) : NONE;
    const counted = loop === NONE || next === loop ? undefined : plan.counted[loop];
    if (counted === undefined) return;
    const at = this.offset((graph.closes[loop] ?? 0) + 1);
    this.edits.push(at, CHUNK_CLOSE, loop);
  }

  /** Writes what the walk has planned. */
  writer(): EditWriter {
    const { plan, graph, input } = this;
    const locals = {
      purse: this.usesPurse ? input.locals.local(op.I64) : 0,
      scratch: this.usesScratch ? input.locals.local(op.I64) : 0,
    };
    const { fuelGlobal, refillFunction } = input.layout;
    const code = new FuelCode({ global: fuelGlobal, reserve: plan.reserve, refillFunction, ...locals });
    return new PlanWriter(code, { plan, graph, input, chunks: this.chunkLocals() }).write;
  }

  // Loops paid by the chunk are never inside one another, so they share their locals.
  private chunkLocals(): readonly [ChunkLocals, ChunkLocals] {
    const { plan, graph, input } = this;
    const needs = [false, false];
    for (let loop = 0; loop < graph.loops; loop++) {
      if (plan.loopMode[loop] === LOOP_CHUNKS) {
        needs[plan.counted[loop]?.is64 === true ? 1 : 0] = true;
      }
    }
    const pair = (type: number): ChunkLocals => ({
      turns: input.locals.local(type),
      end: input.locals.local(type),
    });
    const none = { turns: 0, end: 0 };
    return [needs[0] === true ? pair(op.I32) : none, needs[1] === true ? pair(op.I64) : none];
  }
}

function isCall(code: number): boolean {
  return code === op.CALL || code === op.CALL_INDIRECT || code === op.MEMORY_GROW || code === op.TABLE_GROW;
}

function bulkKind(code: number): number {
  switch (code) {
    case op.MEMORY_INIT:
    case op.MEMORY_COPY:
    case op.MEMORY_FILL:
      return BULK_BYTES;
    case op.TABLE_INIT:
    case op.TABLE_COPY:
    case op.TABLE_FILL:
      return BULK_ENTRIES;
    default:
      return NONE;
  }
}

function isTail(code: number): boolean {
  return code === op.RETURN_CALL || code === op.RETURN_CALL_INDIRECT;
}

interface PlanCode {
  readonly plan: FuelPlan;
  readonly graph: FlowGraph;
  readonly input: PassInput;
  readonly chunks: readonly [ChunkLocals, ChunkLocals];
}

/** Writes the edits of one body. */
class PlanWriter {
  private readonly code: FuelCode;
  private readonly plan: FuelPlan;
  private readonly graph: FlowGraph;
  private readonly input: PassInput;
  private readonly chunks: readonly [ChunkLocals, ChunkLocals];

  constructor(code: FuelCode, { plan, graph, input, chunks }: PlanCode) {
    this.code = code;
    this.plan = plan;
    this.graph = graph;
    this.input = input;
    this.chunks = chunks;
  }

  readonly write: EditWriter = (kind, value, out) => {
    const { code } = this;
    switch (kind) {
      case NODE:
        return this.node(value, out);
      case EDGE:
        return this.edge(value, out);
      case ELSE_EDGE:
        out.u8(op.ELSE);
        return this.edge(value, out);
      case TAKEN_EDGE:
        return this.taken(value, out);
      case BEFORE_CALL:
        return code.closePurse(0, out);
      case AFTER_CALL:
        return code.refillPurse(out);
      case BULK_BYTES:
        return payOperand(this.input.layout.payBytesFunction, out);
      case BULK_ENTRIES:
        return payOperand(this.input.layout.payEntriesFunction, out);
      case WRAP_OPEN:
        out.raw(op.LOOP, op.EMPTY_BLOCK);
        return code.checkPurse('call', out);
      case WRAP_CLOSE:
        return out.u8(op.END);
      default:
        return this.chunk(kind, value, out);
    }
  };

  private node(node: number, out: Writer): void {
    const { code, graph, plan } = this;
    const pays = plan.nodePays[node] ?? 0;
    const inPurse = plan.inPurse(node);
    const closes = plan.closesPurse[node] === 1;
    if (closes) this.close(pays, out);
    const left = closes ? 0 : pays;
    if (graph.isHead(node) && inPurse) {
      code.checkPurse(this.fillPlace(graph.loop[node] ?? NONE), out);
      return code.pay(pays, true, out);
    }
    if (graph.isHead(node)) return code.payAndCheck(left, pays, out);
    if (plan.checks[node] === 1) return code.payAndCheck(left, plan.price[node] ?? 0, out);
    code.pay(left, inPurse, out);
  }

  // Puts the purse into the global, less `pays`.
  private close(pays: number, out: Writer): void {
    this.code.closePurse(pays, out);
    if (this.plan.clearsPurse) this.code.emptyPurse(out);
  }

  private fillPlace(loop: number): FillPlace {
    if (this.plan.isWrapped[loop] === 1) return 'outside';
    return this.plan.isTight[loop] === 1 ? 'here' : 'call';
  }

  private edge(edge: number, out: Writer): void {
    const { code, graph, plan } = this;
    const pays = plan.edgePays[edge] ?? 0;
    const target = graph.to[edge] ?? EXIT;
    const from = plan.inPurse(graph.from[edge] ?? 0);
    const to = plan.inPurse(target);
    if (from && target === EXIT) return code.closePurse(pays, out);
    if (from && !to && plan.closesPurse[target] !== 1) return this.close(pays, out);
    if (to && !from) return code.openPurse(pays, out);
    code.pay(pays, from, out);
  }

  private taken(edge: number, out: Writer): void {
    const depth = this.input.scanned.columns.value[this.graph.place[edge] ?? 0] ?? 0;
    out.raw(op.IF, op.EMPTY_BLOCK);
    this.edge(edge, out);
    if (depth === TO_FUNCTION) {
      out.u8(op.RETURN);
    } else {
      out.u8(op.BR);
      out.u32(depth + 1);
    }
    out.u8(op.END);
  }

  private chunk(kind: number, loop: number, out: Writer): void {
    const { plan, chunks } = this;
    const counted = plan.counted[loop];
    if (counted === undefined || kind === CHUNK_NOTHING) return;
    const writer = new ChunkWriter(counted, chunks[counted.is64 ? 1 : 0], out);
    switch (kind) {
      case CHUNK_OPEN:
        return this.openChunk(loop, writer, out);
      case CHUNK_BOUND:
        return writer.bound();
      case CHUNK_COMPARE:
        return writer.compare();
      case CHUNK_TEST:
        writer.bound();
        return writer.compare();
      case CHUNK_ESCAPE:
        return out.raw(op.BR_IF, 1);
      default:
        return this.closeChunk(loop, writer, out);
    }
  }

  private openChunk(loop: number, writer: ChunkWriter, out: Writer): void {
    const { code, graph, plan } = this;
    const cost = plan.turnCost[loop] ?? 1;
    const inPurse = plan.inPurse(graph.head[loop] ?? 0);
    writer.open(Math.floor(AHEAD_MAX / (plan.turnMost[loop] ?? 1)));
    const more = plan.varies(loop) ? AHEAD_MAX : 0;
    code.payComputed({ inPurse, more }, out, () => writer.price(cost));
    writer.enter();
  }

  private closeChunk(loop: number, writer: ChunkWriter, out: Writer): void {
    const { graph, plan, input } = this;
    const exit = plan.counted[loop]?.exit ?? NONE;
    const to = graph.to[exit] ?? EXIT;
    writer.close();
    if (to === EXIT || graph.isHead(to) || !plan.hasOneWayIn(to)) {
      this.edge(exit, out);
    }
    if (plan.counted[loop]?.shape !== 'escape') return;
    const depth = input.scanned.columns.value[graph.place[exit] ?? 0] ?? 0;
    if (depth === TO_FUNCTION) {
      out.u8(op.RETURN);
    } else {
      out.u8(op.BR);
      out.u32(depth - 1);
    }
  }
}
