// Type-checks function bodies and decodes them into columns: the second half of validation, by the
// algorithm of the standard's appendix (an operand stack and a control stack, no recursion), so that nesting
// costs memory that is bounded and allocated once. The stacks are reused for every body.

import { type ScannedFunction, TO_FUNCTION } from './instructions.ts';
import { BLOCK_PARAMETERS_MAX, BRANCH_TABLE_MAX, LOCALS_MAX, NESTING_MAX } from './limits.ts';
import type { ByteRange, FunctionType } from './module.ts';
import * as op from './opcodes.ts';
import { parseNullType } from './constant-expression.ts';
import { parseValueType } from './parse-module.ts';
import { assertLimit, refuse, refuseFeature } from './refusals.ts';
import { VectorValidator } from './vector-validator.ts';

const NO_TYPES = new Uint8Array(0);
const EMPTY_TYPE: FunctionType = { parameters: NO_TYPES, results: NO_TYPES };
const SINGLE_TYPES: ReadonlyMap<number, FunctionType> = new Map(
  [op.I32, op.I64, op.F32, op.F64, op.V128, op.FUNCREF, op.EXTERNREF].map((type) => [
    type,
    { parameters: NO_TYPES, results: Uint8Array.of(type) },
  ]),
);

// What opened a frame, beside the opcodes BLOCK, LOOP, IF and ELSE.
const FUNCTION_FRAME = 0xff;

/** Validates one body after the other against its module. */
export class Validator extends VectorValidator {
  private readonly locals = new Uint8Array(LOCALS_MAX);
  private localCount = 0;

  private readonly frameKinds = new Uint8Array(NESTING_MAX + 1);
  private readonly frameHeights = new Uint32Array(NESTING_MAX + 1);
  // 1 where the frame was opened in code that cannot be reached.
  private readonly frameDead = new Uint8Array(NESTING_MAX + 1);
  private readonly frameTypes: FunctionType[] = [];
  // 1 where the instruction at hand can never run.
  private dead = 0;
  private value = 0;

  /** Functions that `ref.func` names in the bodies scanned so far. */
  readonly referred = new Set<number>();

  /** Validates a body of type `type`, or throws a `Refusal`. The answer is valid until the next call. */
  scan(type: FunctionType, body: ByteRange): ScannedFunction {
    const reader = this.reader;
    reader.position = body.start;
    reader.end = body.end;
    this.declareLocals(type);
    const start = reader.position;
    this.columns.reset(body.end - start);
    this.begin(type);
    this.walk();
    if (reader.position !== body.end) {
      refuse('malformed', reader.position, 'A function goes on after its end.');
    }
    return {
      type,
      columns: this.columns,
      declarations: body.start,
      start,
      end: body.end,
      locals: this.localCount,
      isWide: this.isWide,
      operands: this.mostOperands,
      makesNan: this.makesNan,
      localTypes: this.locals,
    };
  }

  private declareLocals(type: FunctionType): void {
    const reader = this.reader;
    const offset = reader.position;
    this.locals.set(type.parameters);
    this.isWide = type.parameters.includes(op.V128) || type.results.includes(op.V128);
    let total = type.parameters.length;
    const groups = reader.u32();
    for (let group = 0; group < groups; group++) {
      const count = reader.u32();
      assertLimit('locals', total + count, LOCALS_MAX, offset);
      const of = parseValueType(reader);
      this.isWide ||= of === op.V128 && count > 0;
      this.locals.fill(of, total, total + count);
      total += count;
    }
    this.localCount = total;
  }

  private begin(type: FunctionType): void {
    this.height = 0;
    this.mostOperands = 0;
    this.makesNan = false;
    this.depth = 0;
    this.floor = 0;
    this.frameKinds[0] = FUNCTION_FRAME;
    this.frameHeights[0] = 0;
    this.framePolymorphic[0] = 0;
    this.frameDead[0] = 0;
    this.dead = 0;
    this.frameTypes[0] = { parameters: NO_TYPES, results: type.results };
  }

  private walk(): void {
    const { reader, columns } = this;
    const { bytes, end } = reader;
    const forms = op.PLAIN.form;
    while (this.depth >= 0) {
      const index = columns.count;
      const at = reader.position;
      this.instruction = at;
      this.value = 0;
      columns.at[index] = at;
      columns.dead[index] = this.dead;
      // At the end of the body `u8` refuses.
      let code = at < end ? (bytes[at] ?? 0) : reader.u8();
      reader.position = at + 1;
      if (code === op.BULK_PREFIX) {
        code = this.prefixed();
      }
      const form = forms[code] ?? 0;
      if (form !== 0) {
        this.plain(code, form);
      } else if (code === op.LOCAL_GET) {
        this.localGet();
      } else if (code === op.I32_CONST) {
        reader.s32();
        this.push(op.I32);
      } else if (code === op.SIMD_PREFIX) {
        code = op.SIMD + this.vector();
      } else {
        this.special(code);
        if (op.isLandmark(code)) {
          columns.landmarks[columns.landmarkCount++] = index;
        }
      }
      columns.op[index] = code;
      columns.value[index] = this.value;
      columns.count = index + 1;
    }
  }

  // An instruction that only takes one or two operands and perhaps pushes a result: most of them.
  private plain(code: number, form: number): void {
    if ((form & op.FORM_MEMORY) !== 0) {
      this.memoryArgument(op.PLAIN.alignment[code] ?? 0);
    }
    const result = (form >> op.FORM_RESULT_SHIFT) & 0xff;
    const isTwo = (form >> op.FORM_TWO_SHIFT) & 1;
    const left = this.height - isTwo;
    // What is there is nearly always what is wanted, and the result takes the place of an operand.
    if (
      result !== 0 &&
      left > this.floor &&
      this.types[left - 1] === (form & 0xff) &&
      (isTwo === 0 || this.types[left] === ((form >> op.FORM_SECOND_SHIFT) & 0xff))
    ) {
      this.types[left - 1] = result;
      this.height = left;
    } else {
      this.popOperands(form);
      if (result !== 0) {
        this.push(result);
      }
    }
    this.makesNan ||= (form & op.FORM_MAKES_NAN) !== 0;
  }

  private popOperands(form: number): void {
    if ((form & op.FORM_TWO) !== 0) {
      this.pop((form >> op.FORM_SECOND_SHIFT) & 0xff);
    }
    this.pop(form & 0xff);
  }

  private prefixed(): number {
    const code = this.reader.u32();
    if (code > op.TABLE_FILL - op.PREFIXED) {
      const feature = op.featureOfPrefixed(code);
      if (feature !== undefined) {
        refuseFeature(feature, this.instruction, `Instruction 0xfc ${code}`);
      }
      refuse('malformed', this.instruction, `There is no instruction 0xfc ${code}.`);
    }
    return op.PREFIXED + code;
  }

  private special(code: number): void {
    switch (code) {
      case op.NOP:
        return;
      case op.UNREACHABLE:
        return this.die();
      case op.BLOCK:
      case op.LOOP:
        return this.open(code, this.blockType());
      case op.IF: {
        const type = this.blockType();
        this.pop(op.I32);
        return this.open(code, type);
      }
      case op.ELSE:
        return this.otherwise();
      case op.END:
        return this.close();
      case op.BR:
        this.popAll(this.label());
        return this.die();
      case op.BR_IF:
        return this.branchIf();
      case op.BR_TABLE:
        return this.branchTable();
      case op.RETURN:
        this.value = TO_FUNCTION;
        this.popAll(this.typeAt(0).results);
        return this.die();
      case op.CALL:
        return this.call();
      case op.CALL_INDIRECT:
        return this.callIndirect();
      case op.RETURN_CALL:
      case op.RETURN_CALL_INDIRECT:
        return this.returnCall(code);
      case op.DROP:
        this.pop(op.ANY);
        return;
      case op.SELECT:
        return this.select();
      case op.SELECT_TYPED:
        return this.selectTyped();
      case op.LOCAL_GET:
        return this.localGet();
      case op.LOCAL_SET:
        this.localSet();
        return;
      case op.LOCAL_TEE: {
        this.localSet();
        return this.push(this.locals[this.value] ?? 0);
      }
      case op.GLOBAL_GET:
        return this.push(this.global(false));
      case op.GLOBAL_SET:
        this.globalSet();
        return;
      default:
        return this.constantOrMemory(code);
    }
  }

  private constantOrMemory(code: number): void {
    switch (code) {
      case op.I32_CONST:
        this.reader.s32();
        return this.push(op.I32);
      case op.I64_CONST:
        this.reader.skipS64();
        return this.push(op.I64);
      case op.F32_CONST:
        this.reader.skip(4);
        return this.push(op.F32);
      case op.F64_CONST:
        this.reader.skip(8);
        return this.push(op.F64);
      case op.MEMORY_SIZE:
        this.needMemory();
        this.zeroByte();
        return this.push(op.I32);
      case op.MEMORY_GROW:
        this.needMemory();
        this.zeroByte();
        this.pop(op.I32);
        return this.push(op.I32);
      default:
        return this.reference(code);
    }
  }

  private reference(code: number): void {
    switch (code) {
      case op.REF_NULL:
        return this.push(parseNullType(this.reader));
      case op.REF_IS_NULL:
        this.pop(op.ANY);
        if (this.popped !== op.ANY && !op.isReference(this.popped)) {
          refuse('invalid', this.instruction, 'Only a reference can be null.');
        }
        return this.push(op.I32);
      case op.REF_FUNC:
        this.referToFunction();
        return this.push(op.FUNCREF);
      case op.TABLE_GET: {
        const type = this.table();
        this.pop(op.I32);
        return this.push(type);
      }
      case op.TABLE_SET: {
        this.pop(this.table());
        this.pop(op.I32);
        return;
      }
      default:
        return this.bulk(code);
    }
  }

  private referToFunction(): void {
    const index = this.reader.u32();
    if (index >= this.module.functions.length || !this.module.declared.has(index)) {
      refuse('invalid', this.instruction, `Function ${index} is not declared as one that is referred to.`);
    }
    this.referred.add(index);
  }

  private bulk(code: number): void {
    switch (code) {
      case op.MEMORY_COPY:
        this.needMemory();
        this.zeroByte();
        this.zeroByte();
        return this.popThree();
      case op.MEMORY_FILL:
        this.needMemory();
        this.zeroByte();
        return this.popThree();
      case op.MEMORY_INIT:
        this.dataSegment();
        this.needMemory();
        this.zeroByte();
        return this.popThree();
      case op.DATA_DROP:
        return this.dataSegment();
      case op.TABLE_INIT:
        this.sameTables(this.elementSegment(), this.table());
        return this.popThree();
      case op.ELEM_DROP:
        this.elementSegment();
        return;
      case op.TABLE_COPY: {
        const type = this.table();
        const changed = this.value;
        this.sameTables(type, this.table());
        this.value = changed;
        return this.popThree();
      }
      default:
        return this.wholeTable(code);
    }
  }

  private wholeTable(code: number): void {
    switch (code) {
      case op.TABLE_GROW: {
        const type = this.table();
        this.pop(op.I32);
        this.pop(type);
        return this.push(op.I32);
      }
      case op.TABLE_SIZE:
        this.table();
        return this.push(op.I32);
      case op.TABLE_FILL: {
        const type = this.table();
        this.pop(op.I32);
        this.pop(type);
        this.pop(op.I32);
        return;
      }
      default:
        return this.unknown(code);
    }
  }

  private sameTables(from: number, to: number): void {
    if (from !== to) {
      refuse('invalid', this.instruction, `A table of ${op.typeName(to)} cannot take ${op.typeName(from)}.`);
    }
  }

  private unknown(code: number): never {
    const feature = op.featureOfOpcode(code);
    const name = `Instruction 0x${code.toString(16).padStart(2, '0')}`;
    if (feature !== undefined) {
      refuseFeature(feature, this.instruction, name);
    }
    return refuse('malformed', this.instruction, `${name} does not exist.`);
  }

  // Control.

  private blockType(): FunctionType {
    const offset = this.reader.position;
    const code = this.reader.s33();
    if (code >= 0) {
      const type = this.module.types[code] ?? refuse('invalid', offset, `There is no type ${code}.`);
      assertLimit('block-parameters', type.parameters.length, BLOCK_PARAMETERS_MAX, offset);
      return type;
    }
    const byte = code + 0x80;
    if (byte === op.EMPTY_BLOCK) {
      return EMPTY_TYPE;
    }
    const single = SINGLE_TYPES.get(byte);
    if (single !== undefined) {
      return single;
    }
    const feature = op.featureOfType(byte);
    if (feature !== undefined) {
      refuseFeature(feature, offset, 'A block type');
    }
    return refuse('malformed', offset, 'A block has no valid type.');
  }

  private open(kind: number, type: FunctionType): void {
    const depth = this.depth + 1;
    assertLimit('nesting', depth, NESTING_MAX, this.instruction);
    this.popAll(type.parameters);
    this.depth = depth;
    this.frameKinds[depth] = kind;
    this.frameTypes[depth] = type;
    this.frameHeights[depth] = this.height;
    this.frameDead[depth] = this.dead;
    this.framePolymorphic[depth] = 0;
    this.floor = this.height;
    this.pushAll(type.parameters);
  }

  private die(): void {
    this.height = this.floor;
    this.framePolymorphic[this.depth] = 1;
    this.dead = 1;
  }

  private endFrame(): FunctionType {
    const type = this.typeAt(this.depth);
    this.popAll(type.results);
    if (this.height !== this.floor) {
      refuse(
        'invalid',
        this.instruction,
        `${this.height - this.floor} operands are left at the end of a block.`,
      );
    }
    return type;
  }

  private otherwise(): void {
    if (this.frameKinds[this.depth] !== op.IF) {
      refuse('invalid', this.instruction, 'An else has no if.');
    }
    const type = this.endFrame();
    this.frameKinds[this.depth] = op.ELSE;
    this.framePolymorphic[this.depth] = 0;
    this.dead = this.frameDead[this.depth] ?? 0;
    this.pushAll(type.parameters);
  }

  private close(): void {
    const type = this.endFrame();
    if (this.frameKinds[this.depth] === op.IF && !sameTypes(type.parameters, type.results)) {
      refuse('invalid', this.instruction, 'An if without else must leave what it takes.');
    }
    this.depth -= 1;
    if (this.depth >= 0) {
      this.floor = this.frameHeights[this.depth] ?? 0;
      this.dead = (this.frameDead[this.depth] ?? 0) | (this.framePolymorphic[this.depth] ?? 0);
      this.pushAll(type.results);
    }
  }

  /** The type of the frame that is `depth` frames above the function's. */
  private typeAt(depth: number): FunctionType {
    return this.frameTypes[depth] ?? EMPTY_TYPE;
  }

  // What a branch to the frame carries: a loop's parameters, because it is entered again, else the results.
  private labelTypes(label: number): Uint8Array {
    if (label > this.depth) {
      refuse(
        'invalid',
        this.instruction,
        `A branch leaves ${label} blocks, but only ${this.depth} are open.`,
      );
    }
    const frame = this.depth - label;
    const type = this.typeAt(frame);
    return this.frameKinds[frame] === op.LOOP ? type.parameters : type.results;
  }

  private label(): Uint8Array {
    this.value = this.reader.u32();
    const types = this.labelTypes(this.value);
    if (this.value === this.depth) {
      this.value = TO_FUNCTION;
    }
    return types;
  }

  private branchIf(): void {
    this.pop(op.I32);
    const types = this.label();
    this.popAll(types);
    this.pushAll(types);
  }

  private branchTable(): void {
    const reader = this.reader;
    this.pop(op.I32);
    const offset = reader.position;
    const count = reader.u32() + 1;
    assertLimit('branch-table', count, BRANCH_TABLE_MAX, offset);
    let outermost = 0;
    let arity = -1;
    for (let index = 0; index < count; index++) {
      const label = reader.u32();
      const types = this.labelTypes(label);
      if (arity >= 0 && types.length !== arity) {
        refuse('invalid', offset, 'The targets of a branch table take different numbers of operands.');
      }
      arity = types.length;
      outermost = Math.max(outermost, label);
      this.peekAll(types);
    }
    this.value = outermost === this.depth ? TO_FUNCTION : outermost;
    this.die();
  }

  // Calls.

  private call(): void {
    this.apply(this.callee());
  }

  private callIndirect(): void {
    this.apply(this.indirectCallee());
  }

  private callee(): FunctionType {
    const index = this.reader.u32();
    this.value = index;
    return (
      this.module.types[this.module.functions[index] ?? -1] ??
      refuse('invalid', this.instruction, `There is no function ${index}.`)
    );
  }

  private indirectCallee(): FunctionType {
    const index = this.reader.u32();
    const type = this.module.types[index];
    if (type === undefined) {
      refuse('invalid', this.instruction, `There is no type ${index}.`);
    }
    this.sameTables(this.table(), op.FUNCREF);
    this.value = index;
    this.pop(op.I32);
    return type;
  }

  // A call whose results are the function's own.
  private returnCall(code: number): void {
    const type = code === op.RETURN_CALL ? this.callee() : this.indirectCallee();
    this.popAll(type.parameters);
    if (!sameTypes(type.results, this.typeAt(0).results)) {
      refuse('invalid', this.instruction, 'A tail call returns other types than its function.');
    }
    this.die();
  }

  private apply(type: FunctionType): void {
    this.popAll(type.parameters);
    this.pushAll(type.results);
  }

  // Variables.

  private select(): void {
    this.pop(op.I32);
    this.pop(op.ANY);
    const second = this.popped;
    this.pop(second);
    const type = second === op.ANY ? this.popped : second;
    if (op.isReference(type)) {
      refuse('invalid', this.instruction, 'A select of references must name their type.');
    }
    this.push(type);
  }

  private selectTyped(): void {
    if (this.reader.u32() !== 1) {
      refuse('invalid', this.instruction, 'A select names the one type of its result.');
    }
    const type = parseValueType(this.reader);
    this.pop(op.I32);
    this.pop(type);
    this.pop(type);
    this.push(type);
  }

  private localIndex(): number {
    const index = this.reader.u32();
    if (index >= this.localCount) {
      refuse('invalid', this.instruction, `There is no local ${index}.`);
    }
    this.value = index;
    return index;
  }

  private localGet(): void {
    this.push(this.locals[this.localIndex()] ?? 0);
  }

  private localSet(): void {
    this.pop(this.locals[this.localIndex()] ?? 0);
  }

  private globalSet(): void {
    this.pop(this.global(true));
  }

  private global(toSet: boolean): number {
    const index = this.reader.u32();
    const global = this.module.globals[index];
    if (global === undefined) {
      return refuse('invalid', this.instruction, `There is no global ${index}.`);
    }
    if (toSet && !global.mutable) {
      refuse('invalid', this.instruction, `Global ${index} is immutable.`);
    }
    this.value = index;
    return global.type;
  }

  // Memory, table and segments.

  /** Reads a table's index and returns the type of its entries. */
  private table(): number {
    const offset = this.reader.position;
    const index = this.reader.u32();
    this.value = index;
    const table = this.module.tables[index];
    return table?.type ?? refuse('invalid', offset, 'An instruction is for a table that is not there.');
  }

  private zeroByte(): void {
    const offset = this.reader.position;
    if (this.reader.u8() !== 0) {
      refuseFeature('multi-memory', offset, 'A memory index');
    }
  }

  private dataSegment(): void {
    const index = this.reader.u32();
    this.value = index;
    const count = this.module.dataCount;
    if (count === undefined) {
      refuse('invalid', this.instruction, 'Data segments are used without a data count section.');
    }
    if (index >= count) {
      refuse('invalid', this.instruction, `There is no data segment ${index}.`);
    }
  }

  /** Reads an element segment's index and returns the type of its entries. */
  private elementSegment(): number {
    const index = this.reader.u32();
    this.value = index;
    return (
      this.module.elementTypes[index] ??
      refuse('invalid', this.instruction, `There is no element segment ${index}.`)
    );
  }
}

function sameTypes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) {
    return false;
  }
  for (let index = 0; index < left.length; index++) {
    if (left[index] !== right[index]) {
      return false;
    }
  }
  return true;
}
