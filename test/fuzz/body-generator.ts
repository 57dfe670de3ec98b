// Generates the bodies of random guests: statements and expressions that keep the operand stack as their
// types say, whatever is drawn.

import { F32, F64, I32, I64, list, signed, sized, unsigned, V128 } from './module-writer.ts';
import {
  LOAD_CODES,
  type Operator,
  OPERATORS,
  STORE_CODES,
  TRAPPING,
  VECTOR_OPERATORS,
} from './operators.ts';
import type { Generator } from './random-modules.ts';

export interface Signature {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

const PROGRESS = 0;

// Locals of every body behind its parameters: two of each type, and counters that only loops touch.
const OWN_LOCALS: readonly number[] = [I32, I32, I64, I64, F32, F32, F64, F64];
const OWN_VECTORS: readonly number[] = [...OWN_LOCALS, V128, V128, V128, V128];
const COUNTERS = 4;

/** Generates one body. Every method leaves the operand stack as its name says, whatever it draws. */
export class BodyGenerator {
  readonly code: number[] = [];
  private readonly from: Generator;
  private readonly signature: Signature;
  private readonly index: number;
  private readonly locals: readonly number[];
  private readonly ownLocals: readonly number[];
  private counters = 0;
  // What a branch to each open label carries, innermost last. Label 0 is the function's.
  private readonly labels: (readonly number[])[];

  constructor(from: Generator, signature: Signature, index: number) {
    this.from = from;
    this.signature = signature;
    this.index = index;
    this.ownLocals = from.valueTypes.includes(V128) ? OWN_VECTORS : OWN_LOCALS;
    this.locals = [...signature.parameters, ...this.ownLocals];
    this.labels = [signature.results];
  }

  finish(): number[] {
    const own = [...this.ownLocals, ...Array.from({ length: COUNTERS }, () => I32)];
    return sized([...list(own.map((type) => [1, type])), ...this.code, 0x0b]);
  }

  /** Calls a function with constants and stores its results from `at` on. */
  callAndStore(index: number, at: number): void {
    const { parameters, results } = this.from.function(index);
    for (const type of parameters) {
      this.code.push(...this.from.constant(type));
    }
    this.code.push(0x10, ...unsigned(index));
    for (const [place, type] of [...results.entries()].reverse()) {
      const local = this.localOf(type);
      this.code.push(
        0x21,
        ...unsigned(local),
        0x41,
        ...signed(BigInt(at + place * 8)),
        0x20,
        ...unsigned(local),
      );
      this.code.push(...((STORE_CODES.get(type) ?? [])[0] ?? [0x36]), 0, 0);
    }
  }

  /** Code that leaves the stack as it was. */
  statement(depth: number): void {
    const { from, code } = this;
    const kind = from.below(depth > 0 ? 24 : 8);
    switch (kind) {
      case 0:
      case 1:
        return this.setLocal(depth);
      case 2:
        return this.setGlobal(depth);
      case 3:
      case 4:
        return this.store(depth);
      case 5:
        this.expression(from.pick(from.valueTypes), depth);
        code.push(0x1a);
        return;
      case 6:
        this.expression(I32, depth - 1);
        this.expression(I32, depth - 1);
        code.push(0x10, PROGRESS + from.below(2));
        return;
      case 7:
        code.push(0x01);
        return;
      case 8:
      case 9:
        return this.blockOf([], depth);
      case 10:
      case 11:
        return this.ifOf([], depth);
      case 12:
      case 13:
      case 14:
        return this.countedLoop(depth);
      case 15:
      case 16:
        return this.branchIf(depth);
      case 17:
        return this.call(depth);
      case 18:
        return this.bulk(depth);
      case 19:
        return this.leaveInIf(depth);
      case 20:
        return this.branchTable(depth);
      case 21:
        return this.tailCall(depth);
      case 22:
        return this.references(depth);
      default:
        return this.rare(depth);
    }
  }

  /** Code that pushes one value of each type. */
  expressions(types: readonly number[], depth: number): void {
    for (const type of types) {
      this.expression(type, depth);
    }
  }

  /** Code that pushes one value of a type. */
  expression(type: number, depth: number): void {
    const { from, code } = this;
    const kind = depth > 0 ? from.below(14) : from.below(3);
    switch (kind) {
      case 0:
        code.push(...from.constant(type));
        return;
      case 1:
        code.push(0x20, ...unsigned(this.localOf(type)));
        return;
      case 2:
        return this.global(type);
      case 8:
        this.address(depth - 1);
        code.push(...from.pick(LOAD_CODES.get(type) ?? []), 0, ...unsigned(from.below(64)));
        return;
      case 9:
        return this.blockOf([type], depth);
      case 10:
        return this.ifOf([type], depth);
      case 11:
        this.expressions([type, type, I32], depth - 1);
        code.push(0x1b);
        return;
      case 12:
        this.expression(type, depth - 1);
        code.push(0x22, ...unsigned(this.localOf(type)));
        return;
      case 13:
        return this.multiValue(type, depth);
      default: {
        const operator = this.operator(type);
        this.expressions(operator.operands, depth - 1);
        code.push(...operator.code);
      }
    }
  }

  // Division and truncation trap on most random operands, so they are drawn less often.
  private operator(type: number): Operator {
    const { from } = this;
    for (;;) {
      const operator = from.pick(this.operatorsOf(type));
      if (!TRAPPING.has(operator.code[0] ?? 0) || from.below(8) === 0) {
        return operator;
      }
    }
  }

  private operatorsOf(type: number): readonly Operator[] {
    const { from } = this;
    const table = type === V128 || (from.valueTypes.includes(V128) && from.below(3) === 0);
    const operators = (table ? VECTOR_OPERATORS : OPERATORS).get(type) ?? [];
    return operators.filter(({ operands }) => operands.every((one) => from.valueTypes.includes(one)));
  }

  private localOf(type: number): number {
    return this.from.pick(this.locals.flatMap((found, index) => (found === type ? [index] : [])));
  }

  private global(type: number): void {
    const globals = this.from.globalsOf(type, false);
    this.code.push(...(globals.length > 0 ? [0x23, this.from.pick(globals)] : this.from.constant(type)));
  }

  // Mostly inside the first page, sometimes anywhere.
  private address(depth: number): void {
    this.expression(I32, depth);
    if (this.from.below(40) > 0) {
      this.code.push(0x41, ...signed(0x7fffn), 0x71);
    }
  }

  private setLocal(depth: number): void {
    const type = this.from.pick(this.from.valueTypes);
    this.expression(type, depth);
    this.code.push(0x21, ...unsigned(this.localOf(type)));
  }

  private setGlobal(depth: number): void {
    const type = this.from.pick(this.from.valueTypes);
    const globals = this.from.globalsOf(type, true);
    this.expression(type, depth);
    this.code.push(...(globals.length > 0 ? [0x24, this.from.pick(globals)] : [0x1a]));
  }

  private store(depth: number): void {
    const type = this.from.pick(this.from.valueTypes);
    this.address(depth - 1);
    this.expression(type, depth - 1);
    this.code.push(...this.from.pick(STORE_CODES.get(type) ?? []), 0, ...unsigned(this.from.below(64)));
  }

  private inside(label: readonly number[], results: readonly number[], depth: number): void {
    this.labels.push(label);
    for (let count = this.from.below(3); count > 0; count--) {
      this.statement(depth - 1);
    }
    this.expressions(results, depth - 1);
    this.labels.pop();
  }

  private blockType(results: readonly number[]): readonly number[] {
    return results.length === 0 ? [0x40] : [results[0] ?? I32];
  }

  private blockOf(results: readonly number[], depth: number): void {
    this.code.push(0x02, ...this.blockType(results));
    this.inside(results, results, depth);
    this.code.push(0x0b);
  }

  private ifOf(results: readonly number[], depth: number): void {
    this.expression(I32, depth - 1);
    this.code.push(0x04, ...this.blockType(results));
    this.inside(results, results, depth);
    if (results.length > 0 || this.from.below(2) === 0) {
      this.code.push(0x05);
      this.inside(results, results, depth);
    }
    this.code.push(0x0b);
  }

  // A block that takes and leaves several values.
  private multiValue(type: number, depth: number): void {
    const { from, code } = this;
    const signature = { parameters: from.someTypes(2), results: [type, from.pick(from.valueTypes)] };
    this.expressions(signature.parameters, depth - 1);
    const loop = from.below(3) === 0;
    code.push(loop ? 0x03 : 0x02, ...signed(BigInt(from.typeIndex(signature))));
    for (const _ of signature.parameters) {
      code.push(0x1a);
    }
    this.inside(loop ? signature.parameters : signature.results, signature.results, depth - 1);
    code.push(0x0b, 0x1a);
  }

  // A loop that runs a few times, in a counter of its own.
  private countedLoop(depth: number): void {
    if (this.counters === COUNTERS) {
      this.code.push(0x01);
      return;
    }
    const counter = this.locals.length + this.counters;
    this.counters += 1;
    this.code.push(0x41, ...signed(BigInt(1 + this.from.below(20))), 0x21, ...unsigned(counter), 0x03, 0x40);
    // Branches from inside must not skip the countdown, so the loop's own label is not offered.
    this.labels.push(NO_LABEL);
    for (let count = 1 + this.from.below(2); count > 0; count--) {
      this.statement(depth - 1);
    }
    this.labels.pop();
    this.code.push(0x20, ...unsigned(counter), 0x41, 1, 0x6b, 0x22, ...unsigned(counter), 0x0d, 0, 0x0b);
    this.counters -= 1;
  }

  private label(): { readonly depth: number; readonly types: readonly number[] } {
    const open = this.labels.flatMap((types, index) =>
      types === NO_LABEL ? [] : [{ depth: this.labels.length - 1 - index, types }],
    );
    return this.from.pick(open);
  }

  private branchIf(depth: number): void {
    const { depth: label, types } = this.label();
    this.expressions(types, depth - 1);
    this.expression(I32, depth - 1);
    this.code.push(0x0d, ...unsigned(label));
    for (const _ of types) {
      this.code.push(0x1a);
    }
  }

  // Behind a condition, so that not everything after it is dead; sometimes with dead code inside.
  private leaveInIf(depth: number): void {
    this.expression(I32, depth - 1);
    this.code.push(0x04, 0x40);
    this.labels.push([]);
    const { depth: label, types } = this.label();
    const leaves = this.from.below(2) === 0;
    this.expressions(leaves ? this.signature.results : types, depth - 1);
    this.code.push(...(leaves ? [0x0f] : [0x0c, ...unsigned(label)]));
    if (this.from.below(3) === 0) {
      this.statement(depth - 1);
    }
    this.labels.pop();
    this.code.push(0x0b);
  }

  // Nested empty blocks, and a table that leaves some of them.
  private branchTable(depth: number): void {
    const blocks = 1 + this.from.below(3);
    for (let count = 0; count < blocks; count++) {
      this.code.push(0x02, 0x40);
      this.labels.push([]);
    }
    this.expression(I32, depth - 1);
    const targets = Array.from({ length: this.from.below(5) }, () => unsigned(this.from.below(blocks)));
    this.code.push(0x0e, ...list(targets), ...unsigned(this.from.below(blocks)));
    for (let count = 0; count < blocks; count++) {
      this.labels.pop();
      this.code.push(0x0b);
      this.statement(depth - 2);
    }
  }

  // Calls mostly go to functions behind this one, so that most runs end.
  private call(depth: number): void {
    const { from, code } = this;
    const recursive = from.below(10) === 0;
    const first = recursive ? 2 : this.index + 1;
    if (first >= from.functionCount) {
      code.push(0x01);
      return;
    }
    const target = first + from.below(from.functionCount - first);
    const signature = from.function(target);
    this.expressions(signature.parameters, depth - 1);
    if (from.below(3) === 0) {
      // Through the table, which holds function 2 first; sometimes at a wrong place.
      code.push(0x41, ...signed(BigInt(from.below(20) === 0 ? from.below(12) : target - 2)));
      code.push(0x11, ...unsigned(from.typeIndex(signature)), 0);
    } else {
      code.push(0x10, ...unsigned(target));
    }
    for (const _ of signature.results) {
      code.push(0x1a);
    }
  }

  // Behind a condition, to a function of the same results.
  private tailCall(depth: number): void {
    const { from, code } = this;
    const results = this.signature.results.join();
    const targets = Array.from({ length: from.functionCount }, (_, index) => index).filter(
      (index) => index !== this.index && index >= 2 && from.function(index).results.join() === results,
    );
    if (targets.length === 0) {
      code.push(0x01);
      return;
    }
    const target = from.pick(targets);
    const signature = from.function(target);
    this.expression(I32, depth - 1);
    code.push(0x04, 0x40);
    this.labels.push([]);
    this.expressions(signature.parameters, depth - 1);
    if (from.below(2) === 0) {
      code.push(0x12, ...unsigned(target));
    } else {
      code.push(0x41, ...signed(BigInt(target - 2)), 0x13, ...unsigned(from.typeIndex(signature)), 0);
    }
    this.labels.pop();
    code.push(0x0b);
  }

  // Tables 0 and 1 hold functions, table 2 holds nothing but nulls.
  private references(depth: number): void {
    const { from, code } = this;
    const table = from.below(3);
    switch (from.below(7)) {
      case 0:
        code.push(0x41, from.below(3));
        this.reference(table);
        code.push(0x26, table);
        return;
      case 1:
        this.reference(table);
        code.push(0xd1, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 2:
        this.reference(table);
        code.push(0x41, from.below(9), 0xfc, 15, table, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 3:
        code.push(0xfc, 16, table, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 4:
        code.push(0x41, from.below(3));
        this.reference(table);
        code.push(0x41, from.below(3), 0xfc, 17, table);
        return;
      case 5:
        code.push(0x41, from.below(2), 0x41, from.below(2), 0x41, from.below(2), 0xfc, 14, 1, 0);
        return;
      default:
        this.expressions([I32, I32, I32], depth - 1);
        code.push(0x1c, 1, I32, 0x21, ...unsigned(this.localOf(I32)));
    }
  }

  private reference(table: number): void {
    const { from, code } = this;
    const type = table === 2 ? 0x6f : 0x70;
    switch (from.below(table === 2 ? 3 : 4)) {
      case 0:
        code.push(0xd0, type);
        return;
      case 1:
        code.push(0x41, from.below(3), 0x25, table);
        return;
      case 2:
        code.push(0xd0, type, 0x41, 0, 0x25, table, 0x41, from.below(2), 0x1c, 1, type);
        return;
      default:
        code.push(0xd2, ...unsigned(from.below(from.functionCount)));
    }
  }

  private bulk(depth: number): void {
    const { from, code } = this;
    this.address(depth - 1);
    const kind = from.below(6);
    if (kind < 2) {
      this.address(depth - 1);
    } else {
      code.push(0x41, ...signed(BigInt(from.below(30))));
    }
    code.push(0x41, ...signed(BigInt(from.below(kind < 2 ? 500 : 12))));
    if (kind === 0) code.push(0xfc, 10, 0, 0);
    else if (kind < 4) code.push(0xfc, 11, 0);
    else code.push(0xfc, 8, 1, 0);
  }

  private rare(depth: number): void {
    const { from, code } = this;
    switch (from.below(8)) {
      case 0:
        this.expression(I32, 0);
        code.push(0x04, 0x40, 0x00, 0x0b);
        return;
      case 1:
        code.push(0x41, ...signed(BigInt(from.below(3))), 0x40, 0, 0x1a);
        return;
      case 2:
        code.push(0x3f, 0, 0x21, ...unsigned(this.localOf(I32)));
        return;
      case 3:
        code.push(0x41, from.below(3), 0x41, from.below(3), 0x41, from.below(3), 0xfc, 14, 0, 0);
        return;
      case 4:
        code.push(0x41, from.below(3), 0x41, 0, 0x41, from.below(3), 0xfc, 12, 1, 0);
        return;
      case 5:
        code.push(0xfc, from.below(2) === 0 ? 9 : 13, 1);
        return;
      case 6: {
        // A loop that only fuel may stop.
        code.push(0x03, 0x40);
        this.labels.push(NO_LABEL);
        this.statement(depth - 1);
        this.labels.pop();
        this.expression(I32, 1);
        code.push(0x0d, 0, 0x0b);
        return;
      }
      default:
        return this.leaveInIf(depth);
    }
  }
}

// Marks a label that generated branches may not use. Compared by identity.
const NO_LABEL: readonly number[] = [];
