// Counted loops: how often they turn can be told before they begin. A local changes by the same step on each
// turn, once, and one test compares it with something that the loop leaves alone; nothing else leaves the
// loop. The body runs straight through, apart from loops inside that are counted themselves.
//
// Three shapes, as compilers write them:
//   bottom   loop … test br_if 0 end              the body runs before the first test
//   top      loop test if … br 1 end end
//   escape   loop test br_if n … br 0 end         n leads out of the loop

import type { InstructionColumns } from '../instructions.ts';
import * as op from '../opcodes.ts';
import { Reader } from '../reader.ts';
import type { PassInput } from './pass.ts';
import {
  EDGE_BEFORE,
  EDGE_ELSE,
  EDGE_ONLY,
  EDGE_TAKEN,
  EXIT,
  type FlowGraph,
  HAS_BULK,
  HAS_CALL,
  NONE,
} from './flow-graph.ts';

/** How the tested value and the bound must compare for the loop to go on; signs apart. */
export type Relation = 'ne' | 'lt' | 'le' | 'gt' | 'ge';

/** An operand that no turn of the loop changes. */
export type Fixed =
  | { readonly type: 'constant'; readonly value: bigint }
  | { readonly type: 'local'; readonly local: number };

export interface CountedLoop {
  readonly shape: 'bottom' | 'top' | 'escape';
  readonly is64: boolean;
  /** The local that changes. */
  readonly counter: number;
  /** What is added to it, or taken off if `isDown`; a constant step is positive. */
  readonly step: Fixed;
  readonly isDown: boolean;
  /** The loop goes on while: tested value, relation, bound. */
  readonly relation: Relation;
  readonly isSigned: boolean;
  readonly bound: Fixed;
  /** Whether the test sees the counter after its step. */
  readonly seesStep: boolean;
  /** Instructions of the test: the bound (NONE where it is the 0 of no comparison), the comparison, `eqz`. */
  readonly boundAt: number;
  readonly compareAt: number;
  readonly eqzAt: number;
  /** Whether the branch is taken, or the `if` entered, to go on. */
  readonly goesOnIfTrue: boolean;
  /** First instruction of the test. */
  readonly testAt: number;
  /** The node that tests, and the edge that leaves the loop. */
  readonly test: number;
  readonly exit: number;
  /** Nodes that each turn runs through, in order: all of them if it is straight. */
  readonly chain: readonly number[];
  readonly isStraight: boolean;
}

/** Where the walk through a turn goes on behind a counted loop, by loop; NONE where one is not counted. */
export type ExitNodes = readonly number[];

/** Instructions of one loop: longer ones gain little, and each is walked once for each loop around it. */
const LOOP_INSTRUCTIONS_MAX = 2_000;

/** Describes a loop if it is a counted one. */
export function findCountedLoop(
  loop: number,
  { graph, input, exits }: LoopSurroundings,
): CountedLoop | undefined {
  const { columns } = input.scanned;
  const opens = graph.opens[loop] ?? 0;
  const closes = graph.closes[loop] ?? 0;
  if (closes - opens > LOOP_INSTRUCTIONS_MAX) {
    return undefined;
  }
  const turn = findTurn(loop, graph, columns, exits) ?? findVariedTurn(loop, graph, columns);
  if (turn === undefined) {
    return undefined;
  }
  const code = new CodeView(columns, input.bytes, { opens, closes });
  const test = parseTest(graph.last[turn.test] ?? 0, turn, code);
  return test === undefined ? undefined : withStep(test, turn, { graph, code });
}

export interface LoopSurroundings {
  readonly graph: FlowGraph;
  readonly input: PassInput;
  readonly exits: ExitNodes;
}

interface Turn {
  readonly isStraight: boolean;
  readonly shape: CountedLoop['shape'];
  readonly test: number;
  readonly exit: number;
  readonly chain: readonly number[];
  readonly goesOnIfTrue: boolean;
}

// The nodes that each turn runs through, if there is just one way through it and one way out.
function findTurn(
  loop: number,
  graph: FlowGraph,
  columns: InstructionColumns,
  exits: ExitNodes,
): Turn | undefined {
  const head = graph.head[loop] ?? NONE;
  const chain = [head];
  const isTop = columns.op[graph.last[head] ?? 0] === op.IF;
  const outs = outEdges(graph, head);
  const back = outs.find((edge) => graph.to[edge] === head);
  if (outs.length === 2 && back === undefined) {
    const only = outs.find((edge) => graph.kind[edge] === EDGE_ONLY && leadsInside(graph, edge, loop));
    const other = outs.find((edge) => edge !== only);
    if (only === undefined || other === undefined) return undefined;
    chain.push(graph.to[only] ?? NONE);
    const end = followTurn(chain, { loop, graph, exits });
    if (end === undefined || outEdges(graph, end).length !== 1) return undefined;
    const leaves = leavesTop(graph, { other, loop, isTop });
    if (leaves === undefined || chain.length + leaves.nodes !== graph.size[loop]) return undefined;
    const { shape, exit } = leaves;
    return { isStraight: true, shape, test: head, exit, chain, goesOnIfTrue: shape === 'top' };
  }
  const test = followTurn(chain, { loop, graph, exits });
  if (test === undefined || chain.length + 1 !== graph.size[loop]) return undefined;
  const exit = leavesBottom(graph, test, loop);
  return exit === undefined
    ? undefined
    : { isStraight: true, shape: 'bottom', test, exit, chain, goesOnIfTrue: true };
}

// A turn with choices inside, but without loops: it begins with the head and ends with one node that goes back,
// and only the test leaves.
function findVariedTurn(loop: number, graph: FlowGraph, columns: InstructionColumns): Turn | undefined {
  const head = graph.head[loop] ?? NONE;
  const last = lastOfTurn(loop, graph);
  if (last === undefined || last === head) return undefined;
  const isTop = columns.op[graph.last[head] ?? 0] === op.IF;
  const other = outEdges(graph, head).find((edge) => graph.kind[edge] !== EDGE_ONLY);
  const leaves = other === undefined ? undefined : leavesTop(graph, { other, loop, isTop });
  if (leaves !== undefined && outEdges(graph, head).length === 2) {
    const { shape, exit } = leaves;
    const turn = { isStraight: false, shape, test: head, exit, chain: [head, last] };
    return staysInside(loop, graph, exit) ? { ...turn, goesOnIfTrue: shape === 'top' } : undefined;
  }
  const exit = leavesBottom(graph, last, loop);
  if (exit === undefined || !staysInside(loop, graph, exit)) return undefined;
  return { isStraight: false, shape: 'bottom', test: last, exit, chain: [head, last], goesOnIfTrue: true };
}

// The node with the only edge back to the head.
function lastOfTurn(loop: number, graph: FlowGraph): number | undefined {
  let last: number | undefined;
  const head = graph.head[loop] ?? NONE;
  for (let edge = graph.firstIn[head] ?? NONE; edge !== NONE; edge = graph.nextIn[edge] ?? NONE) {
    if (graph.isBack(edge)) {
      if (last !== undefined || graph.loop[graph.from[edge] ?? NONE] !== loop) return undefined;
      last = graph.from[edge];
    }
  }
  return last;
}

// Whether no node of the loop calls, and no edge but one leaves it, for outside or for a loop inside.
function staysInside(loop: number, graph: FlowGraph, exit: number): boolean {
  const head = graph.head[loop] ?? NONE;
  for (let node = head; node < head + (graph.size[loop] ?? 0); node++) {
    if (graph.loop[node] !== loop || ((graph.has[node] ?? 0) & (HAS_CALL | HAS_BULK)) !== 0) return false;
    const first = graph.firstOut[node] ?? NONE;
    for (let edge = first; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      if (edge !== exit && !leadsInside(graph, edge, loop)) return false;
    }
  }
  return true;
}

// Follows the nodes of a turn to the one with an edge back to the head.
function followTurn(
  chain: number[],
  { loop, graph, exits }: { readonly loop: number; readonly graph: FlowGraph; readonly exits: ExitNodes },
): number | undefined {
  const head = graph.head[loop];
  const most = graph.size[loop] ?? 0;
  for (let node = chain.at(-1) ?? NONE; node !== NONE && chain.length <= most; ) {
    if (graph.loop[node] !== loop || ((graph.has[node] ?? 0) & HAS_CALL) !== 0) return undefined;
    const outs = outEdges(graph, node);
    if (outs.some((edge) => graph.to[edge] === head)) return node;
    const [edge] = outs;
    if (edge === undefined || outs.length > 1) return undefined;
    const target = graph.to[edge] ?? NONE;
    const next =
      target !== EXIT && graph.isHead(target) ? (exits[graph.loop[target] ?? NONE] ?? NONE) : target;
    if (next === EXIT || next === NONE) return undefined;
    chain.push(next);
    node = next;
  }
  return undefined;
}

interface LeavesTop {
  readonly shape: 'top' | 'escape';
  readonly exit: number;
  /** Empty nodes on the way. */
  readonly nodes: number;
}

function leavesTop(
  graph: FlowGraph,
  { other, loop, isTop }: { readonly other: number; readonly loop: number; readonly isTop: boolean },
): LeavesTop | undefined {
  const to = graph.to[other] ?? EXIT;
  if (!isTop) {
    const isOut = graph.kind[other] === EDGE_TAKEN && (to === EXIT || !isInside(graph, to, loop));
    return isOut ? { shape: 'escape', exit: other, nodes: 0 } : undefined;
  }
  const exit = graph.kind[other] === EDGE_ELSE ? throughEmpty(graph, to, loop) : undefined;
  return exit === undefined ? undefined : { shape: 'top', exit, nodes: 1 };
}

function leavesBottom(graph: FlowGraph, test: number, loop: number): number | undefined {
  const outs = outEdges(graph, test);
  const back = outs.find((edge) => graph.to[edge] === graph.head[loop]);
  const other = outs.find((edge) => edge !== back);
  if (outs.length !== 2 || back === undefined || graph.kind[back] !== EDGE_TAKEN || other === undefined) {
    return undefined;
  }
  return throughEmpty(graph, graph.to[other] ?? NONE, loop);
}

// The edge out of a node that does nothing but fall out of the loop.
function throughEmpty(graph: FlowGraph, node: number, loop: number): number | undefined {
  const [exit, more] = outEdges(graph, node);
  const isEmpty = graph.cost[node] === 0 && graph.loop[node] === loop && more === undefined;
  const falls =
    exit !== undefined && graph.kind[exit] === EDGE_BEFORE && graph.place[exit] === graph.closes[loop];
  return isEmpty && falls && graph.nextIn[graph.firstIn[node] ?? NONE] === NONE ? exit : undefined;
}

function outEdges(graph: FlowGraph, node: number): number[] {
  const edges: number[] = [];
  for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
    edges.push(edge);
    if (edges.length > 2) break;
  }
  return edges;
}

function leadsInside(graph: FlowGraph, edge: number, loop: number): boolean {
  const to = graph.to[edge] ?? EXIT;
  return to !== EXIT && graph.loop[to] === loop;
}

function isInside(graph: FlowGraph, node: number, loop: number): boolean {
  const first = graph.first[node] ?? 0;
  return first > (graph.opens[loop] ?? 0) && first <= (graph.closes[loop] ?? 0);
}

/** Reads instructions of one loop. */
class CodeView {
  readonly columns: InstructionColumns;
  private readonly bytes: Uint8Array;
  private readonly opens: number;
  private readonly closes: number;

  constructor(
    columns: InstructionColumns,
    bytes: Uint8Array,
    { opens, closes }: { readonly opens: number; readonly closes: number },
  ) {
    this.columns = columns;
    this.bytes = bytes;
    this.opens = opens;
    this.closes = closes;
  }

  op(index: number): number {
    return this.columns.op[index] ?? op.NOP;
  }

  value(index: number): number {
    return this.columns.value[index] ?? 0;
  }

  constant(index: number): bigint {
    return readConstant(this.columns, this.bytes, index);
  }

  /** Where in the loop a local is written: NONE if nowhere, the length of the loop if more than once. */
  writeOf(local: number): number {
    let found = NONE;
    for (let index = this.opens; index < this.closes; index++) {
      const code = this.columns.op[index];
      if ((code === op.LOCAL_SET || code === op.LOCAL_TEE) && this.columns.value[index] === local) {
        if (found !== NONE) return this.closes;
        found = index;
      }
    }
    return found;
  }

  /** An operand of one instruction that does not change in the loop. */
  fixed(index: number): Fixed | undefined {
    const code = this.op(index);
    if (code === op.I32_CONST || code === op.I64_CONST) {
      return { type: 'constant', value: this.constant(index) };
    }
    const local = this.value(index);
    return code === op.LOCAL_GET && this.writeOf(local) === NONE ? { type: 'local', local } : undefined;
  }
}

/** The number that an `i32.const` or `i64.const` pushes. */
export function readConstant(columns: InstructionColumns, bytes: Uint8Array, index: number): bigint {
  const at = columns.at[index] ?? 0;
  const reader = new Reader(bytes, at + 1, bytes.length);
  return columns.op[index] === op.I64_CONST ? reader.s64() : BigInt(reader.s32());
}

interface Test extends Pick<CountedLoop, 'is64' | 'relation' | 'isSigned' | 'bound'> {
  readonly counter: number;
  readonly counterAt: number;
  readonly boundAt: number;
  readonly compareAt: number;
  readonly eqzAt: number;
  readonly testAt: number;
}

const ZERO: Fixed = { type: 'constant', value: 0n };

// Reads the test in front of a branch or `if`, from its end.
function parseTest(branchAt: number, { goesOnIfTrue }: Turn, code: CodeView): Test | undefined {
  const last = branchAt - 1;
  const negates = code.op(last) === op.I32_EQZ || code.op(last) === op.I64_EQZ;
  const compareAt = negates ? last - 1 : last;
  const wanted = goesOnIfTrue !== negates;
  const eqzAt = negates ? last : NONE;
  const found = code.op(compareAt);
  if (found === op.LOCAL_GET || found === op.LOCAL_TEE) {
    const operand = operandAt(compareAt, code);
    if (!wanted || operand === undefined) return undefined;
    const { local, from } = operand;
    const is64 = negates && code.op(last) === op.I64_EQZ;
    const none = { boundAt: NONE, compareAt: NONE, eqzAt, testAt: from };
    return {
      is64,
      relation: 'ne',
      isSigned: false,
      bound: ZERO,
      counter: local,
      counterAt: compareAt,
      ...none,
    };
  }
  return parseComparison({ compareAt, eqzAt, wanted }, code);
}

function parseComparison(
  {
    compareAt,
    eqzAt,
    wanted,
  }: { readonly compareAt: number; readonly eqzAt: number; readonly wanted: boolean },
  code: CodeView,
): Test | undefined {
  const comparison = comparisonOf(code.op(compareAt), wanted);
  const right = operandAt(compareAt - 1, code);
  const left = right === undefined ? undefined : operandAt(right.from - 1, code);
  if (comparison === undefined || left === undefined || right === undefined) return undefined;
  for (const [counter, bound, isSwapped] of [
    [left, right, false],
    [right, left, true],
  ] as const) {
    const fixed = bound.from === bound.at ? code.fixed(bound.at) : undefined;
    if (fixed !== undefined && counter.local !== NONE && code.writeOf(counter.local) !== NONE) {
      const { is64, isSigned } = comparison;
      const relation = isSwapped ? SWAPPED[comparison.relation] : comparison.relation;
      const places = { counterAt: counter.at, boundAt: bound.at, compareAt, eqzAt, testAt: left.from };
      return { is64, isSigned, relation, bound: fixed, counter: counter.local, ...places };
    }
  }
  return undefined;
}

interface Operand {
  /** NONE for a constant. */
  readonly local: number;
  readonly from: number;
  readonly at: number;
}

// A constant, a local, or a local that is stepped and kept: get, constant, add, tee.
function operandAt(at: number, code: CodeView): Operand | undefined {
  switch (code.op(at)) {
    case op.I32_CONST:
    case op.I64_CONST:
      return { local: NONE, from: at, at };
    case op.LOCAL_GET:
      return { local: code.value(at), from: at, at };
    case op.LOCAL_TEE:
      return stepAt(at, code) === undefined ? undefined : { local: code.value(at), from: at - 3, at };
    default:
      return undefined;
  }
}

const RELATIONS: readonly (readonly [Relation, boolean] | undefined)[] = [
  undefined,
  ['ne', false],
  ['lt', true],
  ['lt', false],
  ['gt', true],
  ['gt', false],
  ['le', true],
  ['le', false],
  ['ge', true],
  ['ge', false],
];
const SWAPPED: Readonly<Record<Relation, Relation>> = { ne: 'ne', lt: 'gt', gt: 'lt', le: 'ge', ge: 'le' };
const NEGATED: Readonly<Record<Relation, Relation | undefined>> = {
  ne: undefined,
  lt: 'ge',
  ge: 'lt',
  gt: 'le',
  le: 'gt',
};

// What must hold for the comparison to come out as wanted.
function comparisonOf(
  code: number,
  wanted: boolean,
): { readonly is64: boolean; readonly relation: Relation; readonly isSigned: boolean } | undefined {
  const is64 = code >= op.I64_EQ;
  const place = code - (is64 ? op.I64_EQ : op.I32_EQ);
  if (place < 0 || place >= RELATIONS.length) return undefined;
  const entry = RELATIONS[place];
  if (entry === undefined) {
    return wanted ? undefined : { is64, relation: 'ne', isSigned: false };
  }
  const relation = wanted ? entry[0] : NEGATED[entry[0]];
  return relation === undefined ? undefined : { is64, relation, isSigned: entry[1] };
}

interface Step {
  readonly step: Fixed;
  readonly isDown: boolean;
}

// The step that a `local.set` or `local.tee` at `at` ends, if it is one: its local, a fixed operand, add or sub.
function stepAt(at: number, code: CodeView): Step | undefined {
  const local = code.value(at);
  const arithmetic = code.op(at - 1);
  const isAdd = arithmetic === op.I32_ADD || arithmetic === op.I64_ADD;
  if (!isAdd && arithmetic !== op.I32_SUB && arithmetic !== op.I64_SUB) return undefined;
  const isLocal = (index: number) => code.op(index) === op.LOCAL_GET && code.value(index) === local;
  const stepIndex = isLocal(at - 3) ? at - 2 : isAdd && isLocal(at - 2) ? at - 3 : NONE;
  const step = stepIndex === NONE ? undefined : code.fixed(stepIndex);
  if (step === undefined) return undefined;
  if (step.type === 'local') return { step, isDown: !isAdd };
  if (step.value === 0n) return undefined;
  const isDown = step.value < 0n === isAdd;
  return { step: { type: 'constant', value: step.value < 0n ? -step.value : step.value }, isDown };
}

function withStep(
  test: Test,
  turn: Turn,
  { graph, code }: { readonly graph: FlowGraph; readonly code: CodeView },
): CountedLoop | undefined {
  const write = code.writeOf(test.counter);
  const step = write === NONE ? undefined : stepAt(write, code);
  const node = turn.chain.find(
    (one) => (graph.first[one] ?? 0) <= write && write <= (graph.last[one] ?? NONE),
  );
  if (step === undefined || node === undefined) return undefined;
  const { shape, exit, chain, goesOnIfTrue, isStraight } = turn;
  const seesStep = write <= test.counterAt && (shape === 'bottom' || node === turn.test);
  if (shape === 'bottom' && !seesStep) return undefined;
  const { counterAt: _, ...rest } = test;
  return { shape, ...rest, ...step, seesStep, test: turn.test, exit, chain, goesOnIfTrue, isStraight };
}

/**
 * How often the test lets a loop go on that begins with the counter at `start`, or undefined where that is
 * not known, or forever. Bound and step must be constants.
 */
export function turnsOf(counted: CountedLoop, start: bigint): bigint | undefined {
  const { step, bound, is64, isSigned, relation, isDown, seesStep } = counted;
  if (step.type !== 'constant' || bound.type !== 'constant') return undefined;
  const bits = is64 ? 64 : 32;
  const wrap = (value: bigint) => (isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  const move = isDown ? -step.value : step.value;
  const first = wrap(seesStep ? start + move : start);
  const end = wrap(bound.value);
  if (relation === 'ne') {
    const distance = BigInt.asUintN(bits, isDown ? first - end : end - first);
    return distance % step.value === 0n ? distance / step.value : undefined;
  }
  const isUp = relation === 'lt' || relation === 'le';
  const reach = (isUp ? end - first : first - end) + (relation === 'le' || relation === 'ge' ? 1n : 0n);
  if (reach <= 0n) return 0n;
  if (isUp === isDown) return undefined;
  const turns = (reach + step.value - 1n) / step.value;
  const last = first + turns * move;
  return wrap(last) === last ? turns : undefined;
}

/** The number that the counter holds when the loop is entered, if the code right before it says so. */
export function startOf(
  { counter }: CountedLoop,
  { graph, input, entry }: { readonly graph: FlowGraph; readonly input: PassInput; readonly entry: number },
): bigint | undefined {
  const { columns, type } = input.scanned;
  const node = graph.from[entry] ?? NONE;
  const first = graph.first[node] ?? 0;
  for (let index = (graph.place[entry] ?? 0) - 1; index >= first; index--) {
    const code = columns.op[index];
    if ((code === op.LOCAL_SET || code === op.LOCAL_TEE) && columns.value[index] === counter) {
      const before = columns.op[index - 1];
      const isConstant = index > first && (before === op.I32_CONST || before === op.I64_CONST);
      return isConstant ? readConstant(columns, input.bytes, index - 1) : undefined;
    }
  }
  // Locals begin with zero.
  return node === 0 && counter >= type.parameters.length ? 0n : undefined;
}
