// Where a body pays its fuel, and how much: the arithmetic behind the strategy `counted`.
//
// At each point of a run there is a *balance*: what was paid so far, less what was executed. Any plan is exact
// that leaves a balance of 0 at the end of the function, however it is moved about in between: what a node and
// an edge pay follows from the balances on both of their sides. Two ideas choose the balances.
//
//   Ahead   a node pays for the nodes that most likely follow, too, up to the next loop head or the function's
//           end; where the run goes another way, that edge pays the difference, or gets it back.
//   Later   a node that ends in a choice leaves its debt to its successors, so that each way pays once.
//           A debt must not be trapped with, so the node must not be able to; in a loop that keeps a reserve
//           (below) it may.
//
// A loop's head begins with a balance of 0, unless the loop is counted: then whoever enters pays all turns.
//   whole    turns are constants and few: their price is part of what the code before it pays
//   chunks   turns are computed at the loop's entry and paid by the chunk (see chunks.ts)
//   checked  any other loop: the head checks that the fuel has not run out
//
// A loop that calls no function of the guest keeps a *purse*: some of the fuel in a local, the rest in the global.
// Whoever enters opens it with an advance, which pays for a few turns. The head takes from the global when the
// purse holds less than a turn may pay, so that the global, which is what a trap leaves, is never above the fuel
// that is truly left. The purse goes back into the global on the edges that leave, or at the start of a node that
// only such edges lead to. An edge of a branch table can hold no code: then the node that it leads to takes the
// purse back whoever comes, and the purse is 0 for all who come from elsewhere.

import * as op from '../opcodes.ts';
import { type CountedLoop, findCountedLoop, startOf, turnsOf } from './counted-loops.ts';
import {
  EDGE_BEFORE,
  EDGE_ELSE,
  EDGE_FIXED,
  EDGE_TAKEN,
  EXIT,
  type FlowGraph,
  HAS_BULK,
  HAS_CALL,
  HAS_GUEST_CALL,
  NONE,
  PAYS_NOTHING_AHEAD,
} from './flow-graph.ts';
import type { PassInput } from './pass.ts';

/** How a loop is paid. */
export const LOOP_CHECKED = 0;
export const LOOP_WHOLE = 1;
export const LOOP_CHUNKS = 2;

/** The most that is paid ahead: what a trap's charge may be too high by on this account. */
export const AHEAD_MAX = 1 << 16;

/** The most that is owed where a run goes on. */
const DEBT_MAX = 64;

/** Instructions of a function that makes no call, from which it checks at its entry. */
const UNCHECKED_MAX = 2_000;

/** Instructions of a turn from which paying by the chunk saves too little. */
const CHUNK_TURN_MAX = 60;

/** The same where a turn has choices: instructions on all ways together. */
const VARIED_TURN_MAX = 400;

/** What a turn costs from which a few registers more or less do not matter. */
const TIGHT_TURN_MAX = 120;

/** The most that one turn may pay out of a purse. */
const RESERVE_MAX = 1 << 16;

export class FuelPlan {
  /** What each node pays at its start, and each edge. May be negative: then it gets something back. */
  readonly nodePays: number[] = [];
  readonly edgePays: number[] = [];
  /** What the balance is behind the payment at a node's start. */
  readonly price: number[] = [];
  /** 1 where a node must not begin without fuel. */
  readonly checks: number[] = [];
  readonly loopMode: number[] = [];
  /** 1 where the loop's nodes pay out of the purse. */
  readonly purse: number[] = [];
  /** 1 where the purse is closed at the node's start, not on the edges to it. */
  readonly closesPurse: number[] = [];
  /** Whether the purse is 0 wherever it is not open: some who come to such a node have none. */
  clearsPurse = false;
  /** 1 where a loop turns so fast that no call should be in it, and where there is none. */
  readonly isTight: number[] = [];
  /** 1 where another loop goes around it, in which its purse is filled. */
  readonly isWrapped: number[] = [];
  readonly counted: (CountedLoop | undefined)[] = [];
  /** What one turn of a loop of chunks costs at least, and at most. */
  readonly turnCost: number[] = [];
  readonly turnMost: number[] = [];
  /** The least that a purse holds behind each check. */
  reserve = 0;

  private readonly graph: FlowGraph;
  private input: PassInput | undefined;
  private readonly ahead: number[] = [];
  private readonly out: number[] = [];
  // By loop: where a turn of the loop around it goes on, what entering it pays, the balance behind its exit.
  private readonly exits: number[] = [];
  private readonly wholePrice: number[] = [];
  private readonly exitBalance: number[] = [];
  private readonly isChecked: number[] = [];
  private readonly mayTurn: number[] = [];
  private readonly mayCall: number[] = [];
  // By node: what is certain to be executed from its start on.
  private readonly sure: number[] = [];

  constructor(graph: FlowGraph) {
    this.graph = graph;
  }

  /** Plans the body that the graph was built from. */
  make(input: PassInput): void {
    this.input = input;
    this.reserve = 0;
    this.findChecks();
    this.findPrices();
    this.choosePurses(true);
    this.loosen();
    this.pay();
    if (this.reserve > RESERVE_MAX) {
      this.choosePurses(false);
      this.pay();
    }
  }

  /** Whether a turn of a counted loop has choices. */
  varies(loop: number): boolean {
    return this.isQuiet(loop) && this.counted[loop]?.isStraight === false;
  }

  /** The loop's nodes have their price paid by whoever enters, if no turn varies. */
  isQuiet(loop: number): boolean {
    return loop !== NONE && this.loopMode[loop] !== LOOP_CHECKED;
  }

  /** Whether the node pays out of the purse. */
  inPurse(node: number): boolean {
    const loop = node === EXIT ? NONE : (this.graph.loop[node] ?? NONE);
    return loop !== NONE && this.purse[loop] === 1;
  }

  /** Whether only one edge leads to the node. */
  hasOneWayIn(node: number): boolean {
    const { firstIn, nextIn } = this.graph;
    return (nextIn[firstIn[node] ?? NONE] ?? NONE) === NONE;
  }

  // Calls must come behind a check: a loop's head, or here. One is enough for all that follow it.
  private findChecks(): void {
    const { graph, checks, isChecked } = this;
    const isLong = this.totalCost() > UNCHECKED_MAX;
    for (let node = 0; node < graph.nodes; node++) {
      let before = node > 0;
      for (let edge = graph.firstIn[node] ?? NONE; edge !== NONE; edge = graph.nextIn[edge] ?? NONE) {
        before &&= graph.isBack(edge) || isChecked[graph.from[edge] ?? 0] === 1;
      }
      const calls = ((graph.has[node] ?? 0) & HAS_GUEST_CALL) !== 0;
      checks[node] = (calls || isLong) && graph.loop[node] === NONE && !before ? 1 : 0;
      isChecked[node] = before || checks[node] === 1 ? 1 : 0;
    }
  }

  private totalCost(): number {
    let sum = 0;
    for (let node = 0; node < this.graph.nodes; node++) {
      sum += this.graph.cost[node] ?? 0;
    }
    return sum;
  }

  // From the last node to the first: what each one pays if nothing was paid before.
  private findPrices(): void {
    const { graph, price, ahead } = this;
    for (let node = graph.nodes - 1; node >= 0; node--) {
      const cost = graph.cost[node] ?? 0;
      this.mayTurn[node] = this.anyTurns(node) ? 1 : 0;
      const more = this.chooseAhead(node);
      ahead[node] = cost + more > AHEAD_MAX ? 0 : more;
      price[node] = cost + (ahead[node] ?? 0);
      this.sure[node] = cost + this.sureBehind(node);
      const loop = graph.loop[node] ?? NONE;
      if (loop !== NONE && graph.head[loop] === node) {
        this.chooseMode(loop);
      }
    }
  }

  private anyTurns(node: number): boolean {
    const { graph } = this;
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      if (this.turns(edge)) return true;
    }
    return false;
  }

  private chooseAhead(node: number): number {
    const { graph } = this;
    const has = graph.has[node] ?? 0;
    if ((has & PAYS_NOTHING_AHEAD) !== 0) return 0;
    const isCall = (has & (HAS_CALL | HAS_BULK)) !== 0;
    const edge = isCall ? this.cheapestEdge(node) : this.likelyEdge(node);
    const more = edge === NONE ? 0 : this.wanted(edge);
    // Whoever is called may find that the fuel has run out: nothing must be paid then that may be given back.
    return isCall && (more > this.sureBehind(node) || more > graph.aheadOfCallMax) ? 0 : more;
  }

  // What is certain to be executed behind a node.
  private sureBehind(node: number): number {
    const { graph } = this;
    let least = Number.MAX_SAFE_INTEGER;
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      least = Math.min(least, this.sureOn(edge));
    }
    return least === Number.MAX_SAFE_INTEGER ? 0 : least;
  }

  private sureOn(edge: number): number {
    const { graph } = this;
    const to = graph.to[edge] ?? EXIT;
    if (to === EXIT || graph.isBack(edge) || graph.kind[edge] === EDGE_FIXED) return 0;
    if (!graph.isHead(to)) return this.checks[to] === 1 ? 0 : (this.sure[to] ?? 0);
    const loop = graph.loop[to] ?? NONE;
    return this.loopMode[loop] === LOOP_WHOLE
      ? (this.wholePrice[loop] ?? 0) - (this.exitBalance[loop] ?? 0)
      : 0;
  }

  // The edge whose target wants the least, NONE where an edge cannot pay a difference.
  private cheapestEdge(node: number): number {
    const { graph } = this;
    let best = NONE;
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      if (graph.kind[edge] === EDGE_FIXED) return NONE;
      if (best === NONE || this.wanted(edge) < this.wanted(best)) best = edge;
    }
    return best;
  }

  /** The balance that an edge's target begins with, if that is settled by the target alone. */
  private wanted(edge: number): number {
    const { graph } = this;
    const to = graph.to[edge] ?? EXIT;
    if (to === EXIT || graph.isBack(edge)) return 0;
    if (graph.isHead(to)) return this.wholePrice[graph.loop[to] ?? NONE] ?? 0;
    return this.checks[to] === 1 ? 0 : (this.price[to] ?? 0);
  }

  // The edge whose target is paid ahead, NONE where an edge cannot pay a difference.
  private likelyEdge(node: number): number {
    const { graph } = this;
    let best = NONE;
    let bestRank = -1;
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      if (graph.kind[edge] === EDGE_FIXED) return NONE;
      const rank = this.rank(edge);
      if (rank > bestRank) {
        best = edge;
        bestRank = rank;
      }
    }
    return best;
  }

  // How likely an edge is: staying in the loop, then not ending at once; then what is cheapest not to pay on.
  private rank(edge: number): number {
    const { graph } = this;
    const to = graph.to[edge] ?? EXIT;
    if (graph.isBack(edge)) return 100;
    const stays = this.turns(edge);
    const ends = to === EXIT || (graph.firstOut[to] ?? NONE) === NONE;
    const kind = graph.kind[edge];
    const isDear = kind === EDGE_ELSE || (kind === EDGE_TAKEN && to !== EXIT && !this.hasOneWayIn(to));
    return (stays ? 20 : 0) + (ends ? 0 : 10) + (isDear ? 5 : 0) + (kind === EDGE_BEFORE ? 1 : 0);
  }

  // Whether the loop may turn again behind an edge; going into a loop inside counts as that.
  private turns(edge: number): boolean {
    const { graph } = this;
    const to = graph.to[edge] ?? EXIT;
    const around = graph.loop[graph.from[edge] ?? 0] ?? NONE;
    if (to === EXIT || around === NONE) return false;
    if (graph.isBack(edge)) return graph.head[around] === to;
    return graph.loop[to] === around ? this.mayTurn[to] === 1 : this.depthOf(to) > (graph.depth[around] ?? 0);
  }

  private depthOf(node: number): number {
    return this.graph.depth[this.graph.loop[node] ?? NONE] ?? 0;
  }

  // Called when all nodes of the loop have their prices.
  private chooseMode(loop: number): void {
    const { graph, exits, input } = this;
    this.loopMode[loop] = LOOP_CHECKED;
    this.wholePrice[loop] = 0;
    exits[loop] = NONE;
    const counted = input === undefined ? undefined : findCountedLoop(loop, { graph, input, exits });
    this.counted[loop] = counted;
    if (counted === undefined || input === undefined) return;
    if (!counted.isStraight) return this.varyTurn(loop, counted);
    const cost = this.chainCost(counted);
    if (cost !== (this.price[graph.head[loop] ?? 0] ?? 0) || !this.hasNoBulk(counted)) return;
    this.turnCost[loop] = cost;
    const start = startOf(counted, { graph, input, entry: graph.entry[loop] ?? NONE });
    if (start === undefined || !this.payWhole(loop, counted, turnsOf(counted, start))) {
      this.payChunks(loop, counted, cost);
    }
  }

  // A turn with choices is paid by its cheapest way, and what others cost more on the way.
  private varyTurn(loop: number, counted: CountedLoop): void {
    const { graph, price, ahead, sure } = this;
    const head = graph.head[loop] ?? NONE;
    let most = 0;
    for (let node = head; node < head + (graph.size[loop] ?? 0); node++) {
      most += graph.cost[node] ?? 0;
    }
    if (most > VARIED_TURN_MAX || most === 0 || !this.canBeChunks(loop, counted)) return;
    this.loopMode[loop] = LOOP_CHUNKS;
    this.turnMost[loop] = most;
    for (let node = head; node < head + (graph.size[loop] ?? 0); node++) {
      const behind = node === counted.test ? this.sureOfTurn(node, counted) : this.sureBehind(node);
      ahead[node] = behind;
      price[node] = (graph.cost[node] ?? 0) + behind;
    }
    sure[head] = price[head] ?? 0;
    this.turnCost[loop] = price[head] ?? 0;
    this.exitBalance[loop] = counted.shape === 'bottom' ? 0 : -(graph.cost[head] ?? 0);
  }

  // What is certain to be executed behind the test if the turn goes on.
  private sureOfTurn(node: number, counted: CountedLoop): number {
    const { graph } = this;
    if (counted.shape === 'bottom') return 0;
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      const to = graph.to[edge] ?? EXIT;
      if (edge !== counted.exit && to !== graph.from[counted.exit]) return this.sure[to] ?? 0;
    }
    return 0;
  }

  // What one turn costs, loops inside included.
  private chainCost({ chain }: CountedLoop): number {
    const { graph } = this;
    let sum = 0;
    for (const node of chain) {
      sum += graph.cost[node] ?? 0;
      const [edge] = [graph.firstOut[node] ?? NONE];
      const to = edge === NONE ? EXIT : (graph.to[edge] ?? EXIT);
      if (to !== EXIT && graph.isHead(to) && !graph.isBack(edge)) {
        const inner = graph.loop[to] ?? NONE;
        sum += (this.wholePrice[inner] ?? 0) - (this.exitBalance[inner] ?? 0);
      }
    }
    return sum;
  }

  private payWhole(loop: number, counted: CountedLoop, turns: bigint | undefined): boolean {
    const { graph } = this;
    const cost = this.turnCost[loop] ?? 0;
    if (turns === undefined || turns > BigInt(AHEAD_MAX)) return false;
    const last = graph.cost[counted.test] ?? 0;
    const own = counted.shape === 'bottom' ? (Number(turns) + 1) * cost : Number(turns) * cost + last;
    const behind = this.wanted(counted.exit);
    if (own + behind > AHEAD_MAX) return false;
    this.loopMode[loop] = LOOP_WHOLE;
    this.wholePrice[loop] = own + behind;
    this.exitBalance[loop] = behind;
    this.exits[loop] = graph.isBack(counted.exit) ? NONE : (graph.to[counted.exit] ?? EXIT);
    return true;
  }

  private payChunks(loop: number, counted: CountedLoop, cost: number): void {
    const { graph } = this;
    const isInner = counted.chain.every((node) => !this.entersLoop(node));
    if (cost <= CHUNK_TURN_MAX && isInner && this.canBeChunks(loop, counted)) {
      this.loopMode[loop] = LOOP_CHUNKS;
      this.turnMost[loop] = cost;
      this.exitBalance[loop] = counted.shape === 'bottom' ? 0 : -(graph.cost[graph.head[loop] ?? 0] ?? 0);
    }
  }

  // In a chunk the test runs once more than in a turn, so it must do nothing else.
  private canBeChunks(loop: number, counted: CountedLoop): boolean {
    const { graph } = this;
    const head = graph.head[loop] ?? NONE;
    const { shape, step, relation, testAt, isDown } = counted;
    const isPure = shape === 'bottom' || (testAt === graph.first[head] && !counted.seesStep);
    const isUp = relation === 'lt' || relation === 'le';
    const isKnown =
      step.type === 'constant' && step.value <= 1n << 12n && (relation === 'ne' || isUp !== isDown);
    return isPure && isKnown;
  }

  private entersLoop(node: number): boolean {
    const { graph } = this;
    const edge = graph.firstOut[node] ?? NONE;
    const to = edge === NONE ? EXIT : (graph.to[edge] ?? EXIT);
    return to !== EXIT && graph.isHead(to) && !graph.isBack(edge);
  }

  private hasNoBulk({ chain }: CountedLoop): boolean {
    return chain.every((node) => ((this.graph.has[node] ?? 0) & HAS_BULK) === 0);
  }

  // A loop keeps a purse when all edges out of it can close the purse, and it makes no call on each turn, nor ever
  // one of the guest's functions: those must come behind a check of all fuel, and a purse that is opened with an
  // advance puts that off; and in functions that call themselves such loops hardly turn.
  private choosePurses(mayKeep: boolean): void {
    const { graph, purse } = this;
    const shallowest = this.fixedTargets();
    this.findCalls();
    for (let loop = 0; loop < graph.loops; loop++) {
      const parent = graph.parent[loop] ?? NONE;
      const may = mayKeep && (!this.isQuiet(loop) || this.varies(loop));
      const calls = graph.calls[loop] === 1 || this.mayCall[loop] === 1;
      const closes = (shallowest[loop] ?? 0) >= (graph.depth[loop] ?? 0);
      this.isTight[loop] = (this.price[graph.head[loop] ?? 0] ?? 0) <= TIGHT_TURN_MAX ? 1 : 0;
      purse[loop] = (parent !== NONE && purse[parent] === 1) || (may && closes && !calls) ? 1 : 0;
    }
    this.clearsPurse = false;
    for (let node = 0; node < graph.nodes; node++) {
      this.closesPurse[node] = this.closesAt(node) ? 1 : 0;
    }
  }

  // By loop: whether a way through it, or through a loop inside it, calls the guest's own functions.
  private findCalls(): void {
    const { graph, mayCall } = this;
    for (let loop = 0; loop < graph.loops; loop++) {
      mayCall[loop] = 0;
    }
    for (let node = 0; node < graph.nodes; node++) {
      const loop = graph.loop[node] ?? NONE;
      if (loop !== NONE && ((graph.has[node] ?? 0) & HAS_GUEST_CALL) !== 0) mayCall[loop] = 1;
    }
    for (let loop = graph.loops - 1; loop >= 0; loop--) {
      const parent = graph.parent[loop] ?? NONE;
      if (parent !== NONE && mayCall[loop] === 1) mayCall[parent] = 1;
    }
  }

  private closesAt(node: number): boolean {
    const { graph } = this;
    if (this.inPurse(node)) return false;
    let open = 0;
    let others = 0;
    let isFixed = false;
    for (let edge = graph.firstIn[node] ?? NONE; edge !== NONE; edge = graph.nextIn[edge] ?? NONE) {
      const isOpen = this.inPurse(graph.from[edge] ?? 0);
      open += isOpen ? 1 : 0;
      others += isOpen ? 0 : 1;
      isFixed ||= isOpen && graph.kind[edge] === EDGE_FIXED;
    }
    this.clearsPurse ||= isFixed && others > 0;
    return isFixed || (open > 0 && others === 0);
  }

  private loosen(): void {
    const { graph } = this;
    for (let node = 0; node < graph.nodes; node++) {
      const loop = graph.loop[node] ?? NONE;
      if (loop !== NONE && ((graph.has[node] ?? 0) & (HAS_CALL | HAS_BULK)) !== 0) {
        this.isTight[loop] = 0;
      }
    }
  }

  /**
   * Whether a loop can be put into another one, so that filling the purse goes there: nothing that leaves it
   * counts blocks, and it takes and leaves no operands.
   */
  isWrappable(loop: number): boolean {
    const { graph, input } = this;
    const columns = input?.scanned.columns;
    const type = input?.bytes[(columns?.at[graph.opens[loop] ?? 0] ?? 0) + 1];
    if (this.isTight[loop] !== 1 || this.purse[loop] !== 1 || this.isQuiet(loop) || type !== op.EMPTY_BLOCK) {
      return false;
    }
    const head = graph.head[loop] ?? NONE;
    for (let node = head; node < head + (graph.size[loop] ?? 0); node++) {
      if (graph.loop[node] !== loop) return false;
      const first = graph.firstOut[node] ?? NONE;
      for (let edge = first; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
        const to = graph.to[edge] ?? EXIT;
        const falls = graph.kind[edge] === EDGE_BEFORE && graph.place[edge] === graph.closes[loop];
        const returns = columns?.op[graph.place[edge] ?? 0] === op.RETURN;
        if (!falls && !returns && (to === EXIT || graph.loop[to] !== loop)) return false;
      }
    }
    return true;
  }

  // By loop: how few loops are around the targets of edges in it that nothing can be put on, nor at the target.
  private fixedTargets(): number[] {
    const { graph } = this;
    const shallowest: number[] = [];
    for (let loop = 0; loop < graph.loops; loop++) {
      shallowest[loop] = Number.MAX_SAFE_INTEGER;
    }
    const lower = (loop: number, depth: number): void => {
      if (loop !== NONE && depth < (shallowest[loop] ?? 0)) shallowest[loop] = depth;
    };
    for (let edge = 0; edge < graph.edges; edge++) {
      if (graph.kind[edge] !== EDGE_FIXED) continue;
      const to = graph.to[edge] ?? EXIT;
      if (to === EXIT || this.isQuiet(graph.loop[to] ?? NONE)) {
        lower(graph.loop[graph.from[edge] ?? 0] ?? NONE, to === EXIT ? 0 : this.depthOf(to));
      }
    }
    for (let loop = graph.loops - 1; loop >= 0; loop--) {
      lower(graph.parent[loop] ?? NONE, shallowest[loop] ?? 0);
    }
    return shallowest;
  }

  // From the first node to the last: what is paid where.
  private pay(): void {
    const { graph, edgePays } = this;
    this.reserve = DEBT_MAX;
    for (let edge = 0; edge < graph.edges; edge++) {
      edgePays[edge] = 0;
    }
    for (let node = 0; node < graph.nodes; node++) {
      if (this.isPaid(node)) {
        this.nodePays[node] = 0;
        this.out[node] = this.ahead[node] ?? 0;
      } else {
        this.payNode(node);
      }
      this.payOuts(node);
    }
    for (let edge = 0; edge < graph.edges; edge++) {
      this.hold(graph.from[edge] ?? 0, edgePays[edge] ?? 0);
    }
  }

  // Whether all that the node pays is paid by whoever enters its loop.
  private isPaid(node: number): boolean {
    const { graph } = this;
    const loop = graph.loop[node] ?? NONE;
    if (!this.varies(loop)) return this.isQuiet(loop);
    const exit = this.counted[loop]?.exit ?? NONE;
    return graph.head[loop] === node || (graph.from[exit] === node && this.counted[loop]?.test !== node);
  }

  private hold(node: number, amount: number): void {
    if (amount > 0 && this.inPurse(node) && !this.varies(this.graph.loop[node] ?? NONE)) {
      this.reserve += amount;
    }
  }

  private payNode(node: number): void {
    const { graph, price } = this;
    const first = graph.firstIn[node] ?? NONE;
    const begins = node === 0 || graph.isHead(node);
    if (begins || this.hasOneWayIn(node)) {
      const balance = begins ? 0 : this.broughtBy(first);
      if (this.mayPayLater(node, balance)) {
        this.nodePays[node] = 0;
        this.out[node] = balance - (graph.cost[node] ?? 0);
        return;
      }
      this.settle(node, (price[node] ?? 0) - balance);
      return;
    }
    this.payJoin(node);
  }

  private settle(node: number, amount: number): void {
    this.nodePays[node] = amount;
    this.out[node] = this.ahead[node] ?? 0;
    this.hold(node, amount);
  }

  // Where several edges meet, the node pays what most of them have in common, and they the rest.
  private payJoin(node: number): void {
    const { graph, edgePays } = this;
    const wants = this.checks[node] === 1 ? 0 : (this.price[node] ?? 0);
    const first = graph.firstIn[node] ?? NONE;
    const candidate = this.fixedWant(node, wants) ?? wants - this.broughtBy(first);
    let agree = 0;
    let others = 0;
    let settled = 0;
    for (let edge = first; edge !== NONE; edge = graph.nextIn[edge] ?? NONE) {
      const amount = wants - this.broughtBy(edge);
      agree += amount === candidate ? 1 : 0;
      settled += amount === 0 ? 1 : 0;
      others += 1;
    }
    const isFixed = this.fixedWant(node, wants) !== undefined;
    const common = isFixed || 1 + others - agree < others - settled ? candidate : 0;
    for (let edge = first; edge !== NONE; edge = graph.nextIn[edge] ?? NONE) {
      edgePays[edge] = wants - this.broughtBy(edge) - common;
    }
    this.settle(node, (this.price[node] ?? 0) - wants + common);
  }

  // What edges that can pay nothing want the node to pay.
  private fixedWant(node: number, wants: number): number | undefined {
    const { graph } = this;
    for (let edge = graph.firstIn[node] ?? NONE; edge !== NONE; edge = graph.nextIn[edge] ?? NONE) {
      if (graph.kind[edge] === EDGE_FIXED) return wants - this.broughtBy(edge);
    }
    return undefined;
  }

  // The balance at the end of an edge, before it pays.
  private broughtBy(edge: number): number {
    const { graph } = this;
    const from = graph.from[edge] ?? 0;
    const loop = graph.loop[from] ?? NONE;
    if (this.isQuiet(loop) && this.counted[loop]?.exit === edge) return this.exitBalance[loop] ?? 0;
    return this.isQuiet(loop) && !this.varies(loop) ? 0 : (this.out[from] ?? 0);
  }

  // Edges to where the balance is settled: loop heads and the end of the function.
  private payOuts(node: number): void {
    const { graph, edgePays } = this;
    const isQuiet = this.isQuiet(graph.loop[node] ?? NONE) && !this.varies(graph.loop[node] ?? NONE);
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      const to = graph.to[edge] ?? EXIT;
      if (to !== EXIT && !graph.isHead(to)) continue;
      const isExit = this.counted[graph.loop[node] ?? NONE]?.exit === edge;
      edgePays[edge] = isQuiet && !isExit ? 0 : this.wanted(edge) - this.broughtBy(edge);
    }
  }

  private mayPayLater(node: number, balance: number): boolean {
    const { graph } = this;
    const has = graph.has[node] ?? 0;
    const owes = (graph.cost[node] ?? 0) - balance;
    if (
      this.varies(graph.loop[node] ?? NONE) ||
      balance > 0 ||
      owes > DEBT_MAX ||
      this.checks[node] === 1 ||
      (has & (HAS_CALL | HAS_BULK)) !== 0
    ) {
      return false;
    }
    let ways = 0;
    for (let edge = graph.firstOut[node] ?? NONE; edge !== NONE; edge = graph.nextOut[edge] ?? NONE) {
      const to = graph.to[edge] ?? EXIT;
      if (graph.kind[edge] === EDGE_FIXED || (to !== EXIT && graph.isHead(to))) return false;
      ways += 1;
    }
    return ways > 1 && (this.inPurse(node) || this.cannotTrap(node));
  }

  private cannotTrap(node: number): boolean {
    const { graph } = this;
    const codes = this.input?.scanned.columns.op ?? [];
    const last = graph.last[node] ?? 0;
    for (let index = graph.first[node] ?? 0; index < last; index++) {
      if (mayTrap(codes[index] ?? 0)) return false;
    }
    return true;
  }
}

// Loads and stores, divisions, truncations, tables and whatever vectors do with memory.
function mayTrap(code: number): boolean {
  if (code >= 0x28 && code <= 0x3e) return true;
  if (code >= 0x6d && code <= 0x70) return true;
  if (code >= 0x7f && code <= 0x82) return true;
  if (code >= 0xa8 && code <= 0xab) return true;
  if (code >= 0xae && code <= 0xb1) return true;
  return code === op.TABLE_GET || code === op.TABLE_SET || code === op.UNREACHABLE || code >= op.SIMD;
}
